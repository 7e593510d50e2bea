package model

import (
	"errors"
	"fmt"
	"slices"

	"synod/model/statespace"
)

// fairActions is a named set of actions of a plain model, and the strength of fairness.
type fairActions[A any] struct {
	statespace.Condition
	is func(A) bool
}

// WeakFair declares that paths are weakly fair to the actions for which is returns true: if, from some point on, one
// of them leads to another state in every state, one is taken. Eventually and LeadsTo then hold if they hold on all
// fair paths. In TLA+ it is WF_vars of the action, with vars the whole state. The function must be pure.
func (p *Plain[S, A]) WeakFair(name string, is func(A) bool) { p.assume(name, false, is) }

// StrongFair declares that paths are strongly fair to the actions: if, infinitely often, one of them leads to another
// state, one is taken. In TLA+ it is SF_vars of the action.
func (p *Plain[S, A]) StrongFair(name string, is func(A) bool) { p.assume(name, true, is) }

func (p *Plain[S, A]) assume(name string, strong bool, is func(A) bool) {
	p.fair = append(p.fair, fairActions[A]{statespace.Condition{Name: name, Strong: strong}, is})
}

func (p *Plain[S, A]) validateFairness() error {
	for i, f := range p.fair {
		switch {
		case f.Name == "":
			return errors.New("a set of actions that paths are fair to has no name")
		case f.is == nil:
			return fmt.Errorf("the fair actions %q have no function", f.Name)
		case slices.ContainsFunc(p.fair[:i], func(o fairActions[A]) bool { return o.Condition == f.Condition }):
			return fmt.Errorf("the fair actions %q were added twice", f.Name)
		}
	}
	return nil
}

func (sp *plainSpace[S, A]) justify() *fairness {
	if len(sp.plain.fair) == 0 || !fairMatters(sp.plain.properties) {
		return nil
	}
	var all []statespace.Condition
	for _, f := range sp.plain.fair {
		all = append(all, f.Condition)
	}
	return newFairness(sp.arena, all, func(i, _ int, a statespace.ActionID) ([]uint32, bool) {
		return nil, sp.plain.fair[i].is(sp.actions.Value(uint32(a)))
	}, nil)
}

// The methods of Just:

func (sp *plainSpace[S, A]) Fairness() []statespace.Condition { return sp.fair.Fairness() }

func (sp *plainSpace[S, A]) Label(slot int, a statespace.ActionID) uint32 {
	return sp.fair.Label(slot, a)
}
func (sp *plainSpace[S, A]) Sets(label uint32) []uint32 { return sp.fair.Sets(label) }
func (sp *plainSpace[S, A]) ConditionOf(set uint32) int { return sp.fair.ConditionOf(set) }
func (sp *plainSpace[S, A]) SetName(set uint32) string  { return sp.fair.SetName(set) }
