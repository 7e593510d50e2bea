// Package visited stores the set of visited states: an exact set of integers that stores only the bits of a key that
// its position does not determine.
//
// A state is packed into B bits. A Mixer, a bijection on B bits, scatters the states; the high bits of the result
// choose one of many shards, and a Shard stores the other bits. No bit is lost, so the set is exact. A shard is a
// hash table after J. G. Cleary, "Compact Hash Tables Using Bidirectional Linear Probing", IEEE Transactions on
// Computers C-33(9), 1984, in a variant that probes in one direction, keeps its entries sorted, stores their
// displacements instead of Cleary's bits, and has any number of positions, not only powers of two.
package visited

import (
	"fmt"
	"math/bits"
	"slices"
	"sync/atomic"
	"unsafe"

	"synod/internal/offheap"
)

// Shard is an exact set of keys of a fixed number of bits, each with a small tag set by its first insertion. Keys
// should be spread evenly, as by a Mixer; otherwise the set is still exact, but takes more memory and time. A shard
// must not be used concurrently, except for Prefetch. Its size is limited only by memory.
type Shard struct {
	layout
	arena  *offheap.Arena
	policy policy
	table  []byte
	first  unsafe.Pointer // start of table
	count  uint64
	room   uint64 // number of new keys that fit before the shard must grow
	sink   uint64 // keeps the loads of touch alive
	places atomic.Pointer[places]
}

// places is where the homes of keys are. It may be out of date.
type places struct {
	first    uintptr
	m, width uint64
	shift    uint
}

// NewShard returns an empty shard for keys of 0 to 64 bits with tags of 0 to 8 bits. Its first table has about start
// positions, or more if the layout requires it. Shards that fill evenly should each start at another size (see
// Stagger), so that they do not all grow at once. The error is that of the arena.
func NewShard(a *offheap.Arena, keyBits, tagBits, start int) (*Shard, error) {
	return newShard(a, keyBits, tagBits, start, defaultPolicy)
}

func newShard(a *offheap.Arena, keyBits, tagBits, start int, p policy) (*Shard, error) {
	if keyBits < 0 || keyBits > 64 || tagBits < 0 || tagBits > 8 {
		panic(fmt.Sprintf("visited: shard for keys of %d bits and tags of %d", keyBits, tagBits))
	}
	s := &Shard{arena: a, policy: p}
	m := capHomes(uint(keyBits), uint64(max(start, 1)))
	for {
		l, ok := newLayout(uint(keyBits), uint(tagBits), m, minLimit)
		if ok {
			table, err := allocTable(a, l)
			if err != nil {
				return nil, fmt.Errorf("new shard: %w", err)
			}
			s.adopt(l, table)
			return s, nil
		}
		m *= 2 // one bit less of remainder
	}
}

// Insert adds a key, less than 2^keyBits, with its tag, less than 2^tagBits, and reports whether it is new. An
// existing key keeps its tag. If the arena returns an error, Insert returns it and the shard is unchanged.
func (s *Shard) Insert(key uint64, tag uint8) (fresh bool, err error) {
	s.checkTag(tag)
	var buf [1]uint64
	keys := [1]uint64{key}
	added, err := s.insert(keys[:], tag, buf[:0])
	return len(added) == 1, err
}

// InsertBatch inserts keys in order, all with the same tag, and appends the new ones to fresh. Neither slice is
// retained; they must not overlap. If the arena returns an error, InsertBatch returns it; the shard then also
// contains the keys appended to fresh, and every key before the first one missing from the shard was handled.
func (s *Shard) InsertBatch(keys []uint64, tag uint8, fresh []uint64) ([]uint64, error) {
	const chunk = 256 // what is touched stays in the first-level cache until it is used
	s.checkTag(tag)
	for len(keys) > 0 {
		n := min(len(keys), chunk)
		s.touch(keys[:n])
		fresh = slices.Grow(fresh, n)
		absent := s.filter(keys[:n], fresh[len(fresh):len(fresh)+n])
		var err error
		// The absent keys lie behind the fresh ones, which cannot overtake them.
		if fresh, err = s.insert(absent, tag, fresh); err != nil {
			return fresh, err
		}
		keys = keys[n:]
	}
	return fresh, nil
}

// InsertTagged inserts keys in order, each with its own tag. Neither slice is retained. If the arena returns an
// error, InsertTagged returns it; every key before the first one missing from the shard was handled.
func (s *Shard) InsertTagged(keys []uint64, tags []uint8) error {
	var buf [1]uint64
	s.touch(keys)
	for i := range keys {
		s.checkTag(tags[i])
		if _, err := s.insert(keys[i:i+1], tags[i], buf[:0]); err != nil {
			return err
		}
	}
	return nil
}

// Touch prefetches what Insert will read for a key.
func (s *Shard) Touch(key uint64) {
	keys := [1]uint64{key}
	s.touch(keys[:])
}

// Prefetch is Touch for a shard that others may be using.
func (s *Shard) Prefetch(key uint64) {
	p := s.places.Load()
	home, _ := bits.Mul64(key<<(p.shift&63), p.m)
	at := p.first + uintptr(home*p.width)
	prefetch(at)
	prefetch(at + touchAhead)
}

// touch prefetches what a search for these keys will read. No load depends on another, so their cache misses overlap.
func (s *Shard) touch(keys []uint64) {
	first, m, width, shift := s.first, s.m, s.width, (64-s.keyBits)&63
	var sum uint64
	for _, key := range keys {
		home, _ := bits.Mul64(key<<shift, m)
		sum += load(first, home*width) + load(first, home*width+touchAhead)
	}
	s.sink = sum
}

