// Package invariant declares what must hold of the states of servers at every moment: of each server by itself, or of all of
// a cluster together. What is declared once is a property of a model, see model.Demand, and is looked at after every step of
// servers that are rehearsed, and of a recorded run that is replayed.
package invariant

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"synod/actor"
)

// Invariant is something that must hold of servers with local states S. The functions in it are pure, and change nothing that
// they are given.
type Invariant[S any] struct {
	name string
	each func(server actor.ID, state S) bool // nil if it is of all
	all  func(states map[actor.ID]S) bool    // nil if it is of each
}

// Each declares what must hold of the state of each server that is up.
func Each[S any](name string, holds func(server actor.ID, state S) bool) Invariant[S] {
	return Invariant[S]{name: name, each: holds}
}

// All declares what must hold of the states of all servers that are up, at every moment.
func All[S any](name string, holds func(states map[actor.ID]S) bool) Invariant[S] {
	return Invariant[S]{name: name, all: holds}
}

// Name is that of the property.
func (i Invariant[S]) Name() string { return i.name }

// Holds reports whether it holds of the servers that are up.
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

// Check looks at a moment: the server has just taken a step, and states are those of all servers that are up, itself
// included. It returns an error that says what is wrong, or nil. What holds of each server is not looked at anew of the others.
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
			return fmt.Errorf("%q is about states %T: expected it about %T", i.name, typed, state)
		}
		all[id] = typed
	}
	if !i.Holds(all) {
		return fmt.Errorf("%q does not hold", i.name)
	}
	return nil
}

// Checked is an Invariant of servers with any states.
type Checked interface {
	Name() string
	Check(server actor.ID, states iter.Seq2[actor.ID, any]) error
}
