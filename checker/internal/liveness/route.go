package liveness

import (
	"slices"
	"sync"

	"synod/checker/internal/store"
	"synod/model/statespace"
)

// route finds a shortest path from an initial state to a state with a mark, by a breadth-first search over the
// visited states.
//
// For leads to, a path has two phases: before the demand arises it may pass through any state, afterwards only
// through members. A state may be reached in both phases; in a state where the demand arises, the second one begins
// at once. Other properties have the second phase only.
type route struct {
	*decision
	goal   uint8
	levels [2]*store.Marks // per phase: 0 for a state not reached, else 1 + level modulo routeTags
	mu     sync.Mutex
	met    []place // states with the goal mark, reached in the second phase at the current level
	depth  int
}

const (
	before = iota // the demand has not arisen
	during
	phases
)

const routeTags = 255

func levelTag(level int) uint8 { return uint8(1 + level%routeTags) }

// routeTo searches until it reaches states with a mark, all at the same level.
func (d *decision) routeTo(goal uint8) (*route, error) {
	r := &route{decision: d, goal: goal}
	for phase := range r.levels {
		if phase == before && d.expect != statespace.LeadsTo {
			continue
		}
		var err error
		if r.levels[phase], err = d.NewMarks(); err != nil {
			r.free()
			return nil, err
		}
	}
	r.depth = 1
	next := r.collect(func() {
		for _, state := range r.Initial {
			if at, ok := r.Locate(r.pack(state)); ok {
				r.reach(r.of[0], at, before)
				r.reach(r.of[0], at, during)
			}
		}
	})
	for len(r.met) == 0 && next[before].Size()+next[during].Size() > 0 && !r.Over() {
		r.depth++
		current := next
		next = r.collect(func() {
			for phase, states := range current {
				r.drain(states, func(v *visitor, batch []place) bool { return r.step(v, batch, phase) })
			}
		})
	}
	return r, nil
}

func (r *route) free() {
	for _, levels := range r.levels {
		if levels != nil {
			levels.Free()
		}
	}
}

// allows reports whether a path may be in a state in a phase, coming from the same phase or, if begins is set,
// starting the second.
func (r *route) allows(at place, phase int, begins bool) bool {
	switch {
	case phase == before:
		return r.levels[before] != nil
	case begins && r.expect == statespace.LeadsTo:
		return r.marks.Get(at)&markSeed != 0
	}
	return r.isMember(at)
}

// reach records that a state is reached, unless it was reached before.
func (r *route) reach(v *visitor, at place, phase int) {
	begins := phase == during && r.depth == 1
	if !r.allows(at, phase, begins) || !r.levels[phase].Claim(at, levelTag(r.depth)) {
		return
	}
	v.next[phase].add(at)
	if phase == during && r.marks.Get(at)&r.goal != 0 {
		r.mu.Lock()
		r.met = append(r.met, at)
		r.mu.Unlock()
	}
}

// step reaches the successors of a batch.
func (r *route) step(v *visitor, batch []place, phase int) bool {
	return v.expand(v.expanded(batch), func(_ int, s steps) {
		for _, to := range s.to {
			r.reach(v, to, phase)
			if phase == before && r.marks.Get(to)&markSeed != 0 {
				r.reach(v, to, during)
			}
		}
	})
}

// path returns the least of the shortest paths to some of the states reached: by initial state, then by the keys of
// the actions. It walks back level by level, like engine.pathTo.
func (r *route) path(to []place) (*statespace.Path, error) {
	wanted := make([][phases]map[place]bool, r.depth+1) // by level and phase: the states with a path to one of to
	wanted[r.depth][during] = make(map[place]bool)
	for _, at := range to {
		wanted[r.depth][during][at] = true
	}
	for level := r.depth; ; level-- {
		r.switchBack(&wanted[level])
		if level == 1 {
			break
		}
		for phase := range phases {
			if r.levels[phase] != nil {
				wanted[level-1][phase] = r.leadingTo(wanted[level][phase], level-1, phase)
			}
		}
	}
	path, err := r.Start(func(packed uint64) bool {
		at, ok := r.Locate(packed)
		return ok && (wanted[1][before][at] || wanted[1][during][at])
	})
	if err != nil {
		return nil, err
	}
	phase := r.phasesOf(wanted[1], r.pack(path.Initial), [phases]bool{true, true})
	for level := 2; level <= r.depth; level++ {
		packed, err := r.Extend(path, func(_ statespace.Transition, packed uint64) bool {
			return r.phasesOf(wanted[level], packed, phase) != [phases]bool{}
		})
		if err != nil {
			return nil, err
		}
		phase = r.phasesOf(wanted[level], packed, phase)
	}
	return path, nil
}

// phasesOf returns the phases in which a path may be in a wanted state, given those before the last step.
func (r *route) phasesOf(wanted [phases]map[place]bool, packed uint64, was [phases]bool) (is [phases]bool) {
	at, ok := r.Locate(packed)
	if !ok {
		return is
	}
	is[before] = was[before] && wanted[before][at]
	is[during] = was[during] && wanted[during][at]
	if was[before] && wanted[during][at] {
		is[during] = is[during] || r.marks.Get(at)&markSeed != 0
	}
	return is
}

// switchBack adds to the states wanted in the first phase those in which the second one begins.
func (r *route) switchBack(wanted *[phases]map[place]bool) {
	if r.levels[before] == nil {
		return
	}
	for at := range wanted[during] {
		if r.marks.Get(at)&markSeed != 0 {
			if wanted[before] == nil {
				wanted[before] = make(map[place]bool)
			}
			wanted[before][at] = true
		}
	}
}

// leadingTo returns the states of a level and phase with a wanted successor.
func (r *route) leadingTo(wanted map[place]bool, level, phase int) map[place]bool {
	found := make(map[place]bool)
	if len(wanted) == 0 {
		return found
	}
	var mu sync.Mutex
	ofLevel := func(at place) bool { return r.levels[phase].Get(at) == levelTag(level) && !r.isLeft(at) }
	r.each(ofLevel, func(v *visitor, batch []place) bool {
		return v.expand(batch, func(i int, s steps) {
			if slices.ContainsFunc(s.to, func(to place) bool { return wanted[to] }) {
				mu.Lock()
				found[batch[i]] = true
				mu.Unlock()
			}
		})
	})
	return found
}
