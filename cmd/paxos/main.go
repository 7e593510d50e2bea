// Command paxos checks the models of the catalogue: Paxos first, and what belongs around it. Run paxos help for its
// commands.
//
// Its exit code says what a check is worth: 0 if every property is as wanted and the space was exhausted (for random
// walks: nothing was refuted and every example seen), 1 if a property is violated or its example never occurs, 2 for a
// mistake in the call or in the model, and 3 if a limit cut the search, so that something is undecided.
package main

import (
	"synod/cli"
	"synod/examples/catalog"
	"synod/examples/commands"
)

func main() { cli.Command{Entries: catalog.All(), Extra: commands.All()}.Main() }
