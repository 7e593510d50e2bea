// Command chatroom-client is a client of a chatroom: paxos chat client under the name that it was published with.
package main

import (
	"synod/cli"
	"synod/examples/commands"
)

func main() { cli.Alone(commands.ChatClient) }
