// Package commands has the commands that belong to examples rather than to every catalogue: a chatroom on Multi-Paxos
// with its harness, the programs of Paxos for System Builders, and a sweep over the quorums of single-decree Paxos.
package commands

import "synod/cli/extra"

// All returns the commands of the examples.
func All() []extra.Command { return []extra.Command{Sweep, Chat, Harness, Builders} }
