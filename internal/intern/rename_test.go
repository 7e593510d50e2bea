package intern

import (
	"testing"

	"synod/actor"
)

// alias is a number that is renamed with its owner.
type alias uint16

// known is an entry of a table that is held as a list.
type known struct {
	Who  actor.ID
	Name alias
}

// holder holds ids wherever they can stand.
type holder struct {
	id      actor.ID
	count   uint64 // no id, whatever its value
	Boxed   any
	Set     []actor.ID
	Table   []known
	Log     []known
	Map     map[actor.ID]alias
	Nested  map[string][]known
	To      *known
	Pair    [2]alias
	Shared  actor.Table[alias]
	List    actor.List[actor.ID]
	Nothing []actor.ID
	Wrapped tagged
}

// tagged is a map with methods of its own, which hides one of the map's.
type tagged struct{ actor.Table[alias] }

// With adds an id with itself as an alias.
func (w tagged) With(id actor.ID) tagged { return tagged{w.Table.With(id, alias(10*id))} }

// TestRename makes sure that what is renamed is renamed wherever it stands, and nothing else; that sets and tables stay in
// order, and sequences as they are; and that neither the original nor what it shares changes.
func TestRename(t *testing.T) {
	w := walkerOf[holder](t)
	r := NewRenaming(map[any]any{
		actor.ID(1): actor.ID(3), actor.ID(3): actor.ID(1), alias(10): alias(30), alias(30): alias(10),
	})
	old := holder{
		id: 1, count: 1, Boxed: known{1, 10}, Set: []actor.ID{1, 2}, Table: []known{{1, 10}, {2, 20}, {3, 30}},
		Log: []known{{2, 20}, {1, 10}, {1, 1}}, Map: map[actor.ID]alias{1: 10, 2: 30}, Nested: map[string][]known{"1": {{1, 10}}},
		To: &known{3, 1}, Pair: [2]alias{10, 3}, Shared: actor.Table[alias]{}.With(1, 10).With(2, 3), List: actor.ListOf[actor.ID](1, 2, 5),
		Wrapped: tagged{}.With(1).With(2),
	}
	expect := holder{
		id: 3, count: 1, Boxed: known{3, 30}, Set: []actor.ID{2, 3}, Table: []known{{1, 10}, {2, 20}, {3, 30}},
		Log: []known{{2, 20}, {3, 30}, {3, 1}}, Map: map[actor.ID]alias{3: 30, 2: 10}, Nested: map[string][]known{"1": {{3, 30}}},
		To: &known{1, 1}, Pair: [2]alias{30, 3}, Shared: actor.Table[alias]{}.With(3, 30).With(2, 3), List: actor.ListOf[actor.ID](2, 3, 5),
		Wrapped: tagged{}.With(3).With(2),
	}
	before := w.Text(old)
	renamed := w.Rename(r, old)
	if !w.Equal(renamed, expect) {
		t.Errorf("renamed: %s, expected %s", w.Text(renamed), w.Text(expect))
	}
	if w.Text(old) != before {
		t.Errorf("the original became %s, it was %s", w.Text(old), before)
	}
	if again := w.Rename(r, renamed); !w.Equal(again, old) {
		t.Errorf("renamed twice: %s, expected %s", w.Text(again), before)
	}
	boxed := walkerOf[any](t)
	if got := boxed.Rename(r, actor.ID(1)); got != any(actor.ID(3)) {
		t.Errorf("a boxed id is renamed to %v, expected 3", got)
	}
	if r.Of(alias(10)) != any(alias(30)) || r.Of(uint64(1)) != any(uint64(1)) {
		t.Error("a value by itself is not renamed by its type")
	}
}
