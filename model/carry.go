package model

import (
	"fmt"
	"slices"

	"synod/model/statespace"
	"synod/network"
)

// Carrying copies a state from one space of a source to another, so that a random walk can continue in fresh tables
// when the old ones are full.

// carrier is a slot that can copy contents of the same slot in another space.
type carrier interface {
	carry(from any, id statespace.PartID) (statespace.PartID, error)
}

// Carry returns the ids of a state of another space of the same system.
func (sp *space) Carry(from statespace.Space, state []statespace.PartID) ([]statespace.PartID, error) {
	old, ok := from.(*space)
	if !ok || len(old.slots) != len(sp.slots) {
		return nil, fmt.Errorf("carry a state: the spaces are of different systems")
	}
	carried := make([]statespace.PartID, len(state))
	for slot, id := range state {
		var err error
		if carried[slot], err = sp.slots[slot].(carrier).carry(old.slots[slot], id); err != nil {
			return nil, err
		}
	}
	return carried, nil
}

// letter translates a message from the numbers of another space to those of this one.
func (sp *space) letter(from *space, l network.Letter) network.Letter {
	return network.Letter{
		Source:  sp.ends.number(from.ends.id(l.Source)),
		Message: internCopy(sp.messages, from.messages.Value(l.Message)),
	}
}

func (c *cells) carry(from any, id statespace.PartID) (statespace.PartID, error) {
	old := from.(*cells)
	t := old.at(id)
	var tuple [tupleLength]uint32
	tuple[tupleMailbox] = c.mailbox.empty()
	for _, l := range old.mailbox.at(t[tupleMailbox], nil) {
		tuple[tupleMailbox] = c.mailbox.put(tuple[tupleMailbox], c.space.letter(old.space, l))
	}
	if t[tupleTimers] == isDown {
		tuple[tupleLocal] = internCopy(c.kept, old.kept.Value(t[tupleLocal]))
		tuple[tupleTimers], tuple[tupleChoices] = isDown, c.none
		return c.settled(tuple), nil
	}
	local := internCopy(c.states, old.states.Value(t[tupleLocal]))
	if c.normal != nil {
		c.resumed = append(c.resumed, local)
	}
	tuple[tupleLocal] = c.norm(local)
	tuple[tupleTimers] = c.carryList(old.lists.At(t[tupleTimers]), func(timer uint32) uint32 {
		number, _ := c.timers.Intern(old.timers.Value(timer))
		return number
	})
	tuple[tupleChoices] = c.carryList(old.lists.At(t[tupleChoices]), func(choice uint32) uint32 {
		return c.carryList(old.lists.At(choice), func(option uint32) uint32 {
			number, _ := c.options.Intern(old.options.Value(option))
			return number
		})
	})
	return c.settled(tuple), nil
}

// carryList translates a list to the numbers of this space, sorted as all lists are.
func (c *cells) carryList(list []uint32, number func(uint32) uint32) uint32 {
	carried := make([]uint32, len(list))
	for i, n := range list {
		carried[i] = number(n)
	}
	slices.Sort(carried)
	id, _ := c.lists.Intern(carried)
	return id
}

func (n *nobody) carry(from any, id statespace.PartID) (statespace.PartID, error) {
	old := from.(*nobody)
	carried := statespace.PartID(n.mailbox.empty())
	for _, l := range old.mailbox.at(uint32(id), nil) {
		w := old.space.envelopes.At(l.Message)
		to := n.space.ends.number(old.space.ends.id(w[1]))
		inner := n.space.letter(old.space, network.Letter{Source: w[0], Message: w[2]})
		var err error
		if carried, _, err = n.apply(carried, statespace.EffectID(n.space.envelope(inner.Source, to, inner.Message))); err != nil {
			return 0, err
		}
	}
	return carried, nil
}

func (h *histories) carry(from any, id statespace.PartID) (statespace.PartID, error) {
	old := from.(*histories)
	return statespace.PartID(internCopy(h.values, old.values.Value(uint32(id)))), nil
}

// Carry returns the id of a state of another space of the same model.
func (sp *plainSpace[S, A]) Carry(from statespace.Space, state []statespace.PartID) ([]statespace.PartID, error) {
	s, err := stateOf[S, A](from, state)
	if err != nil {
		return nil, err
	}
	return []statespace.PartID{statespace.PartID(internCopy(sp.states, s))}, nil
}
