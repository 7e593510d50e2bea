package checker

import (
	"slices"

	"synod/checker/internal/judge"
	"synod/model/statespace"
)

// refine checks the transitions of the batch just expanded against the abstract models, and calls found for those
// that are not allowed: the first one of each property and source. Sources are indices in keys.
func (w *worker) refine(keys []uint64, found func(property, source int, successor uint64)) {
	for _, r := range w.refining {
		if w.e.judge.Decided(r.Property) {
			continue
		}
		source, err := r.Check(w.e.states.Layout, keys, w.successors, w.sources, w.inspect, func(source int, successor uint64) {
			found(r.Property, source, successor)
		})
		if err != nil {
			w.e.failAt(err, w.statesOf(keys[source : source+1])[0])
			return
		}
	}
}

// noteRefined keeps the sources of disallowed transitions until the end of the level.
func (w *worker) noteRefined(keys []uint64) {
	w.refine(keys, func(property, source int, _ uint64) {
		w.e.judge.Note([]int{property}, w.statesOf(keys[source : source+1])[0])
	})
}

// refineInitial notes the initial states that are not allowed.
func (e *engine) refineInitial() {
	for _, r := range e.workers[0].refining {
		for _, state := range e.initial {
			ok, err := r.Begin(state)
			if err != nil {
				e.failAt(err, state)
				return
			}
			if !ok {
				e.judge.Note([]int{r.Property}, state)
			}
		}
	}
}

// refinedPath extends a shortest path to the source of a disallowed transition by that transition, the one with the
// least key if there are several. A path without steps stays as it is if the initial state itself is not allowed.
func (e *engine) refinedPath(path *statespace.Path, property int) error {
	r := e.refiningOf(property)
	if len(path.Steps) == 0 {
		if ok, err := r.Begin(path.Initial); err != nil || !ok {
			return err
		}
	}
	from := path.Last()
	_, err := e.paths().extend(path, func(t statespace.Transition, _ uint64) bool {
		ok, err := r.Follows(from, t.State)
		if err != nil {
			e.failAt(err, from)
		}
		return !ok
	})
	return err
}

// refiningOf returns the first worker's view of a refinement.
func (e *engine) refiningOf(property int) *judge.Refining {
	all := e.workers[0].refining
	return all[slices.IndexFunc(all, func(r *judge.Refining) bool { return r.Property == property })]
}
