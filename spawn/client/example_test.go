package client_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"

	"synod/actor"
	"synod/examples/catalog"
	"synod/examples/registers/wire"
	"synod/spawn"
	"synod/spawn/client"
	"synod/spawn/udp"
)

// A server and a client, each with a socket of its own.
func Example() {
	here := netip.MustParseAddrPort("127.0.0.1:0")
	there, err := udp.Listen(here)
	if err != nil {
		fmt.Println(err)
		return
	}
	id, err := spawn.IDOf(there.Address())
	if err != nil {
		fmt.Println(err)
		return
	}
	program, err := catalog.Program("single-copy", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	socket, err := udp.Listen(here)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	done := make(chan error)
	go func() {
		machine := program.New(id, []actor.ID{id}, false, rand.NewPCG(1, 2))
		done <- spawn.Run(ctx, spawn.Config{Machine: machine, Transport: there})
	}()

	c := client.New(client.Config{Service: wire.Register, Transport: socket, Servers: []actor.ID{id}, Retries: 3})
	for _, words := range [][]string{{"put", "X"}, {"get"}} {
		call, err := wire.Register.Parse(words[0], words[1:])
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(c.Do(ctx, 0, call))
	}
	stop()
	fmt.Println(<-done, socket.Close())
	// Output:
	// ok <nil>
	// 'X' <nil>
	// <nil> <nil>
}
