// Package readerswriters is a fair solution of the readers-writers problem, with a queue of waiting requests, after
// the TLA+ example ReadersWriters.
package readerswriters

import (
	"fmt"
	"slices"

	"synod/examples/tla"
	"synod/model"
)

// Config is the number of actors, which read and write.
type Config struct{ Actors int } // 1 to MaxActors

// MaxActors bounds Config.Actors.
const MaxActors = 6

// Default is the size that the original checks.
var Default = Config{Actors: 3}

// Request is a waiting request.
type Request struct {
	Write bool
	Actor int
}

// State has the actors that read and write, and the waiting requests in order.
type State struct {
	Readers, Writers tla.Set
	Waiting          []Request
}

// Action is a step.
//
//sumtype:decl
type Action interface{ action() }

// The actions.
type (
	// Try queues a request to read or to write; an actor may wait for both.
	Try Request
	// Begin grants the first waiting request, if nobody writes and, for a write, nobody reads.
	Begin struct{}
	// Stop ends a read or a write.
	Stop struct{ Actor int }
)

func (Try) action()   {}
func (Begin) action() {}
func (Stop) action()  {}

// Initial returns the state without readers, writers and requests.
func (Config) Initial() []State { return []State{{}} }

// Actions returns the enabled actions of a state.
func (c Config) Actions(s State) []Action {
	var all []Action
	for actor := range c.Actors {
		for _, write := range []bool{false, true} {
			if r := (Request{write, actor}); !slices.Contains(s.Waiting, r) {
				all = append(all, Try(r))
			}
		}
	}
	if len(s.Waiting) > 0 && s.Writers == 0 && (!s.Waiting[0].Write || s.Readers == 0) {
		all = append(all, Begin{})
	}
	for _, actor := range (s.Readers | s.Writers).Members() {
		all = append(all, Stop{actor})
	}
	return all
}

// Next returns the state after an action.
func (Config) Next(s State, a Action) (State, bool) {
	switch a := a.(type) {
	case Try:
		s.Waiting = append(slices.Clone(s.Waiting), Request(a))
	case Begin:
		first := s.Waiting[0]
		s.Waiting = append([]Request(nil), s.Waiting[1:]...)
		if first.Write {
			s.Writers = s.Writers.With(first.Actor)
		} else {
			s.Readers = s.Readers.With(first.Actor)
		}
	case Stop:
		if s.Readers.Has(a.Actor) {
			s.Readers = s.Readers.Without(a.Actor)
		} else {
			s.Writers = s.Writers.Without(a.Actor)
		}
	}
	return s, true
}

// live adds the properties that an actor reads, writes and rests again and again, and the fairness that they require:
// that it tries.
func (c Config) live(p *model.Plain[State, Action], actor int) {
	always := func(State) bool { return true }
	p.LeadsTo(fmt.Sprintf("actor %d reads again and again", actor), always, func(s State) bool { return s.Readers.Has(actor) })
	p.LeadsTo(fmt.Sprintf("actor %d writes again and again", actor), always, func(s State) bool { return s.Writers.Has(actor) })
	p.LeadsTo(fmt.Sprintf("actor %d rests again and again", actor), always, func(s State) bool {
		return !s.Readers.Has(actor) && !s.Writers.Has(actor)
	})
	p.WeakFair(fmt.Sprintf("actor %d tries to read", actor), func(a Action) bool { return a == Try{false, actor} })
	p.WeakFair(fmt.Sprintf("actor %d tries to write", actor), func(a Action) bool { return a == Try{true, actor} })
}

// Source returns the model with its properties, or an error if the configuration is invalid.
func Source(c Config) (*model.Plain[State, Action], error) {
	p := model.NewPlain[State, Action](c)
	p.Always("a writer is alone", func(s State) bool {
		return s.Writers == 0 || s.Writers.Size() == 1 && s.Readers == 0
	})
	p.Sometimes("all read", func(s State) bool { return s.Readers == tla.All(c.Actors) })
	for actor := range c.Actors {
		c.live(p, actor)
	}
	p.WeakFair("Begin", func(a Action) bool { return a == Begin{} })
	p.WeakFair("Stop", func(a Action) bool {
		_, is := a.(Stop)
		return is
	})
	p.Sometimes("one writes", func(s State) bool { return s.Writers != 0 })
	return p, tla.Between("actors", c.Actors, 1, MaxActors)
}
