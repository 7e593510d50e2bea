// Command server is a server of Paxos for System Builders: paxos builders server under the name that it was published with.
package main

import (
	"synod/cli"
	"synod/examples/commands"
)

func main() { cli.Alone(commands.BuildersServer) }
