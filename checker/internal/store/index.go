package store

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"

	"synod/internal/offheap"
)

// Place numbers the position of a state in the visited set.
type Place = uint32

// Index numbers the places of the visited set, which must not grow meanwhile. The places of each shard follow those of
// the shard before.
type Index struct {
	arena  *offheap.Arena
	layout *Layout
	shards []*Shard
	first  []Place // of each shard, then the number of places
}

// maxPlaces bounds the number of places.
const maxPlaces = math.MaxUint32

// ErrChanged reports that a state has other transitions than during the search.
var ErrChanged = errors.New("the model is not deterministic: expanding a state again gave different successors")

// NewIndex returns an index of the states in some shards. Tables of numbers by place are allocated in the arena. The
// error wraps offheap.ErrLimit if there are too many places.
func NewIndex(arena *offheap.Arena, layout *Layout, shards []*Shard) (*Index, error) {
	x := &Index{arena: arena, layout: layout, shards: shards, first: make([]Place, 1, len(shards)+1)}
	size := 0
	for _, s := range shards {
		if size += s.Set.Positions(); size > maxPlaces {
			return nil, fmt.Errorf("more than %d states to expand again: %w", maxPlaces, offheap.ErrLimit)
		}
		x.first = append(x.first, Place(size))
	}
	return x, nil
}

// Size returns the number of places.
func (x *Index) Size() int { return int(x.first[len(x.first)-1]) }

// Shards returns the number of shards.
func (x *Index) Shards() int { return len(x.shards) }

// Locate finds a packed state in the visited set.
func (x *Index) Locate(packed uint64) (Place, bool) {
	shard, key := x.layout.ShardOf(packed)
	position, ok := x.shards[shard].Set.Find(key)
	return x.first[shard] + Place(position), ok
}

// Packed returns the packed state at a place.
func (x *Index) Packed(at Place) uint64 {
	shard, exact := slices.BinarySearch(x.first, at)
	if !exact {
		shard--
	}
	return x.layout.Packed(shard, x.shards[shard].Set.KeyAt(int(at-x.first[shard])))
}

// Each calls f with the places of the states of a shard, until f returns false.
func (x *Index) Each(shard int, f func(at Place) bool) {
	first := x.first[shard]
	x.shards[shard].Set.EachAt(func(position int, _ uint64) bool { return f(first + Place(position)) })
}

// Numbers holds a 32-bit word for every place, or for every few places, of the visited set, outside the Go heap. The
// words are zero at first, and are read and written atomically.
type Numbers struct {
	arena *offheap.Arena
	block []byte
	words []uint32
}

// NewNumbers returns numbers with a word for every so many places.
func (x *Index) NewNumbers(places int) (*Numbers, error) {
	block, err := x.arena.Alloc(4 * (x.Size()/places + 1))
	if err != nil {
		return nil, err
	}
	return &Numbers{x.arena, block, offheap.Slice[uint32](block)}, nil
}

// At returns the word of a place.
func (n *Numbers) At(p Place) *uint32 { return &n.words[p] }

// Free returns the memory of the words.
func (n *Numbers) Free() {
	n.arena.Free(n.block)
	n.block, n.words = nil, nil
}

// Marks is a byte for every place of the visited set.
type Marks struct{ fours *Numbers }

// NewMarks returns marks that are all zero.
func (x *Index) NewMarks() (*Marks, error) {
	fours, err := x.NewNumbers(4)
	if err != nil {
		return nil, err
	}
	return &Marks{fours}, nil
}

// Free returns the memory of the marks.
func (m *Marks) Free() { m.fours.Free() }

// Get returns the byte of a place.
func (m *Marks) Get(p Place) uint8 {
	return uint8(atomic.LoadUint32(&m.fours.words[p/4]) >> (p % 4 * 8))
}

// Set sets bits of a byte, and returns its previous value.
func (m *Marks) Set(p Place, bits uint8) uint8 {
	shift := p % 4 * 8
	return uint8(atomic.OrUint32(&m.fours.words[p/4], uint32(bits)<<shift) >> shift)
}

// Claim sets a byte that is zero to a value. Of several concurrent callers, one gets true.
func (m *Marks) Claim(p Place, value uint8) bool {
	word, shift := &m.fours.words[p/4], p%4*8
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

// Places is a set of places, as bits.
type Places struct {
	of   *Index
	bits *Numbers
}

// NewPlaces returns an empty set.
func (x *Index) NewPlaces() (*Places, error) {
	bits, err := x.NewNumbers(32)
	if err != nil {
		return nil, err
	}
	return &Places{x, bits}, nil
}

// PlacesOf returns the places of the states of a frontier.
func (x *Index) PlacesOf(f *Frontier) (*Places, error) {
	s, err := x.NewPlaces()
	if err != nil {
		return nil, err
	}
	for _, c := range f.Chunks {
		for _, packed := range c.Keys {
			if at, ok := x.Locate(packed); ok {
				s.Add(at)
			}
		}
	}
	return s, nil
}

// Add adds a place to the set. It is safe for concurrent use.
func (s *Places) Add(p Place) { atomic.OrUint32(&s.bits.words[p/32], 1<<(p%32)) }

// Has reports whether a place is in the set. A nil set is empty.
func (s *Places) Has(p Place) bool { return s != nil && s.bits.words[p/32]>>(p%32)&1 != 0 }

// Holds reports whether a packed state is at one of the places.
func (s *Places) Holds(packed uint64) bool {
	if s == nil {
		return false
	}
	at, ok := s.of.Locate(packed)
	return ok && s.Has(at)
}

// Free returns the memory of the set. A nil set has none.
func (s *Places) Free() {
	if s != nil {
		s.bits.Free()
	}
}
