package checker_test

import (
	"testing"

	"synod/checker"
	"synod/internal/raced"
	"synod/model"
)

// Stateright's documentation and tests name two kinds of violations of "eventually" that it misses: a path that runs in a cycle, and one
// that joins an earlier path at a state from which the property held already on that one. These are the graphs of its own test,
// fixme_can_miss_counterexample_when_revisiting_a_state, in which a state is to be odd at last; its state 0 is 10 here.

func TestStaterightCycle(t *testing.T) {
	missedByStateright(t, digraph{[]int{10}, paths(10, 2, 4, 2), 0}, []int{10, 2, 4, 2}, 2)
}

func TestStaterightJoin(t *testing.T) {
	missedByStateright(t, digraph{[]int{10, 1}, paths(10, 2, 4, 0, 1, 4, 6), 0}, []int{10, 2, 4, 6}, 0)
}

// missedByStateright asks for the path that shows that not all states are odd at last, and for the step that its cycle begins with.
func missedByStateright(t *testing.T, g digraph, states []int, loop int) {
	t.Helper()
	for _, workers := range raced.Workers(1, 3) {
		for _, search := range []func() *checker.Result{
			func() *checker.Result {
				return checker.BFS(t.Context(), oddAtLast(g), checker.Options{Workers: workers})
			},
			func() *checker.Result {
				return checker.DFS(t.Context(), oddAtLast(g), checker.Options{Workers: workers})
			},
		} {
			r := search()
			p := r.Properties[0]
			if r.Err != nil || p.Verdict != checker.Violated || p.Path == nil {
				t.Fatalf("%s: %v, %v, expected a violation", r.Engine, p.Verdict, r.Err)
			}
			if got := len(p.Path.Steps); got != len(states)-1 || p.Path.Loop != loop {
				t.Errorf("%s: %d steps, a cycle from step %d; expected the path %v, from step %d", r.Engine, got, p.Path.Loop, states, loop)
			}
			r.Close()
		}
	}
}

func oddAtLast(g digraph) *model.Plain[int, edge] {
	p := g.plain()
	p.Eventually("odd", func(s int) bool { return s%2 == 1 })
	return p
}
