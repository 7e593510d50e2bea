package checker

import (
	"slices"

	"synod/checker/internal/memo"
	"synod/model/statespace"
)

// following is a worker's state for the properties of more than single states. A walk violates a property of paths
// only if it reaches a terminal state: the length of a walk proves nothing.
type following struct {
	of []*followed
	// The states before and after the current step.
	from, to []statespace.PartID
}

// followed is a property of paths. On a walk it is due while its demand is not met: for eventually from the start of
// the walk, for leads to from where its condition holds, for quiescence always, as if the demand arose in the last
// state.
type followed struct {
	property    int
	expect      statespace.Expectation
	holds, when *memo.Asker
}

// follow prepares the worker for the properties of its engine's space.
func (w *worker) follow() {
	e := w.e
	w.following = following{from: make([]statespace.PartID, e.space.Slots()), to: make([]statespace.PartID, e.space.Slots())}
	for i, p := range e.judge.Properties {
		if !p.Expect.OfPaths() {
			continue
		}
		f := &followed{property: i, expect: p.Expect, holds: memo.NewCached(e.judge.Holds(i))}
		if when := e.judge.When(i); when != nil {
			f.when = memo.NewCached(when)
		}
		w.following.of = append(w.following.of, f)
	}
}

// setOut resets the state of the previous walk, and checks the initial state against the abstract models.
func (k *walker) setOut() {
	for i, f := range k.w.following.of {
		k.due[i] = f.expect == statespace.Eventually
	}
	for _, r := range k.w.refining {
		k.w.e.units.Parts(k.ids, k.w.following.to)
		ok, err := r.Begin(k.w.following.to)
		if err != nil {
			k.failed(err)
			return
		}
		if !ok {
			k.decided([]int{r.Property})
		}
	}
}

// notice updates the path properties with the state that the walk is in. Calling it twice for one state is harmless.
func (k *walker) notice() {
	if len(k.w.following.of) == 0 {
		return
	}
	state := k.w.following.to
	k.w.e.units.Parts(k.ids, state)
	terminal, asked := false, false
	for i, f := range k.w.following.of {
		if k.w.e.judge.Decided(f.property) {
			continue
		}
		var err error
		if k.due[i], err = f.meet(state, k.due[i]); err != nil {
			k.failed(err)
			return
		}
		if k.due[i] && !asked {
			terminal, asked = k.terminal(), true
		}
		if k.due[i] && terminal {
			k.decided([]int{f.property})
		}
	}
}

// meet updates a property with the next state of a walk, and reports whether it is due there.
func (f *followed) meet(state []statespace.PartID, due bool) (bool, error) {
	if f.expect == statespace.LeadsTo && !due {
		var err error
		if due, err = f.when.Holds(state); err != nil {
			return false, err
		}
	}
	if !due && f.expect != statespace.Quiescent {
		return false, nil
	}
	holds, err := f.holds.Holds(state)
	return !holds, err
}

// terminal reports whether the current state of the walk has no transition except to itself.
func (k *walker) terminal() bool {
	cuts := k.w.cuts.Load()
	defer k.w.cuts.Store(cuts)
	total, ok := k.transitions()
	var idle []int // steps that are not enabled
	if ok && k.w.e.units.Ranked {
		idle = k.outranked(total)
	}
	for n := 0; ok && n < total; n++ {
		if slices.Contains(idle, n) {
			continue
		}
		if k.take(n) {
			for index, id := range k.next {
				if id != k.ids[index] {
					return false
				}
			}
		} else if k.w.cuts.Load() != cuts {
			return false
		}
	}
	return ok && k.w.e.halt.Load() == 0
}

// refine checks the step from k.ids to k.next against the abstract models, before the walk takes it.
func (k *walker) refine() {
	k.w.e.units.Parts(k.ids, k.w.following.from)
	k.w.e.units.Parts(k.next, k.w.following.to)
	for _, r := range k.w.refining {
		ok, err := r.Follows(k.w.following.from, k.w.following.to)
		if err != nil {
			k.failed(err)
			return
		}
		r.Count()
		if !ok {
			k.steps++ // The path to the violation includes this step.
			k.decided([]int{r.Property})
			k.steps--
		}
	}
}
