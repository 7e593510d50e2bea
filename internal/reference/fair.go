package reference

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Fairness returns the names of the sets of actions that contain a transition: those that paths are weakly fair to,
// and those that they are strongly fair to.
type Fairness[S any] struct {
	Weak, Strong func(via S) []string
}

// debts are the sets that a walk around a loop has encountered: owed, or paid if strong.
type debts struct {
	weak   map[string]bool // enabled in all states so far, and never taken
	strong map[string]bool // enabled in some state; true while never taken
}

func (d debts) clone() debts { return debts{maps.Clone(d.weak), maps.Clone(d.strong)} }

func (d debts) none() bool {
	for _, owed := range d.strong {
		if owed {
			return false
		}
	}
	return len(d.weak) == 0
}

func (d debts) String() string {
	weak := slices.Sorted(maps.Keys(d.weak))
	var strong []string
	for _, set := range slices.Sorted(maps.Keys(d.strong)) {
		strong = append(strong, fmt.Sprint(set, d.strong[set]))
	}
	return fmt.Sprintf("%q%q", weak, strong)
}

// enabled returns the sets with a transition from a state to another state, including transitions outside the
// boundary.
func (g *Graph[S]) enabled(n int, sets func(S) []string) map[string]bool {
	all := make(map[string]bool)
	for _, e := range g.Edges[n] {
		if e.To == n {
			continue
		}
		for _, set := range sets(e.Via) {
			all[set] = true
		}
	}
	for _, via := range g.Outside[n] {
		for _, set := range sets(via) {
			all[set] = true
		}
	}
	return all
}

// meet updates debts with a state.
func (g *Graph[S]) meet(d debts, n int) {
	weak := g.enabled(n, g.Fair.Weak)
	maps.DeleteFunc(d.weak, func(set string, _ bool) bool { return !weak[set] })
	for set := range g.enabled(n, g.Fair.Strong) {
		if _, met := d.strong[set]; !met {
			d.strong[set] = true
		}
	}
}

// fairCycle returns the states on the first of the shortest fair cycles through a state, which is the last of them,
// or nil. It searches over states combined with debts.
func (g *Graph[S]) fairCycle(from int, bad func(int) bool) []S {
	type node struct {
		*visit[S]
		debts
	}
	begin := debts{g.enabled(from, g.Fair.Weak), make(map[string]bool)}
	g.meet(begin, from)
	all := []node{{&visit[S]{spot: spot{state: from}}, begin}}
	known := make(map[string]bool)
	for i := 0; i < len(all); i++ {
		v := all[i]
		for _, e := range g.Edges[v.state] {
			if e.To == v.state || !bad(e.To) {
				continue
			}
			after := v.debts.clone()
			for _, set := range g.Fair.Weak(e.Via) {
				delete(after.weak, set)
			}
			for _, set := range g.Fair.Strong(e.Via) {
				after.strong[set] = false
			}
			g.meet(after, e.To)
			next := &visit[S]{spot: spot{state: e.To}, via: e.Via, before: v.visit}
			if e.To == from && after.none() {
				return next.path()[1:]
			}
			key := fmt.Sprint(e.To, strings.TrimSpace(after.String()))
			if !known[key] {
				known[key] = true
				all = append(all, node{next, after})
			}
		}
	}
	return nil
}
