package checker

import (
	"sync/atomic"

	"synod/checker/internal/store"
	"synod/internal/offheap"
)

// place is where a visited state stands in the visited set, as long as nothing is inserted.
type place struct {
	shard    int
	position int
}

// locate finds a packed state in the visited set.
func (e *engine) locate(packed uint64) (place, bool) {
	shard, key := e.layout.ShardOf(packed)
	position, ok := e.shards[shard].Set.Find(key)
	return place{shard, position}, ok
}

// numbers is a word of 32 bits for every place of the visited set, or for every few places, outside the Go heap. They
// are zero at first, and read and written atomically.
type numbers struct {
	arena  *offheap.Arena
	blocks [][]byte
	words  [][]uint32
}

// newNumbers returns a word for every so many places.
func (e *engine) newNumbers(places int) (*numbers, error) {
	n := &numbers{arena: e.arena}
	for _, s := range e.shards {
		block, err := e.arena.Alloc(4 * (s.Set.Positions()/places + 1))
		if err != nil {
			n.free()
			return nil, err
		}
		words := offheap.Slice[uint32](block)
		n.blocks, n.words = append(n.blocks, block), append(n.words, words)
	}
	return n, nil
}

func (n *numbers) at(p place) *uint32 { return &n.words[p.shard][p.position] }

func (n *numbers) free() {
	for _, block := range n.blocks {
		n.arena.Free(block)
	}
	n.blocks, n.words = nil, nil
}

// marks is a byte for every place of the visited set.
type marks struct{ fours *numbers }

func (e *engine) newMarks() (*marks, error) {
	fours, err := e.newNumbers(4)
	if err != nil {
		return nil, err
	}
	return &marks{fours}, nil
}

func (m *marks) free() { m.fours.free() }

func (m *marks) get(p place) uint8 {
	return uint8(atomic.LoadUint32(&m.fours.words[p.shard][p.position/4]) >> (p.position % 4 * 8))
}

// set adds bits to a byte, and gives what it was.
func (m *marks) set(p place, bits uint8) uint8 {
	shift := p.position % 4 * 8
	return uint8(atomic.OrUint32(&m.fours.words[p.shard][p.position/4], uint32(bits)<<shift) >> shift)
}

// claim sets a byte that is zero to a value. Of several who do so at once, one is told that it did.
func (m *marks) claim(p place, value uint8) bool {
	word, shift := &m.fours.words[p.shard][p.position/4], p.position%4*8
	for {
		now := atomic.LoadUint32(word)
		if uint8(now>>shift) != 0 {
			return false
		}
		if atomic.CompareAndSwapUint32(word, now, now|uint32(value)<<shift) {
			return true
		}
	}
}

// places is a set of places: a bit for each.
type places struct{ bits *numbers }

// placesOf returns the places of the states of a frontier.
func (e *engine) placesOf(f *store.Frontier) (*places, error) {
	bits, err := e.newNumbers(32)
	if err != nil {
		return nil, err
	}
	s := &places{bits}
	for _, c := range f.Chunks {
		for _, packed := range c.Keys {
			if at, ok := e.locate(packed); ok {
				s.bits.words[at.shard][at.position/32] |= 1 << (at.position % 32)
			}
		}
	}
	return s, nil
}

// has reports whether a place is in the set; none is in a set that is nil.
func (s *places) has(p place) bool {
	return s != nil && s.bits.words[p.shard][p.position/32]>>(p.position%32)&1 != 0
}

func (s *places) free() {
	if s != nil {
		s.bits.free()
	}
}
