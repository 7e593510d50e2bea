package twophase

import "slices"

// Each combines Actions and Next, at once and without a copy of the state for each action: it changes the state, and
// takes that back. This is what makes a search of millions of states fast; a model does not need it.
// Broken variants are made of the other file alone, and do without.
func (c Config) Each(s State, yield func(Action, State)) {
	if s.Decision == None {
		decided := s
		if !slices.Contains(s.Received, false) {
			decided.Decision = Commit
			yield(TransactionCommits{}, decided)
		}
		decided.Decision = Abort
		yield(TransactionAborts{}, decided)
	}
	for manager, stage := range s.Stages {
		if s.Decision == None && s.Sent[manager] {
			received := s.Received[manager]
			s.Received[manager] = true
			yield(ReceivePrepared{manager}, s)
			s.Received[manager] = received
		}
		if stage == Working {
			sent := s.Sent[manager]
			s.Stages[manager], s.Sent[manager] = Prepared, true
			yield(Prepare{manager}, s)
			s.Stages[manager], s.Sent[manager] = Aborted, sent
			yield(ChooseToAbort{manager}, s)
		}
		switch s.Decision {
		case Commit:
			s.Stages[manager] = Committed
			yield(ReceiveCommit{manager}, s)
		case Abort:
			s.Stages[manager] = Aborted
			yield(ReceiveAbort{manager}, s)
		case None:
		}
		s.Stages[manager] = stage
	}
}

// InPlace reports that Each changes the state that it is given, and restores it.
func (c Config) InPlace() {}
