package paxoscommit

// Each yields what Actions and Next return, without copying the state for each action: it changes the state in place,
// and restores it. This speeds up a search of millions of states; a model does not need it.
func (c Config) Each(s State, yield func(Action, State)) {
	for rm := range s.Managers {
		c.manage(s, rm, yield)
		for b := 1; b <= c.MaxBallot; b++ {
			c.lead(s, rm, b, yield)
		}
		for a := range s.MaxBal[rm] {
			for b := range c.MaxBallot + 1 {
				answer(s, rm, a, b, yield)
			}
		}
	}
	commit, abort := s.Commit, s.Abort
	for _, d := range []Decide{{true}, {false}} {
		if c.Witnesses(s, d) > 0 {
			s.Commit, s.Abort = commit || d.Commit, abort || !d.Commit
			yield(d, s)
			s.Commit, s.Abort = commit, abort
		}
	}
}

// manage yields the steps of a manager.
func (c Config) manage(s State, rm int, yield func(Action, State)) {
	stage, proposed := s.Managers[rm], s.Asked2[rm][0]
	if stage == Working {
		s.Managers[rm], s.Asked2[rm][0] = Prepared, Yes
		yield(Prepare{rm}, s)
		s.Managers[rm], s.Asked2[rm][0] = Aborted, No
		yield(ChooseToAbort{rm}, s)
		s.Asked2[rm][0] = proposed
	}
	if s.Commit {
		s.Managers[rm] = Committed
		yield(ReceiveCommit{rm}, s)
	}
	if s.Abort {
		s.Managers[rm] = Aborted
		yield(ReceiveAbort{rm}, s)
	}
	s.Managers[rm] = stage
}

// lead yields the steps of the leader of a ballot in an instance.
func (c Config) lead(s State, rm, b int, yield func(Action, State)) {
	asked := s.Asked1[rm]
	s.Asked1[rm] = asked.With(b)
	yield(Phase1a{rm, b}, s)
	s.Asked1[rm] = asked
	for v := Yes; v <= No && s.Asked2[rm][b] == None; v++ {
		if c.reasons(s, rm, b, v) > 0 {
			s.Asked2[rm][b] = v
			yield(Phase2a{rm, b, v}, s)
			s.Asked2[rm][b] = None
		}
	}
}

// answer yields the answers of an acceptor to the messages of a ballot.
func answer(s State, rm, a, b int, yield func(Action, State)) {
	most, last := s.MaxBal[rm][a], s.MaxVote[rm][a]
	if s.Asked1[rm].Has(b) && b > int(most) {
		promise := s.Promises[rm][b-1][a]
		s.MaxBal[rm][a], s.Promises[rm][b-1][a] = int8(b), Promise{true, last}
		yield(Phase1b{rm, a, b}, s)
		s.MaxBal[rm][a], s.Promises[rm][b-1][a] = most, promise
	}
	if s.Asked2[rm][b] != None && b >= int(most) {
		votes := s.Votes[rm][b]
		s.MaxBal[rm][a], s.MaxVote[rm][a], s.Votes[rm][b] = int8(b), Vote{int8(b), s.Asked2[rm][b]}, votes.With(a)
		yield(Phase2b{rm, a, b}, s)
		s.MaxBal[rm][a], s.MaxVote[rm][a], s.Votes[rm][b] = most, last, votes
	}
}

// InPlace marks a model whose Each changes the state that it is given, and restores it.
func (c Config) InPlace() {}
