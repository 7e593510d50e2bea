package checker

import (
	"cmp"
	"container/heap"
	"slices"
)

// Comparing all pairs of n groups takes quadratic time, which is too much for a system of a thousand actors. So many
// groups are first merged, each with the best of a few similar ones, until there are few enough.

// candidates is the number of other groups that a group is compared with.
const candidates = 8

// crowd is a heap of the groups not yet merged: the one with the fewest distinct values comes first, and groups that
// always change together are adjacent.
type crowd []member

// member is a group with its sort keys.
type member struct {
	gathering
	distinct int    // number of distinct values
	pattern  uint64 // hash of which states have equal values
	turn     int    // order of insertion
}

func (c crowd) Len() int      { return len(c) }
func (c crowd) Swap(i, k int) { c[i], c[k] = c[k], c[i] }
func (c *crowd) Push(x any)   { *c = append(*c, x.(member)) }
func (c *crowd) Pop() any {
	last := (*c)[len(*c)-1]
	*c = (*c)[:len(*c)-1]
	return last
}

func (c crowd) Less(i, k int) bool {
	a, b := &c[i], &c[k]
	return cmp.Or(cmp.Compare(a.distinct, b.distinct), cmp.Compare(a.pattern, b.pattern), cmp.Compare(a.turn, b.turn)) < 0
}

// thin merges groups, if they have few enough combinations, until at most most groups are left. If more are left,
// whose combinations with every candidate are too many, they are not merged any further.
func (g *grouping) thin(most int) {
	if len(g.of) <= most {
		return
	}
	waiting := make(crowd, 0, len(g.of))
	for i := range g.of {
		waiting = append(waiting, g.member(g.of[i], i))
	}
	heap.Init(&waiting)
	var done []gathering // groups with too many combinations with every candidate
	others := make([]member, 0, candidates)
	for turn := len(g.of); len(waiting) > 1 && len(waiting)+len(done) > most && !g.over(); turn++ {
		first := heap.Pop(&waiting).(member)
		others = others[:0]
		best, fewest := -1, g.pairs.Limit+1
		for len(others) < candidates && len(waiting) > 0 {
			other := heap.Pop(&waiting).(member)
			if n := g.pairs.Count(first.ids, other.ids, fewest); n < fewest {
				best, fewest = len(others), n
			}
			others = append(others, other)
		}
		for i, other := range others {
			if i != best {
				heap.Push(&waiting, other)
			}
		}
		if best < 0 {
			done = append(done, first.gathering)
			continue
		}
		g.combine(&first.gathering, &others[best].gathering)
		heap.Push(&waiting, g.member(first.gathering, turn))
	}
	g.of = done
	for len(waiting) > 0 {
		g.of = append(g.of, heap.Pop(&waiting).(member).gathering)
	}
	g.settled = len(g.of) > most
	if g.joined == nil {
		slices.SortFunc(g.of, func(a, b gathering) int { return cmp.Compare(a.slots[0], b.slots[0]) })
	}
}

// member returns a group with its sort keys. For a group with more distinct values than the limit, they are not
// counted further.
func (g *grouping) member(of gathering, turn int) member {
	m := member{gathering: of, turn: turn, pattern: 14695981039346656037}
	g.pairs.Clear()
	for _, id := range of.ids {
		number, ok := g.pairs.Number(id, 0)
		if !ok {
			break
		}
		m.pattern = (m.pattern ^ uint64(number)) * 1099511628211
	}
	m.distinct = g.pairs.Filled
	return m
}
