package model

import (
	"sync/atomic"

	"synod/internal/intern"
	"synod/internal/words"
	"synod/model/statespace"
	"synod/network"
)

// thing is an interchangeable thing. All others have the colour of their group, so that a content in which it is exchanged
// with one of them looks as before to the other.
type thing struct {
	slot      int      // of the actor, or -1
	colours   []uint64 // by slot: of its actor, if there is one
	colouring *intern.Colouring
	looks     []*words.Array[uint64] // per slot: how a content looks to it
	locals    []*words.Array[uint64] // per slot: how a local state does
	messages  *words.Array[uint64]
}

// newThing returns a thing of a group.
func (s *symmetry) newThing(group, index int) *thing {
	t := &thing{slot: -1, colours: make([]uint64, len(s.space.slots))}
	colours := make(map[any]uint64)
	for number, g := range s.groups {
		for i, y := range g.of {
			colour := uint64(number) << 32
			if number == group && i == index {
				colour |= 1 << 31
			}
			if y.actor {
				t.colours[s.space.sys.ids[y.id]] = mixed(colour, 1)
			}
			for k, v := range y.everything() {
				colours[v] = colour | uint64(k)
			}
		}
	}
	if x := s.groups[group].of[index]; x.actor {
		t.slot = s.space.sys.ids[x.id]
	}
	t.colouring = intern.NewColouring(colours)
	for range s.space.slots {
		t.looks = append(t.looks, words.NewArray[uint64](s.space.arena))
		t.locals = append(t.locals, words.NewArray[uint64](s.space.arena))
	}
	t.messages = words.NewArray[uint64](s.space.arena)
	return t
}

// mark implements orbits.mark: how its own content looks to a thing.
func (s *symmetry) mark(state []statespace.PartID, group, place int) uint64 {
	t := s.things[group][place]
	if t.slot < 0 {
		return 0
	}
	return t.look(s, t.slot, state[t.slot])
}

// mark2 implements orbits.mark2: how all other contents look to a thing. Which of the others they belong to makes no
// difference.
func (s *symmetry) mark2(state []statespace.PartID, group, place int) (sum uint64) {
	t := s.things[group][place]
	for slot, id := range state {
		whose := uint64(slot)
		switch {
		case slot == t.slot:
			continue
		case s.group[slot] >= 0:
			whose = 1<<33 + uint64(s.group[slot])
		}
		sum += mixed(whose, t.look(s, slot, id))
	}
	return sum
}

// look returns how a content looks to a thing.
func (t *thing) look(s *symmetry, slot int, id statespace.PartID) uint64 {
	return once(t.looks[slot], uint32(id), func() uint64 { return s.hash(slot, id, t) })
}

// once returns a number that is computed when it is asked for first, not 0.
func once(known *words.Array[uint64], id uint32, compute func() uint64) uint64 {
	place := ensured(known, id)
	if number := atomic.LoadUint64(place); number != 0 {
		return number
	}
	number := compute() | 1
	atomic.StoreUint64(place, number)
	return number
}

// key returns a hash of a content that is the same in every run.
func (s *symmetry) key(slot int, id statespace.PartID) uint64 {
	return once(s.keys[slot], uint32(id), func() uint64 { return s.hash(slot, id, nil) })
}

// ensured returns the place of an element, for which it makes room.
func ensured[T any](a *words.Array[T], i uint32) *T {
	a.Ensure(i)
	return a.At(i)
}

// hash returns a hash of a content, or of how it looks to a thing.
func (s *symmetry) hash(slot int, id statespace.PartID, t *thing) uint64 {
	switch c := s.space.slots[slot].(type) {
	case *cells:
		w := c.at(id)
		sum := s.hashLetters(c.mailbox, w[tupleMailbox], t)
		if w[tupleTimers] == isDown {
			return mixed(sum, t.hash(anyWalker, c.kept.Value(w[tupleLocal])))
		}
		timers, choices := uint64(0), uint64(0)
		for _, timer := range c.lists.At(w[tupleTimers]) {
			timers += t.hash(anyWalker, c.timers.Value(timer))
		}
		for _, choice := range c.lists.At(w[tupleChoices]) {
			options := uint64(0)
			for _, option := range c.lists.At(choice) {
				options += t.hash(anyWalker, c.options.Value(option))
			}
			choices += mixed(options, 1)
		}
		return mixed(mixed(mixed(sum, t.local(c, w[tupleLocal])), timers), choices)
	case *nobody:
		return s.hashLetters(c.mailbox, uint32(id), t)
	case *histories:
		return t.hash(c.walker, c.values.Value(uint32(id)))
	}
	return uint64(id)
}

// hashLetters hashes a mailbox, in which on an ordered network the order of the letters of each source counts.
func (s *symmetry) hashLetters(b *mailboxes, mailbox uint32, t *thing) (sum uint64) {
	sp := s.space
	source, last := uint32(0), uint64(0)
	for _, l := range b.at(mailbox, nil) {
		w := sp.envelopes.At(b.envelope(l))
		h := mixed(mixed(t.end(s, w[0]), t.end(s, w[1])), t.message(sp, w[2]))
		if sp.network == network.Ordered {
			if l.Source != source {
				source, last = l.Source, 0
			}
			last = mixed(last, h)
			h = last
		}
		sum += h
	}
	return sum
}

// end returns a number for an end of a link.
func (t *thing) end(s *symmetry, number uint32) uint64 {
	if t != nil && int(number) < len(s.space.sys.actors) && s.group[number] >= 0 {
		return t.colours[number]
	}
	return uint64(s.space.ends.id(number))
}

// local returns a hash of a local state, or of how it looks to a thing.
func (t *thing) local(c *cells, id uint32) uint64 {
	if t == nil {
		return c.walker.Hash(c.states.Value(id))
	}
	return once(t.locals[c.slot], id, func() uint64 { return t.hash(c.walker, c.states.Value(id)) })
}

// message returns a hash of a message, or of how it looks to a thing.
func (t *thing) message(sp *space, id uint32) uint64 {
	if t == nil {
		return sp.walker.Hash(sp.messages.Value(id))
	}
	return once(t.messages, id, func() uint64 { return t.hash(sp.walker, sp.messages.Value(id)) })
}

// hash returns a hash of a value, or of how it looks to a thing.
func (t *thing) hash(w *intern.Walker[any], v any) uint64 {
	if t == nil {
		return w.Hash(v)
	}
	return w.HashColours(t.colouring, v)
}

// mixed hashes two numbers into one.
func mixed(a, b uint64) uint64 {
	h := (a ^ b>>29 ^ 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27 ^ b) * 0x94d049bb133111eb
	return h ^ h>>31
}
