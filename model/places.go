package model

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

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
	groups     []places
	ways       [][][]int                // per permutation and group: the new index of each thing
	generators []int                    // the permutations that exchange neighbours
	names      []string                 // names of the generators
	slots      []int                    // per slot: its group, or -1
	images     [][]*words.Array[uint32] // by permutation and slot: content -> its image, plus one
	keys       []*words.Array[uint64]   // per slot: a hash of each content
	order      []int
	calls      atomic.Int64
	permute    func(slot int, id uint32, to []int) (uint32, error)
	encode     func(dst []byte, slot int, id uint32) []byte
	mu         sync.Mutex // of failed
	failed     error
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
		groups: c.plain.places, ways: allWays(sizes), permute: c.parts.Permute,
		encode: func(dst []byte, slot int, id uint32) []byte { return c.parts.Encode(dst, slot, id) },
	}
	for slot := range c.parts.Len() {
		s.slots, s.order = append(s.slots, -1), append(s.order, slot)
		s.keys = append(s.keys, words.NewArray[uint64](c.arena))
	}
	for group, g := range s.groups {
		for _, name := range g.fields {
			slot, ok := c.parts.Component(name)
			if !ok || s.slots[slot] >= 0 {
				return nil, "", fmt.Errorf("%q is declared to have interchangeable places: expected a field of the state, once", name)
			}
			s.slots[slot] = group
		}
		for i := range g.n - 1 {
			s.generators = append(s.generators, slices.IndexFunc(s.ways, func(w [][]int) bool { return exchanges(w, group, i) }))
			s.names = append(s.names, fmt.Sprintf("places %d and %d of %s", i, i+1, strings.Join(g.fields, ", ")))
		}
	}
	for range s.ways {
		var images []*words.Array[uint32]
		for range s.slots {
			images = append(images, words.NewArray[uint32](c.arena))
		}
		s.images = append(s.images, images)
	}
	c.symmetry = s
	return s, "", nil
}

// exchanges reports whether a permutation exchanges the neighbours i and i + 1 of a group, and nothing else.
func exchanges(way [][]int, group, i int) bool {
	for g, to := range way {
		for k, place := range to {
			expect := k
			if g == group && k == i {
				expect = i + 1
			} else if g == group && k == i+1 {
				expect = i
			}
			if place != expect {
				return false
			}
		}
	}
	return true
}

// image returns the image of the content of a slot.
func (s *placeSymmetry) image(way, slot int, id statespace.PartID) statespace.PartID {
	group := s.slots[slot]
	if way == 0 || group < 0 {
		return id
	}
	place := ensured(s.images[way][slot], uint32(id))
	if known := atomic.LoadUint32(place); known != 0 {
		return statespace.PartID(known - 1)
	}
	image, err := s.permute(slot, uint32(id), s.ways[way][group])
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
func (s *placeSymmetry) Least(state []statespace.PartID) bool {
	return least(state, len(s.ways), s.order, s.compare, func(way, slot int) statespace.PartID { return s.image(way, slot, state[slot]) })
}

// compare compares two contents of a slot in an order that is the same in every run.
func (s *placeSymmetry) compare(slot int, a, b statespace.PartID) int {
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
	r := statespace.SymmetryReport{Order: len(s.ways), Calls: int(s.calls.Load())}
	for _, g := range s.groups {
		r.Groups = append(r.Groups, fmt.Sprintf("the %d places of %s", g.n, strings.Join(g.fields, ", ")))
	}
	return r
}

// turned returns the image of the content of a slot.
func (c *collapsed[S, A]) turned(way, slot int, id statespace.PartID) statespace.PartID {
	if way == 0 {
		return id
	}
	return c.symmetry.image(way, slot, id)
}

// Properties returns the properties of the model, evaluated in all permutations of a state.
func (c *collapsed[S, A]) Properties() []statespace.Property {
	if c.symmetry == nil {
		return c.plain.properties
	}
	all := slices.Clone(c.plain.properties)
	for i := range all {
		all[i].Holds = c.symmetry.everyWay(fmt.Sprintf("the property %q", all[i].Name), all[i].Holds)
	}
	return all
}

// Boundary returns the state constraint of the model, evaluated in all permutations of a state.
func (c *collapsed[S, A]) Boundary() func(*statespace.Reading) bool {
	if c.symmetry == nil {
		return c.plain.boundary
	}
	return c.symmetry.everyWay("the boundary", c.plain.boundary)
}

func (s *placeSymmetry) everyWay(who string, holds func(*statespace.Reading) bool) func(*statespace.Reading) bool {
	turn := func(r *statespace.Reading, way int) { r.Turn(way, nil) }
	return inEveryWay(who, strings.Join(s.Report().Groups, "; "), len(s.ways), turn, holds)
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
	for i, way := range s.generators {
		s.calls.Add(1)
		x.image = x.image[:0]
		for slot, id := range state {
			x.image = append(x.image, s.image(way, slot, id))
		}
		x.into.Reset()
		if err := x.twin.Expand(x.image, &x.into); err != nil {
			return &statespace.AsymmetryError{Who: s.names[i], What: "with these exchanged: " + err.Error()}
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
		if err := x.compare(s.names[i], state); err != nil {
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
