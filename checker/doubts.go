package checker

import (
	"fmt"

	"synod/checker/internal/memo"
	"synod/model/statespace"
)

// functions returns all functions of states that the engine calls.
func (e *engine) functions() []*memo.Function {
	var all []*memo.Function
	if e.inside != nil {
		all = append(all, e.inside)
	}
	return append(all, e.judge.Functions()...)
}

// doubtedFirst is the number of initial states for which every function is evaluated before the search.
const doubtedFirst = memo.MaxDoubts / 8

// raiseDoubts evaluates every function for the first initial states, before the search. A panic in one is ignored: it
// recurs where its answer is needed, if it is.
func (e *engine) raiseDoubts() {
	r := statespace.NewReading(e.space)
	for _, p := range e.functions() {
		for _, state := range e.initial[:min(len(e.initial), doubtedFirst)] {
			_ = p.Again(r, state)
		}
	}
}

// settleDoubts evaluates every function once more, at the end of a search that neither failed nor ran out of time or
// memory, and checks that every path witnesses its property.
func (e *engine) settleDoubts(r *Result) {
	if stopCause(e.halt.Load()) >= stopTime {
		return
	}
	reading := statespace.NewReading(e.space)
	for _, p := range e.functions() {
		if err := p.Settle(reading); err != nil {
			e.failAt(err, nil)
			return
		}
	}
	for i, p := range r.Properties {
		if p.Path == nil {
			continue
		}
		shown, err := statespace.Shows(e.space, e.judge.Properties[i], *p.Path)
		if err == nil && !shown {
			err = fmt.Errorf("property %s is not a pure function: evaluated again, it is not shown at the end of its path",
				p.Name)
		}
		if err != nil {
			e.failAt(err, p.Path.Last())
			return
		}
	}
}
