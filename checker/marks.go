package checker

import (
	"errors"
	"math"
	"slices"
	"sync/atomic"

	"synod/checker/internal/store"
	"synod/internal/offheap"
)

// place numbers the position of a state in the visited set.
type place = uint32

// ground numbers the places of the visited set, which must not grow meanwhile. The places of each shard follow those
// of the shard before.
type ground struct {
	e     *engine
	first []place // of each shard, then the number of places
}

// maxPlaces bounds the number of places.
const maxPlaces = math.MaxUint32

// errPlaces reports that there are too many places to number.
var errPlaces = errors.New("more states than can be looked at once more")

func (e *engine) newGround() (*ground, error) {
	g := &ground{e: e, first: make([]place, 1, len(e.shards)+1)}
	size := 0
	for _, s := range e.shards {
		if size += s.Set.Positions(); size > maxPlaces {
			return nil, errPlaces
		}
		g.first = append(g.first, place(size))
	}
	return g, nil
}

// size returns the number of places.
func (g *ground) size() int { return int(g.first[len(g.first)-1]) }

// locate finds a packed state in the visited set.
func (g *ground) locate(packed uint64) (place, bool) {
	shard, key := g.e.layout.ShardOf(packed)
	position, ok := g.e.shards[shard].Set.Find(key)
	return g.first[shard] + place(position), ok
}

// packed returns the packed state at a place.
func (g *ground) packed(at place) uint64 {
	shard, exact := slices.BinarySearch(g.first, at)
	if !exact {
		shard--
	}
	return g.e.layout.Packed(shard, g.e.shards[shard].Set.KeyAt(int(at-g.first[shard])))
}

// eachOf calls f with the places of the states of a shard, until f returns false.
func (g *ground) eachOf(shard int, f func(at place) bool) {
	first := g.first[shard]
	g.e.shards[shard].Set.EachAt(func(position int, _ uint64) bool { return f(first + place(position)) })
}

// numbers holds a 32-bit word for every place, or for every few places, of the visited set, outside the Go heap. The
// words are zero at first, and are read and written atomically.
type numbers struct {
	arena *offheap.Arena
	block []byte
	words []uint32
}

// newNumbers returns numbers with a word for every so many places.
func (g *ground) newNumbers(places int) (*numbers, error) {
	block, err := g.e.arena.Alloc(4 * (g.size()/places + 1))
	if err != nil {
		return nil, err
	}
	return &numbers{g.e.arena, block, offheap.Slice[uint32](block)}, nil
}

func (n *numbers) at(p place) *uint32 { return &n.words[p] }

func (n *numbers) free() {
	n.arena.Free(n.block)
	n.block, n.words = nil, nil
}

// marks is a byte for every place of the visited set.
type marks struct{ fours *numbers }

func (g *ground) newMarks() (*marks, error) {
	fours, err := g.newNumbers(4)
	if err != nil {
		return nil, err
	}
	return &marks{fours}, nil
}

func (m *marks) free() { m.fours.free() }

func (m *marks) get(p place) uint8 {
	return uint8(atomic.LoadUint32(&m.fours.words[p/4]) >> (p % 4 * 8))
}

// set sets bits of a byte, and returns its previous value.
func (m *marks) set(p place, bits uint8) uint8 {
	shift := p % 4 * 8
	return uint8(atomic.OrUint32(&m.fours.words[p/4], uint32(bits)<<shift) >> shift)
}

// claim sets a byte that is zero to a value. Of several concurrent callers, one gets true.
func (m *marks) claim(p place, value uint8) bool {
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

// places is a set of places, as bits.
type places struct {
	*ground
	bits *numbers
}

// newPlaces returns an empty set.
func (g *ground) newPlaces() (*places, error) {
	bits, err := g.newNumbers(32)
	if err != nil {
		return nil, err
	}
	return &places{g, bits}, nil
}

// placesOf returns the places of the states of a frontier.
func (g *ground) placesOf(f *store.Frontier) (*places, error) {
	s, err := g.newPlaces()
	if err != nil {
		return nil, err
	}
	for _, c := range f.Chunks {
		for _, packed := range c.Keys {
			if at, ok := g.locate(packed); ok {
				s.add(at)
			}
		}
	}
	return s, nil
}

// add adds a place to the set. It is safe for concurrent use.
func (s *places) add(p place) { atomic.OrUint32(&s.bits.words[p/32], 1<<(p%32)) }

// has reports whether a place is in the set. A nil set is empty.
func (s *places) has(p place) bool { return s != nil && s.bits.words[p/32]>>(p%32)&1 != 0 }

// holds reports whether a packed state is at one of the places.
func (s *places) holds(packed uint64) bool {
	if s == nil {
		return false
	}
	at, ok := s.locate(packed)
	return ok && s.has(at)
}

func (s *places) free() {
	if s != nil {
		s.bits.free()
	}
}
