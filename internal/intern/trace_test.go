package intern

import (
	"math/rand/v2"
	"testing"
)

// TestTrace makes values of others, of new memory and of theirs, and compares what a trace says of them with what a walk that
// compares all references with all says.
func TestTrace(t *testing.T) {
	type nest struct {
		Rows [][]int
		Row  []int
		Deep *[]int
		Two  [2][][]int
	}
	s, err := NewSplit[nest]()
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	row := func() []int { return make([]int, r.IntN(3), 3) }
	rows := func() (all [][]int) {
		for range r.IntN(4) {
			all = append(all, row())
		}
		return all
	}
	kept := func(were []stretch, v *nest) bool {
		var t Trace
		s.Trace(v, &t)
		ok := len(t.refs) == len(were)
		for i, r := range t.refs {
			ok = ok && (r.start == r.end || r == were[i])
		}
		return ok
	}
	told, shared := 0, 0
	for range 20_000 {
		deep := row()
		from := nest{rows(), row(), &deep, [2][][]int{rows(), rows()}}
		var trace Trace
		s.Trace(&from, &trace)
		were := trace.refs
		to := s.walker.Copy(from)
		if r.IntN(8) > 0 {
			to = from
		}
		some := func() []int { // its own, another one's, or a new one
			all := append(append([][]int{from.Row, *from.Deep, row(), nil}, from.Rows...), from.Two[0]...)
			one := all[r.IntN(len(all))]
			return one[r.IntN(len(one)+1):]
		}
		for range r.IntN(4) {
			switch r.IntN(5) {
			case 0:
				to.Row = some()
			case 1:
				if to.Rows = append([][]int(nil), to.Rows...); len(to.Rows) > 0 {
					to.Rows[r.IntN(len(to.Rows))] = some()
				}
			case 2:
				to.Two[0] = append(append([][]int(nil), to.Two[0]...), some())
			case 3:
				to.Two[1] = to.Rows
			case 4:
				if len(to.Rows) > 0 { // in place
					to.Rows[0] = some()
				}
			}
		}
		if same := kept(were, &to); s.Kept(&trace, &to) != same {
			t.Fatalf("%v: the same memory is %v", to, same)
		}
		err, want := s.FitsTrace(&trace, &from, &to), s.Fits(&from, &to)
		if (err == nil) != (want == nil) {
			t.Fatalf("%v: %v, expected %v", to, err, want)
		}
		if want != nil {
			shared++
		}
		trace.walking, trace.next, trace.fresh = true, 0, trace.fresh[:0]
		if trace.walk(s.walker.plan, s.walker.at(&to)) && trace.disjoint() {
			told++
		}
	}
	if told < 2_000 || shared < 2_000 {
		t.Errorf("%d told by the trace, %d shared: this shows little", told, shared)
	}
}
