package spawn_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"

	"synod/actor"
	"synod/examples/catalog"
	"synod/spawn"
	"synod/spawn/udp"
)

// A register that is not replicated, on a socket. Anything that sends a datagram is a client.
func Example() {
	socket, err := udp.Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		fmt.Println(err)
		return
	}
	id, err := spawn.IDOf(socket.Address())
	if err != nil {
		fmt.Println(err)
		return
	}
	program, err := catalog.Program("single-copy", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	done := make(chan error)
	conn, err := net.Dial("udp4", socket.Address().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go func() {
		done <- spawn.Run(ctx, spawn.Config{
			Machine:   program.New(id, []actor.ID{id}, false, rand.NewPCG(1, 2)),
			Transport: socket,
		})
	}()

	answer := make([]byte, 100)
	for _, request := range []string{`{"Put":[1,"X"]}`, `{"Get":2}`} {
		if _, err := conn.Write([]byte(request)); err != nil {
			fmt.Println(err)
		}
		n, err := conn.Read(answer)
		fmt.Printf("%s %v\n", answer[:n], err)
	}
	stop()
	fmt.Println(<-done, conn.Close())
	// Output:
	// {"PutOk":1} <nil>
	// {"GetOk":[2,"X"]} <nil>
	// <nil> <nil>
}

// An address is an id.
func ExampleIDOf() {
	id, err := spawn.IDOf(netip.MustParseAddrPort("127.0.0.1:3000"))
	fmt.Println(id, err)
	fmt.Println(spawn.AddressOf(id))
	// Output:
	// 139637976796088 <nil>
	// 127.0.0.1:3000 true
}
