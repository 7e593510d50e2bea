package checker

import (
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
	parent       int32        // the pair that it is half of; -1 for a root
	pairs        *words.Pairs // nil for a unit
}

const (
	maxBits       = 64
	maxShardBits  = 7 // few shards, so that a buffer for each fits into a near cache, but each fits into one too
	fewShardBits  = 3 // while there are few states, so that many go to a shard together
	maxRegionBits = 7
	fewStatesRoom = 4
	minHomeBits   = 6 // of a region, so that many ids share it
)

// newLayout makes fields wide enough for ids below limits and for the pairs, with so many bits of room for more pairs, and
// bits to spare for more ids: a few while there are few states, and then so many as are asked for, or one if the ids are
// about to need it. All bits are used if there are pairs, as these come up at any time.
func newLayout(limits []uint32, pairs []field, room, spare, states int) *layout {
	l := &layout{fields: append(make([]field, len(limits)), pairs...)}
	widths := make([]int, len(l.fields))
	root := make([]bool, len(l.fields))
	for f := range l.fields {
		p := &l.fields[f]
		root[f] = true
		p.parent, p.shift, p.width = -1, 0, 0
		if p.pairs == nil {
			widths[f] = width(limits[f])
			continue
		}
		widths[f] = min(width(uint32(p.pairs.Len()))+room, 32)
		root[p.left], root[p.right] = false, false
		l.fields[p.left].parent, l.fields[p.right].parent = int32(f), int32(f)
	}
	for f, is := range root {
		if is {
			l.roots = append(l.roots, f)
			l.bits += widths[f]
		}
	}
	rounds, all := 1, true
	switch {
	case len(pairs) > 0:
		rounds = maxBits
	case states < secondGrouping:
		rounds = fewStatesRoom
	case spare > 0:
		rounds = spare
	default:
		all = false
	}
	for range rounds {
		for _, f := range l.roots {
			if (all || limits[f] > 3<<widths[f]>>2) && l.bits < maxBits && widths[f] < 32 {
				widths[f]++
				l.bits++
			}
		}
	}
	top := l.homeLast(widths)
	shift := 0
	for _, f := range l.roots {
		l.fields[f].shift, l.fields[f].width = shift, widths[f]
		shift += widths[f]
	}
	l.bits = max(l.bits, 1)
	l.shards = min(maxShardBits, l.bits)
	if states < secondGrouping {
		l.shards = min(fewShardBits, l.bits)
	}
	l.mixer = visited.NewRegionalMixer(l.bits, top, max(0, min(maxRegionBits, l.shards, top-minHomeBits)))
	return l
}

// homeLast makes the widest root the last one, in the highest bits, and gives its width. Its id chooses the region of the
// visited set: states that agree in it are neighbours, and mostly lead to neighbours.
func (l *layout) homeLast(widths []int) int {
	home, last := 0, len(l.roots)-1
	for i, f := range l.roots {
		if widths[f] > widths[l.roots[home]] {
			home = i
		}
	}
	l.roots[home], l.roots[last] = l.roots[last], l.roots[home]
	return widths[l.roots[last]]
}

// flat tells that every unit is a field of its own.
func (l *layout) flat(units int) bool { return len(l.fields) == units }

// pack returns the integer for the ids of the units, which are the first of ids; ids must have room for all fields. It
// reports false if an id is too wide.
func (l *layout) pack(ids []uint32, units int) (uint64, bool) {
	join(l.fields, ids, units)
	return l.packRoots(ids)
}

// packRoots is pack for ids of all fields.
func (l *layout) packRoots(ids []uint32) (uint64, bool) {
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

// join gives the ids of the pairs from a field on, after those of the fields before.
func join(fields []field, ids []uint32, from int) {
	for f := from; f < len(fields); f++ {
		p := &fields[f]
		ids[f] = p.pairs.Intern(ids[p.left], ids[p.right])
	}
}

// unpack gives the ids of all fields.
func (l *layout) unpack(key uint64, ids []uint32, units int) {
	l.unpackRoots(key, ids)
	for f := len(l.fields) - 1; f >= units; f-- {
		p := &l.fields[f]
		ids[p.left], ids[p.right] = p.pairs.At(ids[f])
	}
}

// unpackRoots gives the ids of the fields that stand in the integer.
func (l *layout) unpackRoots(key uint64, ids []uint32) {
	for _, f := range l.roots {
		r := &l.fields[f]
		ids[f] = uint32(key >> r.shift & (1<<r.width - 1))
	}
}

// shardOf gives the shard of a packed state, and the key that the shard keeps.
func (l *layout) shardOf(packed uint64) (shard int, key uint64) {
	mixed, keyBits := l.mixer.Mix(packed), l.bits-l.shards
	return int(mixed >> keyBits), mixed & (1<<keyBits - 1)
}

// packed is the inverse of shardOf.
func (l *layout) packed(shard int, key uint64) uint64 {
	return l.mixer.Unmix(uint64(shard)<<(l.bits-l.shards) | key)
}
