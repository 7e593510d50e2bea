// Package paxoscommit is Paxos Commit of Gray and Lamport ("Consensus on Transaction Commit", 2006), after the TLA+
// example PaxosCommit: an instance of Paxos for each resource manager decides whether it is prepared, and the network
// is a set of messages from which nothing is removed.
package paxoscommit

import (
	"slices"

	"synod/examples/tla"
	"synod/model"
)

// Config is the size of a model. A quorum is a majority.
type Config struct {
	Managers  int // 1 to MaxManagers
	Acceptors int // 1 to MaxAcceptors
	MaxBallot int // 0 to MaxBallots; ballot 0 belongs to the manager itself
}

// The bounds of a Config.
const (
	MaxManagers  = 4
	MaxAcceptors = 5
	MaxBallots   = 4
)

// Default is smaller than the size that the original checks, which has three acceptors and ballots 0 and 1.
var Default = Config{Managers: 1, Acceptors: 3, MaxBallot: 1}

// Stage is the stage of a resource manager.
type Stage uint8

// The stages.
const (
	Working Stage = iota
	Prepared
	Committed
	Aborted
)

// String returns the stage in lower case.
func (s Stage) String() string { return [...]string{"working", "prepared", "committed", "aborted"}[s] }

// Value is the decision of an instance of Paxos.
type Value uint8

// The values.
const (
	None Value = iota
	Yes        // the manager is prepared
	No         // it has aborted
)

// String returns the value in lower case.
func (v Value) String() string { return [...]string{"none", "prepared", "aborted"}[v] }

// Vote is an acceptor's last vote in an instance. If there is no vote, Value is None and Ballot is −1.
type Vote struct {
	Ballot int8
	Value  Value
}

var none = Vote{-1, None}

// Promise is a message of phase 1b.
type Promise struct {
	Sent bool
	Told Vote
}

// State is the state of all managers and acceptors, and the messages. The first index is that of a manager's
// instance.
type State struct {
	Managers []Stage
	MaxBal   [][]int8      // by acceptor
	MaxVote  [][]Vote      // by acceptor
	Asked1   []tla.Set     // ballots with a message of phase 1a
	Promises [][][]Promise // by ballot minus 1, and acceptor
	Asked2   [][]Value     // by ballot: the value of its message of phase 2a
	Votes    [][]tla.Set   // by ballot: acceptors that sent a message of phase 2b
	Commit   bool          // the message was sent
	Abort    bool
}

// Action is a step.
//
//sumtype:decl
type Action interface{ action() }

// The actions.
type (
	// Prepare makes a working manager prepared, and proposes that at ballot 0.
	Prepare struct{ Manager int }
	// ChooseToAbort makes a working manager abort on its own, and proposes that at ballot 0.
	ChooseToAbort struct{ Manager int }
	// ReceiveCommit makes a manager commit, as the leader decided.
	ReceiveCommit struct{ Manager int }
	// ReceiveAbort makes a manager abort, as the leader decided.
	ReceiveAbort struct{ Manager int }
	// Phase1a asks for promises, perhaps again.
	Phase1a struct{ Manager, Ballot int }
	// Phase1b answers a message of phase 1a with a promise.
	Phase1b struct{ Manager, Acceptor, Ballot int }
	// Phase2a asks for votes for the value that is safe by the promises of a quorum.
	Phase2a struct {
		Manager, Ballot int
		Value           Value
	}
	// Phase2b votes for the value of a message of phase 2a, perhaps again.
	Phase2b struct{ Manager, Acceptor, Ballot int }
	// Decide informs all managers that the transaction is committed or aborted.
	Decide struct{ Commit bool }
)

func (Prepare) action()       {}
func (ChooseToAbort) action() {}
func (ReceiveCommit) action() {}
func (ReceiveAbort) action()  {}
func (Phase1a) action()       {}
func (Phase1b) action()       {}
func (Phase2a) action()       {}
func (Phase2b) action()       {}
func (Decide) action()        {}

// Initial returns the state with all managers working, and without messages.
func (c Config) Initial() []State {
	s := State{Managers: make([]Stage, c.Managers), Asked1: make([]tla.Set, c.Managers)}
	for range c.Managers {
		s.MaxBal = append(s.MaxBal, make([]int8, c.Acceptors))
		s.MaxVote = append(s.MaxVote, slices.Repeat([]Vote{none}, c.Acceptors))
		promises := make([][]Promise, c.MaxBallot)
		for b := range promises {
			promises[b] = make([]Promise, c.Acceptors)
		}
		s.Promises = append(s.Promises, promises)
		s.Asked2 = append(s.Asked2, make([]Value, c.MaxBallot+1))
		s.Votes = append(s.Votes, make([]tla.Set, c.MaxBallot+1))
	}
	return []State{s}
}

// Actions returns the enabled actions of a state.
func (c Config) Actions(s State) []Action {
	var all []Action
	for rm, stage := range s.Managers {
		if stage == Working {
			all = append(all, Prepare{rm}, ChooseToAbort{rm})
		}
		if s.Commit {
			all = append(all, ReceiveCommit{rm})
		}
		if s.Abort {
			all = append(all, ReceiveAbort{rm})
		}
		for b := 1; b <= c.MaxBallot; b++ {
			all = append(all, Phase1a{rm, b})
			for _, v := range []Value{Yes, No} {
				if s.Asked2[rm][b] == None && c.reasons(s, rm, b, v) > 0 {
					all = append(all, Phase2a{rm, b, v})
				}
			}
		}
		for a, most := range s.MaxBal[rm] {
			for b := range c.MaxBallot + 1 {
				if s.Asked1[rm].Has(b) && b > int(most) {
					all = append(all, Phase1b{rm, a, b})
				}
				if s.Asked2[rm][b] != None && b >= int(most) {
					all = append(all, Phase2b{rm, a, b})
				}
			}
		}
	}
	for _, commit := range []bool{true, false} {
		if c.Witnesses(s, Decide{commit}) > 0 {
			all = append(all, Decide{commit})
		}
	}
	return all
}

