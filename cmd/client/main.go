// Command client is a client of Paxos for System Builders: paxos builders client under the name that it was published with.
package main

import (
	"synod/cli"
	"synod/examples/commands"
)

func main() { cli.Alone(commands.BuildersClient) }
