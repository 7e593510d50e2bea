// Command chatroom-server is a server of a chatroom: paxos chat server under the name that it was published with.
package main

import (
	"synod/cli"
	"synod/examples/commands"
)

func main() { cli.Alone(commands.ChatServer) }
