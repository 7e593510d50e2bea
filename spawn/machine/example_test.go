package machine_test

import (
	"fmt"
	"math/rand/v2"

	"synod/actor"
	"synod/examples/singledecree/wire"
	"synod/paxos/singledecree"
	"synod/register"
	"synod/spawn/machine"
)

// A machine is stepped by hand: a message comes in as bytes, and what is to be saved and sent comes out.
func Example() {
	servers := []actor.ID{1, 2, 3}
	m := machine.New(machine.Config[singledecree.State, register.Message]{
		Self: 1, Servers: servers, Actor: singledecree.New(actor.Others(servers, 1)),
		Wire: wire.Messages, Records: wire.Records, Random: rand.NewPCG(1, 2),
	})
	step := func(e machine.Event) {
		effects, err := m.Step(e, 0)
		if err != nil {
			fmt.Println(err)
		}
		if effects.Rejected != nil {
			fmt.Println("rejected:", effects.Rejected)
		}
		for _, r := range effects.Save {
			fmt.Printf("save %s %s\n", r.Name, r.Data)
		}
		for _, s := range effects.Send {
			fmt.Printf("send to %v %s\n", s.To, s.Data)
		}
	}
	step(machine.Event{Kind: machine.Start})
	step(machine.Event{Kind: machine.Receive, From: 99, Data: []byte(`{"Put":[5,"X"]}`)})
	step(machine.Event{Kind: machine.Receive, From: 99, Data: []byte(`{"Internal":{"Accepted":{"ballot":[1,1]}}}`)})
	step(machine.Event{Kind: machine.Receive, From: 2, Data: []byte(`{"Internal":{"Prepared":{"ballot":[1,1]}}}`)})
	// Output:
	// save accepted null
	// save ballot [0,0]
	// save decided false
	// save ballot [1,1]
	// send to 2 {"Internal":{"Prepare":{"ballot":[1,1]}}}
	// send to 3 {"Internal":{"Prepare":{"ballot":[1,1]}}}
	// rejected: message of 99: not from a server
	// save accepted [[1,1],[5,99,"X"]]
	// send to 2 {"Internal":{"Accept":{"ballot":[1,1],"proposal":[5,99,"X"]}}}
	// send to 3 {"Internal":{"Accept":{"ballot":[1,1],"proposal":[5,99,"X"]}}}
}
