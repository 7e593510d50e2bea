package model

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"synod/internal/offheap"
	"synod/internal/words"
	"synod/model/statespace"
)

// places are the indexes of interchangeable things in some fields of the states of a plain model.
type places struct {
	n      int
	fields []string
}

// Interchangeable declares that n things are interchangeable. Each has an index, from 0, in the given fields of the
// state: lists of length n, or maps whose keys are such indexes. Exchanging two indexes in all of these fields must
// not change what can happen. A search with checker.Options.Symmetry then visits one of all states that differ only
// in such an exchange.
//
// A field has its Go name; a field of a struct in the only field of the state has both names with a dot between. In
// every state that it expands, the search checks the declaration with each two neighbours exchanged, and evaluates
// properties in all permutations. Unlike for a System, it cannot prove the declaration for states that it does not
// visit.
func (p *Plain[S, A]) Interchangeable(n int, fields ...string) {
	p.places = append(p.places, places{n, fields})
}

// placeSymmetry permutes the states of a plain model.
type placeSymmetry struct {
	orbits
	groups     []places
	exchanges  [][]*placeExchange       // by group: of each two things; see exchangeOf
	generators []*placeExchange         // the exchanges of neighbours
	slots      []int                    // per slot: its group, or -1
	marks      [][]*words.Array[uint64] // per slot and place: of each content, a hash of what it has there
	keys       []*words.Array[uint64]   // per slot: a hash of each content
	calls      atomic.Int64
	permute    func(slot int, id uint32, to []int) (uint32, error)
	at         func(slot int, id uint32, place int) uint64
	encode     func(dst []byte, slot int, id uint32) []byte
	mu         sync.Mutex // of failed
	failed     error
}

// placeExchange exchanges two things of a group.
type placeExchange struct {
	group  int
	to     []int // the new index of each thing
	names  string
	images []*words.Array[uint32] // per slot: content -> its image, plus one
}

// Symmetry implements Symmetric.
func (c *collapsed[S, A]) Symmetry() (statespace.Symmetry, string, error) {
	c.symmetry = nil
	var sizes []int
	for _, g := range c.plain.places {
		sizes = append(sizes, g.n)
	}
	if why := asymmetryOf(sizes, c.plain.properties, len(c.plain.fair) > 0); why != "" {
		return nil, why, nil
	}
	s := &placeSymmetry{
		groups: c.plain.places, permute: c.parts.Permute, at: c.parts.HashPlace,
		encode: func(dst []byte, slot int, id uint32) []byte { return c.parts.Encode(dst, slot, id) },
	}
	s.orbits = orbits{sizes: sizes, exchange: s.exchangeAll, fixes: s.fixes, mark: s.mark, compare: s.contents}
	for slot := range c.parts.Len() {
		s.slots, s.order = append(s.slots, -1), append(s.order, slot)
		s.keys, s.marks = append(s.keys, words.NewArray[uint64](c.arena)), append(s.marks, nil)
	}
	for group, g := range s.groups {
		for _, name := range g.fields {
			slot, ok := c.parts.Component(name)
			if !ok || s.slots[slot] >= 0 {
				return nil, "", fmt.Errorf("%q is declared to have interchangeable places: expected a field of the state, once", name)
			}
			s.slots[slot] = group
			for range g.n {
				s.marks[slot] = append(s.marks[slot], words.NewArray[uint64](c.arena))
			}
		}
		s.exchanges = append(s.exchanges, s.exchangesOf(group, c.arena))
	}
	c.symmetry = s
	return s, "", nil
}

// exchangesOf returns the exchanges of each two things of a group.
func (s *placeSymmetry) exchangesOf(group int, arena *offheap.Arena) (all []*placeExchange) {
	g := s.groups[group]
	for b := range g.n {
		for a := range b {
			x := &placeExchange{group: group, names: fmt.Sprintf("places %d and %d of %s", a, b, strings.Join(g.fields, ", "))}
			for i := range g.n {
				x.to = append(x.to, i)
			}
			x.to[a], x.to[b] = b, a
			for range s.slots {
				x.images = append(x.images, words.NewArray[uint32](arena))
			}
			if all = append(all, x); a == b-1 {
				s.generators = append(s.generators, x)
			}
		}
	}
	return all
}

// exchangeAll implements orbits.exchange.
func (s *placeSymmetry) exchangeAll(to, from []statespace.PartID, group, a, b int) {
	x := s.exchanges[group][exchangeOf(a, b)]
	for slot, id := range from {
		to[slot] = s.image(x, slot, id)
	}
}

// fixes implements orbits.fixes.
func (s *placeSymmetry) fixes(state []statespace.PartID, group, a, b int) bool {
	x := s.exchanges[group][exchangeOf(a, b)]
	for slot, id := range state {
		if s.image(x, slot, id) != id {
			return false
		}
	}
	return true
}

// mark implements orbits.mark.
func (s *placeSymmetry) mark(state []statespace.PartID, group, place int) (sum uint64) {
	for slot, id := range state {
		if s.slots[slot] != group {
			continue
		}
		known := ensured(s.marks[slot][place], uint32(id))
		mark := atomic.LoadUint64(known)
		if mark == 0 {
			mark = s.at(slot, uint32(id), place) | 1
			atomic.StoreUint64(known, mark)
		}
		sum = mixed(sum, mark)
	}
	return sum
}

