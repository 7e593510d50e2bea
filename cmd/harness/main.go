// Command harness runs a test of a chatroom: paxos harness under the name that it was published with.
package main

import (
	"synod/cli"
	"synod/examples/commands"
)

func main() { cli.Alone(commands.HarnessAlone) }
