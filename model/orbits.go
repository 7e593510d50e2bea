package model

import (
	"slices"
	"sync"

	"synod/model/statespace"
)

// orbits finds the least of all images of a state, and enumerates them. An image puts each thing of a group into a place of
// the group; all images are reached by exchanging the things of two places at a time, so that what becomes of the content of a
// slot is looked up once for each exchange.
//
// Of all images, the least is taken of those only in which the marks of things ascend. A mark belongs to a thing wherever it
// is, so these are the same for all images of a state, and there are few: one, unless things have equal marks. Of
// things that have, some may be exchanged without any difference; their order does not matter either. All others are tried.
type orbits struct {
	sizes []int // of the groups
	// exchange sets to to the image of from in which the things of the places a < b of a group are exchanged.
	exchange func(to, from []statespace.PartID, group, a, b int)
	// fixes reports whether exchanging the things of the places a < b of a group leaves a state as it is.
	fixes func(state []statespace.PartID, group, a, b int) bool
	// mark returns a number for the thing in a place. The thing has the same number in every image. So it is with what mark2
	// returns, which takes longer, and is asked of things with equal marks only; it may be nil.
	mark, mark2 func(state []statespace.PartID, group, place int) uint64

	compare func(slot int, a, b statespace.PartID) int
	order   []int // in which slots are compared
	pool    sync.Pool
}

// arranging arranges the things of a state. Places are counted through all groups.
type arranging struct {
	of     *orbits
	states [][]statespace.PartID // by place, and two more
	groups []int                 // by place
	firsts []int                 // by place: the first of its group
	ends   []int                 // by place: the one after the last whose thing may come here
	marks  []uint64              // of the thing in a place
	kinds  []int                 // of the thing in a place: things of one kind may be exchanged without any difference
	leaf   func(image []statespace.PartID) bool
}

// arrange returns an arrangement of the things of a state as they are. It must be returned to the pool. A thing may come to any
// place of its group.
func (o *orbits) arrange(state []statespace.PartID) *arranging {
	a, ok := o.pool.Get().(*arranging)
	if !ok {
		a = &arranging{of: o}
		for group, n := range o.sizes {
			first := len(a.groups)
			for range n {
				a.groups, a.firsts = append(a.groups, group), append(a.firsts, first)
			}
		}
		n := len(a.groups)
		a.ends, a.marks, a.kinds = make([]int, n), make([]uint64, n), make([]int, n)
		a.states = make([][]statespace.PartID, n+2)
		for i := range a.states {
			a.states[i] = make([]statespace.PartID, len(state))
		}
	}
	for place, group := range a.groups {
		a.marks[place] = o.mark(state, group, place-a.firsts[place])
		a.ends[place] = a.firsts[place] + o.sizes[group]
	}
	return a
}

// exchange exchanges the things of two places p <= q of a group.
func (a *arranging) exchange(to, from []statespace.PartID, p, q int) {
	a.of.exchange(to, from, a.groups[p], p-a.firsts[p], q-a.firsts[p])
}

// sort returns the image of a state in which the marks of the things that may come to the same places ascend, and lets only
// things with equal marks come to the same places from then on. It reports whether there are such.
func (a *arranging) sort(state []statespace.PartID) (sorted []statespace.PartID, ties bool) {
	last := len(a.states) - 1
	for place := range a.groups {
		least := place
		for q := place + 1; q < a.ends[place]; q++ {
			if a.marks[q] < a.marks[least] {
				least = q
			}
		}
		if least == place {
			continue
		}
		next := a.states[last]
		a.exchange(next, state, place, least)
		a.marks[place], a.marks[least] = a.marks[least], a.marks[place]
		state, a.states[last], a.states[last-1] = next, a.states[last-1], next
	}
	for place := len(a.groups) - 1; place >= 0; place-- {
		end := place + 1
		if end < a.ends[place] && a.marks[end] == a.marks[place] {
			end, ties = a.ends[end], true
		}
		a.ends[place] = end
	}
	return state, ties
}

// markAgain marks the things that may come to the places of others by what takes longer to tell.
func (a *arranging) markAgain(state []statespace.PartID) {
	for place := 0; place < len(a.groups); {
		end := a.ends[place]
		for q := place; q < end; q++ {
			if a.marks[q] = 0; end > place+1 {
				a.marks[q] = a.of.mark2(state, a.groups[q], q-a.firsts[q])
			}
		}
		place = end
	}
}

// sortOut finds the kinds of the things in the places of a state.
func (a *arranging) sortOut(state []statespace.PartID) {
	for place, group := range a.groups {
		a.kinds[place] = place
		for q := a.firsts[place]; q < place; q++ {
			first := a.firsts[place]
			if a.kinds[q] == q && a.marks[q] == a.marks[place] && a.of.fixes(state, group, q-first, place-first) {
				a.kinds[place] = q
				break
			}
		}
	}
}

// from shows all arrangements in which only the things of the places from one on are exchanged, as far as ends allow. It
// returns false if leaf did.
func (a *arranging) from(place int, state []statespace.PartID) bool {
	if place == len(a.groups) {
		return a.leaf(state)
	}
	for q := place; q < a.ends[place]; q++ {
		if slices.Contains(a.kinds[place:q], a.kinds[q]) {
			continue
		}
		next := state
		if q > place {
			next = a.states[place]
			a.exchange(next, state, place, q)
		}
		a.kinds[place], a.kinds[q] = a.kinds[q], a.kinds[place]
		ok := a.from(place+1, next)
		a.kinds[place], a.kinds[q] = a.kinds[q], a.kinds[place]
		if !ok {
			return false
		}
	}
	return true
}

// least replaces a state by the least of its images, and reports whether that is another one.
func (o *orbits) least(state []statespace.PartID) (turned bool) {
	a := o.arrange(state)
	defer o.pool.Put(a)
	best, ties := a.sort(state)
	if ties && o.mark2 != nil {
		a.markAgain(best)
		best, ties = a.sort(best)
	}
	if ties {
		best = o.leastOf(a, slices.Clone(best))
	}
	turned = !slices.Equal(state, best)
	copy(state, best)
	return turned
}

// leastOf returns the least of the arrangements in which marks ascend.
func (o *orbits) leastOf(a *arranging, sorted []statespace.PartID) []statespace.PartID {
	a.sortOut(sorted)
	best := slices.Clone(sorted)
	a.leaf = func(image []statespace.PartID) bool {
		for _, slot := range o.order {
			c := o.compare(slot, image[slot], best[slot])
			if c < 0 {
				copy(best, image)
			}
			if c != 0 {
				break
			}
		}
		return true
	}
	a.from(0, sorted)
	return best
}

// images shows all images of a state but itself, until yield returns false. Some may come more than once.
func (o *orbits) images(state []statespace.PartID, yield func(image []statespace.PartID) bool) {
	a := o.arrange(state)
	defer o.pool.Put(a)
	a.sortOut(state)
	a.leaf = func(image []statespace.PartID) bool { return slices.Equal(image, state) || yield(image) }
	a.from(0, state)
}

// order returns in how many ways the things of groups of these sizes can be exchanged, or 0 if there are too many.
func orderOf(sizes []int) int {
	order := 1
	for _, size := range sizes {
		for n := range size {
			if order *= n + 1; order > MaxPermutations {
				return 0
			}
		}
	}
	return order
}
