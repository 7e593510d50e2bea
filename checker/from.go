package checker

import (
	"fmt"
	"slices"

	"synod/model/statespace"
	"synod/trace"
)

// initials returns the states in which the search begins: the initial states of the model, or the last one of
// Options.From.
func (e *engine) initials() ([][]statespace.PartID, error) {
	switch {
	case e.unordered && e.outer != nil && e.options.From == nil:
		return e.space.Initial() // There may be very many.
	case e.options.From == nil || e.reduction == nil && e.outer == nil:
		return e.initialsIn(e.space)
	}
	if err := e.openFull(); err != nil {
		return nil, err
	}
	full, err := e.initialsIn(e.shown())
	if err != nil {
		return nil, err
	}
	state, err := e.space.Carry(e.shown(), full[0])
	return [][]statespace.PartID{state}, err
}

// initialsIn returns the states of a space in which the search begins.
func (e *engine) initialsIn(space statespace.Space) ([][]statespace.PartID, error) {
	if e.options.From == nil {
		return statespace.Initials(space)
	}
	p, err := e.begun()
	if err != nil {
		return nil, err
	}
	return [][]statespace.PartID{p.Last()}, nil
}

// begun returns the path that the search continues.
func (e *engine) begun() (statespace.Path, error) {
	p, err := trace.Replay(e.shown(), *e.options.From)
	if err != nil {
		return p, fmt.Errorf("the path to continue from does not fit the model: %w", err)
	}
	return p, nil
}

// joined returns a path of the search, extended to begin in an initial state of the model.
func (e *engine) joined(p *statespace.Path) *statespace.Path {
	if e.options.From == nil || p == nil {
		return p
	}
	whole, err := e.begun()
	if err != nil {
		e.failAt(err, nil)
		return nil
	}
	all := *p
	all.Initial, all.Steps = whole.Initial, slices.Concat(whole.Steps, p.Steps)
	if p.Loop > 0 {
		all.Loop += len(whole.Steps)
	}
	return &all
}

// join extends the paths of a result to begin in an initial state of the model.
func (e *engine) join(r *Result) {
	for i := range r.Properties {
		r.Properties[i].Path = e.joined(r.Properties[i].Path)
	}
	r.Failure = e.joined(r.Failure)
}
