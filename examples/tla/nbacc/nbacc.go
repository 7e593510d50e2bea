// Package nbacc is Raynal's non-blocking atomic commitment with an unreliable failure detector, after the TLA+
// example nbacc_ray97 by Konnov, Tran and Widder.
package nbacc

import (
	"slices"

	"synod/examples/tla"
	"synod/model"
)

// Config is the size of a model.
type Config struct{ Processes int } // 1 to MaxProcesses

// MaxProcesses bounds Config.Processes.
const MaxProcesses = 4

// Default is the size that the original checks.
var Default = Config{Processes: 2}

// Stage is the stage of a process.
type Stage uint8

// The stages.
const (
	Yes  Stage = iota // it will vote yes
	No                // it will vote no
	Sent              // it has voted
	Abort
	Commit
	Crash
)

// String returns the stage in lower case.
func (s Stage) String() string {
	return [...]string{"yes", "no", "sent", "abort", "commit", "crash"}[s]
}

// State is the state of all processes, and the votes that were sent: vote 2p is yes of process p, and 2p+1 is its no.
type State struct {
	Stages   []Stage
	Received []tla.Set // by process: votes
	Sent     tla.Set
	Suspects tla.Set // processes whose failure detectors report a crash
}

// Action is a step of a process: it receives votes, queries its failure detector, and changes its stage or not.
type Action struct {
	Process  int
	Received tla.Set // all votes received so far
	Suspects bool
	To       Stage // the stage after the step
}

// Initial returns the states with any intended votes and any reports of the failure detectors.
func (c Config) Initial() []State {
	var all []State
	for _, refusing := range tla.All(c.Processes).Subsets() {
		for _, suspects := range tla.All(c.Processes).Subsets() {
			s := State{Stages: make([]Stage, c.Processes), Received: make([]tla.Set, c.Processes), Suspects: suspects}
			for _, p := range refusing.Members() {
				s.Stages[p] = No
			}
			all = append(all, s)
		}
	}
	return all
}

// votes returns the no votes or the yes votes of all processes.
func (c Config) votes(no bool) (all tla.Set) {
	for p := range c.Processes {
		if no {
			all = all.With(2*p + 1)
		} else {
			all = all.With(2 * p)
		}
	}
	return all
}

// Actions returns the enabled actions of a state.
func (c Config) Actions(s State) []Action {
	var all []Action
	for p, stage := range s.Stages {
		for _, more := range (s.Sent &^ s.Received[p]).Subsets() {
			received := s.Received[p] | more
			for _, suspects := range []bool{false, true} {
				add := func(possible bool, to Stage) {
					if possible {
						all = append(all, Action{p, received, suspects, to})
					}
				}
				add(true, stage)
				add(stage != Crash, Crash)
				add(stage == Yes || stage == No, Sent)
				yes := c.votes(false)
				add(stage == Sent && (suspects || s.Received[p]&c.votes(true) != 0), Abort)
				add(stage == Sent && !suspects && received&yes == yes, Commit)
			}
		}
	}
	return all
}

// Witnesses returns how often TLC generates an action: an abort once because of the failure detector, and once for
// each no vote.
func (c Config) Witnesses(s State, a Action) int {
	if a.To != Abort || s.Stages[a.Process] != Sent {
		return 1
	}
	n := (s.Received[a.Process] & c.votes(true)).Size()
	if a.Suspects {
		n++
	}
	return n
}

// Next returns the state after an action.
func (Config) Next(s State, a Action) (State, bool) {
	switch was := s.Stages[a.Process]; {
	case a.To == Sent && was == Yes:
		s.Sent = s.Sent.With(2 * a.Process)
	case a.To == Sent && was == No:
		s.Sent = s.Sent.With(2*a.Process + 1)
	}
	s.Stages, s.Received = slices.Clone(s.Stages), slices.Clone(s.Received)
	s.Stages[a.Process], s.Received[a.Process] = a.To, a.Received
	s.Suspects = s.Suspects.Without(a.Process)
	if a.Suspects {
		s.Suspects = s.Suspects.With(a.Process)
	}
	return s, true
}

// Source returns the model with its properties, or an error if the configuration is invalid.
func Source(c Config) (*model.Plain[State, Action], error) {
	p := model.NewPlain[State, Action](c)
	p.Always("no commit after a no", func(s State) bool {
		return !slices.Contains(s.Stages, Commit) || s.Sent&c.votes(true) == 0 && !slices.Contains(s.Stages, No)
	})
	p.Sometimes("all commit", func(s State) bool {
		return !slices.ContainsFunc(s.Stages, func(at Stage) bool { return at != Commit })
	})
	p.Sometimes("one commits, another aborts", func(s State) bool {
		return slices.Contains(s.Stages, Commit) && slices.Contains(s.Stages, Abort)
	})
	return p, tla.Between("processes", c.Processes, 1, MaxProcesses)
}
