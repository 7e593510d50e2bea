// Package paxos is Lamport's specification of Paxos without leaders, after the TLA+ example Paxos: the network is a
// set of messages to which any process may add, and from which nothing is removed.
package paxos

import (
	"slices"

	"synod/examples/consensus"
	"synod/examples/tla"
	"synod/model"
)

// Config is the size of a model. A quorum is a majority.
type Config struct {
	Acceptors int // 1 to MaxAcceptors
	Values    int // 1 to MaxValues
	MaxBallot int // 0 to MaxBallots
}

// The bounds of a Config.
const (
	MaxAcceptors = 7
	MaxValues    = 9
	MaxBallots   = 9
)

// Default is the small model of the original.
var Default = Config{Acceptors: 3, Values: 2, MaxBallot: 1}

// Vote is a vote for a value, counted from 1, at a ballot, counted from 0. If there is no vote, Value is 0 and Ballot
// is −1.
type Vote struct{ Ballot, Value int }

var none = Vote{-1, 0}

// Promise is a message of phase 1b.
type Promise struct {
	Sent bool
	Told Vote
}

// State is the state of all acceptors, and the messages.
type State struct {
	MaxBal   []int       // by acceptor: the highest ballot in which it took part, or −1
	MaxVote  []Vote      // by acceptor: its last vote
	Asked1   tla.Set     // ballots with a message of phase 1a
	Promises [][]Promise // by ballot and acceptor
	Asked2   []int       // by ballot: the value of its message of phase 2a, or 0
	Votes    []tla.Set   // by ballot: acceptors that sent a message of phase 2b
}

// Action is a step.
//
//sumtype:decl
type Action interface{ action() }

// The actions, by their names in the original.
type (
	// Phase1a asks for promises, perhaps again.
	Phase1a struct{ Ballot int }
	// Phase1b answers a message of phase 1a with a promise.
	Phase1b struct{ Acceptor, Ballot int }
	// Phase2a asks for votes for a value that is safe by the promises of a quorum.
	Phase2a struct{ Ballot, Value int }
	// Phase2b votes for the value of a message of phase 2a, perhaps again.
	Phase2b struct{ Acceptor, Ballot int }
)

func (Phase1a) action() {}
func (Phase1b) action() {}
func (Phase2a) action() {}
func (Phase2b) action() {}

// Initial returns the state without messages.
func (c Config) Initial() []State {
	s := State{
		MaxBal: slices.Repeat([]int{-1}, c.Acceptors), MaxVote: slices.Repeat([]Vote{none}, c.Acceptors),
		Asked2: make([]int, c.MaxBallot+1), Votes: make([]tla.Set, c.MaxBallot+1),
	}
	for range c.MaxBallot + 1 {
		s.Promises = append(s.Promises, make([]Promise, c.Acceptors))
	}
	return []State{s}
}

// Actions returns the enabled actions of a state.
func (c Config) Actions(s State) []Action {
	var all []Action
	for b := range c.MaxBallot + 1 {
		all = append(all, Phase1a{b})
		for v := 1; v <= c.Values && s.Asked2[b] == 0; v++ {
			if c.reasons(s, b, v) > 0 {
				all = append(all, Phase2a{b, v})
			}
		}
		for acceptor, most := range s.MaxBal {
			if s.Asked1.Has(b) && b > most {
				all = append(all, Phase1b{acceptor, b})
			}
			if s.Asked2[b] != 0 && b >= most {
				all = append(all, Phase2b{acceptor, b})
			}
		}
	}
	return all
}

// reasons counts the ways in which a value may be proposed: one for each quorum that promised the ballot and reported
// no vote, and otherwise one for each of the quorum's highest votes that is for the value.
func (c Config) reasons(s State, ballot, value int) int {
	promises, promised := s.Promises[ballot], tla.Set(0)
	for a, promise := range promises {
		if promise.Sent {
			promised = promised.With(a)
		}
	}
	n := 0
	c.quorums(func(quorum tla.Set) {
		if quorum&^promised != 0 {
			return
		}
		highest, same := -1, 0
		for a, promise := range promises {
			told := promise.Told
			if !quorum.Has(a) || told.Ballot < highest {
				continue
			}
			if told.Ballot > highest {
				highest, same = told.Ballot, 0
			}
			if told.Value == value {
				same++
			}
		}
		if highest < 0 {
			same = 1
		}
		n += same
	})
	return n
}

// quorums calls f for each minimal majority.
func (c Config) quorums(f func(tla.Set)) {
	for some := range tla.All(c.Acceptors) + 1 {
		if some.Size() == c.Acceptors/2+1 {
			f(some)
		}
	}
}

// Witnesses returns how often TLC generates an action.
func (c Config) Witnesses(s State, a Action) int {
	if a, ok := a.(Phase2a); ok {
		return c.reasons(s, a.Ballot, a.Value)
	}
	return 1
}

// Next returns the state after an action.
func (Config) Next(s State, a Action) (State, bool) {
	switch a := a.(type) {
	case Phase1a:
		s.Asked1 = s.Asked1.With(a.Ballot)
	case Phase1b:
		s.MaxBal, s.Promises = slices.Clone(s.MaxBal), slices.Clone(s.Promises)
		s.MaxBal[a.Acceptor] = a.Ballot
		s.Promises[a.Ballot] = slices.Clone(s.Promises[a.Ballot])
		s.Promises[a.Ballot][a.Acceptor] = Promise{true, s.MaxVote[a.Acceptor]}
	case Phase2a:
		s.Asked2 = slices.Clone(s.Asked2)
		s.Asked2[a.Ballot] = a.Value
	case Phase2b:
		s.MaxBal, s.MaxVote, s.Votes = slices.Clone(s.MaxBal), slices.Clone(s.MaxVote), slices.Clone(s.Votes)
		s.MaxBal[a.Acceptor], s.MaxVote[a.Acceptor] = a.Ballot, Vote{a.Ballot, s.Asked2[a.Ballot]}
		s.Votes[a.Ballot] = s.Votes[a.Ballot].With(a.Acceptor)
	}
	return s, true
}

// chosen returns the values that a quorum voted for at one ballot.
func (c Config) chosen(s State) (all []int) {
	for b, voters := range s.Votes {
		if voters.Size() > c.Acceptors/2 && !slices.Contains(all, s.Asked2[b]) {
			all = append(all, s.Asked2[b])
		}
	}
	return all
}

// Source returns the model with its properties, or an error if the configuration is invalid.
func Source(c Config) (*model.Plain[State, Action], error) {
	p := model.NewPlain[State, Action](c)
	p.Always("one value is chosen", func(s State) bool { return len(c.chosen(s)) <= 1 })
	p.Always("acceptors keep their last vote", func(s State) bool {
		for a, vote := range s.MaxVote {
			if vote.Ballot > s.MaxBal[a] || vote != none && (s.Asked2[vote.Ballot] != vote.Value || !s.Votes[vote.Ballot].Has(a)) {
				return false
			}
		}
		return true
	})
	p.Sometimes("chosen", func(s State) bool { return len(c.chosen(s)) > 0 })
	values := make([]int, c.Values)
	for i := range values {
		values[i] = i + 1
	}
	model.RefinePlain(p, "consensus", consensus.Model(values...), func(s State) consensus.State[int] {
		return consensus.Of(c.chosen(s)...)
	})
	for _, err := range []error{
		tla.Between("acceptors", c.Acceptors, 1, MaxAcceptors), tla.Between("values", c.Values, 1, MaxValues),
		tla.Between("as the last ballot", c.MaxBallot, 0, MaxBallots),
	} {
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}
