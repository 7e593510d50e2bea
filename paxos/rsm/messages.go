package rsm

import "synod/actor"

// Message is a message between clients and servers of a replicated machine, or between servers.
//
//sumtype:decl
type Message interface{ message() }

type (
	// Request asks a server to have a command executed.
	Request[O any] struct{ Command Command[O] }
	// Reply answers a Request.
	Reply[R any] struct{ Answer Answer[R] }
	// Internal is a message between servers, with a message of the protocol's own type M.
	Internal[M any] struct{ Message M }
)

func (Request[O]) message()  {}
func (Reply[R]) message()    {}
func (Internal[M]) message() {}

// Server is a protocol that replicates a machine, with local state S and internal messages M. Its methods are
// handlers in the sense of package actor.
type Server[S, M, O, R any] interface {
	Start(self actor.ID, out *Out[M, R]) S
	Request(self actor.ID, st S, from actor.ID, c Command[O], out *Out[M, R]) S
	Receive(self actor.ID, st S, from actor.ID, msg M, out *Out[M, R]) S
}

// Serve returns an actor for a server with the capabilities that it uses. It ignores replies, and messages of other
// machines and protocols.
func Serve[S, M, O, R any](
	s Server[S, M, O, R], with ...actor.Capability[S, *Out[M, R]],
) actor.Typed[S, Message] {
	receive := func(self actor.ID, st S, from actor.ID, msg Message, out *Out[M, R]) S {
		switch m := msg.(type) {
		case Request[O]:
			return s.Request(self, st, from, m.Command, out)
		case Internal[M]:
			return s.Receive(self, st, from, m.Message, out)
		}
		return st
	}
	wrap := func(out *actor.Out[Message]) *Out[M, R] { return &Out[M, R]{out} }
	t := actor.Compose(s.Start, receive, wrap, with...)
	t.Value = s
	return t
}

// Out is the actor.Out of a server with internal messages M and results R.
type Out[M, R any] struct{ out *actor.Out[Message] }

// Send sends an internal message to another server, or to the server itself.
func (o *Out[M, R]) Send(to actor.ID, m M) { o.out.Send(to, Internal[M]{m}) }

// Reply sends an answer to a client.
func (o *Out[M, R]) Reply(to actor.ID, a Answer[R]) { o.out.Send(to, Reply[R]{a}) }

// Commands returns the underlying actor.Out, for timers.
func (o *Out[M, R]) Commands() *actor.Out[Message] { return o.out }
