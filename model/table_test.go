package model_test

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"synod/actor"
	"synod/internal/intern"
)

// entry is what the tables and maps of the test hold.
type entry struct {
	Number uint64
	Writer actor.ID
	Name   string
}

// withTable and withMap are read in the same words.
type (
	withTable struct {
		Before int
		Of     actor.Table[entry]
	}
	withMap struct {
		Before int
		Of     map[actor.ID]entry
	}
)

// TestTablesAreMaps makes sure that a table is to the walker what a map with the same entries is: it reads, differs, unfolds
// and compares in the same way, and a copy is as good as the original.
func TestTablesAreMaps(t *testing.T) {
	tables, err := intern.For[withTable]()
	if err != nil {
		t.Fatal(err)
	}
	plain, err := intern.For[withMap]()
	if err != nil {
		t.Fatal(err)
	}
	entries := rapid.MapOf(rapid.Custom(func(t *rapid.T) actor.ID { return actor.ID(rapid.Uint64().Draw(t, "id")) }),
		rapid.Custom(func(t *rapid.T) entry {
			return entry{rapid.Uint64Range(0, 2).Draw(t, "number"), 1, rapid.SampledFrom([]string{"", "x"}).Draw(t, "name")}
		}))
	rapid.Check(t, func(t *rapid.T) {
		draw := func() (withTable, withMap) {
			m := entries.Draw(t, "entries")
			var table actor.Table[entry]
			for id, e := range m {
				table = table.With(id, e)
			}
			return withTable{1, table}, withMap{1, m}
		}
		table, m := draw()
		other, n := draw()
		if rapid.Bool().Draw(t, "related") {
			id := actor.ID(rapid.Uint64Range(0, 3).Draw(t, "id"))
			other, n = withTable{1, table.Of.With(id, entry{Name: "y"})}, withMap{1, maps.Clone(m.Of)}
			n.Of[id] = entry{Name: "y"}
		}
		if got, want := string(tables.Encode(nil, table)), string(plain.Encode(nil, m)); got != want {
			t.Fatalf("encoded %s, want %s", got, want)
		}
		if got, want := tables.Text(table), plain.Text(m); got != want {
			t.Fatalf("reads %s, want %s", got, want)
		}
		if got, want := tables.Diff(table, other), plain.Diff(m, n); !slices.Equal(got, want) {
			t.Fatalf("differences %v, want %v", got, want)
		}
		if got, want := tables.Tree(table, 9), plain.Tree(m, 9); !reflect.DeepEqual(got, want) {
			t.Fatalf("unfolds to %v, want %v", got, want)
		}
		if got, want := tables.Hash(table), plain.Hash(m); got != want {
			t.Fatalf("hash %x, want %x", got, want)
		}
		if got, want := tables.Equal(table, other), plain.Equal(m, n); got != want {
			t.Fatalf("equal: %v, want %v", got, want)
		}
		c := tables.Copy(table)
		if !tables.Equal(c, table) || tables.Check(c) != nil {
			t.Fatalf("a copy %s of %s", tables.Text(c), tables.Text(table))
		}
	})
}

// TestTablesOfReferences makes sure that a table whose values refer to something is refused: it would be shared.
func TestTablesOfReferences(t *testing.T) {
	type bad struct{ Of actor.Table[*entry] }
	if _, err := intern.For[bad](); err == nil || !strings.Contains(err.Error(), "bad.Of: a map or list that never changes") {
		t.Errorf("a table of pointers: %v", err)
	}
}

// withLists and withSlices are read in the same words.
type (
	withLists struct {
		Before int
		Of     actor.List[entry]
		ByID   actor.Table[actor.List[actor.List[entry]]]
	}
	withSlices struct {
		Before int
		Of     []entry
		ByID   map[actor.ID][][]entry
	}
)

// TestListsAreSlices makes sure that a list is to the walker what a slice with the same elements is, in maps and lists too.
func TestListsAreSlices(t *testing.T) {
	lists, err := intern.For[withLists]()
	if err != nil {
		t.Fatal(err)
	}
	plain, err := intern.For[withSlices]()
	if err != nil {
		t.Fatal(err)
	}
	entries := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) entry {
		return entry{rapid.Uint64Range(0, 2).Draw(t, "number"), 1, rapid.SampledFrom([]string{"", "x"}).Draw(t, "name")}
	}), 0, 3)
	orNil := func(e []entry) []entry { return append([]entry(nil), e...) }
	rapid.Check(t, func(t *rapid.T) {
		draw := func() (withLists, withSlices) {
			all := entries.Draw(t, "entries")
			l, s := withLists{Before: 1, Of: actor.ListOf(all...)}, withSlices{1, orNil(all), map[actor.ID][][]entry{}}
			for id := range actor.ID(rapid.IntRange(0, 3).Draw(t, "ids")) {
				var inner actor.List[actor.List[entry]]
				var same [][]entry
				for range rapid.IntRange(0, 2).Draw(t, "lists") {
					e := entries.Draw(t, "inner")
					inner, same = inner.With(actor.ListOf(e...)), append(same, orNil(e))
				}
				l.ByID, s.ByID[id] = l.ByID.With(id, inner), same
			}
			return l, s
		}
		l, s := draw()
		other, n := draw()
		if got, want := string(lists.Encode(nil, l)), string(plain.Encode(nil, s)); got != want {
			t.Fatalf("encoded %s, want %s", got, want)
		}
		if got, want := lists.Text(l), plain.Text(s); got != want {
			t.Fatalf("reads %s, want %s", got, want)
		}
		if got, want := lists.Diff(l, other), plain.Diff(s, n); !slices.Equal(got, want) {
			t.Fatalf("differences %v, want %v", got, want)
		}
		if got, want := lists.Tree(l, 20), plain.Tree(s, 20); !reflect.DeepEqual(got, want) {
			t.Fatalf("unfolds to %v, want %v", got, want)
		}
		if got, want := lists.Equal(l, other), plain.Equal(s, n); got != want || got && lists.Hash(l) != lists.Hash(other) {
			t.Fatalf("equal: %v, want %v", got, want)
		}
		// What two places share is fit for a state, as nobody can change it.
		c := lists.Copy(l)
		c.ByID = c.ByID.With(9, actor.ListOf(c.Of)).With(8, actor.ListOf(c.Of))
		if again := lists.Copy(c); lists.Check(c) != nil || !lists.Equal(again, c) {
			t.Fatalf("a copy %s of %s", lists.Text(again), lists.Text(c))
		}
	})
}

// TestListsOfReferences makes sure that lists and maps whose parts could be changed are refused, however deep.
func TestListsOfReferences(t *testing.T) {
	type bad struct{ Of actor.List[[]int] }
	if _, err := intern.For[bad](); err == nil || !strings.Contains(err.Error(), "bad.Of: a map or list that never changes") {
		t.Errorf("a list of slices: %v", err)
	}
	type deep struct{ Of actor.Table[actor.List[any]] }
	if _, err := intern.For[deep](); err == nil || !strings.Contains(err.Error(), "deep.Of: a map or list that never changes") {
		t.Errorf("a table of lists of interfaces: %v", err)
	}
}
