package words

import (
	"slices"
	"sync"
	"sync/atomic"

	"synod/internal/offheap"
)

// Table gives every distinct sequence of words a dense id, from 0 in order of arrival. Equality is decided by the words
// themselves. It is safe for concurrent use; At takes no lock.
type Table struct {
	arena   *offheap.Arena
	next    atomic.Uint32
	heads   *Array[uint64] // id -> length (20 bits) and Ref
	words   *Pool[uint32]
	stripes [stripes]stripe
}

// stripe owns the sequences whose hash selects it.
type stripe struct {
	mu    sync.Mutex
	index []uint32 // open addressing, id+1, 0 for a free place
	raw   []byte   // what index lies in
	count int
	_     [48]byte // Keep neighbours off this cache line.
}

const (
	stripes   = 16 // locks of a Table: more than the cores that intern at once
	maxLength = 1<<20 - 1
	refBits   = 44
)

// NewTable gives an empty table in arena.
func NewTable(arena *offheap.Arena) *Table {
	return &Table{arena: arena, heads: NewArray[uint64](arena), words: NewPool[uint32](arena)}
}

// Len is the number of sequences.
func (t *Table) Len() int { return int(t.next.Load()) }

// At gives the sequence of an id, which must not be changed.
func (t *Table) At(id uint32) []uint32 {
	head := atomic.LoadUint64(t.heads.At(id))
	n := head >> refBits
	if n == 0 {
		return nil
	}
	return t.words.From(Ref(head & (1<<refBits - 1)))[:n:n]
}

// Intern gives the id of a sequence, which it copies if it is new.
func (t *Table) Intern(seq []uint32) (id uint32, fresh bool) {
	h := hash(seq)
	s := &t.stripes[h%stripes]
	s.mu.Lock()
	defer s.mu.Unlock()
	if 4*(s.count+1) > 3*len(s.index) {
		t.grow(s)
	}
	mask := uint64(len(s.index) - 1)
	i := h / stripes & mask
	for s.index[i] != 0 {
		if id := s.index[i] - 1; slices.Equal(t.At(id), seq) {
			return id, false
		}
		i = (i + 1) & mask
	}
	id = t.next.Add(1) - 1
	t.heads.Ensure(id)
	atomic.StoreUint64(t.heads.At(id), t.store(seq))
	s.index[i] = id + 1
	s.count++
	return id, true
}

// store copies seq to where it stays, and gives its head.
func (t *Table) store(seq []uint32) uint64 {
	if len(seq) > maxLength {
		panic("words: a sequence of more than a million words")
	}
	if len(seq) == 0 {
		return 0
	}
	ref, run := t.words.Reserve(len(seq))
	copy(run, seq)
	return uint64(len(seq))<<refBits | uint64(ref)
}

// grow doubles the index of a stripe.
func (t *Table) grow(s *stripe) {
	old, raw := s.index, s.raw
	s.raw = alloc(t.arena, 4*max(16, 2*len(old)))
	s.index = offheap.Slice[uint32](s.raw)
	mask := uint64(len(s.index) - 1)
	for _, place := range old {
		if place == 0 {
			continue
		}
		i := hash(t.At(place-1)) / stripes & mask
		for s.index[i] != 0 {
			i = (i + 1) & mask
		}
		s.index[i] = place
	}
	if raw != nil {
		t.arena.Free(raw)
	}
}

// hash mixes a sequence; equality never depends on it.
func hash(seq []uint32) uint64 {
	h := uint64(len(seq)) * 0x9e3779b97f4a7c15
	for _, w := range seq {
		h = (h ^ uint64(w)) * 0xff51afd7ed558ccd
		h ^= h >> 32
	}
	return h ^ h>>29
}
