// Package model says what a model is, for those who write models: a System of actors with a network and faults, or a Plain
// model of any Go type, its properties, and what is assumed of its paths. Searches are in package checker, and what they see of
// a model in package statespace.
package model

import "synod/model/statespace"

// Model is a model of any state type S, without actors: an action A of a state may lead to a next state. The methods
// must be pure and safe for concurrent use, and must not change what they are given. They may append to a slice of it:
// states and actions are kept without spare capacity.
type Model[S, A any] interface {
	// Initial returns the initial states.
	Initial() []S
	// Actions returns what may happen in a state, in any order, which may differ from call to call. No two actions of a
	// state may be equal.
	Actions(s S) []A
	// Next returns what an action makes of a state, or false if it is not possible after all.
	Next(s S, a A) (S, bool)
}

// Enumerator is an optional interface of a Model: it says all transitions of a state at once. A search then calls Each
// instead of Actions and Next, which saves it a list of actions and a look at each. Whatever shows single steps calls those,
// and so do the first expansions of a search, and later ones by sample: a difference is an error.
type Enumerator[S, A any] interface {
	// Each calls yield for every action that is possible in a state, once, in any order, with what it makes of the state. It
	// must not keep yield.
	Each(s S, yield func(a A, next S))
}

// InPlace is an optional interface of an Enumerator whose Each makes the next states in the memory of the state it is given,
// rather than in copies: that memory belongs to the call, and yield may be given it as it was changed. When Each returns,
// the state must read as it was given, or the search ends with an error.
type InPlace interface{ InPlace() }

// Plain is a Model with properties: a Source.
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

// Within sets the boundary, as for a System.
func (p *Plain[S, A]) Within(inside func(S) bool) { p.boundary = p.read(inside) }

func (p *Plain[S, A]) property(q statespace.Property) { p.properties = append(p.properties, q) }

func (p *Plain[S, A]) read(holds func(S) bool) func(*statespace.Reading) bool {
	if holds == nil {
		return nil
	}
	return func(r *statespace.Reading) bool { return holds(p.state(r)) }
}

// state reads the state.
func (p *Plain[S, A]) state(r *statespace.Reading) S {
	if sp, ok := r.Space().(*collapsed[S, A]); ok {
		return sp.read(r)
	}
	sp := r.Space().(*plainSpace[S, A])
	return shown(r, sp.stateWalker, sp.states.Value(r.Aspect(0, statespace.Whole)))
}
