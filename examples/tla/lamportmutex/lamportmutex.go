// Package lamportmutex is Lamport's distributed mutual exclusion with logical clocks (CACM 21(7), 1978), after the
// TLA+ example LamportMutex by Stephan Merz.
package lamportmutex

import (
	"slices"

	"synod/examples/tla"
	"synod/model"
)

// Config is the size of a model.
type Config struct {
	Processes int // 1 to MaxProcesses
	Clock     int // the highest clock that is explored; 1 to MaxClock
}

// The bounds of a Config.
const (
	MaxProcesses = 5
	MaxClock     = 20
)

// Default is smaller than the size that the original checks: three processes and clocks up to 6.
var Default = Config{Processes: 2, Clock: 5}

// Kind is the kind of a message.
type Kind uint8

// The kinds of messages.
const (
	Req Kind = iota
	Ack
	Rel
)

// String returns the kind in lower case.
func (k Kind) String() string { return [...]string{"req", "ack", "rel"}[k] }

// Message is a message between two processes. Only a request has a clock.
type Message struct {
	Kind  Kind
	Clock int
}

// State is the state of all processes, and the queues between them.
type State struct {
	Clock   []int
	Req     [][]int       // by process p and q: the clock of q's request as p knows it, or 0
	Ack     []tla.Set     // by process: processes that are known to have its request
	Network [][][]Message // by sender and receiver, in the order of sending
	Crit    tla.Set       // processes in the critical section
}

// Action is a step of a process.
//
//sumtype:decl
type Action interface{ action() }

// The actions.
type (
	// Request sends a request to all others.
	Request struct{ Process int }
	// Enter enters the critical section, perhaps again.
	Enter struct{ Process int }
	// Exit leaves the critical section and informs all others.
	Exit struct{ Process int }
	// Receive receives the next message from another process.
	Receive struct{ Process, From int }
)

func (Request) action() {}
func (Enter) action()   {}
func (Exit) action()    {}
func (Receive) action() {}

// Initial returns the state without requests and with all clocks at 1.
func (c Config) Initial() []State {
	s := State{Clock: slices.Repeat([]int{1}, c.Processes), Ack: make([]tla.Set, c.Processes)}
	for range c.Processes {
		s.Req = append(s.Req, make([]int, c.Processes))
		s.Network = append(s.Network, make([][]Message, c.Processes))
	}
	return []State{s}
}

// Actions returns the enabled actions of a state.
func (c Config) Actions(s State) []Action {
	var all []Action
	for p := range c.Processes {
		if s.Req[p][p] == 0 {
			all = append(all, Request{p})
		}
		if s.Ack[p] == tla.All(c.Processes) && c.first(s, p) {
			all = append(all, Enter{p})
		}
		if s.Crit.Has(p) {
			all = append(all, Exit{p})
		}
		for q := range c.Processes {
			if len(s.Network[q][p]) > 0 {
				all = append(all, Receive{p, q})
			}
		}
	}
	return all
}

// first reports whether the request of a process precedes all others that it knows.
func (c Config) first(s State, p int) bool {
	own := s.Req[p][p]
	for q, other := range s.Req[p] {
		if q != p && other != 0 && (other < own || other == own && q < p) {
			return false
		}
	}
	return true
}

// Next returns the state after an action.
func (c Config) Next(s State, a Action) (State, bool) {
	s = s.clone()
	broadcast := func(from int, m Message) {
		for to := range c.Processes {
			if to != from {
				s.Network[from][to] = appended(s.Network[from][to], m)
			}
		}
	}
	switch a := a.(type) {
	case Request:
		p := a.Process
		s.Req[p][p], s.Ack[p] = s.Clock[p], tla.Set(0).With(p)
		broadcast(p, Message{Req, s.Clock[p]})
	case Enter:
		s.Crit = s.Crit.With(a.Process)
	case Exit:
		s.Crit = s.Crit.Without(a.Process)
		s.Req[a.Process][a.Process], s.Ack[a.Process] = 0, 0
		broadcast(a.Process, Message{Kind: Rel})
	case Receive:
		s.receive(a.Process, a.From)
	}
	return s, true
}

func (s *State) receive(p, from int) {
	m := s.Network[from][p][0]
	s.Network[from][p] = append([]Message(nil), s.Network[from][p][1:]...)
	switch m.Kind {
	case Req:
		s.Req[p][from] = m.Clock
		s.Clock[p] = max(s.Clock[p], m.Clock) + 1
		s.Network[p][from] = appended(s.Network[p][from], Message{Kind: Ack})
	case Ack:
		s.Ack[p] = s.Ack[p].With(from)
	case Rel:
		s.Req[p][from] = 0
	}
}

// appended returns a copy of a queue with one more message.
func appended(queue []Message, m Message) []Message {
	return append(append(make([]Message, 0, len(queue)+1), queue...), m)
}

func (s State) clone() State {
	s.Clock, s.Req, s.Ack, s.Network = slices.Clone(s.Clock), slices.Clone(s.Req), slices.Clone(s.Ack), slices.Clone(s.Network)
	for p := range s.Req {
		s.Req[p] = slices.Clone(s.Req[p])
		s.Network[p] = slices.Clone(s.Network[p])
		for q := range s.Network[p] {
			s.Network[p][q] = slices.Clone(s.Network[p][q])
		}
	}
	return s
}

// Inside reports whether a state satisfies the state constraint.
func (c Config) Inside(s State) bool {
	return !slices.ContainsFunc(s.Clock, func(clock int) bool { return clock > c.Clock })
}

// Source returns the model with its properties, or an error if the configuration is invalid.
func Source(c Config) (*model.Plain[State, Action], error) {
	p := model.NewPlain[State, Action](c)
	p.Within(c.Inside)
	p.Always("mutual exclusion", func(s State) bool { return s.Crit.Size() <= 1 })
	p.Always("at most three messages in a queue", func(s State) bool {
		for _, queues := range s.Network {
			if slices.ContainsFunc(queues, func(q []Message) bool { return len(q) > 3 }) {
				return false
			}
		}
		return true
	})
	p.Sometimes("in the critical section", func(s State) bool { return s.Crit != 0 })
	if err := tla.Between("processes", c.Processes, 1, MaxProcesses); err != nil {
		return nil, err
	}
	return p, tla.Between("as the last clock", c.Clock, 1, MaxClock)
}
