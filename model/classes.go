package model

import (
	"slices"

	"synod/model/statespace"
)

// Local states that cannot be distinguished by what is known are guessed to be equivalent: properties read the same
// of them, they respond to every event known of one of them in the same way, and they lead to equivalent states. The
// guess is made between two searches, from what the previous searches reached, and stands until the next one; the
// audit refutes it if more becomes known.

// classes are the guess for the local states of one actor: a union-find, closed under the known events of each class.
type classes struct {
	a       *auditor
	parent  map[node]node
	of      map[node]*class   // by root
	heads   map[uint32][]node // by what properties read: the first placed member of each class, in order
	journal []func()          // undo functions for a merge that may fail
	trying  bool
	steps   int
	first   map[node]node // by root: the first member, which represents the class
}

// class is a set of nodes that are guessed to be equivalent.
type class struct {
	members []node
	events  []statespace.ActionID // known of some member, and therefore events of all
	has     map[statespace.ActionID]bool
}

// maxMerger bounds the pairs and events that are examined to merge two local states. maxEffort plus stateEffort for
// each visited state bounds those of all merges of a check.
const (
	maxMerger   = 10_000
	maxEffort   = 200_000
	stateEffort = 100
)

func newClasses(a *auditor) *classes {
	return &classes{a: a, parent: make(map[node]node), of: make(map[node]*class), heads: make(map[uint32][]node)}
}

// guess partitions the known nodes into classes.
func (a *auditor) guess() *classes {
	s := newClasses(a)
	d := a.c.space.reduced.reducer
	for _, r := range a.seen {
		if d.effort > d.most() {
			break // The others represent themselves.
		}
		before := s.steps
		s.place(r)
		d.effort += s.steps - before
	}
	s.first = make(map[node]node)
	for _, r := range a.seen {
		if _, known := s.parent[r]; !known {
			continue
		}
		root := s.find(r)
		if _, known := s.first[root]; !known {
			s.first[root] = r
		}
	}
	return s
}

// find returns the root of a node's class.
func (s *classes) find(r node) node {
	for s.parent[r] != r {
		r = s.parent[r]
	}
	return r
}

// undo records how to undo a change.
func (s *classes) undo(f func()) {
	if s.trying {
		s.journal = append(s.journal, f)
	}
}

// node creates a class for a node that has none, and appends the known events of the node to events.
func (s *classes) node(r node, events []deed) []deed {
	if _, known := s.parent[r]; known {
		return events
	}
	s.parent[r] = r
	s.of[r] = &class{members: []node{r}, has: make(map[statespace.ActionID]bool)}
	s.undo(func() { delete(s.parent, r); delete(s.of, r) })
	return append(events, s.a.factsOf(r)...)
}

// place puts a node into the first class that it fits, or into a class of its own.
func (s *classes) place(r node) {
	if r.down {
		return // Kept data is merged with the states that keep it.
	}
	s.merge(nil, s.node(r, nil))
	look := s.a.looks(r)
	for _, head := range s.heads[look] {
		c := s.find(head)
		if c == s.find(r) {
			return
		}
		s.steps++
		if s.quick(r, c) && s.merge([][2]node{{c, r}}, nil) {
			return
		}
	}
	s.heads[look] = append(s.heads[look], r)
}

// quick reports whether a node might fit a class. It is cheap.
func (s *classes) quick(r, c node) bool {
	for _, e := range s.of[c].events {
		if !s.a.alike(c, r, e) {
			return false
		}
	}
	for _, d := range s.a.factsOf(r) {
		if !s.a.alike(c, r, d.e) {
			return false
		}
	}
	return true
}

// merge unites pairs of nodes, and adds events to the classes of nodes, with all consequences. If two members of a
// class are distinguishable, it changes nothing and returns false.
func (s *classes) merge(pairs [][2]node, events []deed) bool {
	s.trying, s.journal = true, s.journal[:0]
	ok := true
	for steps := 0; ok && (len(pairs) > 0 || len(events) > 0); steps++ {
		s.steps++
		if steps > maxMerger { // It may not terminate if numbers grow.
			ok = false
			break
		}
		if n := len(events); n > 0 {
			d := events[n-1]
			pairs, events, ok = s.add(d, pairs, events[:n-1])
			continue
		}
		p := pairs[len(pairs)-1]
		pairs, events, ok = s.unite(p, pairs[:len(pairs)-1], events)
	}
	s.trying = false
	if !ok {
		for _, undo := range slices.Backward(s.journal) {
			undo()
		}
	}
	return ok
}

