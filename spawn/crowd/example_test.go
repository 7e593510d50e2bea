package crowd_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"synod/actor"
	"synod/consistency/oplog"
	"synod/examples/catalog"
	"synod/examples/registers/wire"
	"synod/spawn"
	"synod/spawn/client"
	"synod/spawn/crowd"
	"synod/spawn/nemesis"
	"synod/spawn/udp"
)

// serve runs one server of a register that is not replicated until the context ends.
func serve(ctx context.Context) (actor.ID, <-chan error, error) {
	socket, err := udp.Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		return 0, nil, err
	}
	id, err := spawn.IDOf(socket.Address())
	if err != nil {
		return 0, nil, err
	}
	program, err := catalog.Program("single-copy", nil)
	if err != nil {
		return 0, nil, err
	}
	done := make(chan error, 1)
	go func() {
		machine := program.New(id, []actor.ID{id}, false, rand.NewPCG(1, 2))
		done <- spawn.Run(ctx, spawn.Config{Machine: machine, Transport: socket})
	}()
	return id, done, nil
}

// Four clients ask a server until there are a thousand answers, and what they were told is judged.
func Example() {
	serving, stop := context.WithCancel(context.Background())
	defer stop()
	id, done, err := serve(serving)
	if err != nil {
		fmt.Println(err)
		return
	}
	var open []spawn.Transport
	judge, err := oplog.NewChecker(oplog.Config{Spec: oplog.Register})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithCancel(serving)
	defer cancel()
	answers := 0
	counts, err := crowd.Run(ctx, crowd.Config{
		Service: wire.Register, Workload: nemesis.Workload{Clients: 4, Servers: 1, Reads: 0.5}, Seed: 7, Patience: time.Minute,
		Connect: func() (client.Config, error) {
			socket, err := udp.Listen(netip.MustParseAddrPort("127.0.0.1:0"))
			open = append(open, socket)
			return client.Config{Transport: socket, Servers: []actor.ID{id}, Retries: 3}, err
		},
		Record: func(e oplog.Event) {
			if err := judge.Event(context.Background(), e); err != nil {
				fmt.Println(err)
			}
			if e.Type == oplog.Ok {
				answers++
			}
			if answers == 1000 {
				cancel()
			}
		},
	})
	fmt.Println("acknowledged:", counts.Acknowledged() >= 1000, "unknown:", counts.Unknown, "error:", err)
	fmt.Println("linearizable:", judge.Finish(context.Background()).Outcome)
	for _, t := range open {
		t.Close()
	}
	stop()
	fmt.Println(<-done)
	// Output:
	// acknowledged: true unknown: 0 error: <nil>
	// linearizable: holds
	// <nil>
}
