package model

import (
	"errors"
	"fmt"
	"slices"

	"synod/internal/intern"
	"synod/model/statespace"
)

// View is a state as a predicate sees it, through Ref.In, Projection.In, History.In, the methods of a Selection, and
// System.InFlight. All reads are recorded, so that the result can be reused for every state that agrees on what was
// read. A predicate must depend on nothing else. Values from a view are shared and must not be changed.
type View struct{ r *statespace.Reading }

// read returns the value of an aspect of a slot.
func (v View) read(slot int, a statespace.Aspect) uint32 { return v.r.Aspect(slot, a) }

// through converts a predicate on Views to one on Readings; nil to nil.
func through(holds func(View) bool) func(*statespace.Reading) bool {
	if holds == nil {
		return nil
	}
	return func(r *statespace.Reading) bool { return holds(View{r}) }
}

// shown returns a value for a predicate.
func shown[T any](r *statespace.Reading, w *intern.Walker[T], v T) T {
	order := r.Order()
	if order == 0 {
		return v
	}
	if w.Orders(v) {
		r.NoteMap()
	}
	return w.Rebuild(v, order)
}

// validate returns an error if a property is invalid, given those that were added before.
func validate(p statespace.Property, before []statespace.Property) error {
	if p.Name == "" {
		return errors.New("a property has no name")
	}
	if slices.ContainsFunc(before, func(other statespace.Property) bool { return other.Name == p.Name }) {
		return fmt.Errorf("property %q was added twice", p.Name)
	}
	if p.Holds == nil && p.Expect != statespace.Refines || p.When == nil && p.Expect == statespace.LeadsTo {
		return fmt.Errorf("property %q has no function", p.Name)
	}
	return nil
}
