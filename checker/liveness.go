package checker

import (
	"slices"
	"sync/atomic"

	"synod/checker/internal/store"
	"synod/model/statespace"
)

// What a survey knows of a state while it judges a property of paths.
const (
	markMember   = 1 << iota // a path that violates the property may go through it
	markAsked                // whether one may has been asked
	markSeed                 // of leads to: where the demand arises
	markTerminal             // a member without a transition to another state
	markTrimmed              // a member that is on no cycle, as no cycle leads to it
	markCyclic               // a member on a cycle of members
	markGoal                 // where the path that shows the violation is to lead
)

// pursuit decides a property of paths: eventually, or leads to. The members, called N in docs/liveness.md, are the states
// that do not satisfy it and are reached through such states only: from the initial states, or of leads to from all
// states where the demand arises. The property is violated if a member is terminal, or if members form a cycle.
//
// Members are expanded once to find them all. Of each visited state a pursuit holds a byte and a word of 32 bits, and the survey
// the transitions, as far as there is room: see edges.
type pursuit struct {
	*survey
	property  int
	expect    statespace.Expectation
	marks     *marks
	degrees   *numbers // of states: edges from members that were not trimmed yet; later what Tarjan's algorithm needs
	members   atomic.Int64
	terminals atomic.Int64
	open      atomic.Int64 // members with a transition that the boundary cuts, or that were not expanded
}

func (s *survey) newPursuit(property int) (*pursuit, error) {
	p := &pursuit{survey: s, property: property, expect: s.e.judge.properties[property].Expect}
	var err error
	if p.marks, err = s.e.newMarks(); err != nil {
		return nil, err
	}
	if p.expect == statespace.Quiescent {
		return p, nil
	}
	if p.degrees, err = s.e.newNumbers(1); err != nil {
		p.marks.free()
		return nil, err
	}
	if s.edges == nil {
		s.edges = s.e.newEdges()
	}
	return p, nil
}

func (p *pursuit) free() {
	p.marks.free()
	if p.degrees != nil {
		p.degrees.free()
	}
}

// decide finds the members, and tells whether they violate the property. It gives what a path that shows it has to lead
// to: a terminal member if there is one, else one on a cycle; 0 if there is none.
func (p *pursuit) decide() (goal uint8) {
	for next := p.seed(); next.Size() > 0 && !p.over(); {
		p.members.Add(int64(next.Size()))
		current := next
		next = p.collect(func() { p.drain(current, p.spread) })[0]
	}
	switch {
	case p.over():
		return 0
	case p.terminals.Load() > 0:
		return markTerminal
	case p.trim() || p.over():
		return 0
	}
	if !p.findCycles() {
		return 0
	}
	return markCyclic
}

// seed marks the members that are so by themselves.
func (p *pursuit) seed() *store.Frontier {
	if p.expect == statespace.Eventually {
		return p.collect(func() {
			v := p.of[0]
			v.unknown = v.unknown[:0]
			for _, state := range p.e.initial {
				packed := v.w.pack(state)
				if at, ok := p.e.locate(packed); ok && p.isNew(at) {
					v.unknown = append(v.unknown, packed)
				}
			}
			v.admit(p, v.unknown)
		})[0]
	}
	all := func(place) bool { return true }
	return p.collect(func() {
		p.each(all, func(v *surveyor, keys []uint64) bool {
			return v.w.inspect(keys, func(i int, state []statespace.PartID) error {
				when, err := v.when.holds(state)
				if err != nil || !when {
					return err
				}
				at, _ := p.e.locate(keys[i])
				p.marks.set(at, markAsked)
				holds, err := v.holds.holds(state)
				if err != nil || holds {
					return err
				}
				p.marks.set(at, markSeed|markMember)
				v.next[0].add(keys[i])
				return nil
			})
		})
	})[0]
}

