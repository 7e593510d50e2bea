package reference

import (
	"iter"
	"slices"
)

// Graph contains the reachable states of a model and all transitions between them.
type Graph[S any] struct {
	States  []S // distinct; the first Initial of them are the initial states
	Initial int // how many
	Edges   [][]Edge[S]
	Cut     []bool       // states with a transition outside the boundary
	Outside [][]S        // the targets of these transitions
	Fair    *Fairness[S] // the fairness of paths; nil for none
}

// Edge is a transition: the number of its target state, and that state as the model returned it.
type Edge[S any] struct {
	To  int
	Via S
}

// NewGraph explores a model, which must be finite. Edges are in the order in which the model returns successors.
func NewGraph[S any](m Model[S]) *Graph[S] {
	g := &Graph[S]{}
	numbers := make(map[string]int)
	number := func(s S) int {
		key := m.Key(s)
		n, known := numbers[key]
		if !known {
			n = len(g.States)
			numbers[key] = n
			g.States = append(g.States, s)
		}
		return n
	}
	inside := func(s S) bool { return m.Inside == nil || m.Inside(s) }
	for _, s := range m.Initial {
		if inside(s) {
			number(s)
		}
	}
	g.Initial = len(g.States)
	for n := 0; n < len(g.States); n++ {
		var edges []Edge[S]
		var outside []S
		for _, next := range m.Next(g.States[n]) {
			if !inside(next) {
				outside = append(outside, next)
				continue
			}
			edges = append(edges, Edge[S]{number(next), next})
		}
		g.Edges, g.Cut, g.Outside = append(g.Edges, edges), append(g.Cut, outside != nil), append(g.Outside, outside)
	}
	return g
}

// Outcome is the result for a property of paths.
type Outcome[S any] struct {
	Verdict Verdict
	Path    []S // the states on a path that shows a violation, as the model returned them
	Loop    int // the first transition of a cycle at its end, counted from 1; 0 for none
	Stuck   int // for Quiescent: the number of terminal states that violate it
}

// Terminal reports whether a state has no transition except to itself.
func (g *Graph[S]) Terminal(n int) bool {
	return !g.Cut[n] && !slices.ContainsFunc(g.Edges[n], func(e Edge[S]) bool { return e.To != n })
}

// Eventually decides whether every maximal path reaches a state that satisfies holds.
func (g *Graph[S]) Eventually(holds func(S) bool) Outcome[S] {
	seeds := make([]bool, len(g.States))
	for n := range g.Initial {
		seeds[n] = !holds(g.States[n])
	}
	return g.pursue(seeds, holds, false)
}

// LeadsTo decides whether every state that satisfies when also satisfies then, or is followed by one that does.
func (g *Graph[S]) LeadsTo(when, then func(S) bool) Outcome[S] {
	seeds := make([]bool, len(g.States))
	for n, s := range g.States {
		seeds[n] = when(s) && !then(s)
	}
	return g.pursue(seeds, then, true)
}

// spot is a state, and whether the demand that must not be met has arisen.
type spot struct {
	state int
	due   bool
}

// visit is a spot with the path by which it was first reached. places contains the index of the initial state, then
// the index of the edge taken in each state.
type visit[S any] struct {
	spot
	via    S
	before *visit[S]
	places []int
}

func (v *visit[S]) path() []S {
	if v == nil {
		return nil
	}
	return append(v.before.path(), v.via)
}

func (v *visit[S]) length() int {
	if v == nil {
		return 0
	}
	return v.before.length() + 1
}

// pursue searches for a maximal path that, from a seed on, never satisfies holds. If late is set, the path may begin
// before the seed, in any states.
func (g *Graph[S]) pursue(seeds []bool, holds func(S) bool, late bool) Outcome[S] {
	bad := func(n int) bool { return !holds(g.States[n]) }
	var all, level []*visit[S]
	met := make(map[spot]bool)
	meet := func(s spot, via S, before *visit[S], place int) {
		v := &visit[S]{s, via, before, []int{place}}
		if before != nil {
			v.places = append(slices.Clone(before.places), place)
		}
		level = append(level, v)
	}
	enter := func(n int, via S, before *visit[S], place int) {
		if late {
			meet(spot{n, false}, via, before, place)
		}
		if seeds[n] {
			meet(spot{n, true}, via, before, place)
		}
	}
	for n := range g.Initial {
		enter(n, g.States[n], nil, n)
	}
	for len(level) > 0 {
		// The least path to a spot comes first.
		slices.SortStableFunc(level, func(a, b *visit[S]) int { return slices.Compare(a.places, b.places) })
		current := level
		level = nil
		for _, v := range current {
			if met[v.spot] {
				continue
			}
			met[v.spot] = true
			all = append(all, v)
			for i, e := range g.Edges[v.state] {
				if v.due && bad(e.To) {
					meet(spot{e.To, true}, e.Via, v, i)
				} else if !v.due {
					enter(e.To, e.Via, v, i)
				}
			}
		}
	}
	open := false
	for _, v := range all {
		if v.due && g.Terminal(v.state) {
			return Outcome[S]{Verdict: Violated, Path: v.path()}
		}
		open = open || v.due && g.Cut[v.state]
	}
	if o, found := g.lasso(all, bad); found {
		return o
	}
	if open {
		return Outcome[S]{Verdict: Undecided}
	}
	return Outcome[S]{Verdict: Holds}
}

