package rehearse

import (
	"context"
	"time"

	"synod/spawn/nemesis"
)

// shrinkTries is how many schedules are tried to make one smaller.
const shrinkTries = 300

// Shrink returns a violated run with as few and as short faults as can be found: the same seed with a smaller schedule
// that still is violated, in any way. If the context ends, it is the smallest one so far.
func (c Config) Shrink(ctx context.Context, r Run) (Run, error) {
	best, failure := r, error(nil)
	fails := func(s nemesis.Schedule) (nemesis.Schedule, bool) {
		if failure != nil || ctx.Err() != nil {
			return s, false
		}
		smaller, err := c.Rehearse(ctx, r.Seed, s)
		if err != nil || ctx.Err() != nil || !smaller.Violated() {
			failure = err
			return s, false
		}
		best = smaller
		return s, true
	}
	// What comes after the violation does not matter: a run is the same up to there without it.
	fails(r.Schedule.Until(r.when() + time.Millisecond))
	nemesis.Shrink(best.Schedule, fails, shrinkTries)
	fails(best.Schedule.Until(best.when() + time.Millisecond))
	return best, failure
}

// when is the time by which something has gone wrong.
func (r Run) when() time.Duration {
	at := r.Schedule.Duration
	for _, v := range r.Outcome.Violations {
		at = min(at, v.At)
	}
	for _, f := range r.Check.Findings {
		at = min(at, f.Last.EndedAt)
	}
	return at
}
