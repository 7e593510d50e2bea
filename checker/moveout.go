package checker

import (
	"runtime/debug"

	"synod/checker/internal/judge"
	"synod/model/statespace"
)

// tableMemory is the memory of the process, in bytes, above which its walks move to new tables if there is no memory
// limit; with one, it is three quarters of the limit.
const tableMemory = 1 << 30

// checkMemory reports whether the walks should move to new tables. The faster the memory grows towards the limit, the
// more often it is measured, as a state may be large.
func (c *walkBatch) checkMemory() bool {
	e := c.w.e
	if c.unchecked += len(c.walkers); c.unchecked >= c.pause {
		now, limit := e.memory(), e.tableLimit()
		if now > limit {
			c.all.full.Store(true)
		}
		grown := max(1, now-c.held) / int64(c.unchecked)
		left := max(0, limit-now) / (4 * (grown + 1))
		c.pause = int(max(checkSoonest, min(left, int64(2*c.pause), checkEvery)))
		c.held, c.unchecked = now, 0
	}
	return c.all.full.Load()
}

// The number of steps between two measurements of the memory, which take some microseconds each.
const (
	checkSoonest = 1 << 7
	checkEvery   = 1 << 14
)

// moveOut creates new tables, and moves the current states of the walkers to them.
func (e *engine) moveOut(walkers []*walker) error {
	closeOld := e.closer()
	oldSpace, oldArena, oldJudge := e.space, e.states.Arena, e.judge
	states := make([][]statespace.PartID, len(walkers))
	for i, k := range walkers {
		if k.walking {
			states[i] = k.state()
		}
	}
	if err := e.furnish(); err != nil {
		return err
	}
	e.judge.Succeed(oldJudge)
	e.units.Sorted = true
	for _, w := range e.workers {
		w.follow()
	}
	for i, k := range walkers {
		if states[i] == nil {
			continue
		}
		state, err := e.space.Carry(oldSpace, states[i])
		if err != nil {
			return err
		}
		for n, u := range e.units.Of {
			k.ids[n] = u.ID(state)
		}
		clear(k.words)
		k.total, k.seen, k.expanded = 0, judge.Reads{}, false
	}
	oldJudge.Close()
	oldArena.Close()
	closeOld()
	debug.FreeOSMemory() // Otherwise the heap of the old tables would count against the new ones.
	if e.memory() > e.tableLimit() {
		e.stop(stopMemory)
	}
	return nil
}
