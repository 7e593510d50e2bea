package visited

import (
	"encoding/binary"
	"math/bits"
	"unsafe"
)

// layout describes how keys of keyBits bits are stored in an array of m home positions, and how an entry is packed.
//
// A key k has the home floor(k*m / 2^keyBits), so homes ascend with the keys. Keys with the same home differ by
// multiples of m in the fraction k*m mod 2^keyBits, so the fraction without its low floor(log2 m) bits, the
// remainder, distinguishes them, and ascends with the keys too. An entry d positions after its home is the word
//
//	d+1 | ^remainder | tag       (high bits to low)
//
// of width bytes, little endian. The zero word is an empty position. Entries are in ascending order of their keys. So
// a search that starts at the home of a key and counts d encounters greater words for lesser keys, then the word
// itself, then lesser words for greater keys or an empty position.
type layout struct {
	keyBits  uint
	tagBits  uint
	remBits  uint
	m        uint64 // home positions, at least 1 and at most 2^keyBits
	least    uint64 // the limit requested
	limit    uint64 // greatest displacement, at least least
	width    uint64 // bytes of an entry, 1 to 8
	wordMask uint64
	tagMask  uint64
	unit     uint64 // one displacement
	base     uint64 // the word of displacement 0, remainder 0 and a tag of ones
	full     uint64 // words from here on have the greatest displacement
	recip    uint64 // 2^(64 + floor(log2 m)) / m rounded up, at most 2^64 - 1
}

const (
	// minLimit is the least maximum displacement of a layout. Displacement here is the length of a queue that serves one
	// key per position, so at a load of 0.85 it exceeds x with a probability of about e^(-x/3): a shard of four million
	// keys is expected to stay below 50.
	minLimit = 61
	// limitShare bounds the cost of a greater limit: one position behind the last home per limitShare homes.
	limitShare = 256
)

// newLayout returns the layout with m homes and room for displacements of at least least, or false if an entry would
// not fit into eight bytes. Every layout with m = 2^keyBits exists.
func newLayout(keyBits, tagBits uint, m, least uint64) (layout, bool) {
	f := uint(bits.Len64(m)) - 1
	l := layout{keyBits: keyBits, tagBits: tagBits, remBits: keyBits - f, m: m, least: least}
	if l.direct() {
		least = 5 // every key is at its home, but filter looks further
	}
	// The greatest displacement field is least+2: a search for an absent key may go one position further than keys.
	need := uint(bits.Len64(least + 2))
	l.width = uint64(l.remBits+tagBits+need+7) / 8
	if l.width > 8 {
		return layout{}, false
	}
	spare := 8*uint(l.width) - l.remBits - tagBits
	l.limit = max(least, min(m/limitShare, 1<<spare-3))
	l.wordMask = ^uint64(0) >> (64 - 8*l.width)
	l.tagMask = 1<<tagBits - 1
	l.unit = 1 << (l.remBits + tagBits)
	l.base = l.unit + l.unit - 1
	l.full = (l.limit + 1) * l.unit
	l.recip = ^uint64(0)
	if m != 1<<f {
		q, r := bits.Div64(1<<f, 0, m)
		if r > 0 {
			q++
		}
		l.recip = q
	}
	return l, true
}

// direct reports whether every key has its own home.
func (l *layout) direct() bool { return l.keyBits < 64 && l.m == 1<<l.keyBits }

// positions returns the length of the array. The last two positions are always empty, so that every search ends
// there.
func (l *layout) positions() uint64 { return l.m + l.limit + 2 }

// bytes returns the length of the array in bytes, padded so that every entry can be read and written as eight bytes.
func (l *layout) bytes() uint64 { return l.positions()*l.width + 64 }

// place returns the home of a key, and its word there with a tag of all ones.
func (l *layout) place(key uint64) (home, word uint64) {
	// The key is shifted to the top of its word, so that the high half of the product is the home. The shifts are masked
	// to avoid the compiler's test for 64: without key bits the key is 0, without remainder bits the fraction is 0.
	hi, lo := bits.Mul64(key<<((64-l.keyBits)&63), l.m)
	return hi, lo>>((64-l.remBits)&63)<<(l.tagBits&63) ^ l.base
}

// key returns the key of the entry with this word at this position, ignoring the tag.
func (l *layout) key(pos, word uint64) uint64 {
	home := pos + 1 - word>>((l.remBits+l.tagBits)&63)
	rem := (^word & (l.unit - 1)) >> (l.tagBits & 63)
	return l.unplace(home, rem)
}

// unplace returns the only key with this home and remainder: the least k with k*m >= home<<keyBits + rem<<f, where f
// is floor(log2 m), because the product exceeds the right side by less than 2^f <= m.
func (l *layout) unplace(home, rem uint64) uint64 {
	f := l.keyBits - l.remBits
	if l.keyBits == 64 {
		q, r := bits.Div64(home, rem<<f, l.m)
		if r > 0 {
			q++
		}
		return q
	}
	// Divide y * 2^f by m, rounding up. The reciprocal is less than 1 too great, or m is a power of two and it is 1
	// too small; either way the high half of the product is the result or one less. The result times m is greater than
	// y * 2^f or equal, so the sign of the difference tells, modulo 2^64 too since it is less than m.
	y := home<<(l.remBits&63) | rem
	k, _ := bits.Mul64(y, l.recip)
	return k + (k*l.m-y<<(f&63))>>63
}

// load reads eight bytes, of which the first width belong to the entry.
func load(base unsafe.Pointer, offset uint64) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(base, offset))[:])
}

func store(base unsafe.Pointer, offset, v uint64) {
	binary.LittleEndian.PutUint64((*[8]byte)(unsafe.Add(base, offset))[:], v)
}
