package checker_test

import (
	"encoding/binary"
	"maps"
	"slices"
	"strings"
	"testing"

	"synod/examples/catalog"
	"synod/internal/raced"
	"synod/model/statespace"
)

// A labelled edge is a transition of a graph: the action, as a number, the slot that acts, and the state that it leads
// to.
type labelled struct{ action, slot, to int32 }

// A graph is a space, written out: the transitions of each state, in the order of their actions, and the verdicts of
// its properties of states as bits. States are numbered in the order of a breadth-first search.
type graph struct {
	edges    [][]labelled
	verdicts []uint64
	initials int
	slots    int
}

// writeOut explores a space of at most so many states, and reports whether that was all.
func writeOut(t *testing.T, src statespace.Source, most int) (graph, bool) {
	t.Helper()
	space, err := src.Space()
	if err != nil {
		t.Fatal(err)
	}
	defer space.Close()
	initials, err := statespace.Initials(space)
	if err != nil {
		t.Fatal(err)
	}
	var g graph
	var states [][]statespace.PartID
	known, actions := make(map[string]int32), make(map[string]int32)
	number := func(state []statespace.PartID) int32 {
		var key []byte
		for _, id := range state {
			key = binary.AppendUvarint(key, uint64(id))
		}
		n, ok := known[string(key)]
		if !ok {
			n = int32(len(states))
			known[string(key)] = n
			states = append(states, slices.Clone(state))
		}
		return n
	}
	for _, state := range initials {
		number(state)
	}
	g.initials, g.slots = len(states), len(initials[0])
	reading := statespace.NewReading(space)
	for i := 0; i < len(states); i++ {
		if len(states) > most {
			return g, false
		}
		var verdicts uint64
		for p, property := range space.Properties() {
			if property.Expect.OfStates() {
				if holds, _ := reading.Judge(property.Holds, states[i]); holds {
					verdicts |= 1 << p
				}
			}
		}
		ts, err := statespace.Transitions(space, states[i])
		if err != nil {
			t.Fatal(err)
		}
		var out []labelled
		for _, tr := range ts {
			if tr.Ignored != statespace.Counts || tr.Cut {
				continue
			}
			a, ok := actions[tr.Action.Key]
			if !ok {
				a = int32(len(actions))
				actions[tr.Action.Key] = a
			}
			out = append(out, labelled{a, int32(tr.Slot), number(tr.State)})
		}
		slices.SortFunc(out, func(a, b labelled) int { return int(a.action) - int(b.action) })
		g.edges, g.verdicts = append(g.edges, out), append(g.verdicts, verdicts)
	}
	return g, true
}

// transitions counts those of all states.
func (g graph) transitions() int {
	n := 0
	for _, out := range g.edges {
		n += len(out)
	}
	return n
}

// after returns where an action of a state leads, or -1 where it is not enabled.
func (g graph) after(state, action int32) int32 {
	out := g.edges[state]
	i, ok := slices.BinarySearchFunc(out, action, func(e labelled, a int32) int { return int(e.action) - int(a) })
	if !ok {
		return -1
	}
	return out[i].to
}

// commute reports whether two actions of a state keep each other enabled and lead to the same state in either order.
// No relation that is computed from the slots that they touch lets more actions commute.
func (g graph) commute(a, b labelled) bool {
	ab, ba := g.after(a.to, b.action), g.after(b.to, a.action)
	return ab >= 0 && ab == ba
}

// asleep counts the transitions that a breadth-first search with sleep sets takes (P. Godefroid, 1996, chapter 5, with
// stored states): it visits every state, and does not take an action of which it knows that an order visited before
// leads to the same.
func (g graph) asleep() (states, taken int) {
	sleep := make([]map[int32]bool, len(g.edges)) // nil for what was not met
	done := make([]map[int32]bool, len(g.edges))
	queued := make([]bool, len(g.edges))
	var queue []int32
	arrive := func(state int32, with map[int32]bool) {
		if sleep[state] == nil {
			sleep[state], done[state] = with, make(map[int32]bool)
		} else {
			before := len(sleep[state])
			maps.DeleteFunc(sleep[state], func(a int32, _ bool) bool { return !with[a] })
			if before == len(sleep[state]) {
				return // nothing of it has to be taken that was not
			}
		}
		if !queued[state] {
			queued[state] = true
			queue = append(queue, state)
		}
	}
	for i := range g.initials {
		arrive(int32(i), make(map[int32]bool))
	}
	for len(queue) > 0 {
		state := queue[0]
		queue, queued[state] = queue[1:], false
		var earlier []labelled // what an order that was taken, or will be, begins with
		for _, e := range g.edges[state] {
			if sleep[state][e.action] || done[state][e.action] {
				earlier = append(earlier, e)
			}
		}
		for _, e := range g.edges[state] {
			if sleep[state][e.action] || done[state][e.action] {
				continue
			}
			done[state][e.action] = true
			taken++
			with := make(map[int32]bool)
			for _, b := range earlier {
				if g.commute(e, b) {
					with[b.action] = true
				}
			}
			earlier = append(earlier, e)
			arrive(e.to, with)
		}
	}
	for _, s := range sleep {
		if s != nil {
			states++
		}
	}
	return states, taken
}

