package intern

import "testing"

type (
	dye    int
	dyed   struct{ One, Other dye }
	dyeing struct {
		By      map[dye]string
		Set     []dye
		Row     [2]dye
		Any     any
		Pointer *dyed
		Text    string
	}
)

// TestHashColours makes sure that a renamed value has the same hash as the value, if colours are renamed with it, and another one
// if they are not.
func TestHashColours(t *testing.T) {
	w, err := For[dyeing]()
	if err != nil {
		t.Fatal(err)
	}
	v := dyeing{
		By: map[dye]string{1: "a", 2: "b", 5: "c"}, Set: []dye{1, 3}, Row: [2]dye{2, 1}, Any: dye(1), Pointer: &dyed{1, 2}, Text: "x",
	}
	same, first, second := NewColouring(map[any]uint64{dye(1): 7, dye(2): 7}), NewColouring(map[any]uint64{dye(1): 8, dye(2): 7}),
		NewColouring(map[any]uint64{dye(1): 7, dye(2): 8})
	turned := w.Rename(NewRenaming(map[any]any{dye(1): dye(2), dye(2): dye(1)}), v)
	if w.Hash(turned) == w.Hash(v) || w.HashColours(same, turned) != w.HashColours(same, v) {
		t.Error("what has one colour is told apart")
	}
	if w.HashColours(first, v) != w.HashColours(second, turned) {
		t.Error("a value and its image look different to a thing and its image")
	}
	if w.HashColours(first, v) == w.HashColours(second, v) {
		t.Error("a value looks the same to two things that it is different for")
	}
	changes := map[string]func(*dyeing){
		"a key":      func(v *dyeing) { v.By = map[dye]string{1: "a", 2: "b", 6: "c"} },
		"a value":    func(v *dyeing) { v.By = map[dye]string{1: "a", 2: "b", 5: "d"} },
		"no map":     func(v *dyeing) { v.By = nil },
		"an element": func(v *dyeing) { v.Set = []dye{1, 4} },
		"its length": func(v *dyeing) { v.Set = []dye{1, 3, 4} },
		"order":      func(v *dyeing) { v.Set = []dye{3, 1} },
		"no list":    func(v *dyeing) { v.Set = nil },
		"a row":      func(v *dyeing) { v.Row = [2]dye{3, 1} },
		"held":       func(v *dyeing) { v.Any = 1 },
		"nothing":    func(v *dyeing) { v.Any = nil },
		"pointed to": func(v *dyeing) { v.Pointer = &dyed{1, 3} },
		"no pointer": func(v *dyeing) { v.Pointer = nil },
		"text":       func(v *dyeing) { v.Text = "y" },
	}
	for what, change := range changes {
		other := v
		if change(&other); w.HashColours(same, other) == w.HashColours(same, v) {
			t.Errorf("%s makes no difference", what)
		}
	}
}
