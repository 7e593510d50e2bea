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

// A reduced search explores a space in which what is guessed not to matter is left out. What was left out is audited
// between levels and at the end; when a guess is refuted the search begins again without it. Whatever it finds is
// replayed in the full space, and shown there.

// Reduced describes what a reduced search did.
type Reduced struct {
	statespace.ReductionReport
	Restarts int // searches that were given up, as a guess was refuted
	Visited  int // distinct states of all searches, those included
}

// String is what stands at the end of the closing line of a check: empty for a search that was not reduced.
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

// reduction is what an engine knows of the reduction of its space.
type reduction struct {
	full    statespace.Source
	reducer statespace.Reducer
	space   statespace.Space // full, for paths; nil before they are shown
	sound   bool             // the last audit found nothing wrong
	refuted bool
	Reduced
}

// unloop is how many times a cycle of the reduced space is followed in the full one, where it may take a few rounds until
// nothing new is in flight; and pastEnd how many steps are added where the reduced space ends.
const (
	unloop  = 64
	pastEnd = 4096
)

// searchReduced searches a source, reduced if o says so.
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

// makeSpace returns the space that the engine searches.
func (e *engine) makeSpace() (statespace.Space, error) {
	if e.reduction != nil {
		return e.reduction.reducer.Space()
	}
	return e.source.Space()
}

// audit verifies what was left out of the states so far. It reports false if the search has to begin again, or failed.
func (e *engine) audit(ended bool) bool {
	red := e.reduction
	if red != nil && red.refuted {
		return false
	}
	// An error may have come up in a state that was reached only by a wrong guess.
	late := func() bool { c := stopCause(e.halt.Load()); return c >= stopTime && c != stopError }
	if !e.auditSymmetry(late) {
		return false
	}
	if red == nil || late() {
		return true
	}
	red.sound = false
	found, err := red.reducer.Audit(e.space, statespace.Pass{
		States: e.unique(), Ended: ended, Workers: len(e.workers),
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
func (e *engine) shown() statespace.Space {
	if e.reduction != nil && e.reduction.space != nil {
		return e.reduction.space
	}
	if e.outer != nil {
		return e.outer
	}
	return e.space
}

// openFull builds the full space, if the search is reduced and there is none yet.
func (e *engine) openFull() (err error) {
	if red := e.reduction; red != nil && red.space == nil {
		red.space, err = red.full.Space()
	}
	return err
}

// unreduce replaces what was found by what it is in the full space. A path that shows nothing there, which only the audit
// that was not finished could have told, is none.
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
				p.Why = e.explain(i, p.Path)
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
		r.Failure, _ = e.inFull(r.Failure) // A failure without a path is one all the same.
	}
}

// unreducePath replaces the path to a discovery.
func (e *engine) unreducePath(r *Result, p *PropertyResult) {
	path, err := e.inFull(p.Path)
	if err == nil {
		shows := false
		properties := e.shown().Properties() // those of the search may read what only its space has
		at := slices.IndexFunc(properties, func(q statespace.Property) bool { return q.Name == p.Name })
		shows, err = statespace.Shows(e.shown(), properties[at], *path)
		if err == nil && !shows {
			err = errors.New("it shows nothing there")
		}
	}
	switch {
	case err == nil:
		p.Path = path
	case errors.Is(err, errNoCycle) || !e.reduction.sound:
		p.Path, p.unproven = nil, true
		r.Notes = append(r.Notes, fmt.Sprintf("What the reduced search found for %q could not be shown in the full space: %v.", p.Name, err))
	default:
		e.failAt(fmt.Errorf("a path of the reduced search for %q does not fit the full space: %w", p.Name, err), nil)
		p.Path, p.unproven = nil, true
	}
}

var errNoCycle = errors.New("its cycle does not return to the same state, because in-flight messages accumulate")

// inFull returns a path of the reduced space in the full one.
func (e *engine) inFull(p *statespace.Path) (*statespace.Path, error) {
	if e.reduction == nil {
		return p, nil
	}
	if err := e.openFull(); err != nil {
		return nil, err
	}
	space := e.shown()
	initial, err := e.initialsIn(space)
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

// unroll follows a cycle, at the end of a path that has gone round once, until it comes back to a state.
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

// toTheEnd adds to a path what can still happen to what the reduced space leaves out.
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

// unreduced returns a state of the search in the space that is shown.
func (e *engine) unreduced(state []statespace.PartID) []statespace.PartID {
	if e.reduction == nil || e.reduction.space == nil {
		return e.outwardState(state)
	}
	full, err := e.shown().Carry(e.space, state)
	if err != nil {
		panic(err) // Both spaces are of one source.
	}
	return full
}

// manyStates is from how many on a search that was not reduced says how it can be.
const manyStates = 10_000_000

// Advice returns how to search less, where a search of a system was cut short by a limit or had very many states; else it is
// empty.
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
