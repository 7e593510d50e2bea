// Package coffeecan is a game with black and white beans, after the TLA+ example CoffeeCan: of two beans that are taken, two of
// a colour are replaced by a black one, and otherwise the white one goes back. Can the last one's colour be told at first?
package coffeecan

import (
	"synod/examples/tla"
	"synod/model"
)

// Config is how many beans there are, at most.
type Config struct{ Beans int } // 1 to MaxBeans

// MaxBeans bounds Config.Beans.
const MaxBeans = 2000

// Default is a tenth of what the original checks.
var Default = Config{Beans: 100}

// State is the can.
type State struct{ Black, White int }

// Action is what is taken out.
type Action uint8

// The actions.
const (
	PickWhite     Action = iota // two white beans; a black one goes in
	PickBlack                   // two black beans; one goes back
	PickDifferent               // one of each colour; the white one goes back
	Finish                      // a last bean stays where it is
)

// String is the action in lower case.
func (a Action) String() string {
	return [...]string{"two white beans", "two black beans", "one of each", "the last bean stays"}[a]
}

// Initial is any can with a bean or more.
func (c Config) Initial() []State {
	var all []State
	for black := 0; black <= c.Beans; black++ {
		for white := 0; black+white <= c.Beans; white++ {
			if black+white > 0 {
				all = append(all, State{black, white})
			}
		}
	}
	return all
}

// Actions returns what can be taken.
func (Config) Actions(s State) []Action {
	var all []Action
	if s.White >= 2 {
		all = append(all, PickWhite)
	}
	if s.Black >= 2 {
		all = append(all, PickBlack)
	}
	if s.Black >= 1 && s.White >= 1 {
		all = append(all, PickDifferent)
	}
	if s.Black+s.White == 1 {
		all = append(all, Finish)
	}
	return all
}

// Next returns what is left.
func (Config) Next(s State, a Action) (State, bool) {
	switch a {
	case PickWhite:
		s.Black, s.White = s.Black+1, s.White-2
	case PickBlack, PickDifferent:
		s.Black--
	case Finish:
	}
	return s, true
}

// Source is the model with its properties, or the error of a configuration that is not valid.
func Source(c Config) (*model.Plain[State, Action], error) {
	p := model.NewPlain[State, Action](c)
	steps := func(holds func(before, after State) bool) func(State) bool {
		return func(s State) bool {
			for _, a := range c.Actions(s) {
				if after, _ := c.Next(s, a); !holds(s, after) {
					return false
				}
			}
			return true
		}
	}
	p.Always("white beans stay odd, or even", steps(func(before, after State) bool {
		return before.White%2 == after.White%2
	}))
	p.Always("every step takes a bean", steps(func(before, after State) bool {
		return before.Black+before.White == 1 || after.Black+after.White == before.Black+before.White-1
	}))
	p.Always("never empty", func(s State) bool { return s.Black+s.White > 0 })
	p.Sometimes("a white bean is last", func(s State) bool { return s == State{White: 1} })
	p.Sometimes("a black bean is last", func(s State) bool { return s == State{Black: 1} })
	return p, tla.Between("beans", c.Beans, 1, MaxBeans)
}
