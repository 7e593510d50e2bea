package liveness

import (
	"slices"
	"sync/atomic"

	"synod/checker/internal/store"
	"synod/model/statespace"
)

// The marks of a state while a property of paths is decided.
const (
	markMember   = 1 << iota // a path that violates the property may pass through it
	markAsked                // whether it is a member has been checked
	markSeed                 // for leads to: the demand arises here
	markTerminal             // a member without a transition to another state
	markTrimmed              // a member on no cycle, as no cycle leads to it
	markCyclic               // a member on a cycle of members
	markGoal                 // a goal of the path that witnesses the violation
)

// decision decides a property of paths: eventually, or leads to. The members, called N in docs/liveness.md, are the
// states that do not satisfy the property and are reached through such states only: from the initial states, or for
// leads to from all states where the demand arises. The property is violated if a member is terminal, or if members
// form a cycle.
//
// Members are expanded once to find them all. A decision takes a byte and a 32-bit word per visited state; the graph
// also holds the transitions, as far as there is room: see edges.
type decision struct {
	*Graph
	property  int
	expect    statespace.Expectation
	marks     *store.Marks
	degrees   *store.Numbers // per state: edges from members not yet trimmed; later used by Tarjan's algorithm
	members   atomic.Int64
	terminals atomic.Int64
	open      atomic.Int64 // members with transitions cut by the boundary, or that were not expanded
	looping   bool         // cycles of members have to be searched for
	goal      uint8        // the mark of the states that the path must lead to; 0 if the property is not violated
}

// decisionBytes is the number of bytes of a decision per place.
const decisionBytes = 4 + 1

func (g *Graph) newDecision(property int) (*decision, error) {
	d := &decision{Graph: g, property: property, expect: g.Properties[property].Expect}
	var err error
	if d.marks, err = g.NewMarks(); err != nil {
		return nil, err
	}
	if d.expect == statespace.Quiescent {
		return d, nil
	}
	if d.degrees, err = g.NewNumbers(1); err != nil {
		d.marks.Free()
		return nil, err
	}
	if g.edges == nil {
		g.edges = g.newEdges()
	}
	return d, nil
}

func (d *decision) free() {
	d.marks.Free()
	if d.degrees != nil {
		d.degrees.Free()
	}
}

// find finds the members, and chooses the goal of a path that witnesses a violation: a terminal member if there is
// one. Otherwise it removes the members that no cycle leads to; if some are left, cycles have to be searched for.
func (d *decision) find() {
	for _, v := range d.of {
		v.holds = d.Properties[d.property].Holds(statespace.NewReading(d.Space))
	}
	for next := d.seed(); next.Size() > 0 && !d.Over(); {
		d.members.Add(int64(next.Size()))
		current := next
		next = d.collect(func() { d.drain(current, d.spread) })[0]
	}
	switch {
	case d.Over():
	case d.terminals.Load() > 0:
		d.goal = markTerminal
	case !d.trim() && !d.Over():
		d.looping = true
	}
}

// seed marks and returns the members that need no other member before them.
func (d *decision) seed() *store.Frontier {
	if d.expect == statespace.Eventually {
		return d.collect(func() {
			v := d.of[0]
			v.unknown = v.unknown[:0]
			for _, state := range d.Initial {
				if at, ok := d.Locate(d.pack(state)); ok && d.isNew(at) {
					v.unknown = append(v.unknown, at)
				}
			}
			v.admit(d, v.unknown)
		})[0]
	}
	return d.collect(d.sow)[0]
}

// isNew reports whether a state was not checked before. Of several concurrent callers, one gets true.
func (d *decision) isNew(at place) bool {
	return d.marks.Get(at)&markAsked == 0 && d.marks.Set(at, markAsked)&markAsked == 0
}

// admit judges new states, and marks those that do not satisfy the property as members. It reports false if the
// search must stop.
func (v *visitor) admit(d *decision, batch []place) bool {
	return v.inspect(batch, func(at place, state []statespace.PartID) error {
		holds, err := v.holds(state)
		if err != nil || holds {
			return err
		}
		d.marks.Set(at, markMember)
		v.next[0].add(at)
		return nil
	})
}

// spread expands members, admits their successors, and counts the edges to each successor, even if it is not yet
// known to be a member.
func (d *decision) spread(v *visitor, batch []place) bool {
	all := len(batch)
	batch = v.expanded(batch)
	open := all - len(batch)
	v.unknown = v.unknown[:0]
	if !v.expand(batch, func(i int, s steps) {
		for _, to := range s.to {
			atomic.AddUint32(d.degrees.At(to), 1)
			if d.isNew(to) {
				v.unknown = append(v.unknown, to)
			}
		}
		if s.cuts > 0 {
			open++
		} else if len(s.to) == 0 {
			d.marks.Set(batch[i], markTerminal)
			d.terminals.Add(1)
		}
	}) {
		return false
	}
	d.open.Add(int64(open))
	return v.admit(d, v.unknown)
}

// eachEdge calls f for every transition from one of the given members to a member.
func (d *decision) eachEdge(v *visitor, batch []place, f func(from, to place)) bool {
	return v.expand(batch, func(i int, s steps) {
		for _, to := range s.to {
			if d.isMember(to) {
				f(batch[i], to)
			}
		}
	})
}

func (d *decision) isMember(at place) bool {
	return d.expect == statespace.Quiescent || d.marks.Get(at)&markMember != 0
}

// trim repeatedly removes members that no other member leads to. It reports whether none is left: then there is no
// cycle. Otherwise the members not marked as trimmed are on a cycle, or a cycle leads to them.
func (d *decision) trim() bool {
	var trimmed atomic.Int64
	take := func(v *visitor, at place) {
		d.marks.Set(at, markTrimmed)
		trimmed.Add(1)
		v.next[0].add(at)
	}
	next := d.collect(func() {
		first := func(at place) bool {
			return d.marks.Get(at)&markMember != 0 && atomic.LoadUint32(d.degrees.At(at)) == 0
		}
		d.each(first, func(v *visitor, batch []place) bool {
			for _, at := range batch {
				take(v, at)
			}
			return true
		})
	})[0]
	for next.Size() > 0 && !d.Over() {
		current := next
		next = d.collect(func() {
			d.drain(current, func(v *visitor, batch []place) bool {
				return d.eachEdge(v, v.expanded(batch), func(_, to place) {
					if atomic.AddUint32(d.degrees.At(to), ^uint32(0)) == 0 {
						take(v, to)
					}
				})
			})
		})[0]
	}
	return trimmed.Load() == d.members.Load()
}

// expanded removes from a batch the states that the search did not expand, and returns it.
func (v *visitor) expanded(batch []place) []place {
	if v.left == nil {
		return batch
	}
	return slices.DeleteFunc(batch, v.isLeft)
}
