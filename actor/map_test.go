package actor_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"synod/actor"
)

// TestTable holds tables to maps: whatever was done to them, they have the same entries, the same changes between any two,
// and a shape that depends on the entries alone.
func TestTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.OneOf(rapid.Uint64Range(0, 20), rapid.Uint64(), rapid.Just(uint64(1)<<63))
		type version struct {
			table actor.Table[int]
			plain map[actor.ID]int
		}
		all := []version{{plain: map[actor.ID]int{}}}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			v := all[rapid.IntRange(0, len(all)-1).Draw(t, "from")]
			id := actor.ID(ids.Draw(t, "id"))
			next := version{plain: maps.Clone(v.plain)}
			if rapid.Bool().Draw(t, "with") {
				value := rapid.IntRange(0, 3).Draw(t, "value")
				next.table, next.plain[id] = v.table.With(id, value), value
			} else {
				next.table = v.table.Without(id)
				delete(next.plain, id)
			}
			all = append(all, next)
		}
		for _, v := range all {
			if got := maps.Collect(v.table.All()); !maps.Equal(got, v.plain) || v.table.Len() != len(v.plain) {
				t.Fatalf("%v, %d entries; want %v", got, v.table.Len(), v.plain)
			}
			last := all[len(all)-1]
			var want []actor.ID
			for id := range v.plain {
				if w, ok := last.plain[id]; !ok || w != v.plain[id] {
					want = append(want, id)
				}
			}
			for id := range last.plain {
				if _, ok := v.plain[id]; !ok {
					want = append(want, id)
				}
			}
			slices.Sort(want)
			if got := slices.Collect(v.table.Changes(last.table)); !slices.Equal(got, want) {
				t.Fatalf("changes from %v to %v: %v, want %v", v.plain, last.plain, got, want)
			}
			var anew actor.Table[int]
			for id, value := range v.plain { // in any order
				anew = anew.With(id, value)
				if got, ok := v.table.Get(id); !ok || got != value {
					t.Fatalf("%v of %v: %d, %v", id, v.plain, got, ok)
				}
			}
			first := actor.ID(ids.Draw(t, "first"))
			above := maps.Clone(v.plain)
			maps.DeleteFunc(above, func(id actor.ID, _ int) bool { return id < first })
			if got := maps.Collect(v.table.From(first).All()); !maps.Equal(got, above) || v.table.From(first).Len() != len(above) {
				t.Fatalf("from %v on of %v: %v", first, v.plain, got)
			}
			key, value, some := v.table.Last()
			if some != (len(v.plain) > 0) || some && (key != slices.Max(slices.Collect(maps.Keys(v.plain))) || value != v.plain[key]) {
				t.Fatalf("the last of %v: %v, %v, %v", v.plain, key, value, some)
			}
			count := func(any, any) uint64 { return 1 }
			if n := v.table.Sum(count); n != uint64(len(v.plain)) || v.table.Sum(count) != n {
				t.Fatalf("a sum of %d over %v", n, v.plain)
			}
			if anew.Sum(count); !reflect.DeepEqual(anew, v.table) {
				t.Fatalf("the shape of %v depends on the order", v.plain)
			}
			part, same := v.table.From(first), anew.From(first)
			if part.Sum(count) != same.Sum(count) || !reflect.DeepEqual(part, same) {
				t.Fatalf("the shape of %v from %v on depends on the order", v.plain, first)
			}
		}
	})
}

// TestTableShares makes sure that changes are found without looking at what two tables share: of a hundred thousand
// entries, the sum of a table that differs in one is made of a few.
func TestTableShares(t *testing.T) {
	var table actor.Table[int]
	for i := range 100_000 {
		table = table.With(actor.ID(i*7919), i)
	}
	calls := 0
	entry := func(_, value any) uint64 { calls++; return uint64(*value.(*int)) + 1 }
	sum := table.Sum(entry)
	calls = 0
	other := table.With(7919, -1)
	if got := other.Sum(entry); got != sum-2 || calls != 1 {
		t.Errorf("the sum went from %d to %d in %d calls; want %d in 1", sum, got, calls, sum-2)
	}
	if allocs := testing.AllocsPerRun(10, func() {
		for range table.Changes(other) {
		}
	}); allocs > 20 {
		t.Errorf("%v allocations to find one change", allocs)
	}
	if same := table.With(7919, 1); same != table {
		t.Error("an update that changes nothing makes another table")
	}
}

// A table is a value: what was made of it leaves it as it was, and what changed is found by itself.
func ExampleTable() {
	var before actor.Table[string]
	before = before.With(7, "seven").With(3, "three")
	after := before.With(7, "SEVEN").Without(3).With(5, "five")
	for id, v := range before.All() {
		fmt.Println(id, v)
	}
	for id := range before.Changes(after) {
		v, ok := after.Get(id)
		fmt.Println(id, v, ok)
	}
	// Output:
	// 3 three
	// 7 seven
	// 3  false
	// 5 five true
	// 7 SEVEN true
}