// add adds an event to a class.
func (s *classes) add(d deed, pairs [][2]node, events []deed) ([][2]node, []deed, bool) {
	events = s.node(d.at, events)
	root := s.find(d.at)
	c := s.of[root]
	if c.has[d.e] {
		return pairs, events, true
	}
	n := len(c.events)
	c.has[d.e] = true
	c.events = append(c.events, d.e)
	s.undo(func() { delete(c.has, d.e); c.events = c.events[:n] })
	next, moves, ok := s.a.leads(root, d.e)
	if !ok {
		return pairs, events, false
	}
	for _, m := range c.members {
		if m == root {
			continue
		}
		if !s.a.alike(root, m, d.e) {
			return pairs, events, false
		}
		if other, _, _ := s.a.leads(m, d.e); moves {
			pairs = append(pairs, [2]node{next, other})
		}
	}
	if moves {
		events = s.node(next, events)
	}
	return pairs, events, true
}

// unite merges two classes.
func (s *classes) unite(p [2]node, pairs [][2]node, events []deed) ([][2]node, []deed, bool) {
	events = s.node(p[0], s.node(p[1], events))
	big, small := s.find(p[0]), s.find(p[1])
	if big == small {
		return pairs, events, true
	}
	if big.down != small.down || s.a.looks(big) != s.a.looks(small) {
		return pairs, events, false
	}
	if len(s.of[big].members) < len(s.of[small].members) {
		big, small = small, big
	}
	b, c := s.of[big], s.of[small]
	for _, e := range c.events {
		if !b.has[e] {
			events = append(events, deed{big, e})
			continue
		}
		if !s.a.alike(big, small, e) {
			return pairs, events, false
		}
		next, moves, _ := s.a.leads(big, e)
		if other, _, _ := s.a.leads(small, e); moves {
			pairs = append(pairs, [2]node{next, other})
		}
	}
	for _, e := range b.events {
		if c.has[e] {
			continue
		}
		next, moves, _ := s.a.leads(big, e)
		for _, m := range c.members {
			if !s.a.alike(big, m, e) {
				return pairs, events, false
			}
			if other, _, _ := s.a.leads(m, e); moves {
				pairs = append(pairs, [2]node{next, other})
			}
		}
	}
	n := len(b.members)
	s.parent[small] = big
	b.members = append(b.members, c.members...)
	s.undo(func() { s.parent[small] = small; b.members = b.members[:n] })
	return pairs, events, true
}

// form returns the node that represents the class of another. An unknown node represents itself.
func (s *classes) form(r node) node {
	if first, known := s.known(r); known {
		return first
	}
	return r
}

// has reports whether a node was placed; false for a nil s.
func (s *classes) has(r node) bool {
	if s == nil {
		return false
	}
	_, ok := s.parent[r]
	return ok
}

// known returns the representative of a placed node.
func (s *classes) known(r node) (node, bool) {
	if _, known := s.parent[r]; !known {
		return r, false
	}
	first, ok := s.first[s.find(r)]
	return first, ok
}

// looks returns a number for what properties read of a node.
func (a *auditor) looks(r node) uint32 {
	if r.down {
		return 0
	}
	c := a.c
	var few [16]uint32
	values := few[:0]
	for i, p := range c.space.sys.projections {
		if p.slot == c.slot {
			values = append(values, c.project(r.local, i))
		}
	}
	id, _ := a.views.Intern(values)
	return id + 1
}

// factsOf returns the known events of a node.
func (a *auditor) factsOf(r node) []deed { return a.facts[r] }

// learn records an event of a node.
func (a *auditor) learn(d deed) {
	if a.learnt[d] {
		return
	}
	a.learnt[d] = true
	a.facts[d.at] = append(a.facts[d.at], d)
}

// leads returns the node after an event, and whether the event changes the node. It is not ok if the handler fails.
func (a *auditor) leads(r node, e statespace.ActionID) (to node, moves, ok bool) {
	o := a.c.outcome(r.local, e)
	if o.err() != nil {
		return r, false, false
	}
	if o.ignored != statespace.Counts {
		return r, false, true
	}
	if a.c.eventOf(outcomeKey{r.local, e}).kind == statespace.Crash {
		return node{o.local, true}, true, true
	}
	return node{local: a.c.stated(o.local)}, true, true
}

// alike reports whether two nodes respond to an event in the same way, apart from the next state.
func (a *auditor) alike(r, s node, e statespace.ActionID) bool {
	x, y := a.c.outcome(r.local, e), a.c.outcome(s.local, e)
	return x.err() == nil && y.err() == nil && sameAnswer(x, y)
}

// sameAnswer reports whether two outcomes are equal apart from the state.
func sameAnswer(x, y *outcome) bool {
	return x.ignored == y.ignored && x.idle == y.idle && slices.Equal(x.effects, y.effects) &&
		slices.Equal(x.timers(), y.timers()) && slices.Equal(x.choices(), y.choices())
}
