package words

import (
	"sync/atomic"

	"synod/internal/offheap"
)

// Pairs assigns a dense id, from 0, to every distinct pair of words, in order of insertion. It is safe for concurrent
// use. Finding an existing pair takes no lock.
type Pairs struct {
	arena   *offheap.Arena
	next    atomic.Uint32
	pairs   *Array[uint64] // id -> pair
	stripes [stripes]stripe
}

// NewPairs returns an empty table in arena.
func NewPairs(arena *offheap.Arena) *Pairs {
	return &Pairs{arena: arena, pairs: NewArray[uint64](arena)}
}

// Len returns the number of pairs.
func (t *Pairs) Len() int { return int(t.next.Load()) }

// At returns the pair of an id.
func (t *Pairs) At(id uint32) (a, b uint32) {
	pair := atomic.LoadUint64(t.pairs.At(id))
	return uint32(pair >> 32), uint32(pair)
}

// Intern returns the id of a pair.
func (t *Pairs) Intern(a, b uint32) uint32 {
	pair := uint64(a)<<32 | uint64(b)
	h := (pair ^ pair>>29) * 0x9e3779b97f4a7c15
	h ^= h >> 32
	s := &t.stripes[h%stripes]
	if id, ok := t.find(s, pair, h); ok {
		return id
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if id, ok := t.find(s, pair, h); ok {
		return id
	}
	index := s.ready(t.arena)
	id := t.next.Add(1) - 1
	t.pairs.Ensure(id)
	atomic.StoreUint64(t.pairs.At(id), pair)
	put(*index, h&hashMask|uint64(id+1))
	s.count++
	return id
}

func (t *Pairs) find(s *stripe, pair, h uint64) (id uint32, ok bool) {
	p := s.index.Load()
	if p == nil {
		return 0, false
	}
	index := *p
	mask := len(index) - 1
	for i := int(h >> indexShift); ; i++ {
		entry := atomic.LoadUint64(&index[i&mask])
		if entry == 0 {
			return 0, false
		}
		if (entry^h)&hashMask == 0 && atomic.LoadUint64(t.pairs.At(uint32(entry)-1)) == pair {
			return uint32(entry) - 1, true
		}
	}
}
