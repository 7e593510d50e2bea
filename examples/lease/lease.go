// Package lease is a lock that a server grants for a time: C. Gray and D. Cheriton, "Leases: An Efficient Fault-Tolerant
// Mechanism for Distributed File Cache Consistency" (1989). A client that is gone does not keep it for ever. What makes
// it sound is an order of clocks: the client's time begins when it asks, and is shorter than the server's, which begins
// when it grants; so whatever a message takes, the client's ends first, if clocks run at about the same rate.
package lease

import (
	"time"

	"synod/actor"
)

type (
	// Attempt numbers a client's requests, from 1.
	Attempt int
	// Message is what clients and the server say to one another.
	//
	//sumtype:decl
	Message interface{ attempt() Attempt }
	// Acquire asks for the lock.
	Acquire struct{ Attempt Attempt }
	// Granted grants it for a time.
	Granted struct{ Attempt Attempt }
	// Release returns it.
	Release struct{ Attempt Attempt }
	// Out is what all handlers command through.
	Out = actor.Out[Message]
)

func (m Acquire) attempt() Attempt { return m.Attempt }
func (m Granted) attempt() Attempt { return m.Attempt }
func (m Release) attempt() Attempt { return m.Attempt }

type (
	// Grant is a lease that was given; the zero Grant is none.
	Grant struct {
		Client  actor.ID
		Attempt Attempt
	}
	// Lock is the state of the server.
	Lock struct {
		Grant   Grant // that is in force
		Expired Grant // that was the last to end by time
	}
	// Server is its configuration.
	Server struct{ Term time.Duration } // of a lease, longer than that of any client
)

// timer is the value of a timer.
type timer string

// The timers. The first one is the server's, the others are a client's.
const (
	term  timer = "term"
	clock timer = "clock" // the end of the lease
	work  timer = "work"  // the end of what the lock is for
)

func (t timer) String() string { return string(t) }

// New returns an actor of the server.
func (s Server) New() actor.Typed[Lock, Message] {
	return actor.New[Lock, Message](s, actor.Timers(s.Timeout), actor.Durable(s.Keep, s.Recover))
}

// Start has granted nothing.
func (Server) Start(actor.ID, *Out) Lock { return Lock{} }

// Receive grants the lock when it is free. A request that comes when it is not is ignored.
func (s Server) Receive(_ actor.ID, st Lock, from actor.ID, msg Message, out *Out) Lock {
	switch m := msg.(type) {
	case Acquire:
		if st.Grant == (Grant{}) {
			st.Grant = Grant{from, m.Attempt}
			out.Send(from, Granted(m))
			out.SetTimer(term, s.Term, s.Term)
		}
	case Release:
		if st.Grant == (Grant{from, m.Attempt}) {
			st.Grant = Grant{}
			out.CancelTimer(term)
		}
	case Granted: // The server asks for nothing.
	}
	return st
}

// Timeout takes the lock back.
func (s Server) Timeout(_ actor.ID, st Lock, _ actor.Timer, _ *Out) Lock {
	return Lock{Expired: st.Grant}
}

// Keep returns all: a lock that is granted twice is none.
func (Server) Keep(st Lock) Lock { return st }

// Recover begins the whole term again, as the server does not know how long ago it granted.
func (s Server) Recover(_ actor.ID, kept Lock, out *Out) Lock {
	if kept.Grant != (Grant{}) {
		out.SetTimer(term, s.Term, s.Term)
	}
	return kept
}

type (
	// State is the state of a client.
	State struct {
		Attempt Attempt // the last one
		Running bool    // the time of the attempt is not over
		Holding bool    // it has the lock, and works
	}
	// Client is its configuration: it asks for the lock, works while it has it, and gives it back.
	Client struct {
		Server   actor.ID
		Attempts Attempt
		Term     time.Duration // of a lease, from asking
		Work     time.Duration // with the lock
	}
)

// New returns an actor of the client.
func (c Client) New() actor.Typed[State, Message] {
	return actor.New[State, Message](c, actor.Timers(c.Timeout))
}

// Start asks for the lock.
func (c Client) Start(_ actor.ID, out *Out) State { return c.ask(State{}, out) }

// ask asks once more, if there are attempts left. The time begins now, before the server can know of it.
func (c Client) ask(st State, out *Out) State {
	if st.Attempt == c.Attempts {
		return State{Attempt: st.Attempt}
	}
	st = State{Attempt: st.Attempt + 1, Running: true}
	out.Send(c.Server, Acquire{st.Attempt})
	out.SetTimer(clock, c.Term, c.Term)
	return st
}

// Receive takes the lock, if the time of the attempt is not over.
func (c Client) Receive(_ actor.ID, st State, _ actor.ID, msg Message, out *Out) State {
	switch m := msg.(type) {
	case Granted:
		if m.Attempt == st.Attempt && st.Running && !st.Holding {
			st.Holding = true
			out.SetTimer(work, c.Work, 2*c.Work)
		}
	case Acquire, Release: // A client grants nothing.
	}
	return st
}

// Timeout ends the work, or the lease with the work.
func (c Client) Timeout(_ actor.ID, st State, ended actor.Timer, out *Out) State {
	if ended == work {
		out.Send(c.Server, Release{st.Attempt})
		out.CancelTimer(clock)
	} else {
		out.CancelTimer(work)
	}
	return c.ask(st, out)
}
