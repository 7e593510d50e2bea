package grouping

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
	Group
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

// Thin merges groups, if they have few enough combinations, until at most most groups are left. If more are left,
// whose combinations with every candidate are too many, they are not merged any further.
func (g *Merger) Thin(most int) {
	if len(g.Of) <= most {
		return
	}
	waiting := make(crowd, 0, len(g.Of))
	for i := range g.Of {
		waiting = append(waiting, g.member(g.Of[i], i))
	}
	heap.Init(&waiting)
	var done []Group // groups with too many combinations with every candidate
	others := make([]member, 0, candidates)
	for turn := len(g.Of); len(waiting) > 1 && len(waiting)+len(done) > most && !g.over(); turn++ {
		first := heap.Pop(&waiting).(member)
		others = others[:0]
		best, fewest := -1, g.pairs.limit+1
		for len(others) < candidates && len(waiting) > 0 {
			other := heap.Pop(&waiting).(member)
			if n := g.pairs.count(first.IDs, other.IDs, fewest); n < fewest {
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
			done = append(done, first.Group)
			continue
		}
		g.combine(&first.Group, &others[best].Group)
		heap.Push(&waiting, g.member(first.Group, turn))
	}
	g.Of = done
	for len(waiting) > 0 {
		g.Of = append(g.Of, heap.Pop(&waiting).(member).Group)
	}
	g.settled = len(g.Of) > most
	if g.Joined == nil {
		slices.SortFunc(g.Of, func(a, b Group) int { return cmp.Compare(a.Slots[0], b.Slots[0]) })
	}
}

// member returns a group with its sort keys. For a group with more distinct values than the limit, they are not
// counted further.
func (g *Merger) member(of Group, turn int) member {
	m := member{Group: of, turn: turn, pattern: 14695981039346656037}
	g.pairs.clear()
	for _, id := range of.IDs {
		number, ok := g.pairs.number(id, 0)
		if !ok {
			break
		}
		m.pattern = (m.pattern ^ uint64(number)) * 1099511628211
	}
	m.distinct = g.pairs.filled
	return m
}
