package paxos

// Each yields what Actions and Next return, without copying the state for each action: it changes the state in place,
// and restores it. This speeds up a search of millions of states; a model does not need it.
func (c Config) Each(s State, yield func(Action, State)) {
	asked := s.Asked1
	for b := range c.MaxBallot + 1 {
		s.Asked1 = asked.With(b)
		yield(Phase1a{b}, s)
		s.Asked1 = asked
		for v := 1; v <= c.Values && s.Asked2[b] == 0; v++ {
			if c.reasons(s, b, v) > 0 {
				s.Asked2[b] = v
				yield(Phase2a{b, v}, s)
				s.Asked2[b] = 0
			}
		}
		for acceptor := range s.MaxBal {
			c.answer(s, acceptor, b, yield)
		}
	}
}

// answer yields the answers of an acceptor to the messages of a ballot.
func (c Config) answer(s State, acceptor, b int, yield func(Action, State)) {
	most, vote := s.MaxBal[acceptor], s.MaxVote[acceptor]
	if s.Asked1.Has(b) && b > most {
		promise := s.Promises[b][acceptor]
		s.MaxBal[acceptor], s.Promises[b][acceptor] = b, Promise{true, vote}
		yield(Phase1b{acceptor, b}, s)
		s.MaxBal[acceptor], s.Promises[b][acceptor] = most, promise
	}
	if s.Asked2[b] != 0 && b >= most {
		votes := s.Votes[b]
		s.MaxBal[acceptor], s.MaxVote[acceptor], s.Votes[b] = b, Vote{b, s.Asked2[b]}, votes.With(acceptor)
		yield(Phase2b{acceptor, b}, s)
		s.MaxBal[acceptor], s.MaxVote[acceptor], s.Votes[b] = most, vote, votes
	}
}

// InPlace marks a model whose Each changes the state that it is given, and restores it.
func (c Config) InPlace() {}
