// Package voteproof is the voting algorithm that Paxos implements, after the TLA+ example VoteProof by Leslie
// Lamport: acceptors vote in ballots for values that are safe there, without communicating.
package voteproof

import (
	"slices"

	"synod/examples/consensus"
	"synod/examples/tla"
	"synod/model"
)

// Config is the size of a model. A quorum is a majority of the acceptors.
type Config struct {
	Acceptors int // 1 to MaxAcceptors
	Values    int // 1 to MaxValues
	Ballots   int // 1 to MaxBallots
}

// The bounds of a Config.
const (
	MaxAcceptors = 5
	MaxValues    = 5
	MaxBallots   = 6
)

// Default is the size that the original checks.
var Default = Config{Acceptors: 3, Values: 2, Ballots: 3}

// State has all votes and, for each acceptor, the ballot below which it no longer votes.
type State struct {
	MaxBal []int   // by acceptor; initially −1
	Votes  [][]int // by acceptor and ballot: a value, counted from 1, or 0
}

// Action is a step of an acceptor: it joins a ballot if Value is 0, and otherwise votes in the ballot.
type Action struct{ Acceptor, Ballot, Value int }

// Initial returns the state without votes.
func (c Config) Initial() []State {
	s := State{MaxBal: slices.Repeat([]int{-1}, c.Acceptors)}
	for range c.Acceptors {
		s.Votes = append(s.Votes, make([]int, c.Ballots))
	}
	return []State{s}
}

// Actions returns the enabled actions of a state.
func (c Config) Actions(s State) []Action {
	var all []Action
	for a, most := range s.MaxBal {
		for b := range c.Ballots {
			if b > most {
				all = append(all, Action{a, b, 0})
			}
			for v := 1; v <= c.Values; v++ {
				if most <= b && c.free(s, a, b, v) && c.safe(s, b, v) > 0 {
					all = append(all, Action{a, b, v})
				}
			}
		}
	}
	return all
}

// free reports whether an acceptor has not voted in a ballot, and no other acceptor has voted for another value
// there.
func (c Config) free(s State, acceptor, ballot, value int) bool {
	for a, votes := range s.Votes {
		if v := votes[ballot]; v != 0 && (a == acceptor || v != value) {
			return false
		}
	}
	return true
}

// safe counts the reasons why no other value has been or will be chosen below a ballot: it is the first ballot; or
// all of a quorum have joined it or a higher one, and their last votes below it are in a ballot where the value is
// safe, and all for the value, or there are none.
func (c Config) safe(s State, ballot, value int) int {
	n := 0
	if ballot == 0 {
		n++
	}
	for _, some := range tla.All(c.Acceptors).Subsets() {
		if some.Size() <= c.Acceptors/2 || !all(some, func(a int) bool { return s.MaxBal[a] >= ballot }) {
			continue
		}
		for last := ballot - 1; last >= -1; last-- {
			if last == -1 {
				n++
				break
			}
			if all(some, func(a int) bool { return s.Votes[a][last] == 0 || s.Votes[a][last] == value }) {
				n += c.safe(s, last, value)
			}
			if !all(some, func(a int) bool { return s.Votes[a][last] == 0 }) {
				break
			}
		}
	}
	return n
}

func all(some tla.Set, holds func(acceptor int) bool) bool {
	return !slices.ContainsFunc(some.Members(), func(a int) bool { return !holds(a) })
}

// Witnesses returns how often TLC generates an action: once for each reason why the value is safe.
func (c Config) Witnesses(s State, a Action) int {
	if a.Value == 0 {
		return 1
	}
	return c.safe(s, a.Ballot, a.Value)
}

// Next returns the state after an action.
func (Config) Next(s State, a Action) (State, bool) {
	s.MaxBal = slices.Clone(s.MaxBal)
	s.MaxBal[a.Acceptor] = a.Ballot
	if a.Value != 0 {
		s.Votes = slices.Clone(s.Votes)
		s.Votes[a.Acceptor] = slices.Clone(s.Votes[a.Acceptor])
		s.Votes[a.Acceptor][a.Ballot] = a.Value
	}
	return s, true
}

// chosen returns the values for which a quorum voted in one ballot.
func (c Config) chosen(s State) (all []int) {
	for b := range c.Ballots {
		for v := 1; v <= c.Values; v++ {
			n := 0
			for _, votes := range s.Votes {
				if votes[b] == v {
					n++
				}
			}
			if n > c.Acceptors/2 && !slices.Contains(all, v) {
				all = append(all, v)
			}
		}
	}
	return all
}

// Source returns the model with its properties, or an error if the configuration is invalid.
func Source(c Config) (*model.Plain[State, Action], error) {
	p := model.NewPlain[State, Action](c)
	p.Always("votes are safe", func(s State) bool {
		for _, votes := range s.Votes {
			for b, v := range votes {
				if v != 0 && c.safe(s, b, v) == 0 {
					return false
				}
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
		tla.Between("ballots", c.Ballots, 1, MaxBallots),
	} {
		if err != nil {
			return nil, err
		}
	}
	return p, nil
}
