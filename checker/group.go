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
	pairs := newPairSet(min(maxTogether, n/8))
	for len(all) > 1 {
		left, right, ok := fewestTogether(all, pairs)
		if !ok {
			break
		}
		all[left].join(all[right], pairs)
		all = slices.Delete(all, right, right+1)
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

// join adds the slots of another group.
func (g *gathering) join(other gathering, pairs *pairSet) {
	g.slots = append(g.slots, other.slots...)
	slices.Sort(g.slots)
	pairs.clear()
	for i := range g.ids {
		g.ids[i], _ = pairs.number(g.ids[i], other.ids[i])
	}
}

// fewestTogether gives the two groups with the fewest combinations, if these are few.
func fewestTogether(all []gathering, pairs *pairSet) (left, right int, ok bool) {
	fewest := pairs.limit + 1
	for i := range all {
		for k := i + 1; k < len(all); k++ {
			n := pairs.count(all[i].ids, all[k].ids, fewest)
			if n < fewest {
				left, right, fewest, ok = i, k, n, true
			}
		}
	}
	return left, right, ok
}

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
