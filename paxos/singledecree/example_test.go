package singledecree_test

import (
	"fmt"

	"synod/actor"
	"synod/paxos/singledecree"
	"synod/register"
)

// Three servers decide. Messages are delivered in the order of sending, which is only one of the orders that a network
// may choose; package checker tries all of them.
func Example() {
	ids := actor.IDs(3)
	const client = actor.ID(3)
	var servers []actor.Typed[singledecree.State, register.Message]
	var states []singledecree.State
	var out actor.Out[register.Message]
	for _, id := range ids {
		server := singledecree.New(actor.Others(ids, id))
		servers = append(servers, server)
		states = append(states, server.Start(id, &out))
	}

	wire := []actor.Envelope[register.Message]{
		{From: client, To: 0, Message: register.Put{Request: 1, Value: 'A'}},
		{From: client, To: 1, Message: register.Put{Request: 2, Value: 'B'}},
	}
	for ; len(wire) > 0; wire = wire[1:] {
		e := wire[0]
		if e.To == client {
			fmt.Printf("the client is told %T%v\n", e.Message, e.Message)
			continue
		}
		states[e.To] = servers[e.To].Receive(e.To, states[e.To], e.From, e.Message, &out)
		for _, c := range out.Commands() {
			if c.Kind == actor.Send {
				wire = append(wire, actor.Envelope[register.Message]{From: e.To, To: c.To, Message: c.Message})
			}
		}
		out.Reset()
	}
	for id, st := range states {
		fmt.Printf("server %d: decided %v, on %v at ballot %v\n", id, st.Decided, st.Accepted.Proposal.Value, st.Ballot)
	}
	// Output:
	// the client is told register.PutOk{2}
	// server 0: decided true, on 'B' at ballot {1 1}
	// server 1: decided true, on 'B' at ballot {1 1}
	// server 2: decided true, on 'B' at ballot {1 1}
}

// Ballots are ordered by round, then by leader, so that no two servers ever use the same one.
func ExampleBallot_Less() {
	first := singledecree.Ballot{Round: 1, Leader: 0}
	second := singledecree.Ballot{Round: 1, Leader: 2}
	third := singledecree.Ballot{Round: 2, Leader: 0}
	fmt.Println(first.Less(second), second.Less(third), third.Less(first))
	// Output: true true false
}
