package checker

import (
	"synod/checker/internal/judge"
	"synod/model/statespace"
)

// StuckStates are the terminal states that violate a quiescence property. If a limit ended the search, the states
// that were not expanded are not counted.
type StuckStates struct {
	Terminal int                   // terminal states, including those that do not violate it
	Count    int                   // terminal states that violate it
	First    [][]statespace.PartID // the least violating states in content order, at most ListedStuck
}

// ListedStuck is the most stuck states that a result lists.
const ListedStuck = judge.Listed

// stuckStates returns the states collected for a property.
func stuckStates(ends *judge.Ends) *StuckStates {
	terminal, count := ends.Counts()
	return &StuckStates{Terminal: terminal, Count: count, First: ends.First()}
}

// awaitEnds prepares the worker for the quiescence properties of its engine's space.
func (w *worker) awaitEnds() {
	w.cutFrom, w.ends = nil, w.e.judge.NewEnds()
	if len(w.ends) > 0 {
		w.alive, w.cutFrom = make([]bool, batchLength), make([]uint16, 0, batchLength)
	}
}

// noteEnds judges the terminal states of the batch just expanded. The search calls it once for every state.
func (w *worker) noteEnds(keys []uint64) {
	w.findAlive(keys, w.alive)
	w.ended = w.ended[:0]
	for i, key := range keys {
		if !w.alive[i] {
			w.ended = append(w.ended, key)
		}
	}
	for _, s := range w.ends {
		s.Count(len(w.ended))
		w.inspect(w.ended, func(_ int, state []statespace.PartID) error { return s.Judge(state) })
	}
}

// findAlive finds the states of the batch just expanded that have a transition to another state, including
// transitions cut by the boundary.
func (w *worker) findAlive(keys []uint64, alive []bool) {
	clear(alive[:len(keys)])
	for i, source := range w.sources {
		if w.successors[i] != keys[source] {
			alive[source] = true
		}
	}
	for _, source := range w.cutFrom {
		alive[source] = true
	}
}
