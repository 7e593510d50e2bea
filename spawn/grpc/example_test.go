package grpc_test

import (
	"fmt"
	"net/netip"
	"time"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/grpc"
)

// A client asks a server, and is answered on the same stream.
func Example() {
	l, err := grpc.Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		panic(err)
	}
	self, err := spawn.IDOf(l.Address())
	if err != nil {
		panic(err)
	}
	server, client := grpc.Serve(l, self, []actor.ID{self}, nil), grpc.NewClient(nil)
	defer server.Close()
	defer client.Close()
	if err := client.Send(self, []byte("question")); err != nil {
		panic(err)
	}
	from, question, err := server.Receive(time.Minute)
	if err != nil {
		panic(err)
	}
	if err := server.Send(from, append(question, " and answer"...)); err != nil {
		panic(err)
	}
	_, answer, err := client.Receive(time.Minute)
	fmt.Println(string(answer), err)
	// Output:
	// question and answer <nil>
}
