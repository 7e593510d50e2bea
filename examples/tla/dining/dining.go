// Package dining is the solution of Chandy and Misra for dining philosophers, who clean forks and pass them on, after
// the TLA+ example DiningPhilosophers.
package dining

import (
	"fmt"
	"slices"

	"synod/examples/tla"
	"synod/model"
)

// Config is the number of philosophers and forks.
type Config struct{ Philosophers int } // 2 to MaxPhilosophers

// MaxPhilosophers bounds Config.Philosophers.
const MaxPhilosophers = 16

// Default has five philosophers.
var Default = Config{Philosophers: 5}

// Fork is a fork between two philosophers.
type Fork struct {
	Holder int
	Clean  bool
}

// Stage is the position of a philosopher in the loop.
type Stage uint8

// The stages, by the labels of the original.
const (
	Loop Stage = iota
	Eat
	Think
)

// String returns the stage in lower case.
func (s Stage) String() string { return [...]string{"loop", "eat", "think"}[s] }

// State is the state of all forks and philosophers, numbered from 0. Fork i is to the left of philosopher i.
type State struct {
	Forks  []Fork
	Stages []Stage
	Sated  tla.Set // philosophers that are not hungry
}

// Step is the only step of a philosopher.
type Step struct{ Philosopher int }

// Initial returns the state in which all forks are dirty, each held by its neighbour with the lower number.
func (c Config) Initial() []State {
	s := State{Forks: make([]Fork, c.Philosophers), Stages: make([]Stage, c.Philosophers)}
	for i := range s.Forks {
		s.Forks[i].Holder = i
	}
	s.Forks[1].Holder = 0
	return []State{s}
}

// Actions returns the step of every philosopher.
func (c Config) Actions(State) []Step {
	var all []Step
	for i := range c.Philosophers {
		all = append(all, Step{i})
	}
	return all
}

// Next executes the step of a philosopher: it passes on a dirty fork and checks whether it holds two clean ones,
// eats, or thinks.
func (c Config) Next(s State, a Step) (State, bool) {
	before, self := s.Forks, a.Philosopher
	left, right := self, (self+1)%c.Philosophers
	s.Forks, s.Stages = slices.Clone(s.Forks), slices.Clone(s.Stages)
	switch s.Stages[self] {
	case Loop:
		switch {
		case before[left] == Fork{self, false}:
			s.Forks[left] = Fork{(self + c.Philosophers - 1) % c.Philosophers, true}
		case before[right] == Fork{self, false}:
			s.Forks[right] = Fork{right, true}
		}
		switch clean := (Fork{self, true}); {
		case s.Sated.Has(self):
			s.Stages[self] = Think
		case before[left] == clean && before[right] == clean:
			s.Stages[self] = Eat
		}
	case Eat:
		s.Forks[left].Clean, s.Forks[right].Clean = false, false
		s.Sated, s.Stages[self] = s.Sated.With(self), Loop
	case Think:
		s.Sated, s.Stages[self] = s.Sated.Without(self), Loop
	}
	return s, true
}

// Source returns the model with its properties, or an error if the configuration is invalid.
func Source(c Config) (*model.Plain[State, Step], error) {
	p := model.NewPlain[State, Step](c)
	p.Always("neighbours do not eat together", func(s State) bool {
		for i, stage := range s.Stages {
			if stage == Eat && s.Stages[(i+1)%c.Philosophers] == Eat {
				return false
			}
		}
		return true
	})
	for i := range c.Philosophers {
		p.LeadsTo(fmt.Sprintf("philosopher %d eats again and again", i), func(State) bool { return true },
			func(s State) bool { return s.Sated.Has(i) })
		p.WeakFair(fmt.Sprintf("philosopher %d", i), func(a Step) bool { return a.Philosopher == i })
	}
	p.Sometimes("somebody eats", func(s State) bool { return slices.Contains(s.Stages, Eat) })
	return p, tla.Between("philosophers", c.Philosophers, 2, MaxPhilosophers)
}
