package checker

import (
	"slices"

	"synod/checker/internal/store"
)

// gathering is a group of slots, or a field of a layout, with a number for its value in each of the states sampled.
type gathering struct {
	at    int   // its index in grouping.least
	slots []int // for a group
	field int   // for a layout
	bits  int   // width of the field
	ids   []uint32
	held  int // number of distinct values, set by a merge
}

// grouping merges pairs of groups, those with the fewest combined values first.
type grouping struct {
	of    []gathering
	pairs *store.PairSet
	over  func() bool // reports whether merging should stop
	// For two groups, the lesser place first: the number of combinations of their values, or a lower bound. With many
	// slots, recounting all pairs before each merger would take minutes.
	least   [][]bound
	settled bool // no further pair can be merged
	// For a layout: called after each merger. The merged group then moves behind all others, so that equally good pairs
	// make a shallow tree.
	joined func(into, other *gathering)
}

// bound is a number of combinations, or a lower bound of it.
type bound struct {
	n     int
	exact bool
}

// newGrouping returns a grouping whose groups may have up to limit combinations.
func newGrouping(of []gathering, limit int, over func() bool) *grouping {
	return &grouping{of: of, pairs: store.NewPairSet(limit), over: over}
}

// merge merges the two groups with the fewest combinations, if these are within the limit.
func (g *grouping) merge() bool {
	if g.settled {
		return false
	}
	left, right, ok := g.fewest()
	if !ok {
		return false
	}
	g.join(left, right)
	return true
}

// fewest returns the two groups with the fewest combinations, the first such pair, if these are within the limit.
func (g *grouping) fewest() (left, right int, ok bool) {
	if g.least == nil {
		g.least = make([][]bound, len(g.of))
		for i := range g.of {
			g.of[i].at, g.least[i] = i, make([]bound, len(g.of))
		}
	}
	fewest := g.pairs.Limit + 1
	for i := range g.of {
		for k := i + 1; k < len(g.of); k++ {
			b := g.between(&g.of[i], &g.of[k])
			if b.n < fewest && !b.exact {
				if g.over() {
					return 0, 0, false
				}
				// Count a few more than needed, so that the pair is not recounted soon.
				enough := min(2*fewest, g.pairs.Limit+1)
				b.n = g.pairs.Count(g.of[i].ids, g.of[k].ids, enough)
				b.exact = b.n < enough
			}
			if b.n < fewest {
				left, right, fewest, ok = i, k, b.n, true
			}
		}
	}
	return left, right, ok
}

// join merges two groups. The merged group has at least as many combinations with a third one as either had.
func (g *grouping) join(left, right int) {
	into, other := &g.of[left], g.of[right]
	g.combine(into, &other)
	for k := range g.of {
		if k != left && k != right {
			b := g.between(into, &g.of[k])
			*b = bound{n: max(b.n, g.between(&other, &g.of[k]).n)}
		}
	}
	g.of = slices.Delete(g.of, right, right+1)
	if g.joined != nil {
		joined := g.of[left]
		g.of = append(slices.Delete(g.of, left, left+1), joined)
	}
}

func (g *grouping) between(a, b *gathering) *bound { return &g.least[min(a.at, b.at)][max(a.at, b.at)] }

// combine adds the slots of other to into, and numbers their combined values in order of occurrence.
func (g *grouping) combine(into, other *gathering) {
	into.slots = append(into.slots, other.slots...)
	slices.Sort(into.slots)
	g.pairs.Clear()
	for i := range into.ids {
		into.ids[i], _ = g.pairs.Number(into.ids[i], other.ids[i])
	}
	into.held = g.pairs.Filled
	if g.joined != nil {
		g.joined(into, other)
	}
}
