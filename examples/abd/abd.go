// Package abd is the register of Attiya, Bar-Noy and Dolev, "Sharing Memory Robustly in Message-Passing Systems"
// (1995), for several writers: a server that serves a request asks a majority for the latest value, and stores it with
// a majority before it answers. No server ever needs to be sure that another is up.
package abd

import (
	"math"

	"synod/actor"
	"synod/register"
)

type (
	// Sequence orders the values that were written, by number, then by the server that gave it.
	Sequence struct {
		Number uint32
		Writer actor.ID
	}
	// Copy is a value with its place in the order.
	Copy struct {
		Sequence Sequence
		Value    register.Value
	}
	// Message is what the servers say to one another.
	//
	//sumtype:decl
	Message interface{ request() register.Request }
	// Query asks for a server's copy.
	Query struct{ Request register.Request }
	// AckQuery returns it.
	AckQuery struct {
		Request register.Request
		Copy    Copy
	}
	// Record asks to keep a copy unless there is a later one.
	Record struct {
		Request register.Request
		Copy    Copy
	}
	// AckRecord reports that it was done.
	AckRecord struct{ Request register.Request }

	// Asking is the first phase of a request: finding the latest copy.
	Asking struct {
		Request   register.Request
		Requester actor.ID
		Write     *register.Value   // what to write; nil for a read
		Copies    map[actor.ID]Copy // by server, its own as it was when the phase began
	}
	// Telling is the second phase: storing it.
	Telling struct {
		Request   register.Request
		Requester actor.ID
		Read      *register.Value   // what was read; nil for a write
		Acks      map[actor.ID]bool // servers that stored it
	}
	// State is the local state of a server. At most one phase is not nil.
	State struct {
		Copy    Copy
		Asking  *Asking
		Telling *Telling
	}
	// Server is its configuration: all others, in ascending order.
	Server struct{ Peers []actor.ID }
	// Out is what its handlers command through.
	Out = register.Out[Message]
)

func (m Query) request() register.Request     { return m.Request }
func (m AckQuery) request() register.Request  { return m.Request }
func (m Record) request() register.Request    { return m.Request }
func (m AckRecord) request() register.Request { return m.Request }

// Less reports whether s comes before t.
func (s Sequence) Less(t Sequence) bool {
	return s.Number < t.Number || s.Number == t.Number && s.Writer < t.Writer
}

// New returns the actor of a server.
func New(peers []actor.ID) actor.Typed[State, register.Message] { return register.Serve(Server{peers}) }

// Start begins without a value.
func (s Server) Start(self actor.ID, _ *Out) State {
	return State{Copy: Copy{Sequence: Sequence{Writer: self}}}
}

// Put writes, unless the server is busy.
func (s Server) Put(self actor.ID, st State, from actor.ID, r register.Request, v register.Value, out *Out) State {
	return s.ask(self, st, Asking{Request: r, Requester: from, Write: &v}, out)
}

// Get reads, unless the server is busy.
func (s Server) Get(self actor.ID, st State, from actor.ID, r register.Request, out *Out) State {
	return s.ask(self, st, Asking{Request: r, Requester: from}, out)
}

func (s Server) ask(self actor.ID, st State, a Asking, out *Out) State {
	if st.Asking == nil && st.Telling == nil {
		a.Copies = map[actor.ID]Copy{self: st.Copy}
		st.Asking = &a
		out.Broadcast(s.Peers, Query{a.Request})
		return s.tell(self, st, out)
	}
	return st
}

// Receive handles the messages of the other servers. Answers to requests that are over are ignored.
func (s Server) Receive(self actor.ID, st State, from actor.ID, msg Message, out *Out) State {
	switch m := msg.(type) {
	case Query:
		out.Send(from, AckQuery{m.Request, st.Copy})
	case AckQuery:
		if st.Asking != nil && st.Asking.Request == m.Request {
			st.Asking.Copies[from] = m.Copy
			return s.tell(self, st, out)
		}
	case Record:
		out.Send(from, AckRecord{m.Request})
		st = st.adopt(m.Copy)
	case AckRecord:
		if t := st.Telling; t != nil && t.Request == m.Request {
			t.Acks[from] = true
			return s.answer(st, out)
		}
	}
	return st
}

// tell goes from the first phase to the second once a majority has given its copies.
func (s Server) tell(self actor.ID, st State, out *Out) State {
	asked := *st.Asking
	if len(asked.Copies) < s.majority() {
		return st
	}
	st.Asking = nil
	latest := s.latest(self, asked.Copies)
	t := Telling{Request: asked.Request, Requester: asked.Requester, Acks: map[actor.ID]bool{self: true}}
	switch {
	case asked.Write == nil:
		t.Read = &latest.Value
	case latest.Sequence.Number == math.MaxUint32:
		return st // There is no later place in the order; at an earlier one the value would be lost.
	default:
		latest = Copy{Sequence{latest.Sequence.Number + 1, self}, *asked.Write}
	}
	out.Broadcast(s.Peers, Record{asked.Request, latest})
	st.Telling = &t
	return s.answer(st.adopt(latest), out)
}

// answer ends the second phase once a majority has stored the copy.
func (s Server) answer(st State, out *Out) State {
	t := *st.Telling
	switch {
	case len(t.Acks) < s.majority():
		return st
	case t.Read != nil:
		out.GetOk(t.Requester, t.Request, *t.Read)
	default:
		out.PutOk(t.Requester, t.Request)
	}
	st.Telling = nil
	return st
}

// majority is how many servers make one; a server that is alone makes one by itself.
func (s Server) majority() int { return actor.Majority(len(s.Peers) + 1) }

// latest returns the copy that comes last in the order, of those of the first phase: the server's own among equals.
func (s Server) latest(self actor.ID, copies map[actor.ID]Copy) Copy {
	latest := copies[self]
	for _, id := range s.Peers {
		if c := copies[id]; latest.Sequence.Less(c.Sequence) {
			latest = c
		}
	}
	return latest
}

// adopt keeps a copy that is later than the server's own.
func (st State) adopt(c Copy) State {
	if st.Copy.Sequence.Less(c.Sequence) {
		st.Copy = c
	}
	return st
}