// image returns the image of the content of a slot.
func (s *placeSymmetry) image(x *placeExchange, slot int, id statespace.PartID) statespace.PartID {
	if s.slots[slot] != x.group {
		return id
	}
	place := ensured(x.images[slot], uint32(id))
	if known := atomic.LoadUint32(place); known != 0 {
		return statespace.PartID(known - 1)
	}
	image, err := s.permute(slot, uint32(id), x.to)
	if err != nil {
		s.mu.Lock()
		s.failed = err
		s.mu.Unlock()
		image = uint32(id)
	}
	atomic.StoreUint32(place, image+1)
	return statespace.PartID(image)
}

// Least implements Symmetry.
func (s *placeSymmetry) Least(state []statespace.PartID) bool { return s.least(state) }

// Images implements Symmetry.
func (s *placeSymmetry) Images(state []statespace.PartID, yield func(image []statespace.PartID) bool) {
	s.images(state, yield)
}

// Covers implements Symmetry: states are read as a whole.
func (s *placeSymmetry) Covers([]statespace.Read) ([]statespace.Read, bool) { return nil, false }

// contents compares two contents of a slot in an order that is the same in every run.
func (s *placeSymmetry) contents(slot int, a, b statespace.PartID) int {
	if a == b {
		return 0
	}
	if c := cmp.Compare(s.key(slot, a), s.key(slot, b)); c != 0 {
		return c
	}
	return bytes.Compare(s.encode(nil, slot, uint32(a)), s.encode(nil, slot, uint32(b)))
}

func (s *placeSymmetry) key(slot int, id statespace.PartID) uint64 {
	place := ensured(s.keys[slot], uint32(id))
	if known := atomic.LoadUint64(place); known != 0 {
		return known
	}
	h := uint64(1)
	for _, b := range s.encode(nil, slot, uint32(id)) {
		h = mixed(h, uint64(b))
	}
	atomic.StoreUint64(place, h|1)
	return h | 1
}

// Audit implements Symmetry. States were already compared when they were expanded.
func (s *placeSymmetry) Audit(statespace.Pass) (statespace.Audited, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return statespace.Sound, s.failed
}

// Report implements Symmetry.
func (s *placeSymmetry) Report() statespace.SymmetryReport {
	r := statespace.SymmetryReport{Order: orderOf(s.sizes), Calls: int(s.calls.Load())}
	for _, g := range s.groups {
		r.Groups = append(r.Groups, fmt.Sprintf("the %d places of %s", g.n, strings.Join(g.fields, ", ")))
	}
	return r
}

// turnedExpansion expands states, and compares the transitions of each with those of the state with two things
// exchanged.
type turnedExpansion[S, A any] struct {
	*plainExpansion[S, A]
	twin        *plainExpansion[S, A]
	into        statespace.Successors
	image       []statespace.PartID
	expect, got [][]statespace.PartID
}

// Uncount implements Expansion.
func (x *turnedExpansion[S, A]) Uncount(states int) {
	x.plainExpansion.Uncount(states)
	x.space.symmetry.calls.Add(-int64(states * len(x.space.symmetry.generators)))
}

// Expand implements Expansion.
func (x *turnedExpansion[S, A]) Expand(state []statespace.PartID, into *statespace.Successors) error {
	before := into.Len()
	if err := x.plainExpansion.Expand(state, into); err != nil || into.Ask&statespace.AskFirst == 0 {
		return err
	}
	s := x.space.symmetry
	for _, way := range s.generators {
		s.calls.Add(1)
		x.image = x.image[:0]
		for slot, id := range state {
			x.image = append(x.image, s.image(way, slot, id))
		}
		x.into.Reset()
		if err := x.twin.Expand(x.image, &x.into); err != nil {
			return &statespace.AsymmetryError{Who: way.names, What: "with these exchanged: " + err.Error()}
		}
		x.expect, x.got = x.expect[:0], x.got[:0]
		for n := before; n < into.Len(); n++ {
			next := slices.Clone(state)
			for _, part := range into.Of(n) {
				next[part.Slot] = part.ID
			}
			for slot := range next {
				next[slot] = s.image(way, slot, next[slot])
			}
			x.expect = append(x.expect, next)
		}
		for n := range x.into.Len() {
			next := slices.Clone(x.image)
			for _, part := range x.into.Of(n) {
				next[part.Slot] = part.ID
			}
			x.got = append(x.got, next)
		}
		if err := x.compare(way.names, state); err != nil {
			return err
		}
	}
	return nil
}

// compare requires equal transitions.
func (x *turnedExpansion[S, A]) compare(who string, state []statespace.PartID) error {
	order := func(a, b []statespace.PartID) int { return slices.Compare(a, b) }
	slices.SortFunc(x.expect, order)
	slices.SortFunc(x.got, order)
	next, differ := inOne(x.expect, x.got, order)
	if !differ {
		return nil
	}
	text := func(state []statespace.PartID) string { return x.space.stateWalker.Text(x.space.value(state)) }
	return &statespace.AsymmetryError{Who: who, What: fmt.Sprintf(
		"in the state %s, and with these exchanged, in %s, only one of them leads, but for the exchange, to %s", text(state), text(x.image), text(next))}
}
