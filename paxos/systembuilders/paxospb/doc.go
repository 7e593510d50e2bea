// Package paxospb is what servers of "Paxos for System Builders" and their clients say to one another in protobuf,
// wire-compatible with the schema that was published for another implementation, and conversions to and from the
// messages of the actor.
package paxospb

//go:generate go -C ../../.. tool -modfile=tools/go.mod buf generate
