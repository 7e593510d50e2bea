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

// square is a model whose states are the points of a square, and which makes the next ones in the memory of the state.
type square struct {
	side    int
	forgets []int // in this state it does not take back what it did
}

func (g square) Initial() [][]int { return [][]int{{0, 0}} }

func (g square) Actions(s []int) (all []int) {
	for axis, at := range s {
		if at < g.side-1 {
			all = append(all, axis)
		}
	}
	return all
}

func (g square) Next(s []int, axis int) ([]int, bool) {
	s = slices.Clone(s)
	s[axis]++
	return s, true
}

func (g square) Each(s []int, yield func(int, []int)) {
	forgets := slices.Equal(s, g.forgets)
	for axis, at := range s {
		if at < g.side-1 {
			s[axis]++
			yield(axis, s)
			if !forgets {
				s[axis]--
			}
		}
	}
}

func (g square) InPlace() {}

// TestEnumeratorIsGuardedLate wants an Each that does not restore one state to be found, long after what it says is no longer
// held against Actions and Next but by sample.
func TestEnumeratorIsGuardedLate(t *testing.T) {
	raced.Alone(t)
	const side = 330 // so that the state is the 106,000th or so
	for _, forgets := range [][]int{nil, {310, 290}} {
		r := checker.BFS(t.Context(), model.NewPlain(square{side, forgets}), checker.Options{Workers: 1})
		if forgets == nil && (r.Err != nil || r.Unique != side*side) {
			t.Errorf("%d states, %v: expected %d", r.Unique, r.Err, side*side)
		} else if forgets != nil {
			wantImpure(t, []error{r.Err}, "the model", "Each of [310,290]", "it changed and did not restore the state that it was given: [0]")
		}
		r.Close()
	}
}

// mirrored is a model whose Each leaves two rows with the same memory where these are the same.
type mirrored struct{ side int }

type mirror struct {
	Rows [][]int
	At   [2]int
}

func (g mirrored) Initial() []mirror { return []mirror{{Rows: [][]int{{0}, {0}}}} }

func (g mirrored) Actions(s mirror) (all []int) {
	for i := range 2 {
		if s.Rows[0][0]+s.Rows[1][0] == 0 {
			all = append(all, i)
		}
		if s.At[i] < g.side-1 {
			all = append(all, 2+i)
		}
	}
	return all
}

func (g mirrored) Next(s mirror, i int) (mirror, bool) {
	if i < 2 {
		s.Rows = slices.Clone(s.Rows)
		s.Rows[i] = []int{1}
	} else {
		s.At[i-2]++
	}
	return s, true
}

func (g mirrored) Each(s mirror, yield func(int, mirror)) {
	for _, i := range g.Actions(s) {
		if i < 2 {
			s.Rows[i][0]++
			yield(i, s)
			s.Rows[i][0]--
			continue
		}
		s.At[i-2]++
		yield(i, s)
		s.At[i-2]--
	}
	if s.Rows[0][0] == s.Rows[1][0] {
		s.Rows[0] = s.Rows[1]
	}
}

func (g mirrored) InPlace() {}

// TestEnumeratorThatShares expects a state that is changed in place to have memory of its own in every call.
func TestEnumeratorThatShares(t *testing.T) {
	const side = 200 // so that most states are expanded once
	r := checker.BFS(t.Context(), model.NewPlain(mirrored{side}), checker.Options{Workers: 1})
	defer r.Close()
	if want := 3 * side * side; r.Err != nil || r.Unique != want {
		t.Errorf("%d states, %v: expected %d", r.Unique, r.Err, want)
	}
}
