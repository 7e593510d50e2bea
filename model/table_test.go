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
	if _, err := intern.For[bad](); err == nil || !strings.Contains(err.Error(), "bad.Of: a table shares its values") {
		t.Errorf("a table of pointers: %v", err)
	}
}
