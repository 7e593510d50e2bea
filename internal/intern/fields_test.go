package intern

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

type fieldsInner struct {
	A int
	b []string
	C map[int]bool
}

type fieldsOuter struct{ Inner fieldsInner }

// TestFields compares with maps of encodings.
func TestFields(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table, err := NewTable[fieldsOuter]()
		if err != nil {
			t.Fatal(err)
		}
		limit := rapid.IntRange(1, 5).Draw(t, "limit")
		var want [3][]uint32
		var seen [3]map[string]bool
		for range rapid.IntRange(0, 30).Draw(t, "values") {
			v := fieldsInner{A: rapid.IntRange(0, 3).Draw(t, "a"), b: slices.Repeat([]string{"x"}, rapid.IntRange(0, 2).Draw(t, "b"))}
			if rapid.Bool().Draw(t, "c") {
				v.C = map[int]bool{rapid.IntRange(0, 2).Draw(t, "key"): true}
			}
			id, fresh := table.Intern(fieldsOuter{v})
			if !fresh {
				continue
			}
			for i, text := range []string{fmt.Sprint(v.A), fmt.Sprintf("%#v", v.b), fmt.Sprintf("%#v", v.C)} {
				if seen[i] == nil {
					seen[i] = make(map[string]bool)
				}
				if !seen[i][text] {
					seen[i][text] = true
					want[i] = append(want[i], id)
				}
			}
		}
		got := table.Fields(limit)
		if table.Len() == 0 {
			if len(got) != 0 {
				t.Fatalf("an empty table has fields %v", got)
			}
			return
		}
		if len(got) != 3 {
			t.Fatalf("fields %v", got)
		}
		for i, name := range []string{"Inner.A", "Inner.b", "Inner.C"} {
			n := min(limit, len(want[i]))
			if g := got[i]; g.Name != name || !slices.Equal(g.First, want[i][:n]) || g.More != (len(want[i]) > limit) {
				t.Fatalf("%+v, want %s %v, limit %d", g, name, want[i], limit)
			}
		}
	})
}

// TestFieldsOfSeveralTypes looks behind pointers and into interfaces.
func TestFieldsOfSeveralTypes(t *testing.T) {
	type leaf struct{ X, Y int }
	type other struct{ Z string }
	table, err := NewTable[any]()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{&leaf{1, 1}, other{"a"}, leaf{1, 2}, nil, 7, other{"b"}, leaf{2, 2}} {
		table.Intern(v)
	}
	got := ""
	for _, f := range table.Fields(10) {
		got += fmt.Sprintln(f.Name, f.First)
	}
	want := "intern.leaf.X [0 6]\nintern.leaf.Y [0 2]\nintern.other.Z [1 5]\n"
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
