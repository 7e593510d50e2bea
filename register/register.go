// Package register is the client-facing side of a read/write register: the messages Put, Get and their answers, the
// frame that makes an actor of a protocol that serves them, the clients that send them, and the recorder that turns
// what clients see into a history.
package register

import (
	"strconv"

	"synod/actor"
)

// Request numbers the requests of all clients: a client never uses one twice.
type Request uint64

// Value is what a register holds: one character, and 0 at first.
type Value rune

// String is the character in quotes, or "none" for the initial value.
func (v Value) String() string {
	if v == 0 {
		return "none"
	}
	return strconv.QuoteRune(rune(v))
}

// Message is what clients and servers of a register say to one another.
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

// PutFail reports that the value of the request is not stored and never will be: a register that is written once holds
// another.
type PutFail struct{ Request Request }

// GetOk returns the value to a client.
type GetOk struct {
	Request Request
	Value   Value
}

// Expired reports that the request is so old that the server has forgotten whether it was done, and does not do it
// now. That is so for all numbers up to Floor of clients that the server has forgotten.
type Expired struct {
	Request Request
	Floor   Request
}

// Internal is a message that servers send one another, of the protocol's own set M.
type Internal[M any] struct{ Message M }

func (Put) message()         {}
func (Get) message()         {}
func (PutOk) message()       {}
func (PutFail) message()     {}
func (GetOk) message()       {}
func (Expired) message()     {}
func (Internal[M]) message() {}

// Server is a protocol that serves a register, with internal messages M and local state S. Its methods are handlers in
// the sense of package actor.
type Server[S, M any] interface {
	Start(self actor.ID, out *Out[M]) S
	Put(self actor.ID, st S, from actor.ID, r Request, v Value, out *Out[M]) S
	Get(self actor.ID, st S, from actor.ID, r Request, out *Out[M]) S
	Receive(self actor.ID, st S, from actor.ID, msg M, out *Out[M]) S
}

// Serve builds an actor of a server and the capabilities that it uses. Replies, and internal messages of another
// protocol, are ignored.
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

// Out is what a server of internal messages M commands through: actor.Out in the words of a register.
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

// Expired answers a Put or Get of which the server may know no more.
func (o *Out[M]) Expired(to actor.ID, r, floor Request) { o.out.Send(to, Expired{r, floor}) }

// Commands is the Out that o stands for, for timers and choices.
func (o *Out[M]) Commands() *actor.Out[Message] { return o.out }
