package rsm

import (
	"fmt"
	"slices"
	"strings"
)

// Intervals is a set of numbers, represented by disjoint, non-adjacent, ascending intervals, so that equal sets are
// equal values. Its size depends on the gaps in the set, not on how many numbers it has. The zero value is the empty
// set.
type Intervals[N ~uint64] []Interval[N]

// Interval is the numbers from First to Last, inclusive.
type Interval[N ~uint64] struct{ First, Last N }

// Has reports whether n is in the set.
func (s Intervals[N]) Has(n N) bool {
	i := s.search(n)
	return i < len(s) && s[i].First <= n
}

// search returns the index of the first interval that does not end before n.
func (s Intervals[N]) search(n N) int {
	i, _ := slices.BinarySearchFunc(s, n, func(v Interval[N], n N) int {
		if v.Last < n {
			return -1
		}
		return 1
	})
	return i
}

// Add returns the set with n added. It may change the receiver's memory.
func (s Intervals[N]) Add(n N) Intervals[N] { return s.AddAll(Interval[N]{n, n}) }

// AddAll returns the set with the numbers of an interval added. The interval is empty if its Last is below its First.
// AddAll may change the receiver's memory.
func (s Intervals[N]) AddAll(v Interval[N]) Intervals[N] {
	if v.Last < v.First {
		return s
	}
	i := s.search(v.First)
	if i > 0 && s[i-1].Last+1 == v.First { // Last is below First, so that Last+1 does not overflow.
		i--
	}
	j := i
	for j < len(s) && (s[j].First <= v.Last || s[j].First-1 == v.Last) { // First is above v.First here, or overlaps it.
		v.First, v.Last = min(v.First, s[j].First), max(v.Last, s[j].Last)
		j++
	}
	return slices.Replace(s, i, j, v)
}

// String returns the intervals, as in 1-3 7.
func (s Intervals[N]) String() string {
	parts := make([]string, len(s))
	for i, v := range s {
		if v.First == v.Last {
			parts[i] = fmt.Sprint(uint64(v.First))
		} else {
			parts[i] = fmt.Sprintf("%d-%d", uint64(v.First), uint64(v.Last))
		}
	}
	return strings.Join(parts, " ")
}
