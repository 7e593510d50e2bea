package checker

import (
	"runtime/debug"

	"synod/model"
)

// tableMemory is how much memory a process may hold before its walks go on in new tables, if there is no memory limit;
// with one, it is three quarters of that.
const tableMemory = 1 << 30

// checkMemory tells whether the walks should go on in new tables.
func (k *walker) checkMemory() bool {
	e := k.w.e
	if k.unchecked++; k.unchecked >= checkEvery {
		k.unchecked = 0
		if e.memory() > e.tableLimit() {
			k.all.full.Store(true)
		}
	}
	return k.all.full.Load()
}

func (e *engine) tableLimit() int64 {
	if limit := e.options.MemoryLimit; limit > 0 {
		return limit / 4 * 3
	}
	return tableMemory
}

// checkEvery is how many steps a walker takes between two looks at the memory.
const checkEvery = 1 << 14

// moveOut makes new tables, and brings the states in which the walkers are over.
func (e *engine) moveOut(walkers []*walker) error {
	oldSpace, oldArena, oldJudge := e.space, e.arena, e.judge
	states := make([][]model.PartID, len(walkers))
	for i, k := range walkers {
		if k.walking {
			states[i] = k.state()
		}
	}
	if err := e.furnish(); err != nil {
		return err
	}
	e.judge.succeed(oldJudge)
	e.units.sorted = true
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
	}
	oldArena.Close()
	oldSpace.Close()
	debug.FreeOSMemory() // What the old tables held on the heap would count against the new ones.
	if e.memory() > e.tableLimit() {
		e.stop(stopMemory)
	}
	return nil
}
