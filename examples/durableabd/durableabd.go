// Package durableabd is the register of Attiya, Bar-Noy and Dolev, "Sharing Memory Robustly in Message-Passing Systems"
// (1995), for a real network: servers crash and recover, messages are repeated and lost, clients ask again, and a server
// serves many clients at once. A client numbers its requests in ascending order, has one at a time, and repeats it at
// the server that it asked. Numbers of different clients should be alike, such as times: a server remembers only so many
// clients, those with the greatest.
package durableabd

import (
	"math"
	"slices"

	"synod/actor"
	"synod/register"
)

type (
	// Sequence orders the values that were written, by number, then by the server that gave it.
	Sequence struct {
		Number uint64
		Writer actor.ID
	}
	// Copy is a value with its place in the order.
	Copy struct {
		Sequence Sequence
		Value    register.Value
	}
	// Operation names an operation of a server: no two that it ever begins have the same name.
	Operation struct {
		Run   uint32 // how often the server had recovered when it began
		Count uint64 // of the operations since then, from 1
	}
	// Message is what the servers say to one another.
	//
	//sumtype:decl
	Message interface{ operation() Operation }
	// Query asks for a server's copy.
	Query struct{ Operation Operation }
	// AckQuery returns it.
	AckQuery struct {
		Operation Operation
		Copy      Copy
	}
	// Record asks to keep a copy unless there is a later one.
	Record struct {
		Operation Operation
		Copy      Copy
	}
	// AckRecord reports that it was done.
	AckRecord struct{ Operation Operation }

	// Durable is what a server keeps across a crash. Writes has a record for each client, of which a step changes one.
	Durable struct {
		Run    uint32           // how often it has recovered
		Floor  register.Request // up to it, a request of a client that is not remembered is over; 0 for none
		Copy   Copy
		Writes actor.Table[Write] // by client
	}
	// Write is the last request of a client to write that was given a place in the order.
	Write struct {
		Request  register.Request
		Sequence Sequence
	}
	// State is the local state of a server.
	State struct {
		Durable
		Count    uint64               // operations begun since it recovered
		Tasks    map[uint64]Task      // those in flight, by count; never nil
		Sessions actor.Table[Session] // by client
	}
	// Task is an outstanding operation: first it finds the latest copy, then it tells a majority of the copy to keep.
	Task struct {
		Client  actor.ID
		Request register.Request
		Write   *register.Value // what to write; nil for a read
		Telling bool            // in the second phase
		Copy    Copy            // the latest of the first phase; in the second the one to keep
		Answers []actor.ID      // servers that answered in this phase, its own included, in ascending order
	}
	// Session is the last request of a client since the server recovered.
	Session struct {
		Request register.Request
		Task    uint64         // 0 once it is answered
		Read    register.Value // what the answer told
	}
	// Server is its configuration.
	Server struct {
		Peers    []actor.ID // all others, in ascending order
		Remember int        // of how many clients it remembers the last request, at most; 0 for all
	}
	// Out is what its handlers command through.
	Out = register.Out[Message]
)

func (m Query) operation() Operation     { return m.Operation }
func (m AckQuery) operation() Operation  { return m.Operation }
func (m Record) operation() Operation    { return m.Operation }
func (m AckRecord) operation() Operation { return m.Operation }

// Less reports whether s comes before t.
func (s Sequence) Less(t Sequence) bool {
	return s.Number < t.Number || s.Number == t.Number && s.Writer < t.Writer
}

// New returns the actor of a server that remembers all clients.
func New(peers []actor.ID) actor.Typed[State, register.Message] { return Server{Peers: peers}.New() }

// New returns the actor of the server.
func (s Server) New() actor.Typed[State, register.Message] {
	return register.Serve(s, actor.Durable(s.Keep, s.Recover))
}

// Start begins without a value.
func (s Server) Start(self actor.ID, _ *Out) State {
	return State{
		Durable: Durable{Copy: Copy{Sequence: Sequence{Writer: self}}}, Tasks: make(map[uint64]Task),
	}
}

// Keep returns what survives a crash.
func (s Server) Keep(st State) Durable { return st.Durable }

// Recover begins with what was kept. Operations that were in flight are forgotten: their names are not used again, and
// their clients ask again.
func (s Server) Recover(self actor.ID, kept Durable, out *Out) State {
	st := s.Start(self, out)
	st.Durable = kept
	st.Run = min(kept.Run, math.MaxUint32-1) + 1
	return st
}

// Put writes.
func (s Server) Put(self actor.ID, st State, from actor.ID, r register.Request, v register.Value, out *Out) State {
	return s.serve(self, st, Task{Client: from, Request: r, Write: &v}, out)
}

// Get reads.
func (s Server) Get(self actor.ID, st State, from actor.ID, r register.Request, out *Out) State {
	return s.serve(self, st, Task{Client: from, Request: r}, out)
}

