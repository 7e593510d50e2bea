// Package commands has the commands that belong to examples, and not to every catalogue: a chatroom on Multi-Paxos with its
// harness, the programs of Paxos for System Builders, and a sweep over the quorums of single-decree Paxos.
package commands

import "synod/cli/extra"

// All are the commands of examples.
func All() []extra.Command { return []extra.Command{Sweep, Chat, Harness, Builders} }
