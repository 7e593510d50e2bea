package grouping

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
		g := New(randomGatherings(random), limit, never)
		of := make([]Group, len(g.Of))
		for i, one := range g.Of {
			of[i] = Group{Slots: slices.Clone(one.Slots), IDs: slices.Clone(one.IDs)}
		}
		for {
			left, right, ok := fewestAnew(of, limit)
			l, r, merged := g.fewest()
			if l != left || r != right || merged != ok {
				t.Fatalf("%d and %d, %t: expected %d and %d, %t", l, r, merged, left, right, ok)
			}
			if !g.Merge() {
				break
			}
			New(nil, limit, never).combine(&of[left], &of[right])
			of = append(of[:right], of[right+1:]...)
			same := func(a, b Group) bool { return slices.Equal(a.Slots, b.Slots) && slices.Equal(a.IDs, b.IDs) }
			if !slices.EqualFunc(of, g.Of, same) {
				t.Fatalf("merged %v, expected %v", g.Of, of)
			}
		}
	}
}

func randomGatherings(random *rand.Rand) []Group {
	of := make([]Group, 2+random.IntN(8))
	states := random.IntN(200)
	for i := range of {
		of[i].Slots = []int{i}
		values := 1 + random.IntN(9)
		for range states {
			of[i].IDs = append(of[i].IDs, uint32(random.IntN(values)))
		}
	}
	return of
}

func fewestAnew(of []Group, limit int) (left, right int, ok bool) {
	fewest := limit + 1
	for i := range of {
		for k := i + 1; k < len(of); k++ {
			pairs := make(map[[2]uint32]bool)
			for at := range of[i].IDs {
				pairs[[2]uint32{of[i].IDs[at], of[k].IDs[at]}] = true
			}
			if len(pairs) < fewest {
				left, right, fewest, ok = i, k, len(pairs), true
			}
		}
	}
	return left, right, ok
}
