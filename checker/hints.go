package checker

import (
	"math"
	"slices"
)

// If states are expanded as a whole, finding the predecessors of a state by expanding all states of the previous
// level would call the model again for each of them. But a transition changes few parts of a state, and mostly the
// same ones together. So workers record the sets of parts that transitions change; a predecessor of a wanted state
// must agree with it on all parts outside one of these sets.

// masks contains the sets of slots that transitions changed together, as bit masks.
type masks struct {
	of   []uint64
	many bool // there are more sets than maxMasks, or slots without a bit
}

// maxMasks bounds the number of sets recorded.
const maxMasks = 48

func (m *masks) add(mask uint64) {
	for i, known := range m.of {
		if known == mask {
			if i > 0 {
				m.of[i-1], m.of[i] = mask, m.of[i-1] // Frequent masks move to the front.
			}
			return
		}
	}
	if m.many = m.many || len(m.of) == maxMasks; !m.many {
		m.of = append(m.of, mask)
	}
}

// filter selects the states that may lead to wanted ones.
type filter struct {
	masks []uint64
	units int
	// By mask: hashes of the parts of wanted states outside it. States that agree there have equal hashes.
	outside []map[uint64]bool
	// Bits indexed by the high bits of these hashes, which reject most states in one look-up.
	likely [1 << (likelyBits - 6)]uint64
}

const likelyBits = 16

// newFilter returns a filter for wanted states, or nil if any state may lead to them.
func (p *pathfinder) newFilter(wanted map[uint64]bool) *filter {
	if !p.whole || p.turning.on() || len(p.units.Of) > 64 {
		return nil
	}
	f := &filter{units: len(p.units.Of)}
	for _, w := range p.workers {
		if w.masks.many {
			return nil
		}
		f.masks = append(f.masks, w.masks.of...)
	}
	slices.Sort(f.masks)
	f.masks = slices.Compact(f.masks)
	f.outside = make([]map[uint64]bool, len(f.masks))
	ids := p.states.Row()
	for i, mask := range f.masks {
		f.outside[i] = make(map[uint64]bool, len(wanted))
		for packed := range wanted {
			p.states.Layout.Unpack(packed, ids, f.units)
			h := f.hash(ids, mask)
			f.outside[i][h] = true
			f.likely[h>>(64-likelyBits+6)] |= 1 << (h >> (64 - likelyBits) & 63)
		}
	}
	return f
}

// hash returns a hash of the ids outside a mask.
func (f *filter) hash(ids []uint32, mask uint64) uint64 {
	h := uint64(math.MaxUint64)
	for i, id := range ids[:f.units] {
		if mask>>i&1 == 0 {
			h = (h ^ uint64(id)) * 0x9e3779b97f4a7c15
			h ^= h >> 29
		}
	}
	return h * 0x9e3779b97f4a7c15
}

// may reports whether the state with these ids may lead to a wanted one.
func (f *filter) may(ids []uint32) bool {
	for i, mask := range f.masks {
		h := f.hash(ids, mask)
		if f.likely[h>>(64-likelyBits+6)]>>(h>>(64-likelyBits)&63)&1 != 0 && f.outside[i][h] {
			return true
		}
	}
	return false
}
