package checker

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"synod/checker/internal/judge"
	"synod/model/statespace"
	"synod/trace"
)

// Minimised describes how a path was shortened.
type Minimised struct {
	From     int  // number of steps of the original path
	Shortest bool // proven: no shorter path leads to a state that shows the same
}

// The bounds of a minimisation: how many steps are tried, and how many states a breadth-first search may visit.
// Neither is a time, so the result is the same in every run.
const (
	minimiseSteps  = 100_000
	minimiseStates = 500_000
)

// Minimise looks for a shorter path to a state that shows the same as a trace: one that violates the same property,
// or is an example of it. First it removes steps, many at once and then fewer, along with those that become
// impossible. Then a breadth-first search of up to half a million states looks for a still shorter path.
//
// The result is no longer than the trace. It is a shortest one if Minimised.Shortest is set. Otherwise, unless the
// path is very long or the context ends, each single step is needed: if it and the steps that depend on it are
// removed, the rest does not show the property. If the context has already ended, the trace is returned unchanged and
// unchecked. A trace that does not fit the model, that shows nothing, or whose property is not one of states is an
// error.
func Minimise(ctx context.Context, src statespace.Source, t trace.Trace) (trace.Trace, Minimised, error) {
	m := Minimised{From: len(t.Steps)}
	if ctx.Err() != nil {
		return t, m, nil
	}
	if err := trace.Reproduce(src, t); err != nil {
		return t, m, fmt.Errorf("minimise a path: %w", err)
	}
	if t.Kind == trace.Walked {
		return t, m, errors.New("minimise: the path shows neither a violation nor an example")
	}
	space, err := src.Space()
	if err != nil {
		return t, m, err
	}
	defer space.Close()
	path, err := trace.Replay(space, t)
	if err != nil {
		return t, m, err
	}
	at := slices.IndexFunc(space.Properties(), func(p statespace.Property) bool { return p.Name == t.Property })
	if !space.Properties()[at].Expect.OfStates() {
		return t, m, fmt.Errorf("minimise: %q is a property of whole paths; only paths to a state can be minimised", t.Property)
	}
	s := shortener{ctx: ctx, space: space, property: space.Properties()[at], left: minimiseSteps}
	if path, err = s.shorten(path); err != nil {
		return t, m, fmt.Errorf("minimise a path: %w", err)
	}
	t = trace.New(space, t.Property, t.Kind, path)
	if len(t.Steps) == 0 {
		m.Shortest = true
		return t, m, nil
	}
	if ctx.Err() != nil {
		return t, m, nil
	}
	r := BFS(ctx, src, Options{MaxDepth: len(t.Steps), MaxStates: minimiseStates, only: t.Property})
	defer r.Close()
	if r.Err != nil {
		return t, m, fmt.Errorf("minimise a path: %w", r.Err)
	}
	if found := r.Properties[at]; found.Path != nil {
		t, m.Shortest = *r.Trace(found), true
	} else {
		m.Shortest = r.Exhausted || r.cause == stopDepth
	}
	return t, m, nil
}

// shortener removes steps of a path.
type shortener struct {
	ctx      context.Context
	space    statespace.Space
	property statespace.Property
	left     int // steps that may still be tried
}

// shorten removes parts of a path, halves first and single steps last, until no part of any size can be removed. It
// is delta debugging after Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002), except
// that what depends on a removed part is removed with it.
func (s *shortener) shorten(path statespace.Path) (statespace.Path, error) {
	for size := (len(path.Steps) + 1) / 2; size > 0; {
		shorter := false
		for end := len(path.Steps); end > 0; {
			start := max(0, end-size)
			rest, shows, err := s.follow(path.Initial, slices.Delete(path.Keys(), start, end))
			if err != nil {
				return path, err
			}
			if s.left <= 0 || s.ctx.Err() != nil {
				return path, nil
			}
			if shows {
				path, shorter = rest, true
			}
			end = min(start, len(path.Steps))
		}
		switch {
		case size > 1:
			size = (size + 1) / 2
		case !shorter:
			size = 0
		}
	}
	return path, nil
}

// follow takes those of the actions that are possible, in order, until a state shows the property.
func (s *shortener) follow(initial []statespace.PartID, keys []string) (p statespace.Path, shows bool, err error) {
	p.Initial = initial
	for {
		answer, _, err := statespace.Show(s.space, s.property, p.Last())
		if err != nil || answer == judge.Remarkable(s.property) {
			return p, err == nil, err
		}
		taken := false
		for !taken {
			if len(keys) == 0 || s.left <= 0 {
				return p, false, nil
			}
			s.left--
			key := keys[0]
			keys = keys[1:]
			next, err := statespace.FollowFrom(s.space, p.Last(), []string{key})
			var impossible *statespace.NoStepError
			switch {
			case errors.As(err, &impossible):
			case err != nil:
				return p, false, err
			default:
				p.Steps = append(p.Steps, next.Steps...)
				taken = true
			}
		}
	}
}

// Minimise replaces the path of every discovery of states by a shorter one, if there is one: see the function
// Minimise. It is meant for results of DFS and Walk; the paths of a breadth-first search are already shortest. Call
// it before Close.
func (r *Result) Minimise(ctx context.Context) error {
	if r.engine == nil {
		return nil
	}
	for i := range r.Properties {
		p := &r.Properties[i]
		t := r.Trace(*p)
		if t == nil || p.Expect != statespace.Always && p.Expect != statespace.Sometimes {
			continue
		}
		least, how, err := Minimise(ctx, r.engine.source, *t)
		if err != nil {
			return err
		}
		path, err := trace.Replay(r.engine.shown(), least)
		if err != nil {
			return fmt.Errorf("minimise a path: %w", err)
		}
		p.Path, p.Minimised = &path, &how
	}
	return nil
}

// note describes briefly how a path was shortened.
func (m *Minimised) note() string {
	switch {
	case m == nil:
		return ""
	case m.Shortest:
		return fmt.Sprintf(" (of %d; there is no shorter path)", m.From)
	}
	return fmt.Sprintf(" (of %d; there may be a shorter path)", m.From)
}
