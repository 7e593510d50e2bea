package oplog

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"synod/consistency"
)

// Result is what a check found.
type Result struct {
	Config  Config
	Outcome consistency.Outcome
	Reason  string // why it is undecided
	Counts  Counts
	// Findings are what is wrong, at most one for each part, in the order of time. Which answers are to blame is known once
	// they are explained. Sequential consistency has none: no single operation is to blame.
	Findings []Finding
}

// Explain looks for the first answer of each finding that no order explains, until ctx is done. It may take much longer
// than it took to find that something is wrong.
func (r *Result) Explain(ctx context.Context) {
	for i := range r.Findings {
		r.Findings[i] = r.Findings[i].again(ctx)
	}
	r.sort()
}

func (r *Result) sort() {
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return cmp.Compare(a.Last.Returned, b.Last.Returned) })
}

// Enough tells whether there was anything to check: at least one operation that was answered.
func (r Result) Enough() bool { return r.Counts.Acknowledged > 0 }

// fates says of every event what becomes of the operation that it begins or ends: how the operation ends, or Unknown if
// it does not. The error is about the first event that cannot have happened.
func fates(events []Event) ([]Type, error) {
	all := make([]Type, len(events))
	open := make(map[int64]int)
	for i, e := range events {
		if e.Type == Invoke {
			if first, busy := open[e.Process]; busy {
				return all, &LineError{e.Line, fmt.Errorf("process %d: %v is invoked while its %v of line %d is under way",
					e.Process, e.Op, events[first].Op, events[first].Line)}
			}
			open[e.Process] = i
			all[i] = Unknown
			continue
		}
		first, busy := open[e.Process]
		if !busy {
			return all, &LineError{e.Line, fmt.Errorf("process %d: %v, but no operation is under way", e.Process, e.Type)}
		}
		delete(open, e.Process)
		all[first], all[i] = e.Type, e.Type
	}
	return all, nil
}

// wholeSets tells whether sets are read as a whole.
func wholeSets(spec Spec, events []Event) bool {
	for _, e := range events {
		if spec == Set && e.Op == Read {
			return true
		}
	}
	return false
}

// Check tells whether a history is linearizable, as a [Checker] does. Since it knows how every operation ends, no window
// waits for one that does not; and sets are taken apart unless they are read as a whole. The error is a [*LineError], and
// says which event cannot have happened. When ctx is done first, the result is undecided.
func Check(ctx context.Context, h History, config Config) (Result, error) {
	config.WholeSets = config.WholeSets || wholeSets(config.Spec, h.Events)
	c, err := NewChecker(config)
	if err != nil {
		return Result{}, err
	}
	ends, err := fates(h.Events)
	if err != nil {
		return Result{}, err
	}
	for i, e := range h.Events {
		// What ends in doubt is in doubt from the beginning, which ends windows sooner and allows the same.
		doubtful := ends[i] == Unknown
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
