package checker

import (
	"math/bits"
	"slices"
)

const (
	firstGrouping  = 2_000
	secondGrouping = 50_000
	// maxTogether is how many combinations of slots may become one unit. Each costs a list of steps.
	maxTogether = 1_024
	// maxGathered is how many states are looked at, at most. More are looked at in a sample.
	maxGathered = 200_000
)

// wantsGroups tells whether units should be chosen anew at n states: twice in a search, when enough are known to see
// which slots go together.
func (e *engine) wantsGroups(n int) bool {
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
	all := make([]gathering, e.space.Slots())
	every := e.unique()/maxGathered + 1
	n := e.unique() / every
	for slot := range all {
		all[slot] = gathering{slots: []int{slot}, ids: make([]uint32, 0, n+1)}
	}
	i := 0
	for state := range (&Result{engine: e}).States() {
		if i++; i%every == 0 {
			for slot, id := range state {
				all[slot].ids = append(all[slot].ids, uint32(id))
			}
		}
	}
	for g := newGrouping(all, min(maxTogether, n/8)); e.halt.Load() == 0 && g.merge(); {
		all = g.of
	}
	groups := make([][]int, len(all))
	for i, g := range all {
		groups[i] = g.slots
	}
	return groups
}

// gathering is a group of slots, with a number for what they hold together in each state.
type gathering struct {
	slots []int
	ids   []uint32
}

// grouping merges groups, two at a time.
type grouping struct {
	of    []gathering
	pairs *pairSet
	// By two groups, the lesser place first: how many combinations of what they hold there are, or at least how many. Where
	// there are many slots, to count all of them anew before each merger would take minutes.
	least [][]bound
}

// bound is a number of combinations, or less than that.
type bound struct {
	n     int
	exact bool
}

func newGrouping(of []gathering, limit int) *grouping {
	g := &grouping{of: of, pairs: newPairSet(limit), least: make([][]bound, len(of))}
	for i := range g.least {
		g.least[i] = make([]bound, len(of))
	}
	return g
}

// merge makes one of the two groups with the fewest combinations, if these are few.
func (g *grouping) merge() bool {
	left, right, ok := g.fewest()
	if !ok {
		return false
	}
	g.join(left, right)
	g.of = slices.Delete(g.of, right, right+1)
	for i := range g.least {
		g.least[i] = slices.Delete(g.least[i], right, right+1)
	}
	g.least = slices.Delete(g.least, right, right+1)
	return true
}

// fewest gives the two groups with the fewest combinations, the first of several, if these are few.
func (g *grouping) fewest() (left, right int, ok bool) {
	fewest := g.pairs.limit + 1
	for i := range g.of {
		for k := i + 1; k < len(g.of); k++ {
			b := &g.least[i][k]
			if b.n < fewest && !b.exact {
				// A few more than are needed are counted, so that the pair need not be looked at so soon again.
				enough := min(2*fewest, g.pairs.limit+1)
				b.n = g.pairs.count(g.of[i].ids, g.of[k].ids, enough)
				b.exact = b.n < enough
			}
			if b.n < fewest {
				left, right, fewest, ok = i, k, b.n, true
			}
		}
	}
	return left, right, ok
}

// join adds the slots of one group to another. What the two of them held with a third one was no more than what they hold
// with it together.
func (g *grouping) join(left, right int) {
	into, other := &g.of[left], g.of[right]
	into.slots = append(into.slots, other.slots...)
	slices.Sort(into.slots)
	g.pairs.clear()
	for i := range into.ids {
		into.ids[i], _ = g.pairs.number(into.ids[i], other.ids[i])
	}
	for k := range g.of {
		if k != left && k != right {
			*g.between(left, k) = bound{n: max(g.between(left, k).n, g.between(right, k).n)}
		}
	}
}

func (g *grouping) between(i, k int) *bound { return &g.least[min(i, k)][max(i, k)] }

// pairSet numbers a few pairs.
type pairSet struct {
	limit   int
	table   []uint64 // pairs, plus one: 0 is a free place
	numbers []uint32
	shift   int
	filled  int
}

func newPairSet(limit int) *pairSet {
	n := 2 << bits.Len(uint(limit+1))
	return &pairSet{limit: limit, table: make([]uint64, n), numbers: make([]uint32, n), shift: 64 - bits.Len(uint(n-1))}
}

func (p *pairSet) clear() {
	clear(p.table)
	p.filled = 0
}

// number gives the number of a pair, and false if there are more than the limit.
func (p *pairSet) number(a, b uint32) (uint32, bool) {
	key := uint64(a)<<32 | uint64(b) + 1
	mask := len(p.table) - 1
	for i := int((key ^ key>>32) * 0x9e3779b97f4a7c15 >> (p.shift & 63)); ; i++ {
		switch p.table[i&mask] {
		case key:
			return p.numbers[i&mask], true
		case 0:
			if p.filled > p.limit {
				return 0, false
			}
			p.table[i&mask], p.numbers[i&mask] = key, uint32(p.filled)
			p.filled++
			return uint32(p.filled - 1), true
		}
	}
}

// count gives how many pairs two lists make, or at least enough if there are so many.
func (p *pairSet) count(a, b []uint32, enough int) int {
	p.clear()
	for i := range a {
		if _, ok := p.number(a[i], b[i]); !ok || p.filled >= enough {
			break
		}
	}
	return p.filled
}
