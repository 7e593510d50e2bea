package checker_test

import (
	"slices"
	"testing"

	"synod/checker"
	"synod/internal/raced"
	"synod/model"
)

// allAtOnce is a model that says all transitions at once, with a fault or none.
type allAtOnce struct {
	stirring
	fault func(s tangle, yield func(stir, tangle))
}

func (m allAtOnce) Each(s tangle, yield func(stir, tangle)) {
	for _, a := range m.Actions(s) {
		if next, ok := m.Next(s, a); ok {
			yield(a, next)
		}
	}
	if m.fault != nil {
		m.fault(s, yield)
	}
}

// edited is allAtOnce that makes the next states in the memory of the state, as far as there is any.
type edited struct{ allAtOnce }

func (m edited) InPlace() {}

func (m edited) Each(s tangle, yield func(stir, tangle)) {
	rows, hidden := slices.Clone(s.Rows), slices.Clone(s.hidden)
	actions := m.Actions(s)
	slices.Reverse(actions)
	for _, a := range actions {
		next, ok := m.Next(s, a)
		if !ok {
			continue
		}
		var branch branch
		if s.Deep != nil {
			branch = *s.Deep
		}
		if next.Deep != nil && s.Deep != nil {
			*s.Deep = *next.Deep
			next.Deep = s.Deep
		}
		if len(next.Rows) == len(s.Rows) && len(s.Rows) > 0 {
			copy(s.Rows, next.Rows)
			next.Rows = s.Rows
		}
		if len(next.hidden) == len(s.hidden) && len(s.hidden) > 0 {
			copy(s.hidden, next.hidden)
			next.hidden = s.hidden
		}
		yield(a, next)
		if s.Deep != nil {
			*s.Deep = branch
		}
		copy(s.Rows, rows)
		copy(s.hidden, hidden)
	}
	if m.fault != nil {
		m.fault(s, yield)
	}
}

// said returns the model as one that says its transitions one by one, all at once, or all at once and in place.
func (m stirring) said(how int) model.Model[tangle, stir] {
	return []model.Model[tangle, stir]{m, allAtOnce{stirring: m}, edited{allAtOnce{stirring: m}}}[how]
}

var stirred = stirring{ops: []op{
	{field: 2, also: -1, by: 1, when: 4, modulus: 5},
	{field: 0, also: 6, by: 2, when: 3, modulus: 4},
	{field: 1, also: 3, by: 0, when: 4, modulus: 6},
	{field: 4, also: -1, by: 1, when: 2, modulus: 3},
}}

// TestEnumerator compares a model that says all transitions at once with the plain search; TestRandomPlain does so with
// random ones.
func TestEnumerator(t *testing.T) {
	bound := 11
	if brief() {
		bound = 8
	}
	inside := func(s tangle) bool { return s.number() < bound }
	plain := plainModel(stirred, nil)
	plain.Inside = inside
	for how := range 3 {
		src := model.NewPlain(stirred.said(how))
		src.Within(inside)
		want := compare(t, src, plain, checker.Options{FinishWhen: checker.Exhausted}, raced.Workers(1, 3)...)
		if !want.Exhausted || want.Unique < 30 {
			t.Errorf("%d states: this shows nothing", want.Unique)
		}
	}
}

// TestEnumeratorIsGuarded requires an Each that says something else than Actions and Next, or does not leave the
// state as it was, to be found.
func TestEnumeratorIsGuarded(t *testing.T) {
	extra := func(s tangle, yield func(stir, tangle)) { yield(stir{Op: 9}, s) }
	change := func(s tangle, _ func(stir, tangle)) {
		if s.Rows != nil {
			s.Rows[0] = []int{7}
		}
	}
	shared := func(s tangle, yield func(stir, tangle)) {
		if len(s.Rows) == 2 {
			s.Rows = [][]int{s.Rows[0], s.Rows[0]}
			yield(stir{Op: 9}, s)
		}
	}
	for _, c := range []struct {
		what    string
		fault   func(tangle, func(stir, tangle))
		inPlace bool
	}{
		{"only one of Each and Actions with Next gave {Op:9,N:0} to", extra, false},
		{"only one of Each and Actions with Next gave {Op:9,N:0} to", extra, true},
		{"it changed the state that it was given: Rows[0]", change, false},
		{"it changed and did not restore the state that it was given: Rows[0]", change, true},
		{"Rows[1]", shared, false},
		{"Rows[1]", shared, true},
	} {
		var m model.Model[tangle, stir] = allAtOnce{stirred, c.fault}
		if c.inPlace {
			m = edited{allAtOnce{stirred, c.fault}}
		}
		src := model.NewPlain(m)
		src.Within(func(s tangle) bool { return s.number() < 24 })
		r := checker.BFS(t.Context(), src, checker.Options{Workers: 1})
		wantImpure(t, []error{r.Err}, "the model", "Each of {", c.what)
		r.Close()
	}
}
