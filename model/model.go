// Package model defines models: a System of actors with a network and faults, or a Plain model of any Go type, with
// properties and fairness assumptions. Searches are in package checker; the interface between the two is package
// statespace.
package model

import "synod/model/statespace"

// Model is a model without actors, with any state type S: an action A of a state may lead to a next state. The
// methods must be pure and safe for concurrent use, and must not change their arguments. They may append to slices in
// them: states and actions are stored without spare capacity.
type Model[S, A any] interface {
	// Initial returns the initial states.
	Initial() []S
	// Actions returns the possible actions of a state, in any order, which may differ from call to call. No two actions
	// of a state may be equal.
	Actions(s S) []A
	// Next returns the state after an action, or false if the action is not possible after all.
	Next(s S, a A) (S, bool)
}

// Enumerator is an optional interface of a Model that enumerates all transitions of a state in one call. A search
// then calls Each instead of Actions and Next, which avoids a list of actions and a call for each. Actions and Next
// are still called to show single steps, in the first expansions of a search, and in a sample of the later ones: a
// difference is an error.
type Enumerator[S, A any] interface {
	// Each calls yield once for every possible action of a state, in any order, with the next state. It must not
	// retain yield.
	Each(s S, yield func(a A, next S))
}

// InPlace is an optional interface of an Enumerator whose Each builds the next states in the memory of its argument,
// rather than in copies. The memory belongs to the call, and Each may pass the changed state to yield. When Each
// returns, the state must equal the original, or the search ends with an error.
type InPlace interface{ InPlace() }

// Plain is a Model with properties. It is a Source.
type Plain[S, A any] struct {
	model      Model[S, A]
	properties []statespace.Property
	boundary   func(*statespace.Reading) bool
	described  description
	fair       []fairActions[A]
	places     []places
}

// NewPlain returns a model without properties.
func NewPlain[S, A any](m Model[S, A]) *Plain[S, A] { return &Plain[S, A]{model: m} }

// Always adds the property that every reachable state satisfies holds.
func (p *Plain[S, A]) Always(name string, holds func(S) bool) {
	p.property(statespace.Property{Name: name, Expect: statespace.Always, Holds: p.read(holds)})
}

// Sometimes adds the property that some reachable state satisfies holds.
func (p *Plain[S, A]) Sometimes(name string, holds func(S) bool) {
	p.property(statespace.Property{Name: name, Expect: statespace.Sometimes, Holds: p.read(holds)})
}

// Within sets the state constraint, as for a System.
func (p *Plain[S, A]) Within(inside func(S) bool) { p.boundary = p.read(inside) }

func (p *Plain[S, A]) property(q statespace.Property) { p.properties = append(p.properties, q) }

func (p *Plain[S, A]) read(holds func(S) bool) func(*statespace.Reading) bool {
	if holds == nil {
		return nil
	}
	return func(r *statespace.Reading) bool { return holds(p.state(r)) }
}

// state returns the state that a Reading reads.
func (p *Plain[S, A]) state(r *statespace.Reading) S {
	if sp, ok := r.Space().(*collapsed[S, A]); ok {
		return sp.read(r)
	}
	sp := r.Space().(*plainSpace[S, A])
	return shown(r, sp.stateWalker, sp.states.Value(r.Aspect(0, statespace.Whole)))
}
