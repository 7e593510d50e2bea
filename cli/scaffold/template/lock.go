package main

import (
	"maps"
	"slices"
	"time"

	"synod/actor"
)

// The messages. A struct is all that one needs to be sent: its form on the network is made from it.
type (
	// Message is what clients and servers say to one another.
	//
	//sumtype:decl
	Message interface{ message() }
	// Acquire asks for the lock, for an owner.
	Acquire struct {
		Number uint64 // of the request; those of a client grow
		Owner  string
	}
	// Release returns it.
	Release struct {
		Number uint64
		Owner  string
	}
	// Done answers a client: whether its owner got the lock, or had it to give back.
	Done struct {
		Number uint64
		Ok     bool
	}
	// Forward passes a request on to the keeper of the lock, the server with the least id.
	Forward struct {
		Client actor.ID
		Ask    Ask
	}
	// Reply passes the answer back.
	Reply struct {
		Client actor.ID
		Number uint64
		Ok     bool
	}
)

func (Acquire) message() {}
func (Release) message() {}
func (Done) message()    {}
func (Forward) message() {}
func (Reply) message()   {}

type (
	// Ask is a request of a client.
	Ask struct {
		Number  uint64
		Owner   string
		Release bool
	}
	// Answer is the last answer to a client.
	Answer struct {
		Number uint64
		Ok     bool
	}
	// Waiting is a request that was passed on and not answered yet.
	Waiting struct {
		Ask   Ask
		Again int // how often it may be passed on again
	}
	// Kept is what a server must not forget. Maps without elements are nil.
	Kept struct {
		Holder  string // the owner that has the lock; empty for none
		Answers map[actor.ID]Answer
	}
	// State is the state of a server.
	State struct {
		Kept
		Waiting map[actor.ID]Waiting // by client; nil if there is none
	}
	// Server is its configuration.
	Server struct {
		Others      []actor.ID // in ascending order
		Again       int        // how often it passes on a request again that is not answered
		GrantsTwice bool       // a mutant: it grants the lock although somebody has it
		Alone       bool       // a mutant: it keeps a lock of its own
	}
	// Out is what handlers command through.
	Out = actor.Out[Message]
)

// timer is the value of the only timer.
type timer string

const again timer = "again"

func (t timer) String() string { return string(t) }

// New returns the actor of a server.
func (s Server) New() actor.Typed[State, Message] {
	return actor.New[State, Message](s, actor.Timers(s.Timeout), actor.Durable(s.Keep, s.Recover))
}

// Start begins with a lock that nobody has.
func (Server) Start(actor.ID, *Out) State { return State{} }

// Keep returns what has to be on disk before a message leaves.
func (Server) Keep(st State) Kept { return st.Kept }

// Recover goes on after a crash. What was passed on is forgotten: clients ask again.
func (Server) Recover(_ actor.ID, kept Kept, _ *Out) State { return State{Kept: kept} }

// keeper returns the server that keeps the lock.
func (s Server) keeper(self actor.ID) actor.ID {
	if len(s.Others) > 0 && !s.Alone {
		return min(self, s.Others[0])
	}
	return self
}

// Receive takes a message.
func (s Server) Receive(self actor.ID, st State, from actor.ID, msg Message, out *Out) State {
	switch m := msg.(type) {
	case Acquire:
		return s.ask(self, st, from, Ask{Number: m.Number, Owner: m.Owner}, out)
	case Release:
		return s.ask(self, st, from, Ask{Number: m.Number, Owner: m.Owner, Release: true}, out)
	case Forward:
		if st, a, ok := s.serve(st, m.Client, m.Ask); ok {
			out.Send(from, Reply{m.Client, a.Number, a.Ok})
			return st
		}
	case Reply:
		if w, ok := st.Waiting[m.Client]; ok && w.Ask.Number == m.Number {
			out.Send(m.Client, Done{m.Number, m.Ok})
			if delete(st.Waiting, m.Client); len(st.Waiting) == 0 {
				st.Waiting = nil
				out.CancelTimer(again)
			}
		}
	case Done: // It is for clients.
	}
	return st
}

// ask serves a request of a client, or passes it on.
func (s Server) ask(self actor.ID, st State, client actor.ID, ask Ask, out *Out) State {
	keeper := s.keeper(self)
	if keeper == self {
		st, a, ok := s.serve(st, client, ask)
		if ok {
			out.Send(client, Done(a))
		}
		return st
	}
	if w, ok := st.Waiting[client]; ok && w.Ask.Number > ask.Number {
		return st // an old one
	}
	if st.Waiting == nil {
		st.Waiting = make(map[actor.ID]Waiting)
	}
	st.Waiting[client] = Waiting{ask, s.Again}
	out.Send(keeper, Forward{client, ask})
	if s.Again > 0 {
		out.SetTimer(again, 50*time.Millisecond, 100*time.Millisecond)
	}
	return st
}

// serve does what a client asks, once, and returns the answer. It reports whether there is one: an old request has none.
func (s Server) serve(st State, client actor.ID, ask Ask) (State, Answer, bool) {
	last, known := st.Answers[client]
	switch {
	case known && ask.Number < last.Number:
		return st, Answer{}, false
	case known && ask.Number == last.Number:
		return st, last, true
	}
	a := Answer{Number: ask.Number}
	switch {
	case ask.Release && st.Holder == ask.Owner && ask.Owner != "":
		st.Holder, a.Ok = "", true
	case !ask.Release && (st.Holder == "" || st.Holder == ask.Owner || s.GrantsTwice):
		st.Holder, a.Ok = ask.Owner, true
	}
	answers := maps.Clone(st.Answers)
	if answers == nil {
		answers = make(map[actor.ID]Answer)
	}
	answers[client] = a
	st.Answers = answers
	return st, a, true
}

// Timeout passes on again what is not answered.
func (s Server) Timeout(self actor.ID, st State, _ actor.Timer, out *Out) State {
	more := false
	for _, client := range slices.Sorted(maps.Keys(st.Waiting)) {
		w := st.Waiting[client]
		if w.Again == 0 {
			continue
		}
		w.Again--
		st.Waiting[client] = w
		out.Send(s.keeper(self), Forward{client, w.Ask})
		more = more || w.Again > 0
	}
	if more {
		out.SetTimer(again, 50*time.Millisecond, 100*time.Millisecond)
	}
	return st
}
