package rehearse

import (
	"context"
	"time"

	"synod/spawn/nemesis"
)

// shrinkTries is the maximum number of schedules tried by Shrink.
const shrinkTries = 300

// Shrink returns a violated run with a schedule as small as can be found: the same seed with fewer and shorter
// faults, which is still violated, in any way. If the context is done, it returns the smallest one so far.
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
	// Faults after the violation do not matter: up to there the run is the same without them.
	fails(r.Schedule.Until(r.when() + time.Millisecond))
	nemesis.Shrink(best.Schedule, fails, shrinkTries)
	fails(best.Schedule.Until(best.when() + time.Millisecond))
	return best, failure
}

// when returns a time by which the run was violated.
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
