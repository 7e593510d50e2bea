package checker

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestGroupingIsThatOfCountingAnew merges random groups, and compares with counting all combinations anew each time.
func TestGroupingIsThatOfCountingAnew(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		limit := 1 + random.IntN(40)
		never := func() bool { return false }
		g := newGrouping(randomGatherings(random), limit, never)
		of := make([]gathering, len(g.of))
		for i, one := range g.of {
			of[i] = gathering{slots: slices.Clone(one.slots), ids: slices.Clone(one.ids)}
		}
		for {
			left, right, ok := fewestAnew(of, limit)
			l, r, merged := g.fewest()
			if l != left || r != right || merged != ok {
				t.Fatalf("%d and %d, %t: expected %d and %d, %t", l, r, merged, left, right, ok)
			}
			if !g.merge() {
				break
			}
			newGrouping(nil, limit, never).combine(&of[left], &of[right])
			of = append(of[:right], of[right+1:]...)
			same := func(a, b gathering) bool { return slices.Equal(a.slots, b.slots) && slices.Equal(a.ids, b.ids) }
			if !slices.EqualFunc(of, g.of, same) {
				t.Fatalf("merged %v, expected %v", g.of, of)
			}
		}
	}
}

func randomGatherings(random *rand.Rand) []gathering {
	of := make([]gathering, 2+random.IntN(8))
	states := random.IntN(200)
	for i := range of {
		of[i].slots = []int{i}
		values := 1 + random.IntN(9)
		for range states {
			of[i].ids = append(of[i].ids, uint32(random.IntN(values)))
		}
	}
	return of
}

func fewestAnew(of []gathering, limit int) (left, right int, ok bool) {
	fewest := limit + 1
	for i := range of {
		for k := i + 1; k < len(of); k++ {
			pairs := make(map[[2]uint32]bool)
			for at := range of[i].ids {
				pairs[[2]uint32{of[i].ids[at], of[k].ids[at]}] = true
			}
			if len(pairs) < fewest {
				left, right, fewest, ok = i, k, len(pairs), true
			}
		}
	}
	return left, right, ok
}
