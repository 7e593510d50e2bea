// Package coffeecan is a game with black and white beans, after the TLA+ example CoffeeCan: two beans are taken; if
// they have the same colour, a black one is put back, otherwise the white one. Does the initial state determine the
// colour of the last bean?
package coffeecan

import (
	"synod/examples/tla"
	"synod/model"
)

// Config is the maximum number of beans.
type Config struct{ Beans int } // 1 to MaxBeans

// MaxBeans bounds Config.Beans.
const MaxBeans = 2000

// Default is a tenth of the size that the original checks.
var Default = Config{Beans: 100}

// State is the number of beans of each colour.
type State struct{ Black, White int }

// Action is what is taken from the can.
type Action uint8

// The actions.
const (
	PickWhite     Action = iota // two white beans; a black one is put back
	PickBlack                   // two black beans; one is put back
	PickDifferent               // one of each colour; the white one is put back
	Finish                      // the last bean stays
)

// String returns a description of the action.
func (a Action) String() string {
	return [...]string{"two white beans", "two black beans", "one of each", "the last bean stays"}[a]
}

// Initial returns every can with at least one bean.
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

// Actions returns the enabled actions.
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

// Next returns the can after an action.
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

// Source returns the model with its properties, or an error if the configuration is invalid.
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
