package checker

import (
	"slices"

	"synod/checker/internal/store"
)

// gathering is a group of slots, or a field of a layout, with a number for what it holds in each of the states that are
// looked at.
type gathering struct {
	at    int   // its place in grouping.least
	slots []int // of a group
	field int   // of a layout
	bits  int   // that the field takes
	ids   []uint32
	held  int // how many different things it holds, once it was joined
}

// grouping merges groups, two at a time: those that hold the fewest combinations together.
type grouping struct {
	of    []gathering
	pairs *store.PairSet
	over  func() bool // there is no need, or no time, to merge more
	// By two groups, the lesser place first: how many combinations of what they hold there are, or at least how many. Where
	// there are many slots, to count all of them anew before each merger would take minutes.
	least   [][]bound
	settled bool // no two are to be merged any more
	// Of a layout: is told of each merger. What was joined stands behind all
	// others then, so that equally good pairs make a tree that is not deep.
	joined func(into, other *gathering)
}

// bound is a number of combinations, or less than that.
type bound struct {
	n     int
	exact bool
}

// newGrouping is for groups that may have as many combinations as limit tells.
func newGrouping(of []gathering, limit int, over func() bool) *grouping {
	return &grouping{of: of, pairs: store.NewPairSet(limit), over: over}
}

// merge merges the two groups with the fewest combinations, if these are few.
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

// fewest returns the two groups with the fewest combinations, the first of several, if these are few.
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
				// A few more than are needed are counted, so that the pair need not be looked at so soon again.
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

// join merges two groups. What the two of them held with a third one was no more than what they hold with it
// together.
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

// combine adds the slots of one group to another, and numbers what the two hold together, in order of arrival.
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
