package store

import (
	"cmp"
	"slices"

	"synod/checker/internal/grouping"
	"synod/model/statespace"
)

// SecondGrouping is the number of states at which groups are chosen for the second and last time.
const SecondGrouping = FewStates

const (
	firstGrouping = 2_000 // the number of states at which groups are chosen first
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

// WantsGroups reports whether to choose units anew: twice in a search, when enough states are known to see which slots
// go together.
func (s *States) WantsGroups() bool {
	n := s.Len()
	due := n >= firstGrouping && s.regrouped < firstGrouping || n >= SecondGrouping && s.regrouped < SecondGrouping
	if due {
		s.regrouped = n
	}
	return due
}

// Groups decides which slots form units together: those with few combinations in all states seen so far. Unless
// there are very many states, the choice depends only on the set of states, not on their order.
func (s *States) Groups() [][]int {
	all := s.gather()
	limit := min(maxTogether, len(all[0].IDs)/8)
	g := grouping.New(all, limit, s.crew.Halted)
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

// gather returns the values of each slot in the visited states, or in a sample of them.
func (s *States) gather() []grouping.Group {
	all := make([]grouping.Group, s.slots)
	compared := min(len(all), maxGroups)
	most := max(minGathered, min(maxGathered, maxGatheredIDs/len(all), 2*maxCompared/(compared*compared)))
	every := s.Len()/most + 1
	for slot := range all {
		all[slot] = grouping.Group{Slots: []int{slot}, IDs: make([]uint32, 0, s.Len()/every+1)}
	}
	state, ids := make([]statespace.PartID, len(all)), s.Row()
	n := 0
	for i, shard := range s.Shards {
		shard.Set.Each(func(key uint64, _ uint8) bool {
			if n++; n%every == 0 {
				s.Unpack(s.Layout.Packed(i, key), ids, state)
				for slot, id := range state {
					all[slot].IDs = append(all[slot].IDs, uint32(id))
				}
			}
			return !s.crew.Halted()
		})
	}
	return all
}
