package model

import (
	"slices"

	"synod/model/statespace"
)

// The graph of local states that an audit followed tells more than what a search may leave out: whether a message is
// dead where it is in flight, also if messages of its type are kept because others of them are read.

// maxFollowing bounds the local states that are examined to find out whether a message is dead.
const maxFollowing = 20_000

// Dead implements Reducer.
func (d *reducer) Dead(audited, of statespace.Space, state []statespace.PartID) ([]statespace.DeadLetter, error) {
	sp, from := spaceOf(audited), spaceOf(of)
	if sp.reduced == nil || !sp.reduced.letters {
		return nil, nil
	}
	var dead []statespace.DeadLetter
	for slot, a := range sp.reduced.auditors {
		old := from.slots[slot].(*cells)
		for _, key := range a.deadIn(old, old.at(state[slot])) {
			dead = append(dead, statespace.DeadLetter{Slot: slot, Key: key})
		}
	}
	return dead, nil
}

// deadIn returns the keys of the dead messages in a cell of another space, without repeats.
func (a *auditor) deadIn(old *cells, t [tupleLength]uint32) (keys []string) {
	c := a.c
	box := old.mailbox.at(t[tupleMailbox], nil)
	if len(box) == 0 {
		return nil
	}
	var at node
	if at.down = t[tupleTimers] == isDown; at.down {
		at.local = internCopy(c.kept, old.kept.Value(t[tupleLocal]))
	} else {
		at.local = c.norm(internCopy(c.states, old.states.Value(t[tupleLocal])))
	}
	follows := a.following(at)
	if len(follows) == 0 {
		return nil
	}
	for _, l := range box {
		l = c.space.letter(old.space, l)
		envelope := c.space.envelope(l.Source, uint32(c.slot), l.Message)
		key := string(c.space.encode(nil, envelope))
		if slices.Contains(keys, key) || c.space.reduced.picks(envelope) {
			continue
		}
		e := c.number(statespace.Deliver, l.Source, l.Message)
		reads := func(local uint32) bool {
			o := c.outcome(local, e)
			return o.err() != nil || o.ignored == statespace.Counts
		}
		if !slices.ContainsFunc(follows, reads) {
			keys = append(keys, key)
		}
	}
	return keys
}

// following returns the local states in which an actor may receive a message that is in flight at a node, as far as
// they were audited. It returns none if the node was not audited, or if there are too many.
func (a *auditor) following(at node) (locals []uint32) {
	if a.nodes[at] == nil {
		return nil
	}
	met := map[node]bool{at: true}
	for todo := []node{at}; len(todo) > 0; {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !next.down {
			locals = append(locals, next.local)
		}
		if len(met) > maxFollowing {
			return nil
		}
		n := a.nodes[next]
		if n == nil {
			continue
		}
		for _, to := range n.after {
			if !met[to] {
				met[to] = true
				todo = append(todo, to)
			}
		}
	}
	return locals
}
