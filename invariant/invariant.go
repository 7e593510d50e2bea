// Package invariant declares invariants of servers: of each server, or of all servers of a cluster together. An
// invariant is a property of a model, see model.Demand, and is also checked after every step in deterministic
// simulations and in the replay of recorded runs.
package invariant

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"synod/actor"
)

// Invariant is an invariant of servers with local states S. Its functions are pure, and do not change their
// arguments.
type Invariant[S any] struct {
	name string
	each func(server actor.ID, state S) bool // nil for an invariant of all servers
	all  func(states map[actor.ID]S) bool    // nil for an invariant of each server
}

// Each returns an invariant of the state of each server that is up.
func Each[S any](name string, holds func(server actor.ID, state S) bool) Invariant[S] {
	return Invariant[S]{name: name, each: holds}
}

// All returns an invariant of the states of all servers that are up.
func All[S any](name string, holds func(states map[actor.ID]S) bool) Invariant[S] {
	return Invariant[S]{name: name, all: holds}
}

// Name returns the name of the property.
func (i Invariant[S]) Name() string { return i.name }

// Holds reports whether the invariant holds for the servers that are up.
func (i Invariant[S]) Holds(states map[actor.ID]S) bool {
	if i.all != nil {
		return i.all(states)
	}
	for _, id := range slices.Sorted(maps.Keys(states)) {
		if !i.each(id, states[id]) {
			return false
		}
	}
	return true
}

// Check evaluates the invariant after a step of a server; states are those of all servers that are up, including
// itself. It returns an error that describes the violation, or nil. An invariant of each server is evaluated only for
// the server that took the step.
func (i Invariant[S]) Check(server actor.ID, states iter.Seq2[actor.ID, any]) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%q panics: %v", i.name, r)
		}
	}()
	all := make(map[actor.ID]S)
	for id, state := range states {
		if i.all == nil && id != server {
			continue
		}
		typed, ok := state.(S)
		if !ok {
			return fmt.Errorf("invariant %q applies to states of type %T, not to %T", i.name, typed, state)
		}
		all[id] = typed
	}
	if !i.Holds(all) {
		return fmt.Errorf("%q does not hold", i.name)
	}
	return nil
}

// Checked is an Invariant without its state type.
type Checked interface {
	Name() string
	Check(server actor.ID, states iter.Seq2[actor.ID, any]) error
}
