package checker_test

import (
	"testing"

	"synod/checker"
	"synod/model"
)

// asked is a graph that counts how often it is asked for the actions of a state.
type asked struct {
	digraph
	times *int
}

func (a asked) Actions(s int) []edge {
	*a.times++
	return a.digraph.Actions(s)
}

// TestQuiescenceAlongTheWay makes sure that terminal states are judged when the search expands them, which it does once: a
// second look at all states would take about as long as the search.
func TestQuiescenceAlongTheWay(t *testing.T) {
	var numbers []int
	for n := range 1_000 {
		numbers = append(numbers, 1, n+2, n+2_000, 0)
	}
	graph := digraph{[]int{1}, paths(numbers...), 2_990}
	for _, search := range exhaustive {
		times := [2]int{}
		for with := range times {
			p := model.NewPlain[int, edge](asked{graph, &times[with]})
			p.Within(func(s int) bool { return s < graph.limit })
			if with == 1 {
				p.Quiescent("in time", func(s int) bool { return s >= 2_000 })
			}
			r := search(t.Context(), p, checker.Options{Workers: 1})
			defer r.Close()
			if r.Err != nil || r.Unique != 1+1_000+990 {
				t.Fatalf("%s: %d states, %v", r.Engine, r.Unique, r.Err)
			}
			// Ten states have a step that the boundary cuts alone, so that they are not terminal.
			if with == 1 && (r.Properties[0].Verdict != checker.Holds || r.Properties[0].Stuck.Terminal != 990) {
				t.Errorf("%s: %v, %+v", r.Engine, r.Properties[0].Verdict, r.Properties[0].Stuck)
			}
		}
		if times[0] != times[1] {
			t.Errorf("asked for the actions of a state %d times, and %d times with a property about terminal states", times[0], times[1])
		}
	}
}
