package grouping

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// manyGatherings are groups of which a few hold together what each holds.
func manyGatherings(n, states int) []Group {
	random := rand.New(rand.NewPCG(1, uint64(n)))
	of := make([]Group, n)
	for i := range of {
		of[i].Slots, of[i].Field, of[i].Bits = []int{i}, i, 1
		for state := range states {
			id := uint32(state) * uint32(i%7) / uint32(states) // The same where i is, modulo 7.
			if random.IntN(20) == 0 {
				id++
			}
			of[i].IDs = append(of[i].IDs, id)
		}
	}
	return of
}

// TestThinIsLinear merges ever more groups, and counts how many pairs of ids are looked at for it: no more than so many for each
// group and state.
func TestThinIsLinear(t *testing.T) {
	const states, most = 40, 16
	for _, n := range []int{100, 1_000, 10_000} {
		g := New(manyGatherings(n, states), states, func() bool { return false })
		g.Joined = func(_, _ *Group) {}
		g.Thin(most)
		if len(g.Of) != most {
			t.Errorf("%d groups of %d, expected %d", len(g.Of), n, most)
		}
		for len(g.Of) > 2 && g.Merge() {
		}
		if atMost := states * (n*(candidates+4) + most*most*2); g.pairs.looked > atMost {
			t.Errorf("%d groups: %d pairs of ids looked at, expected at most %d", n, g.pairs.looked, atMost)
		}
	}
}

// TestThinMergesWhatBelongsTogether requires slots that always change together to become one unit, however many
// there are, and those that hold too much together to stay as they are.
func TestThinMergesWhatBelongsTogether(t *testing.T) {
	const kinds, of, states = 40, 10, 300
	all := make([]Group, kinds*of)
	for i := range all {
		random := rand.New(rand.NewPCG(7, uint64(i%kinds)))
		all[i].Slots = []int{i}
		for range states {
			all[i].IDs = append(all[i].IDs, uint32(i)+uint32(random.IntN(9)))
		}
	}
	g := New(all, 12, func() bool { return false })
	g.Thin(kinds)
	var got, want []string
	for _, one := range g.Of {
		got = append(got, fmt.Sprint(one.Slots))
	}
	for kind := range kinds {
		var slots []int
		for i := range of {
			slots = append(slots, kind+i*kinds)
		}
		want = append(want, fmt.Sprint(slots))
	}
	if !slices.Equal(got, want) || g.Merge() {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// TestMergersEnd stops the choice of groups, of a few or of many, after it was asked so often whether to: it looks at little more
// than that often.
func TestMergersEnd(t *testing.T) {
	const states = 50
	for _, n := range []int{60, 600} {
		for _, after := range []int{0, 1, 10, 100} {
			asked := 0
			g := New(manyGatherings(n, states), states, func() bool { asked++; return asked > after })
			g.Thin(100)
			for g.Merge() {
			}
			compared := g.pairs.looked
			if n > 100 {
				compared -= n * states // what each holds by itself
			}
			if atMost := after * (candidates + 3) * states; compared > atMost {
				t.Errorf("%d groups: %d pairs of ids looked at after %d times, expected at most %d", n, compared, after, atMost)
			}
		}
	}
}
