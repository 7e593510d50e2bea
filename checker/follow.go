package checker

import (
	"slices"

	"synod/model"
)

// following is what a walker knows of the properties that are about more than single states. A walk violates a property
// of paths only if it comes to a terminal state: that a walk is long proves nothing.
type following struct {
	of []*followed
	// The states before and after the step that is taken.
	from, to []model.PartID
}

// followed is a property of paths. It is due if its demand is not met yet: that of eventually from the beginning of the
// walk, that of leads to from where its condition holds, that of quiescence always, as if it were made in the last state.
type followed struct {
	property    int
	expect      model.Expectation
	holds, when *replica
	due         bool
}

// follow prepares the walker for the properties of its engine's space. What is due stays so.
func (k *walker) follow() {
	e := k.w.e
	was := k.following.of
	k.following = following{from: make([]model.PartID, e.space.Slots()), to: make([]model.PartID, e.space.Slots())}
	for i, p := range e.judge.properties {
		if !p.Expect.OfPaths() {
			continue
		}
		f := &followed{property: i, expect: p.Expect, holds: newReplica(e.judge.predicates[i])}
		if when := e.judge.whens[i]; when != nil {
			f.when = newReplica(when)
		}
		k.following.of = append(k.following.of, f)
	}
	for i, f := range was {
		k.following.of[i].due = f.due
	}
}

// setOut forgets the walk before, and holds the initial state against the abstract models.
func (k *walker) setOut() {
	for _, f := range k.following.of {
		f.due = f.expect == model.Eventually
	}
	for _, r := range k.w.refining {
		k.parts(k.ids, k.following.to)
		ok, err := r.begin(k.following.to)
		if err != nil {
			k.failed(err)
			return
		}
		if !ok {
			k.decided([]int{r.property})
		}
	}
}

// notice tells the properties of paths of the state that the walk is in. To do so twice does no harm.
func (k *walker) notice() {
	if len(k.following.of) == 0 {
		return
	}
	state := k.following.to
	k.parts(k.ids, state)
	terminal, asked := false, false
	for _, f := range k.following.of {
		if k.w.e.judge.decided[f.property].Load() {
			continue
		}
		if err := f.meet(state); err != nil {
			k.failed(err)
			return
		}
		if f.due && !asked {
			terminal, asked = k.terminal(), true
		}
		if f.due && terminal {
			k.decided([]int{f.property})
		}
	}
}

// meet tells a property of the next state.
func (f *followed) meet(state []model.PartID) error {
	if f.expect == model.LeadsTo && !f.due {
		var err error
		if f.due, err = f.when.holds(state); err != nil {
			return err
		}
	}
	if !f.due && f.expect != model.Quiescent {
		return nil
	}
	holds, err := f.holds.holds(state)
	f.due = !holds
	return err
}

// terminal tells whether the state that the walk is in has no transition but to itself.
func (k *walker) terminal() bool {
	cuts := k.w.cuts.Load()
	defer k.w.cuts.Store(cuts)
	total, ok := k.transitions()
	var idle []int // steps that are not enabled
	if ok && k.w.e.units.ranked {
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

// refine holds the step from k.ids to k.next against the abstract models, before the walk takes it.
func (k *walker) refine() {
	k.parts(k.ids, k.following.from)
	k.parts(k.next, k.following.to)
	for _, r := range k.w.refining {
		ok, err := r.follows(k.following.from, k.following.to)
		if err != nil {
			k.failed(err)
			return
		}
		if !ok {
			k.steps++ // The path that shows it has this step.
			k.decided([]int{r.property})
			k.steps--
		}
	}
}

// parts writes the parts of a state, given by the ids of its units.
func (k *walker) parts(ids []uint32, state []model.PartID) {
	for i, u := range k.w.e.units.of {
		u.parts(ids[i], state)
	}
}
