// Command harness runs a test of a chatroom: paxos harness under the name that it was published with.
package main

import "synod/cli"

func main() { cli.Harness() }
