package checker

import (
	"fmt"
	"slices"

	"synod/model/statespace"
	"synod/trace"
)

// spaces are the space that is searched, and those that it stands for.
type spaces struct {
	source    statespace.Source
	reduction *reduction // nil if the space is the full one
	space     statespace.Space
	whole     statespace.Expander // the space, if its states are expanded as a whole; else nil
	outer     statespace.Space    // the space that whole was made of; else nil
	from      *trace.Trace        // the search begins at its end; nil for the initial states
	unordered bool                // nothing depends on the order of the initial states
}

// initials returns the states in which the search begins: the initial states of the model, or the last one of
// Options.From.
func (s *spaces) initials() ([][]statespace.PartID, error) {
	switch {
	case s.unordered && s.outer != nil && s.from == nil:
		return s.space.Initial() // There may be very many.
	case s.from == nil || s.reduction == nil && s.outer == nil:
		return s.initialsIn(s.space)
	}
	if err := s.openFull(); err != nil {
		return nil, err
	}
	full, err := s.initialsIn(s.shown())
	if err != nil {
		return nil, err
	}
	state, err := s.space.Carry(s.shown(), full[0])
	return [][]statespace.PartID{state}, err
}

// initialsIn returns the states of a space in which the search begins.
func (s *spaces) initialsIn(space statespace.Space) ([][]statespace.PartID, error) {
	if s.from == nil {
		return statespace.Initials(space)
	}
	p, err := s.begun()
	if err != nil {
		return nil, err
	}
	return [][]statespace.PartID{p.Last()}, nil
}

// begun returns the path that the search continues.
func (s *spaces) begun() (statespace.Path, error) {
	p, err := trace.Replay(s.shown(), *s.from)
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
