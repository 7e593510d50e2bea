package checker

import (
	"runtime/debug"

	"synod/model/statespace"
)

// tableMemory is how much memory a process may hold before its walks go on in new tables, if there is no memory limit;
// with one, it is three quarters of that.
const tableMemory = 1 << 30

// checkMemory reports whether the walks should go on in new tables. It looks the more often, the sooner the memory
// would be at its limit if it went on growing as it does: a state may be large.
func (c *crew) checkMemory() bool {
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

func (e *engine) tableLimit() int64 {
	if limit := e.options.MemoryLimit; limit > 0 {
		return limit / 4 * 3
	}
	return tableMemory
}

// A walker takes so many steps between two looks at the memory, which takes some microseconds.
const (
	checkSoonest = 1 << 7
	checkEvery   = 1 << 14
)

// moveOut creates new tables, and brings the states in which the walkers are over.
func (e *engine) moveOut(walkers []*walker) error {
	closeOld := e.closer()
	oldSpace, oldArena, oldJudge, oldRefiners := e.space, e.arena, e.judge, e.refiners
	states := make([][]statespace.PartID, len(walkers))
	for i, k := range walkers {
		if k.walking {
			states[i] = k.state()
		}
	}
	if err := e.furnish(); err != nil {
		return err
	}
	e.judge.succeed(oldJudge)
	for i, r := range e.refiners {
		r.images.succeed(oldRefiners[i].images)
	}
	e.units.sorted = true
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
		for n, u := range e.units.of {
			k.ids[n] = u.id(state)
		}
		clear(k.words)
		k.total, k.seen, k.expanded = 0, reads{}, false
	}
	closeRefiners(oldRefiners)
	oldArena.Close()
	closeOld()
	debug.FreeOSMemory() // What the old tables held on the heap would count against the new ones.
	if e.memory() > e.tableLimit() {
		e.stop(stopMemory)
	}
	return nil
}
