// Package store holds the states of a search: how one becomes an integer of few bits (Layout), where those that were visited
// are kept (Shard), and which wait to be expanded (Frontier). It knows of no model and of no worker.
package store

import (
	"math/bits"

	"synod/internal/visited"
	"synod/internal/words"
)

// Layout describes how a state becomes an integer of few bits, and back. The ids of the units stand side by side in
// fields of fixed widths. Where that would be more than 64 bits, fields are paired: a pair of ids is interned, as in
// the tree compression of van der Vegt and Laarman, "A Parallel Compact Hash Table" (2011), and its id is a field of
// its own. A state that does not fit in says so; nothing is ever cut off.
type Layout struct {
	Fields []Field // the units' first, then the pairs'
	Roots  []int   // the fields that stand in the integer
	Bits   int     // of the integer
	Shards int     // bits that choose the shard
	Mixer  visited.Mixer
}

// Field is the id of a unit, or of a pair of earlier fields.
type Field struct {
	Shift, Width int          // in the integer, for a root
	Left, Right  int          // for a pair
	Parent       int32        // the pair that it is half of; -1 for a root
	Pairs        *words.Pairs // nil for a unit
}

// Limits of layouts, and how wide they are while there are few states.
const (
	MaxBits       = 64
	maxShardBits  = 7 // few shards, so that a buffer for each fits into a near cache, but each fits into one too
	fewShardBits  = 3 // while there are few states, so that many go to a shard together
	maxRegionBits = 7
	FewStates     = 50_000 // below which fields have room to grow
	fewStatesRoom = 4
	minHomeBits   = 6 // of a region, so that many ids share it
)

// NewLayout returns fields wide enough for ids below limits and for the pairs, with so many bits of room for more
// pairs, and bits to spare for more ids: a few while there are few states, and then so many as are asked for, or one if
// the ids are about to need it. All bits are used if there are pairs, as these come up at any time.
func NewLayout(limits []uint32, pairs []Field, room, spare, states int) *Layout {
	l := &Layout{Fields: append(make([]Field, len(limits)), pairs...)}
	widths := make([]int, len(l.Fields))
	root := make([]bool, len(l.Fields))
	for f := range l.Fields {
		p := &l.Fields[f]
		root[f] = true
		p.Parent, p.Shift, p.Width = -1, 0, 0
		if p.Pairs == nil {
			widths[f] = Width(limits[f])
			continue
		}
		widths[f] = min(Width(uint32(p.Pairs.Len()))+room, 32)
		root[p.Left], root[p.Right] = false, false
		l.Fields[p.Left].Parent, l.Fields[p.Right].Parent = int32(f), int32(f)
	}
	for f, is := range root {
		if is {
			l.Roots = append(l.Roots, f)
			l.Bits += widths[f]
		}
	}
	rounds, all := 1, true
	switch {
	case len(pairs) > 0:
		rounds = MaxBits
	case states < FewStates:
		rounds = fewStatesRoom
	case spare > 0:
		rounds = spare
	default:
		all = false
	}
	for range rounds {
		for _, f := range l.Roots {
			if (all || limits[f] > 3<<widths[f]>>2) && l.Bits < MaxBits && widths[f] < 32 {
				widths[f]++
				l.Bits++
			}
		}
	}
	top := l.homeLast(widths)
	shift := 0
	for _, f := range l.Roots {
		l.Fields[f].Shift, l.Fields[f].Width = shift, widths[f]
		shift += widths[f]
	}
	l.Bits = max(l.Bits, 1)
	l.Shards = min(maxShardBits, l.Bits)
	if states < FewStates {
		l.Shards = min(fewShardBits, l.Bits)
	}
	l.Mixer = visited.NewRegionalMixer(l.Bits, top, max(0, min(maxRegionBits, l.Shards, top-minHomeBits)))
	return l
}

// homeLast puts the widest root last, in the highest bits, and returns its width. Its id chooses the region of the
// visited set: states that agree in it are neighbours, and mostly lead to neighbours.
func (l *Layout) homeLast(widths []int) int {
	home, last := 0, len(l.Roots)-1
	for i, f := range l.Roots {
		if widths[f] > widths[l.Roots[home]] {
			home = i
		}
	}
	l.Roots[home], l.Roots[last] = l.Roots[last], l.Roots[home]
	return widths[l.Roots[last]]
}

// Flat reports whether every unit is a field of its own.
func (l *Layout) Flat(units int) bool { return len(l.Fields) == units }

// Pack returns the integer for the ids of the units, which are the first of ids; ids must have room for all fields. It
// reports false if an id is too wide.
func (l *Layout) Pack(ids []uint32, units int) (uint64, bool) {
	Join(l.Fields, ids, units)
	return l.PackRoots(ids)
}

// PackRoots is Pack for ids of all fields.
func (l *Layout) PackRoots(ids []uint32) (uint64, bool) {
	key := uint64(0)
	for _, f := range l.Roots {
		r := &l.Fields[f]
		if uint64(ids[f])>>r.Width != 0 {
			return 0, false
		}
		key |= uint64(ids[f]) << r.Shift
	}
	return key, true
}

// Join returns the ids of the pairs from a field on, after those of the fields before.
func Join(fields []Field, ids []uint32, from int) {
	for f := from; f < len(fields); f++ {
		p := &fields[f]
		ids[f] = p.Pairs.Intern(ids[p.Left], ids[p.Right])
	}
}

// Unpack sets the ids of all fields.
func (l *Layout) Unpack(key uint64, ids []uint32, units int) {
	l.UnpackRoots(key, ids)
	for f := len(l.Fields) - 1; f >= units; f-- {
		p := &l.Fields[f]
		ids[p.Left], ids[p.Right] = p.Pairs.At(ids[f])
	}
}

// UnpackRoots sets the ids of the fields that stand in the integer.
func (l *Layout) UnpackRoots(key uint64, ids []uint32) {
	for _, f := range l.Roots {
		r := &l.Fields[f]
		ids[f] = uint32(key >> r.Shift & (1<<r.Width - 1))
	}
}

// ShardOf returns the shard of a packed state, and the key that the shard keeps.
func (l *Layout) ShardOf(packed uint64) (shard int, key uint64) {
	mixed, keyBits := l.Mixer.Mix(packed), l.Bits-l.Shards
	return int(mixed >> keyBits), mixed & (1<<keyBits - 1)
}

// Packed is the inverse of ShardOf.
func (l *Layout) Packed(shard int, key uint64) uint64 {
	return l.Mixer.Unmix(uint64(shard)<<(l.Bits-l.Shards) | key)
}

// Width is the number of bits that hold all ids below limit.
func Width(limit uint32) int {
	if limit <= 1 {
		return 0
	}
	return bits.Len32(limit - 1)
}
