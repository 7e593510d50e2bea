package model

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"synod/model/statespace"
)

// herd is things of two groups, each with a slot: a colour, and a thing of the first group to which it refers, or none.
type herd struct {
	sizes []int
	blind bool // all marks are the same
	late  bool // and only the second ones are not
	asked int  // exchanges
}

const (
	herdColours = 3
	herdRefs    = 16
)

func (h *herd) first(group int) int {
	if group == 0 {
		return 0
	}
	return h.sizes[0]
}

func (h *herd) exchange(to, from []statespace.PartID, group, a, b int) {
	h.asked++
	first := h.first(group)
	copy(to, from)
	to[first+a], to[first+b] = from[first+b], from[first+a]
	if group > 0 {
		return
	}
	for slot, content := range to {
		switch ref := int(content % herdRefs); ref {
		case a + 1:
			to[slot] += statespace.PartID(b - a)
		case b + 1:
			to[slot] -= statespace.PartID(b - a)
		}
	}
}

// mark is the colour of a thing, whether it refers to itself, and the colours of those that refer to it.
func (h *herd) mark(state []statespace.PartID, group, place int) uint64 {
	if h.blind || h.late {
		return 7
	}
	return h.mark2(state, group, place)
}

func (h *herd) mark2(state []statespace.PartID, group, place int) uint64 {
	slot := h.first(group) + place
	mark := uint64(state[slot] / herdRefs)
	for other, content := range state {
		if group == 0 && int(content%herdRefs) == place+1 {
			mark += 100
			if other == slot {
				mark += 10_000
			}
		}
	}
	return mark
}

func (h *herd) fixes(state []statespace.PartID, group, a, b int) bool {
	image := make([]statespace.PartID, len(state))
	h.exchange(image, state, group, a, b)
	return slices.Equal(image, state)
}

func (h *herd) orbits() *orbits {
	o := &orbits{
		sizes: h.sizes, exchange: h.exchange, fixes: h.fixes, mark: h.mark,
		compare: func(_ int, a, b statespace.PartID) int { return cmp.Compare(a, b) },
	}
	if h.late {
		o.mark2 = h.mark2
	}
	for slot := range h.sizes[0] + h.sizes[1] {
		o.order = append(o.order, slot)
	}
	return o
}

// orbit returns all images of a state, by exchanging neighbours until nothing new comes up.
func (h *herd) orbit(state []statespace.PartID) map[string]bool {
	all := map[string]bool{fmt.Sprint(state): true}
	for todo := [][]statespace.PartID{state}; len(todo) > 0; {
		var more [][]statespace.PartID
		for _, s := range todo {
			for group, n := range h.sizes {
				for a := range n - 1 {
					image := make([]statespace.PartID, len(s))
					h.exchange(image, s, group, a, a+1)
					if key := fmt.Sprint(image); !all[key] {
						all[key] = true
						more = append(more, image)
					}
				}
			}
		}
		todo = more
	}
	return all
}

// TestOrbits makes sure that two states have the same least image exactly if one is an image of the other, and that all images
// are shown, against an enumeration: with marks that tell much, and that tell nothing.
func TestOrbits(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 400 {
		h := &herd{sizes: []int{1 + random.IntN(5), 1 + random.IntN(3)}, blind: round%3 == 0, late: round%3 == 1}
		o := h.orbits()
		state := make([]statespace.PartID, h.sizes[0]+h.sizes[1])
		for slot := range state {
			state[slot] = statespace.PartID(random.IntN(herdColours)*herdRefs + random.IntN(h.sizes[0]+1))
		}
		all := h.orbit(state)
		least := slices.Clone(state)
		if turned := o.least(least); turned == slices.Equal(least, state) || !all[fmt.Sprint(least)] {
			t.Fatalf("%v: the least image is %v; another one: %v", state, least, turned)
		}
		shown := map[string]bool{fmt.Sprint(state): true}
		o.images(state, func(image []statespace.PartID) bool {
			shown[fmt.Sprint(image)] = true
			again := slices.Clone(image)
			if o.least(again); !slices.Equal(again, least) {
				t.Fatalf("the least image of %v is %v, that of its image %v is %v", state, least, image, again)
			}
			return true
		})
		if len(shown) != len(all) {
			t.Fatalf("%d images of %v are shown, of %d", len(shown), state, len(all))
		}
		n := 0
		o.images(state, func([]statespace.PartID) bool { n++; return false })
		if n > 1 {
			t.Fatalf("images are shown after they were refused")
		}
	}
}

// TestOrbitsPruned makes sure that things whose exchange makes no difference are not tried in all orders, nor those that marks
// tell apart: of ten things there are 3,628,800.
func TestOrbitsPruned(t *testing.T) {
	h := &herd{sizes: []int{10, 1}}
	for what, state := range map[string][]statespace.PartID{
		"alike":     {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
		"two kinds": {0, herdRefs, 0, herdRefs, 0, herdRefs, 0, herdRefs, 0, herdRefs, 0},
		"one":       {0, 0, 0, 0, 0, 0, herdRefs, 0, 0, 0, 8},
	} {
		h.asked = 0
		if h.orbits().least(state); h.asked > 1000 {
			t.Errorf("%s: %d exchanges", what, h.asked)
		}
	}
}
