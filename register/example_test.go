package register_test

import (
	"fmt"

	"synod/actor"
	"synod/register"
)

// memory is the simplest server of a register: one copy of the value, and nobody to agree with, so that its internal
// messages are none.
type memory struct{}

type (
	out  = register.Out[struct{}]
	self = actor.ID
)

func (memory) Start(self, *out) register.Value { return 0 }

func (memory) Put(
	_ self, _ register.Value, from actor.ID, r register.Request, v register.Value, out *out,
) register.Value {
	out.PutOk(from, r)
	return v
}

func (memory) Get(_ self, st register.Value, from actor.ID, r register.Request, out *out) register.Value {
	out.GetOk(from, r, st)
	return st
}

func (memory) Receive(_ self, st register.Value, _ actor.ID, _ struct{}, _ *out) register.Value {
	return st
}

// One client puts and gets at one server. A loop that delivers whatever is sent, in order, is all the network there is;
// an observer watches what the client sees.
func Example() {
	server := register.Serve(memory{})
	client := register.Client{Servers: []actor.ID{0}, Puts: 1}.New()
	observer := register.Linearizable()
	history := observer.Start

	var wire []actor.Envelope[register.Message]
	var commands actor.Out[register.Message]
	see := func(e actor.Envelope[register.Message], p actor.Passage) {
		if observer.Sees(e, p) {
			var err error
			if history, err = observer.Next(history, e, p); err != nil {
				fmt.Println(err)
			}
		}
	}
	send := func(from actor.ID) {
		for _, c := range commands.Commands() {
			e := actor.Envelope[register.Message]{From: from, To: c.To, Message: c.Message}
			wire = append(wire, e)
			see(e, actor.Sent)
		}
		commands.Reset()
	}

	value := server.Start(0, &commands)
	send(0)
	state := client.Start(1, &commands)
	send(1)
	for len(wire) > 0 {
		e := wire[0]
		wire = wire[1:]
		fmt.Printf("%v to %v: %T%v\n", e.From, e.To, e.Message, e.Message)
		if e.To == 0 {
			value = server.Receive(0, value, e.From, e.Message, &commands)
		} else {
			state = client.Receive(1, state, e.From, e.Message, &commands)
		}
		see(e, actor.Accepted)
		send(e.To)
	}
	fmt.Println("stored:", value, "requests:", state.Requests)
	fmt.Println("linearizable:", observer.Holds(history))
	// Output:
	// 1 to 0: register.Put{1 'A'}
	// 0 to 1: register.PutOk{1}
	// 1 to 0: register.Get{2}
	// 0 to 1: register.GetOk{2 'A'}
	// stored: 'A' requests: 2
	// linearizable: true
}