// persistent counts the states and transitions of a search that takes, in every state in which that is sound, the
// actions of one actor only: the least set of those that are persistent, and invisible to the properties. It knows the
// whole future, and needs no proviso for cycles: no choice that a search can make without that is better.
func (g graph) persistent() (states, taken int, sometimes, always uint64) {
	disturbed := g.disturbed()
	always = ^uint64(0)
	met := make([]bool, len(g.edges))
	var queue []int32
	arrive := func(state int32) {
		if !met[state] {
			met[state] = true
			queue = append(queue, state)
		}
	}
	for i := range g.initials {
		arrive(int32(i))
	}
	for len(queue) > 0 {
		state := queue[0]
		queue = queue[1:]
		states++
		sometimes, always = sometimes|g.verdicts[state], always&g.verdicts[state]
		chosen := g.edges[state]
		for slot := range g.slots {
			mine := g.of(state, int32(slot))
			visible := slices.ContainsFunc(mine, func(e labelled) bool { return g.verdicts[e.to] != g.verdicts[state] })
			if len(mine) > 0 && len(mine) < len(chosen) && !visible && !disturbed[slot][state] {
				chosen = mine
			}
		}
		for _, e := range chosen {
			taken++
			arrive(e.to)
		}
	}
	return states, taken, sometimes, always
}

// of returns the transitions of a state that are those of a slot.
func (g graph) of(state, slot int32) []labelled {
	var mine []labelled
	for _, e := range g.edges[state] {
		if e.slot == slot {
			mine = append(mine, e)
		}
	}
	return mine
}

// disturbed returns for each slot and state whether the others can, without it, come to do something that does not
// commute with what the slot can do in that state, or that lets the slot do more.
func (g graph) disturbed() [][]bool {
	into := make([][]labelled, len(g.edges)) // edges backwards: to is where they come from
	for s, out := range g.edges {
		for _, e := range out {
			into[e.to] = append(into[e.to], labelled{e.action, e.slot, int32(s)})
		}
	}
	all := make([][]bool, g.slots)
	for slot := range all {
		marked := make([]bool, len(g.edges))
		var queue []int32
		for s := range g.edges {
			mine := g.of(int32(s), int32(slot))
			for _, e := range g.edges[s] {
				if e.slot == int32(slot) || marked[s] {
					continue
				}
				more := len(g.of(e.to, int32(slot))) > len(mine)
				if more || slices.ContainsFunc(mine, func(m labelled) bool { return !g.commute(m, e) }) {
					marked[s] = true
					queue = append(queue, int32(s))
				}
			}
		}
		for len(queue) > 0 {
			s := queue[0]
			queue = queue[1:]
			for _, e := range into[s] {
				if e.slot != int32(slot) && !marked[e.to] {
					marked[e.to] = true
					queue = append(queue, e.to)
				}
			}
		}
		all[slot] = marked
	}
	return all
}

// TestInterleavings measures how many transitions a search would not generate if it left out orders of actions that
// commute: by sleep sets, which visit every state, and by persistent sets, which do not. docs/reduction.md has the
// figures. Both see the same verdicts as the whole graph.
func TestInterleavings(t *testing.T) {
	raced.Alone(t)
	for _, c := range []struct{ model, settings string }{
		{"single-decree", "clients=2"},
		{"single-decree", "clients=3"},
		{"abd", "clients=2"},
		{"abd", "clients=3"},
		{"durable-abd", "clients=1 lossy=explicit max-down=1 max-crashes=1"},
		{"multi-paxos", "clients=1"},
		{"multi-paxos", "clients=2 ballots=1"},
		{"multi-paxos", "clients=1 network=ordered"},
		{"multi-paxos-roles", "leaders=1 clients=2"},
		{"multi-paxos-roles", "replicas=1"},
		{"system-builders", ""},
		{"system-builders", "electing=1"},
		{"three-phase-commit", ""},
		{"lease", "clients=2"},
		{"dining-philosophers", "philosophers=4"},
	} {
		t.Run(c.model+" "+c.settings, func(t *testing.T) {
			src := parsed(t, c.model, c.settings)
			most := 25_000
			if brief() {
				most = 1_000
			}
			if *long {
				most = 2_000_000
			}
			g, whole := writeOut(t, src, most)
			if !whole {
				t.Skipf("more than %d states", most)
			}
			full := g.transitions()
			states, awake := g.asleep()
			if states != len(g.edges) {
				t.Errorf("sleep sets visit %d states of %d", states, len(g.edges))
			}
			fewer, chosen, sometimes, always := g.persistent()
			someOf, allOf := uint64(0), ^uint64(0)
			for _, v := range g.verdicts {
				someOf, allOf = someOf|v, allOf&v
			}
			if sometimes != someOf || always != allOf {
				t.Errorf("persistent sets see the verdicts %b and %b, the whole graph %b and %b", sometimes, always, someOf, allOf)
			}
			factor := func(n int) float64 { return float64(full) / float64(n) }
			t.Logf("%d states, %d transitions; sleep sets %d (%.2f times fewer); persistent sets %d states, %d (%.2f)",
				len(g.edges), full, awake, factor(awake), fewer, chosen, factor(chosen))
		})
	}
}

// parsed builds a model of the catalogue with the settings that are given as words.
func parsed(t testing.TB, name, settings string) statespace.Source {
	t.Helper()
	e, err := catalog.All().Find(name)
	if err != nil {
		t.Fatal(err)
	}
	words := make(map[string]string)
	for _, word := range strings.Fields(settings) {
		name, value, _ := strings.Cut(word, "=")
		words[name] = value
	}
	_, src, err := e.Open(words)
	if err != nil {
		t.Fatal(err)
	}
	return src
}
