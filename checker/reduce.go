package checker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"synod/model/statespace"
)

// A reduced search explores a space without the parts that are assumed to be irrelevant. What was left out is audited
// between levels and at the end; when an assumption is refuted the search restarts without it. Everything found is
// replayed and verified in the full space.

// Reduced describes what a reduced search did.
type Reduced struct {
	statespace.ReductionReport
	Restarts int // searches abandoned because an assumption was refuted
	Visited  int // distinct states of all searches, including abandoned ones
}

// String returns the end of the closing line of a check: empty for a search that was not reduced.
func (r *Reduced) String() string {
	if r == nil {
		return ""
	}
	kept := "none"
	if len(r.Kept) > 0 {
		kept = strings.Join(r.Kept, ",")
	}
	how := "nothing"
	switch {
	case r.Letters && r.Forgotten:
		how = "letters and states"
	case r.Letters:
		how = "letters"
	case r.Forgotten:
		how = "states"
	}
	return fmt.Sprintf(", reduced=%s, visited=%d, restarts=%d, audited=%d, kept=%s", how, r.Visited, r.Restarts, r.Calls, kept)
}

// reduction is an engine's state for the reduction of its space.
type reduction struct {
	full    statespace.Source
	reducer statespace.Reducer
	space   statespace.Space // the full space, for paths; nil until they are shown
	sound   bool             // the last audit found no error
	refuted bool
	Reduced
}

// unloop is how many times a cycle of the reduced space is followed in the full one, where it may take a few rounds
// until nothing new is in flight. pastEnd is the most steps added where the reduced space ends.
const (
	unloop  = 64
	pastEnd = 4096
)

// searchReduced searches a source, reduced if o.Reduce is set.
func searchReduced(
	ctx context.Context, name string, src statespace.Source, o Options, drive func(*engine, *Result),
) *Result {
	if o.Reduce == statespace.Full || src == nil || o.validate() != nil {
		return searchOnce(ctx, name, src, nil, o, drive)
	}
	reducible, ok := src.(statespace.Reducible)
	if !ok {
		r := searchOnce(ctx, name, src, nil, o, drive)
		r.Notes = append(r.Notes, "The search is not reduced: that is for systems of actors.")
		return r
	}
	red := &reduction{full: src, reducer: reducible.Reduce(o.Reduce)}
	began, once := time.Now(), o
	for {
		r := searchOnce(ctx, name, src, red, once, drive)
		r.Options = o
		red.Visited += r.Unique
		red.ReductionReport = red.reducer.Report()
		if !red.refuted {
			r.Elapsed = time.Since(began)
			if r.cause == stopTime && o.Timeout > 0 {
				r.Stopped = stoppedBy(r.cause, o) // of all searches together
			}
			told := red.Reduced
			r.Reduced = &told
			r.Notes = append(r.Notes, red.Notes...)
			return r
		}
		r.Close()
		red.Restarts++
		red.refuted = false
		if o.Timeout > 0 {
			once.Timeout = max(1, o.Timeout-time.Since(began))
		}
	}
}

// makeSpace returns the space to search.
func (s *spaces) makeSpace() (statespace.Space, error) {
	if s.reduction != nil {
		return s.reduction.reducer.Space()
	}
	return s.source.Space()
}

// audit verifies what was left out of the states so far. It reports false if the search has to restart, or failed.
func (e *engine) audit(ended bool) bool {
	red := e.reduction
	if red != nil && red.refuted {
		return false
	}
	// An error may have occurred in a state reached only by a wrong assumption.
	late := func() bool { c := stopCause(e.halt.Load()); return c >= stopTime && c != stopError }
	if !e.auditSymmetry(late) {
		return false
	}
	if red == nil || late() {
		return true
	}
	red.sound = false
	found, err := red.reducer.Audit(e.space, statespace.Pass{
		States: e.states.Len(), Ended: ended, Workers: len(e.workers),
		Stop: late,
	})
	switch {
	case err != nil:
		e.failAt(err, nil)
		return false
	case found == statespace.Refuted:
		red.refuted = true
		e.stop(stopRefuted)
		return false
	}
	red.sound = found == statespace.Sound
	return true
}

// shown returns the space that paths are shown in.
func (s *spaces) shown() statespace.Space {
	if s.reduction != nil && s.reduction.space != nil {
		return s.reduction.space
	}
	if s.outer != nil {
		return s.outer
	}
	return s.space
}

// openFull opens the full space, if the search is reduced and the space is not open yet.
func (s *spaces) openFull() (err error) {
	if red := s.reduction; red != nil && red.space == nil {
		red.space, err = red.full.Space()
	}
	return err
}

// unreduce translates what was found to the full space. A path that does not show its property there is dropped; only
// an audit that was not finished could have found out.
func (e *engine) unreduce(r *Result) {
	if e.reduction == nil || e.reduction.refuted {
		return
	}
	if err := e.openFull(); err != nil {
		e.failAt(err, nil)
		return
	}
	for i := range r.Properties {
		p := &r.Properties[i]
		if p.Path != nil {
			if p.Expect == statespace.Refines {
				p.Why = e.refiningOf(i).Explain(p.Path)
			}
			e.unreducePath(r, p)
		}
		if p.Stuck == nil {
			continue
		}
		for k, state := range p.Stuck.First {
			full, err := e.shown().Carry(e.space, state)
			if err != nil {
				e.failAt(err, nil)
				return
			}
			p.Stuck.First[k] = full
		}
	}
	if r.Failure != nil {
		r.Failure, _ = e.inFull(r.Failure) // A failure without a path remains a failure.
	}
}

