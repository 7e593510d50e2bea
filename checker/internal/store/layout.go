// Package store holds the states of a search: how a state is packed into an integer (Layout), where visited states
// are stored (Shard), and which states wait to be expanded (Frontier); States has all of it, and moves states to wider
// layouts and to other units. It depends on neither models nor workers.
package store

import (
	"math/bits"

	"synod/internal/visited"
	"synod/internal/words"
)

// Layout describes how a state is packed into an integer of few bits, and unpacked. The ids of the units are stored
// side by side in fields of fixed widths. If that takes more than 64 bits, fields are paired: a pair of ids is
// interned, as in the tree compression of van der Vegt and Laarman, "A Parallel Compact Hash Table" (2011), and its
// id is a field of its own. Packing reports a state that does not fit; nothing is ever truncated.
type Layout struct {
	Fields []Field // those of the units, then those of the pairs
	Roots  []int   // the fields stored in the integer
	Bits   int     // of the integer
	Shards int     // number of bits that choose the shard
	Mixer  visited.Mixer
}

// Field is the id of a unit, or of a pair of earlier fields.
type Field struct {
	Shift, Width int          // in the integer, for a root
	Left, Right  int          // for a pair
	Parent       int32        // the pair that contains the field; -1 for a root
	Pairs        *words.Pairs // nil for a unit
}

// Limits of layouts, and widths for few states.
const (
	MaxBits       = 64
	maxShardBits  = 7 // a buffer for each of few shards fits into a near cache, and so does each shard
	fewShardBits  = 3 // for few states, so that many go to a shard together
	maxRegionBits = 7
	FewStates     = 50_000 // below this number of states fields have room to grow
	fewStatesRoom = 4
	minHomeBits   = 6 // of a region, so that many ids share it
)

// NewLayout returns a layout wide enough for ids below limits and for the pairs, with room more bits for new pairs,
// and spare bits for new ids. With few states there are always some spare bits; otherwise as many as spare, or, if
// spare is 0, one for ids that nearly fill their field. If there are pairs, all bits are used, as new pairs may occur
// at any time.
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

// homeLast moves the widest root to the end, into the highest bits, and returns its width. Its id chooses the region
// of the visited set: states that agree in it are neighbours, and mostly lead to neighbours.
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

// Pack packs the ids of the units, which are the first of ids. The slice ids must have room for all fields. Pack
// reports false if an id is too wide.
func (l *Layout) Pack(ids []uint32, units int) (uint64, bool) {
	Join(l.Fields, ids, units)
	return l.PackRoots(ids)
}

// PackRoots is Pack for the ids of all fields.
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

// Join sets the ids of the pairs with index from and above, given those of the earlier fields.
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

// UnpackRoots sets the ids of the root fields.
func (l *Layout) UnpackRoots(key uint64, ids []uint32) {
	for _, f := range l.Roots {
		r := &l.Fields[f]
		ids[f] = uint32(key >> r.Shift & (1<<r.Width - 1))
	}
}

// ShardOf returns the shard of a packed state, and its key in the shard.
func (l *Layout) ShardOf(packed uint64) (shard int, key uint64) {
	mixed, keyBits := l.Mixer.Mix(packed), l.Bits-l.Shards
	return int(mixed >> keyBits), mixed & (1<<keyBits - 1)
}

// Packed is the inverse of ShardOf.
func (l *Layout) Packed(shard int, key uint64) uint64 {
	return l.Mixer.Unmix(uint64(shard)<<(l.Bits-l.Shards) | key)
}

// Width returns the number of bits that hold all ids below limit.
func Width(limit uint32) int {
	if limit <= 1 {
		return 0
	}
	return bits.Len32(limit - 1)
}
