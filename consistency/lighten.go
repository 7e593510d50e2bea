package consistency

import (
	"fmt"
	"slices"
)

// perOperation is the approximate memory of an operation of a window, in bytes, including what an analysis keeps of
// it.
const perOperation = 512

// lightening is implemented by exact methods that can forget some of the operations of a window before it ends.
type lightening[S any, I comparable, O any] interface {
	// settled returns the indices of operations in the window, and the numbers of unknown operations of earlier windows,
	// that can no longer interact with later ones, given that no outstanding operation was invoked before moment. They
	// precede all that remain; rest is the state after them. It returns nothing if there are none or the state is not
	// known.
	settled(states []S, applied []int32, ops []operation[I, O], p pool[I], moment int64) (places []int, ids []int32, rest S, some bool)
}

// firstLook returns the number of completed operations at which a window is analysed before its end.
func firstLook[S any, I comparable, O any](c WindowsConfig[S, I, O]) int {
	if _, can := c.Exact.(lightening[S, I, O]); can {
		return min(c.Lighten, c.MaxOperations)
	}
	return c.MaxOperations
}

// lighten analyses a window that is already long: whether it is violated, and which of its operations can be
// forgotten. A window that would have to be searched is given up.
func (w *Windows[S, I, O]) lighten() {
	if w.outcome != Holds {
		w.forget()
		return
	}
	ops, pool := w.divide(w.current, w.clock+1)
	d := w.config.exactly(w.front, ops, pool)
	switch {
	case d.known && len(d.after) == 0 && !d.later:
		w.count(len(ops))
		w.violate()
		w.forget()
		return
	case d.known:
		w.settle(ops, pool)
		if int64(len(w.current)) > w.config.MaxMemory/perOperation {
			w.giveUp(fmt.Sprintf("the %d operations of a window take more than %d MB of memory", len(w.current), w.config.MaxMemory>>20))
		}
	case w.done > w.config.MaxOperations:
		w.restless(w.done)
		return
	}
	w.look = max(firstLook(w.config), 2*w.done)
	if !d.known {
		w.look = min(w.look, w.config.MaxOperations)
	}
}

// settle forgets the operations that can no longer interact with later ones.
func (w *Windows[S, I, O]) settle(ops []operation[I, O], p pool[I]) {
	can, _ := w.config.Exact.(lightening[S, I, O])
	if can == nil {
		return
	}
	var states []S
	for _, q := range w.front {
		if !slices.Equal(q.applied, w.front[0].applied) {
			return
		}
		states = append(states, q.state)
	}
	moment := w.clock + 1
	for _, at := range w.open {
		moment = min(moment, w.current[at].call)
	}
	applied := w.front[0].applied
	places, ids, rest, some := can.settled(states, applied, ops, p, moment)
	if !some {
		return
	}
	w.count(len(places))
	w.stats.Exact++
	gone := make([]bool, len(w.current))
	for _, at := range places {
		gone[at] = true
	}
	kept := w.current[:0]
	w.done = 0
	for i, op := range w.current {
		if gone[i] || op.fate == failed {
			continue
		}
		switch op.fate {
		case waiting:
			w.open[op.client] = len(kept)
		case returned:
			w.done++
		case failed, lost:
		}
		kept = append(kept, op)
	}
	clear(w.current[len(kept):])
	w.current = kept
	slices.Sort(ids)
	w.pool.remove(ids)
	w.front = []possibility[S]{{rest, applied}}
}

// settled implements lightening.
func (e ExactRegister[V, S, I, O]) settled(
	states []S, applied []int32, ops []operation[I, O], p pool[I], moment int64,
) (places []int, ids []int32, rest S, some bool) {
	if e.Unread == nil {
		return nil, nil, rest, false
	}
	z := e.clusters(states, applied, ops, p)
	if z.possible != possible {
		return nil, nil, rest, false
	}
	places, ids, some = z.settled(moment)
	return places, ids, e.State(*e.Unread), some
}