// serve begins a task for a request that is new. One that is repeated is the same operation as before, and one that is
// older than the client's last is over. A write that was given a place in the order before a crash keeps it. Of a client
// that is not remembered, what is not above the floor may have been done, and is not done again.
func (s Server) serve(self actor.ID, st State, t Task, out *Out) State {
	session, known := st.Sessions.Get(t.Client)
	written, wrote := st.Writes.Get(t.Client)
	switch {
	case st.Run == math.MaxUint32:
		return st // The runs after it are counted no more, so that names would be used again.
	case t.Request < session.Request || t.Request < written.Request:
		return st
	case known && t.Request == session.Request && session.Task == 0:
		t.answer(session.Read, out)
		return st
	case known && t.Request == session.Request:
		if task, ok := st.Tasks[session.Task]; ok {
			s.ask(Operation{st.Run, session.Task}, task, out)
		}
		return st
	case wrote && t.Request == written.Request && t.Write != nil:
		t.Telling, t.Copy = true, Copy{written.Sequence, *t.Write}
	case t.Request <= st.Floor:
		out.Expired(t.Client, t.Request, st.Floor)
		return st
	}
	delete(st.Tasks, session.Task) // The client has gone on.
	st.Count++
	st.Sessions = st.Sessions.With(t.Client, Session{Request: t.Request, Task: st.Count})
	return s.phase(self, s.forget(st, t.Client), st.Count, t, out)
}

// phase begins a phase of a task.
func (s Server) phase(self actor.ID, st State, count uint64, t Task, out *Out) State {
	t.Answers = []actor.ID{self}
	s.ask(Operation{st.Run, count}, t, out)
	return s.proceed(self, st, count, t, out)
}

// ask sends what a task is about to those who have not answered.
func (s Server) ask(op Operation, t Task, out *Out) {
	for _, id := range s.Peers {
		switch _, answered := slices.BinarySearch(t.Answers, id); {
		case answered:
		case t.Telling:
			out.Send(id, Record{op, t.Copy})
		default:
			out.Send(id, Query{op})
		}
	}
}

// Receive handles the messages of the other servers. Answers to what is over, before a crash too, are ignored.
func (s Server) Receive(self actor.ID, st State, from actor.ID, msg Message, out *Out) State {
	switch m := msg.(type) {
	case Query:
		out.Send(from, AckQuery{m.Operation, st.Copy})
	case AckQuery:
		if t, ok := st.Tasks[m.Operation.Count]; ok && m.Operation.Run == st.Run && !t.Telling {
			t.Copy = later(t.Copy, m.Copy)
			t.Answers = with(t.Answers, from)
			return s.proceed(self, st, m.Operation.Count, t, out)
		}
	case Record:
		out.Send(from, AckRecord{m.Operation})
		st.Copy = later(st.Copy, m.Copy)
	case AckRecord:
		if t, ok := st.Tasks[m.Operation.Count]; ok && m.Operation.Run == st.Run && t.Telling {
			t.Answers = with(t.Answers, from)
			return s.proceed(self, st, m.Operation.Count, t, out)
		}
	}
	return st
}

// proceed ends a phase once a majority has answered.
func (s Server) proceed(self actor.ID, st State, count uint64, t Task, out *Out) State {
	if len(t.Answers) < actor.Majority(len(s.Peers)+1) {
		st.Tasks[count] = t
		return st
	}
	if t.Telling {
		delete(st.Tasks, count)
		session := Session{Request: t.Request}
		if t.Write == nil {
			session.Read = t.Copy.Value
		}
		st.Sessions = st.Sessions.With(t.Client, session)
		t.answer(session.Read, out)
		return st
	}
	// What the server wrote meanwhile counts too, or two tasks of it could give the same place in the order.
	t.Telling, t.Copy = true, later(t.Copy, st.Copy)
	switch {
	case t.Write == nil:
	case t.Copy.Sequence.Number == math.MaxUint64:
		delete(st.Tasks, count)
		return st // There is no later place in the order; at an earlier one the value would be lost.
	default:
		t.Copy = Copy{Sequence{t.Copy.Sequence.Number + 1, self}, *t.Write}
		st.Writes = st.Writes.With(t.Client, Write{t.Request, t.Copy.Sequence})
		st = s.forget(st, t.Client)
	}
	st.Copy = later(st.Copy, t.Copy)
	return s.phase(self, st, count, t, out)
}

// answer informs the client that its request is done.
func (t Task) answer(read register.Value, out *Out) {
	if t.Write != nil {
		out.PutOk(t.Client, t.Request)
	} else {
		out.GetOk(t.Client, t.Request, read)
	}
}

// later returns the copy that comes later in the order.
func later(c, d Copy) Copy {
	if c.Sequence.Less(d.Sequence) {
		return d
	}
	return c
}

// with adds a server to some in ascending order, unless it is one of them.
func with(servers []actor.ID, id actor.ID) []actor.ID {
	at, found := slices.BinarySearch(servers, id)
	if found {
		return servers
	}
	return slices.Insert(servers, at, id)
}
