package checker

import (
	"cmp"
	"container/heap"
	"slices"
)

// To compare every two of n groups takes time in the square of n, which a system of a thousand actors would not see the end
// of. So where there are many, groups are first merged with one of a few others that are much like them, one after the
// other, until there are few enough.

// candidates is how many others a group is compared with.
const candidates = 8

// crowd is the groups that are not merged yet, as a heap: that which holds the fewest different things comes first, and those
// that always change together stand side by side.
type crowd []member

// member is a group with what it is compared by.
type member struct {
	gathering
	distinct int    // things that it holds
	pattern  uint64 // a hash of where it holds the same
	turn     int    // when it came
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

// thin merges groups until there are at most so many, as far as their combinations are few. If more are left over, which hold
// much with every other that they were compared with, they are not merged any further.
func (g *grouping) thin(most int) {
	if len(g.of) <= most {
		return
	}
	waiting := make(crowd, 0, len(g.of))
	for i := range g.of {
		waiting = append(waiting, g.member(g.of[i], i))
	}
	heap.Init(&waiting)
	var done []gathering // that hold too much with all that they were compared with
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

// member finds out what a group is compared by. Of one that holds more different things than may be combined, all that
// matters is that it does.
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
