package intern

import (
	"math/rand/v2"
	"reflect"
	"testing"
)

type many interface{ many() }

type (
	lines struct{ Of []lineOf }
	small struct{ N int }
)

func (lines) many() {}
func (small) many() {}

type lineOf struct {
	Who     int
	Entries []entryOf
}

type entryOf struct {
	In   string
	Knew []int
}

// TestTableElements keeps so many values that their elements are stored once, in tables of structs, of boxed values and
// of an interface. It requires that every value is found again and is as it was, shares no memory with itself or the
// caller's value, and that a changed one is found.
func TestTableElements(t *testing.T) {
	boxed, err := Boxed(reflect.TypeFor[lines]())
	if err != nil {
		t.Fatal(err)
	}
	plain, err := For[lines]()
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := For[many]()
	if err != nil {
		t.Fatal(err)
	}
	t.Run("plain", func(t *testing.T) { keepMany(t, NewTableOf(plain), func(v lines) lines { return v }) })
	t.Run("boxed", func(t *testing.T) { keepMany(t, NewTableOf(boxed), func(v lines) any { return v }) })
	t.Run("interface", func(t *testing.T) {
		table := NewTableOf(sealed)
		keepMany(t, table, func(v lines) many { return v })
		before := table.Len()
		if id, fresh := table.InternCopy(small{1}); !fresh || int(id) != before || table.Value(id) != (small{1}) {
			t.Errorf("a small value is %v, new: %v", table.Value(id), fresh)
		}
		if id, fresh := table.InternCopy(nil); !fresh || table.Value(id) != nil {
			t.Errorf("nil is %v, new: %v", table.Value(id), fresh)
		}
	})
}

func keepMany[T any](t *testing.T, table *Table[T], as func(lines) T) {
	r := rand.New(rand.NewPCG(1, 2))
	values, n := make(map[uint32]lines), 4*manyValues
	for len(values) < n {
		var v lines
		for who := range 4 {
			var entries []entryOf
			for range r.IntN(3) {
				entries = append(entries, entryOf{[]string{"a", "b"}[r.IntN(2)], []int{r.IntN(3), r.IntN(3)}})
			}
			v.Of = append(v.Of, lineOf{who, entries})
		}
		id, fresh := table.InternCopy(as(v))
		if _, known := values[id]; known == fresh {
			t.Fatalf("%v has number %d, new: %v", v, id, fresh)
		}
		values[id] = v
	}
	w, every := table.walker, int64(0)
	for id, v := range values {
		got := table.Value(id)
		if !w.Equal(got, as(v)) {
			t.Fatalf("%d is %v, expected %v", id, got, v)
		}
		if err := w.Check(got); err != nil {
			t.Fatal(err)
		}
		if again, ok := table.Lookup(as(v)); !ok || again != id {
			t.Fatalf("%v has the numbers %d and %d", v, id, again)
		}
		every += table.held(got)
		if len(v.Of[0].Entries) > 0 { // The table has memory of its own.
			v.Of[0].Entries[0].Knew[0]++
		}
	}
	if id, ok := table.Verify(); !ok {
		t.Fatalf("%d was changed with the value that it was made of", id)
	}
	if got := table.Bytes() - int64(n)*60; 4*got > 3*every {
		t.Errorf("%d bytes, which should be much less than %d, if every value has its own elements", got, every)
	}
	for id := uint32(3 * manyValues); ; id++ {
		held := any(table.Value(id)).(lines)
		if entries := held.Of[0].Entries; len(entries) > 0 {
			entries[0].Knew[0]++
			break
		}
	}
	if _, ok := table.Verify(); ok {
		t.Error("an element that was changed is not found")
	}
}
