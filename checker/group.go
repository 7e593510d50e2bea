package checker

import (
	"cmp"
	"slices"

	"synod/checker/internal/grouping"
	"synod/checker/internal/store"
	"synod/model/statespace"
)

const (
	firstGrouping  = 2_000
	secondGrouping = store.FewStates
	// maxTogether is the most combinations that a unit of several slots may have. Each costs a list of steps.
	maxTogether = 1_024
	// maxGathered is the most states examined. Of more, a sample is taken.
	maxGathered = 200_000
	// maxCompared is the most ids compared for all pairs of groups in all states of the sample; with many groups the
	// sample is smaller. More than maxGroups groups are first thinned out.
	maxCompared = 1 << 26
	maxGroups   = 128
	// maxGatheredIDs is the most ids in the sample. The sample has at least minGathered states nonetheless.
	maxGatheredIDs = 1 << 24
	minGathered    = 64
)

// wantsGroups reports whether to choose units anew at n states: twice in a search, when enough states are known to
// see which slots go together.
func (e *engine) wantsGroups(n int) bool {
	if e.whole != nil {
		return false // Units of several slots only help with steps.
	}
	due := n >= firstGrouping && e.regrouped < firstGrouping || n >= secondGrouping && e.regrouped < secondGrouping
	if due {
		e.regrouped = n
	}
	return due
}

// chooseGroups decides which slots form units together: those with few combinations in all states seen so far. Unless
// there are very many states, the choice depends only on the set of states, not on their order.
func (e *engine) chooseGroups() [][]int {
	all := e.gather()
	limit := min(maxTogether, len(all[0].IDs)/8)
	g := grouping.New(all, limit, e.halted)
	g.Thin(maxGroups)
	for g.Merge() {
	}
	groups := make([][]int, len(g.Of))
	for i, one := range g.Of {
		groups[i] = one.Slots
	}
	slices.SortFunc(groups, func(a, b []int) int { return cmp.Compare(a[0], b[0]) })
	return groups
}

// halted reports whether the search is to stop.
func (e *engine) halted() bool { return e.halt.Load() != 0 }

// gather returns the values of each slot in the visited states, or in a sample of them.
func (e *engine) gather() []grouping.Group {
	all := make([]grouping.Group, e.space.Slots())
	compared := min(len(all), maxGroups)
	most := max(minGathered, min(maxGathered, maxGatheredIDs/len(all), 2*maxCompared/(compared*compared)))
	every := e.unique()/most + 1
	for slot := range all {
		all[slot] = grouping.Group{Slots: []int{slot}, IDs: make([]uint32, 0, e.unique()/every+1)}
	}
	now := e.now()
	state, ids := make([]statespace.PartID, len(all)), make([]uint32, len(e.layout.Fields))
	n := 0
	for i, s := range e.shards {
		s.Set.Each(func(key uint64, _ uint8) bool {
			if n++; n%every == 0 {
				now.unpack(e.layout.Packed(i, key), ids, state)
				for slot, id := range state {
					all[slot].IDs = append(all[slot].IDs, uint32(id))
				}
			}
			return !e.halted()
		})
	}
	return all
}
