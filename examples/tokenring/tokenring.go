// Package tokenring is mutual exclusion by a token that goes round: E. Le Lann, "Distributed Systems: Towards a Formal
// Approach" (1977). Mutual exclusion by token passing. The token counts the moves, so that a
// repeated one is recognised; one that is lost stays lost.
package tokenring

import "synod/actor"

// Token is the message: how often it was passed on, from 1.
type Token int

type (
	// State is the local state of a node.
	State struct {
		Seen    Token // the last token that it had, 0 for none
		Holding bool
	}
	// Node is its configuration.
	Node struct {
		First bool     // it has the token at the start
		Next  actor.ID // whom it passes the token to
		Most  Token    // the token rests after so many moves
	}
	// Out is what its handlers command through.
	Out = actor.Out[Token]
)

// done is the choice of a node to be done with what only one may do.
type done struct{}

func (done) String() string { return "done" }

// New returns an actor of the node.
func (n Node) New() actor.Typed[State, Token] {
	return actor.New[State, Token](n, actor.Choices(n.Chosen))
}

// Start takes the token, if the node is the first.
func (n Node) Start(_ actor.ID, out *Out) State {
	if !n.First {
		return State{}
	}
	out.Choose(done{})
	return State{Holding: true}
}

// Receive takes the token, unless the node had it already.
func (n Node) Receive(_ actor.ID, st State, _ actor.ID, token Token, out *Out) State {
	if token > st.Seen {
		st = State{Seen: token, Holding: true}
		out.Choose(done{})
	}
	return st
}

// Chosen passes the token on.
func (n Node) Chosen(_ actor.ID, st State, _ actor.Option, out *Out) State {
	if st.Seen < n.Most {
		st.Holding = false
		out.Send(n.Next, st.Seen+1)
	}
	return st
}
