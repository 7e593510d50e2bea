package checker

import (
	"slices"
	"sync/atomic"

	"synod/checker/internal/store"
	"synod/model/statespace"
)

// The marks of a state while a survey judges a property of paths.
const (
	markMember   = 1 << iota // a path that violates the property may pass through it
	markAsked                // whether it is a member has been checked
	markSeed                 // for leads to: the demand arises here
	markTerminal             // a member without a transition to another state
	markTrimmed              // a member on no cycle, as no cycle leads to it
	markCyclic               // a member on a cycle of members
	markGoal                 // a goal of the path that witnesses the violation
)

// pursuit decides a property of paths: eventually, or leads to. The members, called N in docs/liveness.md, are the
// states that do not satisfy the property and are reached through such states only: from the initial states, or for
// leads to from all states where the demand arises. The property is violated if a member is terminal, or if members
// form a cycle.
//
// Members are expanded once to find them all. A pursuit takes a byte and a 32-bit word per visited state; the survey
// also holds the transitions, as far as there is room: see edges.
type pursuit struct {
	*survey
	property  int
	expect    statespace.Expectation
	marks     *marks
	degrees   *numbers // per state: edges from members not yet trimmed; later used by Tarjan's algorithm
	members   atomic.Int64
	terminals atomic.Int64
	open      atomic.Int64 // members with transitions cut by the boundary, or that were not expanded
	looping   bool         // cycles of members have to be searched for
	goal      uint8        // the mark of the states that the path must lead to; 0 if the property is not violated
}

// pursuitBytes is the number of bytes of a pursuit per place.
const pursuitBytes = 4 + 1

func (s *survey) newPursuit(property int) (*pursuit, error) {
	p := &pursuit{survey: s, property: property, expect: s.e.judge.properties[property].Expect}
	var err error
	if p.marks, err = s.newMarks(); err != nil {
		return nil, err
	}
	if p.expect == statespace.Quiescent {
		return p, nil
	}
	if p.degrees, err = s.newNumbers(1); err != nil {
		p.marks.free()
		return nil, err
	}
	if s.edges == nil {
		s.edges = s.newEdges()
	}
	return p, nil
}

func (p *pursuit) free() {
	p.marks.free()
	if p.degrees != nil {
		p.degrees.free()
	}
}

// find finds the members, and chooses the goal of a path that witnesses a violation: a terminal member if there is
// one. Otherwise it removes the members that no cycle leads to; if some are left, cycles have to be searched for.
func (p *pursuit) find() {
	for _, v := range p.of {
		v.holds = newAsker(p.e.judge.predicates[p.property], statespace.NewReading(p.e.space))
	}
	for next := p.seed(); next.Size() > 0 && !p.over(); {
		p.members.Add(int64(next.Size()))
		current := next
		next = p.collect(func() { p.drain(current, p.spread) })[0]
	}
	switch {
	case p.over():
	case p.terminals.Load() > 0:
		p.goal = markTerminal
	case !p.trim() && !p.over():
		p.looping = true
	}
}

// seed marks and returns the members that need no other member before them.
func (p *pursuit) seed() *store.Frontier {
	if p.expect == statespace.Eventually {
		return p.collect(func() {
			v := p.of[0]
			v.unknown = v.unknown[:0]
			for _, state := range p.e.initial {
				if at, ok := p.locate(v.w.pack(state)); ok && p.isNew(at) {
					v.unknown = append(v.unknown, at)
				}
			}
			v.admit(p, v.unknown)
		})[0]
	}
	return p.collect(p.sow)[0]
}

// isNew reports whether a state was not checked before. Of several concurrent callers, one gets true.
func (p *pursuit) isNew(at place) bool {
	return p.marks.get(at)&markAsked == 0 && p.marks.set(at, markAsked)&markAsked == 0
}

// admit judges new states, and marks those that do not satisfy the property as members. It reports false if the
// search must stop.
func (v *surveyor) admit(p *pursuit, batch []place) bool {
	return v.inspect(batch, func(at place, state []statespace.PartID) error {
		holds, err := v.holds.holds(state)
		if err != nil || holds {
			return err
		}
		p.marks.set(at, markMember)
		v.next[0].add(at)
		return nil
	})
}

// spread expands members, admits their successors, and counts the edges to each successor, even if it is not yet
// known to be a member.
func (p *pursuit) spread(v *surveyor, batch []place) bool {
	all := len(batch)
	batch = v.expanded(batch)
	open := all - len(batch)
	v.unknown = v.unknown[:0]
	if !v.expand(batch, func(i int, s steps) {
		for _, to := range s.to {
			atomic.AddUint32(p.degrees.at(to), 1)
			if p.isNew(to) {
				v.unknown = append(v.unknown, to)
			}
		}
		if s.cuts > 0 {
			open++
		} else if len(s.to) == 0 {
			p.marks.set(batch[i], markTerminal)
			p.terminals.Add(1)
		}
	}) {
		return false
	}
	p.open.Add(int64(open))
	return v.admit(p, v.unknown)
}

// eachEdge calls f for every transition from one of the given members to a member.
func (p *pursuit) eachEdge(v *surveyor, batch []place, f func(from, to place)) bool {
	return v.expand(batch, func(i int, s steps) {
		for _, to := range s.to {
			if p.isMember(to) {
				f(batch[i], to)
			}
		}
	})
}

func (p *pursuit) isMember(at place) bool {
	return p.expect == statespace.Quiescent || p.marks.get(at)&markMember != 0
}

// trim repeatedly removes members that no other member leads to. It reports whether none is left: then there is no
// cycle. Otherwise the members not marked as trimmed are on a cycle, or a cycle leads to them.
func (p *pursuit) trim() bool {
	var trimmed atomic.Int64
	take := func(v *surveyor, at place) {
		p.marks.set(at, markTrimmed)
		trimmed.Add(1)
		v.next[0].add(at)
	}
	next := p.collect(func() {
		first := func(at place) bool {
			return p.marks.get(at)&markMember != 0 && atomic.LoadUint32(p.degrees.at(at)) == 0
		}
		p.each(first, func(v *surveyor, batch []place) bool {
			for _, at := range batch {
				take(v, at)
			}
			return true
		})
	})[0]
	for next.Size() > 0 && !p.over() {
		current := next
		next = p.collect(func() {
			p.drain(current, func(v *surveyor, batch []place) bool {
				return p.eachEdge(v, v.expanded(batch), func(_, to place) {
					if atomic.AddUint32(p.degrees.at(to), ^uint32(0)) == 0 {
						take(v, to)
					}
				})
			})
		})[0]
	}
	return trimmed.Load() == p.members.Load()
}

// expanded removes from a batch the states that the search did not expand, and returns it.
func (v *surveyor) expanded(batch []place) []place {
	if v.left == nil {
		return batch
	}
	return slices.DeleteFunc(batch, v.isLeft)
}