// touchAhead is an offset from the home in bytes: mostly in the next cache line, if the entry may be there.
const touchAhead = 56

// filter writes the keys that are not among the first five entries from their homes on to out, which is as long as
// keys, in order, and returns them. It has no branches: half of the keys of a search are already in the set, at
// random, and a misprediction costs more than comparing a few entries.
func (s *Shard) filter(keys, out []uint64) []uint64 {
	first, l := s.first, &s.layout
	width, unit, mask, tagMask := l.width, l.unit, l.wordMask, l.tagMask
	n := 0
	for _, key := range keys {
		home, want := l.place(key)
		at := home * width
		// An entry that equals the wanted word but for the tag differs from it by at most the tag of ones.
		d := (want - load(first, at)) & mask
		at += width
		want += unit
		d = min(d, (want-load(first, at))&mask)
		at += width
		want += unit
		d = min(d, (want-load(first, at))&mask)
		at += width
		want += unit
		d = min(d, (want-load(first, at))&mask)
		at += width
		want += unit
		d = min(d, (want-load(first, at))&mask)
		out[n] = key
		_, found := bits.Sub64(tagMask, d, 0)
		n += int(found)
	}
	return out[:n]
}

// insert inserts keys in order and appends the new ones to fresh, whose spare capacity may contain keys.
func (s *Shard) insert(keys []uint64, tag uint8, fresh []uint64) ([]uint64, error) {
	for {
		n := s.insertSome(keys, uint64(tag), &fresh)
		if keys = keys[n:]; len(keys) == 0 {
			return fresh, nil
		}
		if err := s.grow(); err != nil {
			return fresh, err
		}
	}
}

// insertSome inserts keys until a new one finds no room, and returns the number handled.
func (s *Shard) insertSome(keys []uint64, tag uint64, out *[]uint64) int {
	fresh, first, l := *out, s.first, &s.layout
	width, unit, mask, tagMask := l.width, l.unit, l.wordMask, l.tagMask
	room := s.room
	n := 0
	for ; n < len(keys); n++ {
		home, want := l.place(keys[n])
		at := home * width
		// Skip up to four greater words without a branch, then the others.
		_, r0 := bits.Sub64(want, load(first, at)&mask, 0)
		_, r1 := bits.Sub64(want+unit, load(first, at+width)&mask, 0)
		_, r2 := bits.Sub64(want+2*unit, load(first, at+2*width)&mask, 0)
		_, r3 := bits.Sub64(want+3*unit, load(first, at+3*width)&mask, 0)
		rank := r0 + r1 + r2 + r3
		at += rank * width
		want += rank * unit
		raw := load(first, at)
		for raw&mask > want {
			at += width
			want += unit
			raw = load(first, at)
		}
		if want-raw&mask <= tagMask {
			continue
		}
		if room == 0 {
			break
		}
		room--
		fresh = append(fresh, keys[n])

		// Insert the entry here, and move this entry and those after it by one, up to the next empty position. Each
		// position is read before the one to its left is written, so no read meets a write still in flight, and each write
		// restores the bytes read from its neighbours.
		word := want - tagMask + tag
		top := word
		for raw&mask != 0 {
			next := load(first, at+width)
			store(first, at, raw&^mask|word)
			word = raw&mask + unit
			top = max(top, word)
			raw = next
			at += width
		}
		store(first, at, raw|word)
		if top >= l.full {
			room = 0 // the next fresh key could push an entry beyond the limit
		}
	}
	s.count += uint64(len(fresh) - len(*out))
	s.room = room
	*out = fresh
	return n
}

func (s *Shard) checkTag(tag uint8) {
	if uint64(tag) > s.tagMask {
		panic(fmt.Sprintf("visited: tag %d of more than %d bits", tag, s.tagBits))
	}
}

// Lookup returns the tag of a key, and whether the key is in the set.
func (s *Shard) Lookup(key uint64) (tag uint8, ok bool) {
	home, want := s.place(key)
	at := home * s.width
	word := load(s.first, at) & s.wordMask
	for word > want {
		at += s.width
		want += s.unit
		word = load(s.first, at) & s.wordMask
	}
	return uint8(word & s.tagMask), want-word <= s.tagMask
}

// Each calls yield for each key in ascending order until yield returns false. The shard must not change meanwhile.
func (s *Shard) Each(yield func(key uint64, tag uint8) bool) {
	for pos, end := uint64(0), s.positions(); pos < end; pos++ {
		word := load(s.first, pos*s.width) & s.wordMask
		if word != 0 && !yield(s.key(pos, word), uint8(word&s.tagMask)) {
			return
		}
	}
}

// EachTag is Each for the keys with this tag. Other keys are read and skipped.
func (s *Shard) EachTag(tag uint8, yield func(key uint64) bool) {
	for pos, end := uint64(0), s.positions(); pos < end; pos++ {
		word := load(s.first, pos*s.width) & s.wordMask
		if word != 0 && word&s.tagMask == uint64(tag) && !yield(s.key(pos, word)) {
			return
		}
	}
}

// Len returns the number of keys.
func (s *Shard) Len() int { return int(s.count) }

// Bytes returns the number of bytes that the shard takes from its arena.
func (s *Shard) Bytes() int64 { return s.arena.Size(len(s.table)) }

// Free frees the memory. The shard must not be used afterwards.
func (s *Shard) Free() {
	s.arena.Free(s.table)
	s.table, s.first = nil, nil
}
