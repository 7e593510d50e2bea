package checker

import (
	"cmp"
	"slices"

	"synod/checker/internal/store"
	"synod/model/statespace"
)

const (
	firstGrouping  = 2_000
	secondGrouping = store.FewStates
	// maxTogether is how many combinations of slots may become one unit. Each costs a list of steps.
	maxTogether = 1_024
	// maxGathered is how many states are looked at, at most. More are looked at in a sample.
	maxGathered = 200_000
	// maxCompared is how many ids are compared at most, in all states that are looked at, of every two groups; where there are
	// many groups the sample is smaller for it. More than maxGroups are thinned out first.
	maxCompared = 1 << 26
	maxGroups   = 128
	// maxGatheredIDs is how many ids there may be in the sample, and minGathered how many states are in it nonetheless.
	maxGatheredIDs = 1 << 24
	minGathered    = 64
)

// wantsGroups reports whether units should be chosen anew at n states: twice in a search, when enough are known to see
// which slots go together.
func (e *engine) wantsGroups(n int) bool {
	if e.whole != nil {
		return false // A unit of several slots is for the sake of steps.
	}
	due := n >= firstGrouping && e.regrouped < firstGrouping || n >= secondGrouping && e.regrouped < secondGrouping
	if due {
		e.regrouped = n
	}
	return due
}

// chooseGroups decides which slots become units together: those whose combinations stay few on all states seen so far.
// As long as there are not very many states, the choice depends on their set only, not on the order in which they were
// found.
func (e *engine) chooseGroups() [][]int {
	all := e.gather()
	limit := min(maxTogether, len(all[0].ids)/8)
	g := newGrouping(all, limit, e.halted)
	g.thin(maxGroups)
	for g.merge() {
	}
	groups := make([][]int, len(g.of))
	for i, one := range g.of {
		groups[i] = one.slots
	}
	slices.SortFunc(groups, func(a, b []int) int { return cmp.Compare(a[0], b[0]) })
	return groups
}

// halted reports whether the search is to stop.
func (e *engine) halted() bool { return e.halt.Load() != 0 }

// gather returns what each slot holds in the visited states, or in a sample of them.
func (e *engine) gather() []gathering {
	all := make([]gathering, e.space.Slots())
	compared := min(len(all), maxGroups)
	most := max(minGathered, min(maxGathered, maxGatheredIDs/len(all), 2*maxCompared/(compared*compared)))
	every := e.unique()/most + 1
	for slot := range all {
		all[slot] = gathering{slots: []int{slot}, ids: make([]uint32, 0, e.unique()/every+1)}
	}
	now := e.now()
	state, ids := make([]statespace.PartID, len(all)), make([]uint32, len(e.layout.Fields))
	n := 0
	for i, s := range e.shards {
		s.Set.Each(func(key uint64, _ uint8) bool {
			if n++; n%every == 0 {
				now.unpack(e.layout.Packed(i, key), ids, state)
				for slot, id := range state {
					all[slot].ids = append(all[slot].ids, uint32(id))
				}
			}
			return !e.halted()
		})
	}
	return all
}