// isNew reports whether nobody asked about a state before. Of several who do so at once, one is told that.
func (p *pursuit) isNew(at place) bool {
	return p.marks.get(at)&markAsked == 0 && p.marks.set(at, markAsked)&markAsked == 0
}

// admit judges states that are new, and makes members of those that do not satisfy the property. It reports false if it must
// stop.
func (v *surveyor) admit(p *pursuit, keys []uint64) bool {
	return v.w.inspect(keys, func(i int, state []statespace.PartID) error {
		holds, err := v.holds.holds(state)
		if err != nil || holds {
			return err
		}
		at, _ := v.e.locate(keys[i])
		p.marks.set(at, markMember)
		v.next[0].add(keys[i])
		return nil
	})
}

// spread expands members. Their successors become members or not, and the edges to each are counted: who is a member need not be
// known yet.
func (p *pursuit) spread(v *surveyor, keys []uint64) bool {
	all := len(keys)
	keys = v.expanded(keys)
	p.open.Add(int64(all - len(keys)))
	if !v.expand(keys) {
		return false
	}
	v.unknown = v.unknown[:0]
	for _, successor := range v.successors {
		at, ok := v.e.locate(successor)
		if !ok {
			v.e.failAt(errChanged, nil)
			return false
		}
		atomic.AddUint32(p.degrees.at(at), 1)
		if p.isNew(at) {
			v.unknown = append(v.unknown, successor)
		}
	}
	slices.Sort(v.cut)
	p.open.Add(int64(len(slices.Compact(v.cut))))
	for i, key := range keys {
		if !v.alive[i] {
			at, _ := v.e.locate(key)
			p.marks.set(at, markTerminal)
			p.terminals.Add(1)
		}
	}
	return v.admit(p, v.unknown)
}

// eachEdge calls f with the place of every member, other than the state itself, that a transition of some members
// leads to.
func (p *pursuit) eachEdge(v *surveyor, keys []uint64, f func(source int, to uint64, at place)) bool {
	if !v.expand(keys) {
		return false
	}
	for i, successor := range v.successors {
		if at, ok := v.e.locate(successor); ok && p.isMember(at) {
			f(int(v.sources[i]), successor, at)
		}
	}
	return true
}

func (p *pursuit) isMember(at place) bool {
	return p.expect == statespace.Quiescent || p.marks.get(at)&markMember != 0
}

// trim takes away members to which no other leads, again and again, and tells whether nothing is left: then there is no
// cycle. Otherwise the members that are not marked as trimmed are on a cycle, or a cycle leads to them.
func (p *pursuit) trim() bool {
	var trimmed atomic.Int64
	take := func(v *surveyor, key uint64, at place) {
		p.marks.set(at, markTrimmed)
		trimmed.Add(1)
		v.next[0].add(key)
	}
	next := p.collect(func() {
		first := func(at place) bool {
			return p.marks.get(at)&markMember != 0 && atomic.LoadUint32(p.degrees.at(at)) == 0
		}
		p.each(first, func(v *surveyor, keys []uint64) bool {
			for _, key := range keys {
				at, _ := p.e.locate(key)
				take(v, key, at)
			}
			return true
		})
	})[0]
	for next.Size() > 0 && !p.over() {
		current := next
		next = p.collect(func() {
			p.drain(current, func(v *surveyor, keys []uint64) bool {
				return p.eachEdge(v, v.expanded(keys), func(_ int, to uint64, at place) {
					if atomic.AddUint32(p.degrees.at(at), ^uint32(0)) == 0 {
						take(v, to, at)
					}
				})
			})
		})[0]
	}
	return trimmed.Load() == p.members.Load()
}

// expanded returns the states that the search expanded.
func (v *surveyor) expanded(keys []uint64) []uint64 {
	if v.left == nil {
		return keys
	}
	v.keys = v.keys[:0]
	for _, key := range keys {
		if at, ok := v.e.locate(key); ok && !v.isLeft(at) {
			v.keys = append(v.keys, key)
		}
	}
	return v.keys
}
