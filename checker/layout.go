package checker

import (
	"synod/internal/offheap"
	"synod/internal/visited"
	"synod/internal/words"
)

// layout says how a state becomes an integer of few bits, and back. The ids of the units stand side by side in fields of
// fixed widths. Where that would be more than 64 bits, fields are paired: a pair of ids is interned, as in the tree
// compression of van der Vegt and Laarman, "A Parallel Compact Hash Table" (2011), and its id is a field of its own.
// A state that does not fit in says so; nothing is ever cut off.
type layout struct {
	fields []field // the units' first, then the pairs'
	roots  []int   // the fields that stand in the integer
	bits   int     // of the integer
	shards int     // bits that choose the shard
	mixer  visited.Mixer
}

// field is the id of a unit, or of a pair of earlier fields.
type field struct {
	shift, width int          // in the integer, for a root
	left, right  int          // for a pair
	pairs        *words.Table // nil for a unit
}

const (
	maxBits      = 64
	maxShardBits = 8
)

// newLayout makes fields wide enough for ids below limits, with a bit to spare where there is room.
func newLayout(limits []uint32, pairs []pairLimit, arena *offheap.Arena) *layout {
	l := &layout{}
	widths := make([]int, 0, len(limits)+len(pairs))
	root := make([]bool, 0, cap(widths))
	for _, limit := range limits {
		l.fields = append(l.fields, field{})
		widths = append(widths, width(limit))
		root = append(root, true)
	}
	for _, p := range pairs {
		l.fields = append(l.fields, field{left: p.left, right: p.right, pairs: words.NewTable(arena)})
		widths = append(widths, width(p.limit))
		root = append(root, true)
		root[p.left], root[p.right] = false, false
	}
	for f, is := range root {
		if is {
			l.roots = append(l.roots, f)
			l.bits += widths[f]
		}
	}
	for range 2 {
		for _, f := range l.roots {
			if l.bits < maxBits && widths[f] < 32 {
				widths[f]++
				l.bits++
			}
		}
	}
	shift := 0
	for _, f := range l.roots {
		l.fields[f].shift, l.fields[f].width = shift, widths[f]
		shift += widths[f]
	}
	l.bits = max(l.bits, 1)
	l.shards = min(maxShardBits, l.bits)
	l.mixer = visited.NewMixer(l.bits)
	return l
}

// pairLimit is a pair of fields whose ids will be below limit.
type pairLimit struct {
	left, right int
	limit       uint32
}

// flat tells that every unit is a field of its own.
func (l *layout) flat(units int) bool { return len(l.fields) == units }

// pack gives the integer for the ids of the units, which are the first of ids; ids must have room for all fields. It
// reports false if an id is too wide.
func (l *layout) pack(ids []uint32, units int) (uint64, bool) {
	for f := units; f < len(l.fields); f++ {
		p := &l.fields[f]
		ids[f], _ = p.pairs.Intern([]uint32{ids[p.left], ids[p.right]})
	}
	key := uint64(0)
	for _, f := range l.roots {
		r := &l.fields[f]
		if uint64(ids[f])>>r.width != 0 {
			return 0, false
		}
		key |= uint64(ids[f]) << r.shift
	}
	return key, true
}

// unpack gives the ids of all fields.
func (l *layout) unpack(key uint64, ids []uint32, units int) {
	for _, f := range l.roots {
		r := &l.fields[f]
		ids[f] = uint32(key >> r.shift & (1<<r.width - 1))
	}
	for f := len(l.fields) - 1; f >= units; f-- {
		p := &l.fields[f]
		pair := p.pairs.At(ids[f])
		ids[p.left], ids[p.right] = pair[0], pair[1]
	}
}