// unreducePath translates the path to a discovery to the full space.
func (e *engine) unreducePath(r *Result, p *PropertyResult) {
	path, err := e.inFull(p.Path)
	if err == nil {
		shows := false
		properties := e.shown().Properties() // those of the search may read what only its space has
		at := slices.IndexFunc(properties, func(q statespace.Property) bool { return q.Name == p.Name })
		shows, err = statespace.Shows(e.shown(), properties[at], *path)
		if err == nil && !shows {
			err = errors.New("the property is not shown there")
		}
	}
	switch {
	case err == nil:
		p.Path = path
	case errors.Is(err, errNoCycle) || !e.reduction.sound:
		p.Path, p.unproven = nil, true
		r.Notes = append(r.Notes, fmt.Sprintf("The discovery of the reduced search for %q could not be reproduced in the full space: %v.", p.Name, err))
	default:
		e.failAt(fmt.Errorf("a path of the reduced search for %q does not fit the full space: %w", p.Name, err), nil)
		p.Path, p.unproven = nil, true
	}
}

var errNoCycle = errors.New("its cycle does not return to the same state, because in-flight messages accumulate")

// inFull returns a path of the reduced space in the full space.
func (s *spaces) inFull(p *statespace.Path) (*statespace.Path, error) {
	if s.reduction == nil {
		return p, nil
	}
	if err := s.openFull(); err != nil {
		return nil, err
	}
	space := s.shown()
	initial, err := s.initialsIn(space)
	if err != nil {
		return nil, err
	}
	keys := p.Keys()
	full, err := statespace.FollowFrom(space, initial[0], keys)
	if err != nil {
		return nil, err
	}
	full.Loop, full.Maximal = p.Loop, p.Maximal
	switch {
	case p.Loop > 0:
		err = unroll(space, &full, keys[p.Loop-1:])
	case p.Maximal:
		err = toTheEnd(space, &full)
	}
	return &full, err
}

// unroll repeats a cycle, at the end of a path that has gone round once, until a state recurs.
func unroll(space statespace.Space, p *statespace.Path, cycle []string) error {
	first := p.Loop
	for range unloop {
		for begin := first; begin <= len(p.Steps); begin += len(cycle) {
			if slices.Equal(p.At(begin-1), p.Last()) {
				p.Loop = begin
				return nil
			}
		}
		round, err := statespace.FollowFrom(space, p.Last(), cycle)
		if err != nil {
			return err
		}
		p.Steps = append(p.Steps, round.Steps...)
	}
	return errNoCycle
}

// toTheEnd extends a path by the steps that the full space still has where the reduced space ends.
func toTheEnd(space statespace.Space, p *statespace.Path) error {
	for range pastEnd {
		transitions, err := statespace.Transitions(space, p.Last())
		if err != nil {
			return err
		}
		at := slices.IndexFunc(transitions, func(t statespace.Transition) bool {
			return t.Ignored == statespace.Counts && (t.Cut || !slices.Equal(t.State, p.Last()))
		})
		if at < 0 {
			return nil
		}
		if transitions[at].Cut {
			return errors.New("the path does not end there")
		}
		p.Steps = append(p.Steps, transitions[at])
	}
	return errors.New("the path does not end there")
}

// unreduced returns a state of the search in the space used for paths.
func (s *spaces) unreduced(state []statespace.PartID) []statespace.PartID {
	if s.reduction == nil || s.reduction.space == nil {
		return s.outwardState(state)
	}
	full, err := s.shown().Carry(s.space, state)
	if err != nil {
		panic(err) // Both spaces come from one source.
	}
	return full
}

// DeadLetters returns the messages in flight, in a state of another space of the model, that nothing their recipients
// can still do reads, as far as the search got: an exhausted search proves it. It returns none for a search that was
// not reduced by letters, failed, or whose last audit was not finished. It must not be called after Close.
func (r *Result) DeadLetters(space statespace.Space, state []statespace.PartID) ([]statespace.DeadLetter, error) {
	if r.engine == nil || r.Err != nil || r.engine.reduction == nil || !r.engine.reduction.sound {
		return nil, nil
	}
	return r.engine.reduction.reducer.Dead(r.engine.space, space, state)
}

// manyStates is the number of states from which Advice recommends a reduction.
const manyStates = 10_000_000

// Advice returns a recommendation to use --reduce if a search of a system was ended by a limit or had very many
// states, else an empty string.
func (r *Result) Advice() string {
	if r.engine == nil || r.Err != nil || r.Engine == "walk" || r.Options.Reduce != statespace.Full {
		return ""
	}
	if _, ok := r.engine.source.(statespace.Reducible); !ok {
		return ""
	}
	switch r.cause {
	case stopDepth, stopStates, stopTime, stopMemory:
	case running, stopDecided, stopViolated, stopRefuted, stopInterrupt, stopError:
		if r.Unique < manyStates {
			return ""
		}
	}
	return "There may be far fewer states to visit with --reduce, which leaves out of them messages that will always be ignored."
}
