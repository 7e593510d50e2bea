package actor_test

import (
	"fmt"
	"slices"
	"testing"

	"synod/actor"
)

// TestList makes sure that no list changes, whatever is made of it and of the slices that it is made of or gives.
func TestList(t *testing.T) {
	items := []int{1, 2}
	l := actor.ListOf(items...)
	items[0] = 7
	l.Slice()[1] = 7
	longer, other := l.With(3), l.With(4)
	inserted := longer.Insert(0, 9)
	for _, tt := range []struct {
		l    actor.List[int]
		want []int
	}{
		{actor.List[int]{}, nil},
		{actor.ListOf[int](), nil},
		{l, []int{1, 2}},
		{longer, []int{1, 2, 3}},
		{other, []int{1, 2, 4}},
		{inserted, []int{9, 1, 2, 3}},
		{actor.List[int]{}.With(5), []int{5}},
	} {
		var got []int
		for i, v := range tt.l.All() {
			if tt.l.At(i) != v {
				t.Errorf("at %d of %v: %d", i, tt.want, tt.l.At(i))
			}
			got = append(got, v)
		}
		if !slices.Equal(got, tt.want) || !slices.Equal(tt.l.Slice(), tt.want) || tt.l.Len() != len(tt.want) {
			t.Errorf("%v, want %v", got, tt.want)
		}
	}
	if none := (actor.List[int]{}); actor.ListOf[int]() != none {
		t.Error("there are two empty lists")
	}
}

// A list is a value: what was made of it leaves it as it was, and it prints as a slice does.
func ExampleList() {
	type pair struct {
		Names actor.List[string]
		Ages  actor.Map[uint64, int]
	}
	before := pair{actor.ListOf("Ann"), actor.Map[uint64, int]{}.With(7, 1)}
	after := pair{before.Names.With("Bob"), before.Ages.With(3, 2)}
	fmt.Println(before, after)
	// Output:
	// {[Ann] map[7:1]} {[Ann Bob] map[3:2 7:1]}
}