// quorums calls f for each minimal majority.
func (c Config) quorums(f func(tla.Set)) {
	for some := range tla.All(c.Acceptors) + 1 {
		if some.Size() == c.Acceptors/2+1 {
			f(some)
		}
	}
}

// reasons counts the quorums whose promises make a value safe: the value of the highest vote that they report, or
// aborted if they report none.
func (c Config) reasons(s State, manager, ballot int, value Value) (n int) {
	promises := s.Promises[manager][ballot-1]
	c.quorums(func(quorum tla.Set) {
		highest := Vote{-1, No}
		for a := range c.Acceptors {
			if !quorum.Has(a) {
				continue
			}
			if !promises[a].Sent {
				return
			}
			if told := promises[a].Told; told.Ballot > highest.Ballot {
				highest = told
			}
		}
		if highest.Value == value {
			n++
		}
	})
	return n
}

// decided counts the pairs of ballot and quorum whose votes decide a value in an instance.
func (c Config) decided(s State, manager int, value Value) (n int) {
	for b, voters := range s.Votes[manager] {
		if s.Asked2[manager][b] == value {
			c.quorums(func(quorum tla.Set) {
				if quorum&^voters == 0 {
					n++
				}
			})
		}
	}
	return n
}

// Witnesses returns how often TLC generates an action.
func (c Config) Witnesses(s State, a Action) int {
	switch a := a.(type) {
	case Phase2a:
		return c.reasons(s, a.Manager, a.Ballot, a.Value)
	case Decide:
		all, some := 1, 0
		for rm := range s.Managers {
			all *= c.decided(s, rm, Yes)
			some += c.decided(s, rm, No)
		}
		if a.Commit {
			return all
		}
		return some
	case Prepare, ChooseToAbort, ReceiveCommit, ReceiveAbort, Phase1a, Phase1b, Phase2b:
	}
	return 1
}

// Next returns the state after an action.
func (Config) Next(s State, a Action) (State, bool) {
	switch a := a.(type) {
	case Prepare:
		s.Managers, s.Asked2 = with(s.Managers, a.Manager, Prepared), with2(s.Asked2, a.Manager, 0, Yes)
	case ChooseToAbort:
		s.Managers, s.Asked2 = with(s.Managers, a.Manager, Aborted), with2(s.Asked2, a.Manager, 0, No)
	case ReceiveCommit:
		s.Managers = with(s.Managers, a.Manager, Committed)
	case ReceiveAbort:
		s.Managers = with(s.Managers, a.Manager, Aborted)
	case Phase1a:
		s.Asked1 = with(s.Asked1, a.Manager, s.Asked1[a.Manager].With(a.Ballot))
	case Phase1b:
		promise := Promise{true, s.MaxVote[a.Manager][a.Acceptor]}
		s.MaxBal = with2(s.MaxBal, a.Manager, a.Acceptor, int8(a.Ballot))
		s.Promises = with(s.Promises, a.Manager, with2(s.Promises[a.Manager], a.Ballot-1, a.Acceptor, promise))
	case Phase2a:
		s.Asked2 = with2(s.Asked2, a.Manager, a.Ballot, a.Value)
	case Phase2b:
		vote := Vote{int8(a.Ballot), s.Asked2[a.Manager][a.Ballot]}
		s.MaxBal = with2(s.MaxBal, a.Manager, a.Acceptor, vote.Ballot)
		s.MaxVote = with2(s.MaxVote, a.Manager, a.Acceptor, vote)
		s.Votes = with2(s.Votes, a.Manager, a.Ballot, s.Votes[a.Manager][a.Ballot].With(a.Acceptor))
	case Decide:
		s.Commit, s.Abort = s.Commit || a.Commit, s.Abort || !a.Commit
	}
	return s, true
}

// with returns a copy of a slice with element i replaced.
func with[T any](s []T, i int, v T) []T {
	s = slices.Clone(s)
	s[i] = v
	return s
}

// with2 is with for a slice of slices.
func with2[T any](s [][]T, i, k int, v T) [][]T { return with(s, i, with(s[i], k, v)) }

// Source returns the model with its properties, or an error if the configuration is invalid.
func Source(c Config) (*model.Plain[State, Action], error) {
	p := model.NewPlain[State, Action](c)
	p.Always("consistent", func(s State) bool {
		return !slices.Contains(s.Managers, Committed) || !slices.Contains(s.Managers, Aborted)
	})
	p.Sometimes("all commit", func(s State) bool {
		return !slices.ContainsFunc(s.Managers, func(stage Stage) bool { return stage != Committed })
	})
	p.Sometimes("a manager aborts that was prepared", func(s State) bool {
		for rm, stage := range s.Managers {
			if stage == Aborted && s.Asked2[rm][0] == Yes {
				return true
			}
		}
		return false
	})
	for _, err := range []error{
		tla.Between("managers", c.Managers, 1, MaxManagers), tla.Between("acceptors", c.Acceptors, 1, MaxAcceptors),
		tla.Between("as the last ballot", c.MaxBallot, 0, MaxBallots),
	} {
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}
