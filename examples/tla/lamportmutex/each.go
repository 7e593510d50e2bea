package lamportmutex

import "synod/examples/tla"

// Each yields what Actions and Next return, at once and without a copy of the whole state for each action: it changes the state, and
// takes that back. Queues are not changed in place, but made anew. This is what makes a search of millions of states fast; a
// model does not need it.
func (c Config) Each(s State, yield func(Action, State)) {
	crit := s.Crit
	for p := range c.Processes {
		own, ack := s.Req[p][p], s.Ack[p]
		if own == 0 {
			s.Req[p][p], s.Ack[p] = s.Clock[p], tla.Set(0).With(p)
			c.tell(s, p, Message{Req, s.Clock[p]}, func() { yield(Request{p}, s) })
			s.Req[p][p], s.Ack[p] = own, ack
		}
		if ack == tla.All(c.Processes) && c.first(s, p) {
			s.Crit = crit.With(p)
			yield(Enter{p}, s)
		}
		if crit.Has(p) {
			s.Crit, s.Req[p][p], s.Ack[p] = crit.Without(p), 0, 0
			c.tell(s, p, Message{Kind: Rel}, func() { yield(Exit{p}, s) })
			s.Req[p][p], s.Ack[p] = own, ack
		}
		s.Crit = crit
		for q := range c.Processes {
			if len(s.Network[q][p]) > 0 {
				c.take(s, p, q, func() { yield(Receive{p, q}, s) })
			}
		}
	}
}

// tell runs f while a message is the last one in all queues from a process.
func (c Config) tell(s State, from int, m Message, f func()) {
	var before [MaxProcesses][]Message
	copy(before[:], s.Network[from])
	for to := range c.Processes {
		if to != from {
			s.Network[from][to] = appended(before[to], m)
		}
	}
	f()
	copy(s.Network[from], before[:])
}

// take runs f while the first message from a process is received.
func (c Config) take(s State, p, from int, f func()) {
	incoming, outgoing := s.Network[from][p], s.Network[p][from]
	clock, req, ack := s.Clock[p], s.Req[p][from], s.Ack[p]
	s.receive(p, from)
	f()
	s.Network[p][from], s.Network[from][p] = outgoing, incoming
	s.Clock[p], s.Req[p][from], s.Ack[p] = clock, req, ack
}

// InPlace reports that Each changes the state that it is given, and restores it.
func (c Config) InPlace() {}
