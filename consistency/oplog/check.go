package oplog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"synod/consistency"
)

// Result is the result of a check.
type Result struct {
	Config  Config
	Outcome consistency.Outcome
	Reason  string // why it is undecided
	Counts  Counts
	// Findings are the violations, at most one per part, in order of time. The answers to blame are known once they are
	// explained. For sequential consistency there are none: no single operation is to blame.
	Findings []Finding
}

// Explain searches, until ctx is done, for the first answer of each finding that no order explains. It may take much
// longer than the check itself.
func (r *Result) Explain(ctx context.Context) {
	for i := range r.Findings {
		r.Findings[i] = r.Findings[i].again(ctx)
	}
	r.sort()
}

func (r *Result) sort() {
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return cmp.Compare(a.Last.Returned, b.Last.Returned) })
}

// Enough reports whether there was anything to check: at least one acknowledged operation.
func (r Result) Enough() bool { return r.Counts.Acknowledged > 0 }

// source returns events one after another, and io.EOF at the end.
type source func() (Event, error)

// held returns a source of events in memory.
func held(events []Event) source {
	return func() (Event, error) {
		if len(events) == 0 {
			return Event{}, io.EOF
		}
		e := events[0]
		events = events[1:]
		return e, nil
	}
}

// outlook is information about a history from a first pass.
type outlook struct {
	ends  []Type // by event: how its operation ends, or Unknown if it does not
	whole bool   // some operation reads a whole set
}

// foresee makes a first pass over a history. It returns an error for the first event that cannot have happened.
func foresee(ctx context.Context, spec Spec, next source) (outlook, error) {
	type begun struct{ at, line int }
	var all outlook
	open := make(map[int64]begun)
	ops := make(map[int64]Op)
	for {
		e, err := next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		i := len(all.ends)
		if i%4096 == 4095 && ctx.Err() != nil {
			return all, ctx.Err()
		}
		all.whole = all.whole || spec == Set && e.Op == Read
		first, busy := open[e.Process]
		if e.Type == Invoke {
			if busy {
				return all, &LineError{e.Line, fmt.Errorf("process %d: %v is invoked while its %v of line %d is outstanding",
					e.Process, e.Op, ops[e.Process], first.line)}
			}
			open[e.Process], ops[e.Process] = begun{i, e.Line}, e.Op
			all.ends = append(all.ends, Unknown)
			continue
		}
		if !busy {
			return all, &LineError{e.Line, fmt.Errorf("process %d: %v, but no operation is outstanding", e.Process, e.Type)}
		}
		delete(open, e.Process)
		all.ends[first.at] = e.Type
		all.ends = append(all.ends, e.Type)
	}
}

// Check reports whether a history is linearizable, as a [Checker] does. Since it knows how every operation ends, no
// window waits for an operation that never does; and sets are checked element by element unless they are read as a
// whole. The error is a [*LineError] for an event that cannot have happened. If ctx is done first, the result is
// undecided.
func Check(ctx context.Context, h History, config Config) (Result, error) {
	return check(ctx, func() (source, error) { return held(h.Events), nil }, config)
}

// CheckScans is like [Check], for a history that may not fit into memory: scan is called twice, and returns a scanner
// at the beginning of the history each time.
func CheckScans(ctx context.Context, scan func() (*Scanner, error), config Config) (Result, error) {
	return check(ctx, func() (source, error) {
		s, err := scan()
		if err != nil {
			return nil, err
		}
		return s.Next, nil
	}, config)
}

func check(ctx context.Context, begin func() (source, error), config Config) (Result, error) {
	if err := config.Validate(); err != nil {
		return Result{}, err
	}
	next, err := begin()
	if err != nil {
		return Result{}, err
	}
	ahead, err := foresee(ctx, config.Spec, next)
	switch {
	case err != nil && errors.Is(err, ctx.Err()) && errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		return Result{Config: config, Reason: "the time was up"}, nil
	case err != nil && errors.Is(err, ctx.Err()):
		return Result{Config: config, Reason: "it was interrupted"}, nil
	case err != nil:
		return Result{}, err
	}
	config.WholeSets = config.WholeSets || ahead.whole
	c, err := NewChecker(config)
	if err != nil {
		return Result{}, err
	}
	if next, err = begin(); err != nil {
		return Result{}, err
	}
	for _, end := range ahead.ends {
		e, err := next()
		if err != nil {
			return Result{}, err
		}
		// An operation that ends with an unknown outcome has one from its beginning, which ends windows sooner and allows
		// the same orders.
		doubtful := end == Unknown
		if doubtful && e.Type != Invoke {
			continue
		}
		if err := c.Event(ctx, e); err != nil {
			return Result{}, &LineError{e.Line, err}
		}
		if doubtful {
			e.Type, e.Value, e.Old, e.Op, e.Key = Unknown, None, None, 0, None
			if err := c.Event(ctx, e); err != nil {
				return Result{}, &LineError{e.Line, err}
			}
		}
	}
	return c.Finish(ctx), nil
}