// lasso returns the shortest stem to a state on a cycle; of several, the first one with the shortest cycle.
func (g *Graph[S]) lasso(all []*visit[S], bad func(int) bool) (best Outcome[S], found bool) {
	stem, shortest := 0, 0
	for _, v := range all {
		if !v.due || found && v.length() > stem {
			continue
		}
		cycle := g.cycle(v.state, bad)
		if cycle == nil || found && len(cycle) >= shortest {
			continue
		}
		stem, shortest, found = v.length(), len(cycle), true
		best = Outcome[S]{Verdict: Violated, Path: append(v.path(), cycle...), Loop: stem}
	}
	return best, found
}

// cycle returns the states on the first of the shortest cycles through a state, which is the last of them, or nil.
func (g *Graph[S]) cycle(from int, bad func(int) bool) []S {
	if g.Fair != nil {
		return g.fairCycle(from, bad)
	}
	known := make(map[int]bool)
	all := []*visit[S]{{spot: spot{state: from}}}
	for i := 0; i < len(all); i++ {
		v := all[i]
		for _, e := range g.Edges[v.state] {
			if e.To == v.state || !bad(e.To) || known[e.To] {
				continue
			}
			known[e.To] = true
			next := &visit[S]{spot: spot{state: e.To}, via: e.Via, before: v}
			if e.To == from {
				return next.path()[1:]
			}
			all = append(all, next)
		}
	}
	return nil
}

// Quiescent decides whether every terminal state satisfies holds. The path leads to the least state that does not, in
// the order of less.
func (g *Graph[S]) Quiescent(holds func(S) bool, less func(a, b S) bool) Outcome[S] {
	least := -1
	o := Outcome[S]{Verdict: Holds}
	for n, s := range g.States {
		if !g.Terminal(n) || holds(s) {
			continue
		}
		o.Stuck++
		if least < 0 || less(s, g.States[least]) {
			least = n
		}
	}
	if least >= 0 {
		o.Verdict, o.Path = Violated, g.pathTo(least)
	}
	return o
}

// breadthFirst returns the states by increasing distance, each with the first of the shortest paths to it.
func (g *Graph[S]) breadthFirst() iter.Seq[*visit[S]] {
	return func(yield func(*visit[S]) bool) {
		known := make(map[int]bool)
		var all []*visit[S]
		for n := range g.Initial {
			known[n] = true
			all = append(all, &visit[S]{spot: spot{state: n}, via: g.States[n]})
		}
		for i := 0; i < len(all); i++ {
			if !yield(all[i]) {
				return
			}
			for _, e := range g.Edges[all[i].state] {
				if !known[e.To] {
					known[e.To] = true
					all = append(all, &visit[S]{spot: spot{state: e.To}, via: e.Via, before: all[i]})
				}
			}
		}
	}
}

// pathTo returns the states on the first of the shortest paths to a state.
func (g *Graph[S]) pathTo(to int) []S {
	for v := range g.breadthFirst() {
		if v.state == to {
			return v.path()
		}
	}
	return nil
}

// Refines decides whether the images of initial states are initial, and whether the images of the ends of every
// transition are equal or form a step.
func (g *Graph[S]) Refines(image func(S) string, initial func(string) bool, step func(from, to string) bool) Outcome[S] {
	for n := range g.Initial {
		if !initial(image(g.States[n])) {
			return Outcome[S]{Verdict: Violated, Path: []S{g.States[n]}}
		}
	}
	for v := range g.breadthFirst() {
		from := image(g.States[v.state])
		for _, e := range g.Edges[v.state] {
			if to := image(g.States[e.To]); from != to && !step(from, to) {
				return Outcome[S]{Verdict: Violated, Path: append(v.path(), e.Via)}
			}
		}
	}
	return Outcome[S]{Verdict: Holds}
}
