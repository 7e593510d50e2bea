package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"synod/spawn/nemesis"
)

const (
	// mostReruns is how often a schedule is tried at most to shrink it.
	mostReruns = 200
	// futile is how often shrinking may find nothing, one time after the other: what was tried may have failed to fail by
	// chance.
	futile = 2
	// aftermath is how long a run goes on after its last fault, or after what went wrong, when it is tried again.
	aftermath = time.Second
)

// wrong is what went wrong in a run.
type wrong struct {
	violated bool
	at       time.Duration // from the start of the run; 0 if it is not known
}

// wrong tells what went wrong.
func (o *ordeal) wrong() wrong {
	w := wrong{violated: o.violated()}
	switch {
	case len(o.checked.Findings) > 0:
		w.at = o.checked.Findings[0].Last.EndedAt
	case o.stopped != nil:
		w.at = o.elapsed
	}
	return w
}

// beginning is as much of a schedule as matters: what came after the answer that is wrong has nothing to do with it.
func (w wrong) beginning(s nemesis.Schedule) nemesis.Schedule {
	if w.at == 0 {
		return s
	}
	return s.Until(w.at + aftermath)
}

// calm is how long a run has to go on after the last fault for that to show again.
func (w wrong) calm(s nemesis.Schedule) time.Duration {
	if w.at == 0 {
		return max(aftermath, s.Duration-s.LastEnd())
	}
	return max(aftermath, w.at+aftermath-s.LastEnd())
}

// reruns makes runs of schedules.
type reruns struct {
	run    func(ctx context.Context, s nemesis.Schedule) (wrong, error)
	count  int   // those that were not cut off
	broken error // why it is of no use to go on
}

func (r *reruns) over(ctx context.Context) bool {
	return ctx.Err() != nil || r.broken != nil || r.count >= mostReruns
}

// shrink looks for fewer faults than those of a schedule under which something went wrong, until the context ends.
func (r *reruns) shrink(ctx context.Context, s nemesis.Schedule, w wrong) nemesis.Schedule {
	small := w.beginning(s)
	calm := w.calm(small)
	fails := func(s nemesis.Schedule) (nemesis.Schedule, bool) {
		if r.over(ctx) {
			return s, false
		}
		s = s.Short(calm)
		w, err := r.run(ctx, s)
		// One that was cut off shows nothing, unless it had gone wrong before.
		if r.broken = err; err != nil || !w.violated && ctx.Err() != nil {
			return s, false
		}
		r.count++
		if w.violated {
			s = w.beginning(s)
			calm = w.calm(s)
		}
		return s, w.violated
	}
	for idle := 0; idle < futile && len(small.Faults) > 0 && !r.over(ctx); idle++ {
		next := nemesis.Shrink(small, fails, mostReruns)
		if len(next.Faults) < len(small.Faults) {
			idle = -1
		}
		small = next
	}
	return small
}

// shrink runs again with fewer faults, for as long as it may.
func (a *app) shrink(ctx context.Context, p *torturePlan, o *ordeal) (nemesis.Schedule, *reruns, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(p.flags.shrink))
	defer cancel()
	again := &reruns{run: func(ctx context.Context, s nemesis.Schedule) (w wrong, err error) {
		dir, err := os.MkdirTemp("", "paxos-")
		if err != nil {
			return w, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		o, err := a.ordeal(ctx, p, s, dir)
		if ctx.Err() != nil {
			err = nil // Whatever it is, it may be since it was cut off.
		}
		return o.wrong(), err
	}}
	small := again.shrink(ctx, p.schedule, o.wrong())
	return small, again, again.broken
}

// report tells how many faults are left.
func (r *reruns) report(before, left int) string {
	all, runs := plural(before, "fault"), plural(r.count, "run")
	switch {
	case left == before && r.count == 0:
		return "There was no time to look for fewer faults:\n"
	case left == before:
		return fmt.Sprintf("No fewer than all %s showed it again, in %s:\n", all, runs)
	case r.count == 0:
		return fmt.Sprintf("Of %s, %d began before it went wrong:\n", all, left)
	}
	return fmt.Sprintf("Shrunk from %s to %d, in %s:\n", all, left, runs)
}
