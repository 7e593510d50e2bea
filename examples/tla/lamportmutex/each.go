package lamportmutex

import "synod/examples/tla"

// Each yields what Actions and Next return, without copying the whole state for each action: it changes the state in
// place, and restores it. Only queues are copied. This speeds up a search of millions of states; a model does not
// need it.
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

// tell runs f in the state in which a message is appended to all queues from a process.
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

// take runs f in the state in which process p has received its first message from another one.
func (c Config) take(s State, p, from int, f func()) {
	incoming, outgoing := s.Network[from][p], s.Network[p][from]
	clock, req, ack := s.Clock[p], s.Req[p][from], s.Ack[p]
	s.receive(p, from)
	f()
	s.Network[p][from], s.Network[from][p] = outgoing, incoming
	s.Clock[p], s.Req[p][from], s.Ack[p] = clock, req, ack
}

// InPlace marks a model whose Each changes the state that it is given, and restores it.
func (c Config) InPlace() {}
