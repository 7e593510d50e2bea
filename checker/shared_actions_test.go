package checker_test

import (
	"slices"
	"testing"

	"synod/checker"
	"synod/model"
)

// turnsOf is a model that gives the same list of actions in all states, and not in the order of their keys.
type turnsOf struct{ all []int }

func (turnsOf) Initial() []int      { return []int{0} }
func (t turnsOf) Actions(int) []int { return t.all }

func (turnsOf) Next(s, by int) (int, bool) { return (s + by) % 7, true }

// TestSharedActions makes sure that walks, which draw from actions in the order of their keys, leave the model's list alone.
func TestSharedActions(t *testing.T) {
	m := turnsOf{[]int{3, 1, 2}}
	p := model.NewPlain(m)
	p.Always("small", func(s int) bool { return s < 7 })
	r := checker.Walk(t.Context(), p, checker.Options{Walks: 20, Workers: 2})
	defer r.Close()
	if r.Err != nil || !slices.Equal(m.all, []int{3, 1, 2}) {
		t.Errorf("%v, %v", m.all, r.Err)
	}
}
