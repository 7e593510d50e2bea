// Package register is the client-facing side of a read/write register: the messages Put, Get and their answers, the
// wrapper that turns a protocol that serves them into an actor, the clients that send them, and the observer that
// records client histories.
package register

import (
	"strconv"

	"synod/actor"
)

// Request numbers the requests of all clients. A client never reuses a number.
type Request uint64

// Value is the content of a register: one character, or 0 initially.
type Value rune

// String returns the character in quotes, or "none" for the initial value.
func (v Value) String() string {
	if v == 0 {
		return "none"
	}
	return strconv.QuoteRune(rune(v))
}

// Message is a message between clients and servers of a register.
//
//sumtype:decl
type Message interface{ message() }

// Put asks to store a value.
type Put struct {
	Request Request
	Value   Value
}

// Get asks for the value.
type Get struct{ Request Request }

// PutOk reports that the value of the request is stored.
type PutOk struct{ Request Request }

// PutFail reports that the value is not stored and never will be: a write-once register holds another value.
type PutFail struct{ Request Request }

// GetOk returns the value to a client.
type GetOk struct {
	Request Request
	Value   Value
}

// Expired reports that the request is too old: the server no longer knows whether it took effect, and does not
// execute it now. The same holds for all requests numbered up to Floor by clients that the server has forgotten.
type Expired struct {
	Request Request
	Floor   Request
}

// Internal is a message between servers, of the protocol's own message type M.
type Internal[M any] struct{ Message M }

func (Put) message()         {}
func (Get) message()         {}
func (PutOk) message()       {}
func (PutFail) message()     {}
func (GetOk) message()       {}
func (Expired) message()     {}
func (Internal[M]) message() {}

// Server is a protocol that serves a register, with internal messages M and local state S. Its methods are handlers
// as defined by package actor.
type Server[S, M any] interface {
	Start(self actor.ID, out *Out[M]) S
	Put(self actor.ID, st S, from actor.ID, r Request, v Value, out *Out[M]) S
	Get(self actor.ID, st S, from actor.ID, r Request, out *Out[M]) S
	Receive(self actor.ID, st S, from actor.ID, msg M, out *Out[M]) S
}

// Serve returns an actor for a server and the capabilities that it uses. It ignores replies and internal messages of
// other protocols.
func Serve[S, M any](s Server[S, M], with ...actor.Capability[S, *Out[M]]) actor.Typed[S, Message] {
	receive := func(self actor.ID, st S, from actor.ID, msg Message, out *Out[M]) S {
		switch m := msg.(type) {
		case Put:
			return s.Put(self, st, from, m.Request, m.Value, out)
		case Get:
			return s.Get(self, st, from, m.Request, out)
		case Internal[M]:
			return s.Receive(self, st, from, m.Message, out)
		case PutOk, PutFail, GetOk, Expired:
		}
		return st
	}
	wrap := func(out *actor.Out[Message]) *Out[M] { return &Out[M]{out} }
	t := actor.Compose(s.Start, receive, wrap, with...)
	t.Value = s
	return t
}

// Out collects the commands of a server with internal messages M: an actor.Out with methods for register replies.
type Out[M any] struct{ out *actor.Out[Message] }

// Send sends an internal message to another server.
func (o *Out[M]) Send(to actor.ID, m M) { o.out.Send(to, Internal[M]{m}) }

// Broadcast sends an internal message to each of the servers, in their order.
func (o *Out[M]) Broadcast(servers []actor.ID, m M) { o.out.Broadcast(servers, Internal[M]{m}) }

// PutOk answers a Put.
func (o *Out[M]) PutOk(to actor.ID, r Request) { o.out.Send(to, PutOk{r}) }

// PutFail refuses a Put.
func (o *Out[M]) PutFail(to actor.ID, r Request) { o.out.Send(to, PutFail{r}) }

// GetOk answers a Get.
func (o *Out[M]) GetOk(to actor.ID, r Request, v Value) { o.out.Send(to, GetOk{r, v}) }

// Expired answers a Put or Get whose outcome the server may have forgotten.
func (o *Out[M]) Expired(to actor.ID, r, floor Request) { o.out.Send(to, Expired{r, floor}) }

// Commands returns the underlying actor.Out, for timers and choices.
func (o *Out[M]) Commands() *actor.Out[Message] { return o.out }
