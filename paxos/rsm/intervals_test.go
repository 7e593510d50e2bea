package rsm

import (
	"testing"

	"pgregory.net/rapid"
)

// Intervals holds the numbers that a set of numbers holds, in the only form that the set has.
func TestIntervals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.OneOf(rapid.Uint64Range(0, 20), rapid.Uint64Range(1<<64-8, 1<<64-1))
		var set Intervals[uint64]
		want := map[uint64]bool{}
		for range rapid.IntRange(0, 20).Draw(t, "adds") {
			first := numbers.Draw(t, "first")
			length := min(rapid.Uint64Range(0, 4).Draw(t, "length"), 1<<64-1-first)
			set = set.AddAll(Interval[uint64]{first, first + length})
			for n := uint64(0); n <= length; n++ {
				want[first+n] = true
			}
		}
		for n := range uint64(30) {
			for _, n := range []uint64{n, 1<<64 - 1 - n} {
				if set.Has(n) != want[n] {
					t.Fatalf("%v: has %d: %t", set, n, set.Has(n))
				}
			}
		}
		for i, v := range set {
			if v.Last < v.First || i > 0 && (set[i-1].Last == 1<<64-1 || set[i-1].Last+1 >= v.First) {
				t.Fatalf("%v is not in its form", set)
			}
		}
	})
}

func TestEmptyInterval(t *testing.T) {
	if got := (Intervals[uint64]{}).AddAll(Interval[uint64]{2, 1}); len(got) != 0 {
		t.Errorf("an empty interval added %v", got)
	}
}
