package tcp_test

import (
	"fmt"
	"net"
	"net/netip"
	"time"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/tcp"
)

// A client connects to a server, sends a message with its length, and gets one back in the same way.
func Example() {
	listener, err := tcp.Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		fmt.Println(err)
		return
	}
	self, err := spawn.IDOf(listener.Address())
	if err != nil {
		fmt.Println(err)
		return
	}
	server := tcp.Serve(listener, self, []actor.ID{self})

	client, err := net.Dial("tcp4", listener.Address().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(tcp.WriteFrame(client, []byte(`{"Get":1}`)))
	from, data, err := server.Receive(time.Minute)
	fmt.Printf("%s %v\n", data, err)
	fmt.Println(server.Send(from, []byte(`{"GetOk":[1,"X"]}`)))
	data, err = tcp.ReadFrame(client)
	fmt.Printf("%s %v\n", data, err)
	fmt.Println(client.Close(), server.Close())
	// Output:
	// <nil>
	// {"Get":1} <nil>
	// <nil>
	// {"GetOk":[1,"X"]} <nil>
	// <nil> <nil>
}
