// Package paxospb has the protobuf messages of servers of "Paxos for System Builders" and their clients, and
// conversions from and to the messages of the actor. The messages are wire-compatible with the schema that was
// published for another implementation.
package paxospb

//go:generate go -C ../../.. tool -modfile=tools/go.mod buf generate
