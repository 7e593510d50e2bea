package words

import (
	"slices"
	"sync"
	"sync/atomic"

	"synod/internal/offheap"
)

// Table assigns a dense id, from 0, to every distinct sequence of words, in order of insertion. Sequences are
// compared word by word, not by hash. It is safe for concurrent use. Finding an existing sequence takes no lock.
type Table struct {
	arena   *offheap.Arena
	next    atomic.Uint32
	heads   *Array[uint64] // id -> length (20 bits) and Ref
	words   *Pool[uint32]
	stripes [stripes]stripe
}

// stripe holds the sequences, or pairs, whose hash selects it.
type stripe struct {
	mu sync.Mutex // for writers
	// Open addressing: the high half of a hash and id+1, or 0 for a free place. Outgrown indexes are kept until the
	// arena is closed, as a goroutine may still read them; together they are smaller than the current one.
	index atomic.Pointer[[]uint64]
	count int
	_     [40]byte // Keep neighbours off this cache line.
}

const (
	stripes   = 16 // locks of a Table; more than the cores that intern concurrently
	maxLength = 1<<20 - 1
	refBits   = 44
	// An index stores the high half of a hash, and derives places from these bits.
	hashMask   = (1<<32 - 1) << 32
	indexShift = 32
)

// NewTable returns an empty table in arena.
func NewTable(arena *offheap.Arena) *Table {
	return &Table{arena: arena, heads: NewArray[uint64](arena), words: NewPool[uint32](arena)}
}

// Len returns the number of sequences.
func (t *Table) Len() int { return int(t.next.Load()) }

// At returns the sequence of an id. It must not be modified.
func (t *Table) At(id uint32) []uint32 {
	head := atomic.LoadUint64(t.heads.At(id))
	n := head >> refBits
	if n == 0 {
		return nil
	}
	return t.words.From(Ref(head & (1<<refBits - 1)))[:n:n]
}

// Intern returns the id of a sequence, and whether it is new. A new sequence is copied.
func (t *Table) Intern(seq []uint32) (id uint32, fresh bool) {
	h := hash(seq)
	s := &t.stripes[h%stripes]
	if id, ok := t.find(s, seq, h); ok {
		return id, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if id, ok := t.find(s, seq, h); ok {
		return id, false
	}
	index := s.ready(t.arena)
	id = t.next.Add(1) - 1
	t.heads.Ensure(id)
	atomic.StoreUint64(t.heads.At(id), t.store(seq))
	put(*index, h&hashMask|uint64(id+1))
	s.count++
	return id, true
}

func (t *Table) find(s *stripe, seq []uint32, h uint64) (id uint32, ok bool) {
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
		if (entry^h)&hashMask == 0 {
			if id := uint32(entry) - 1; slices.Equal(t.At(id), seq) {
				return id, true
			}
		}
	}
}

// put stores an entry in a free place.
func put(index []uint64, entry uint64) {
	mask := len(index) - 1
	i := int(entry>>indexShift) & mask
	for index[i] != 0 {
		i = (i + 1) & mask
	}
	atomic.StoreUint64(&index[i], entry)
}

// store copies seq to the pool, and returns its head.
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

// ready returns an index with room for one more entry, enlarging it if necessary.
func (s *stripe) ready(arena *offheap.Arena) *[]uint64 {
	var old []uint64
	if p := s.index.Load(); p != nil {
		if 4*(s.count+1) <= 3*len(*p) {
			return p
		}
		old = *p
	}
	index := offheap.Slice[uint64](alloc(arena, 8*max(8, 2*len(old))))
	for _, entry := range old {
		if entry != 0 {
			put(index, entry)
		}
	}
	s.index.Store(&index)
	return &index
}

// hash returns a hash of a sequence. Equality never depends on it.
func hash(seq []uint32) uint64 {
	h := uint64(len(seq)) * 0x9e3779b97f4a7c15
	for _, w := range seq {
		h = (h ^ uint64(w)) * 0xff51afd7ed558ccd
		h ^= h >> 32
	}
	return h ^ h>>29
}
