// Package grouping merges things that take few combinations of values together: slots that become one unit, or fields of
// a layout that become a pair. It sees of each the numbers of its values in some states, and depends on no other room.
package grouping

import "slices"

// Group is a group of slots, or a field of a layout, with a number for its value in each of the states sampled.
type Group struct {
	at    int   // its index in Merger.least
	Slots []int // for a group
	Field int   // for a layout
	Bits  int   // width of the field
	IDs   []uint32
	Held  int // number of distinct values, set by a merge
}

// Merger merges pairs of groups, those with the fewest combined values first.
type Merger struct {
	Of    []Group
	pairs *pairSet
	over  func() bool // reports whether merging should stop
	// For two groups, the lesser place first: the number of combinations of their values, or a lower bound. With many
	// slots, recounting all pairs before each merger would take minutes.
	least   [][]bound
	settled bool // no further pair can be merged
	// For a layout: called after each merger. The merged group then moves behind all others, so that equally good pairs
	// make a shallow tree.
	Joined func(into, other *Group)
}

// bound is a number of combinations, or a lower bound of it.
type bound struct {
	n     int
	exact bool
}

// New returns a merger whose groups may have up to limit combinations.
func New(of []Group, limit int, over func() bool) *Merger {
	return &Merger{Of: of, pairs: newPairSet(limit), over: over}
}

// Merge merges the two groups with the fewest combinations, if these are within the limit.
func (g *Merger) Merge() bool {
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
func (g *Merger) fewest() (left, right int, ok bool) {
	if g.least == nil {
		g.least = make([][]bound, len(g.Of))
		for i := range g.Of {
			g.Of[i].at, g.least[i] = i, make([]bound, len(g.Of))
		}
	}
	fewest := g.pairs.limit + 1
	for i := range g.Of {
		for k := i + 1; k < len(g.Of); k++ {
			b := g.between(&g.Of[i], &g.Of[k])
			if b.n < fewest && !b.exact {
				if g.over() {
					return 0, 0, false
				}
				// Count a few more than needed, so that the pair is not recounted soon.
				enough := min(2*fewest, g.pairs.limit+1)
				b.n = g.pairs.count(g.Of[i].IDs, g.Of[k].IDs, enough)
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
func (g *Merger) join(left, right int) {
	into, other := &g.Of[left], g.Of[right]
	g.combine(into, &other)
	for k := range g.Of {
		if k != left && k != right {
			b := g.between(into, &g.Of[k])
			*b = bound{n: max(b.n, g.between(&other, &g.Of[k]).n)}
		}
	}
	g.Of = slices.Delete(g.Of, right, right+1)
	if g.Joined != nil {
		joined := g.Of[left]
		g.Of = append(slices.Delete(g.Of, left, left+1), joined)
	}
}

func (g *Merger) between(a, b *Group) *bound { return &g.least[min(a.at, b.at)][max(a.at, b.at)] }

// combine adds the slots of other to into, and numbers their combined values in order of occurrence.
func (g *Merger) combine(into, other *Group) {
	into.Slots = append(into.Slots, other.Slots...)
	slices.Sort(into.Slots)
	g.pairs.clear()
	for i := range into.IDs {
		into.IDs[i], _ = g.pairs.number(into.IDs[i], other.IDs[i])
	}
	into.Held = g.pairs.filled
	if g.Joined != nil {
		g.Joined(into, other)
	}
}
