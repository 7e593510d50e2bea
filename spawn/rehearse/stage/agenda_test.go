package stage

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestAgenda compares the agenda with a list that is sorted stably, while events come and go.
func TestAgenda(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var a agenda
		var want []event
		for i := range rapid.IntRange(1, 200).Draw(t, "steps") {
			if rapid.IntRange(0, 2).Draw(t, "what") > 0 {
				e := event{at: time.Duration(rapid.IntRange(0, 20).Draw(t, "at")), who: int32(i)}
				a.add(e)
				want = append(want, e)
				slices.SortStableFunc(want, func(a, b event) int { return int(a.at - b.at) })
				continue
			}
			got, ok := a.next()
			if ok != (len(want) > 0) {
				t.Fatalf("an event: %v, but %d are there", ok, len(want))
			}
			if ok {
				if got.at != want[0].at || got.who != want[0].who {
					t.Fatalf("%+v comes before %+v", got, want[0])
				}
				want = want[1:]
			}
		}
	})
}

// TestSource compares random numbers with those that the authors of SplitMix64 publish for a seed.
func TestSource(t *testing.T) {
	s := Source{1234567}
	for i, want := range []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423} {
		if got := s.Uint64(); got != want {
			t.Errorf("number %d is %d, want %d", i, got, want)
		}
	}
	a, b := NewSource(1, 1), NewSource(1, 2)
	if a.Uint64() == b.Uint64() {
		t.Error("two streams of a seed are the same")
	}
	counts := make([]int, 10)
	for range 10_000 {
		counts[a.below(10)]++
	}
	for n, count := range counts {
		if count < 800 || count > 1200 {
			t.Errorf("%d comes %d times of 10,000", n, count)
		}
	}
}

// TestQueue makes sure that packets leave in the order in which they came.
func TestQueue(t *testing.T) {
	var q queue
	next, last := 0, 0
	for i := range 1000 {
		if i%3 < 2 {
			q.add(&packet{serial: uint64(next)})
			next++
			continue
		}
		if p := q.take(); p == nil || p.serial != uint64(last) {
			t.Fatalf("%+v, want packet %d", p, last)
		}
		last++
	}
	if q.length() != next-last {
		t.Errorf("%d are left, want %d", q.length(), next-last)
	}
}
