package intern

import (
	"fmt"
	"math"
	"math/bits"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/mitchellh/hashstructure/v2"
)

// Table gives every distinct value of T a dense id, counted from 0 in order of arrival. It is exact: two values share
// an id if and only if they are equal in the sense of [Walker.Equal]. It is safe for concurrent use, and never
// forgets. It holds fewer than 2^32 values. Values with cycles must be kept out ([Walker.Check]).
//
// Flat types live in a Go map. For all others, hashstructure finds the bucket of a new value, and equality decides
// inside the bucket. Its 64 bits are never trusted: it ignores unexported fields, takes nil for empty, lets duplicates
// in sets cancel, may run methods of the value, and fails on some types (these are put in a bucket by our own hash).
// Values beyond the first structureLimit have no bucket: where there are so many, its time would be felt.
// Hashstructure takes dozens of times as long as our own hash, so an exact index by our own hash stands in front,
// where equality decides as well, and hashstructure is asked once per distinct value. That index is complete. It
// follows that the search of the bucket finds something only if an interned value was changed, and that the table
// stays exact whatever hashstructure answers.
type Table[T any] struct {
	walker *Walker[T]
	bucket func(any) (uint64, bool) // hashstructure; a test may put another in its place

	mu      sync.RWMutex
	flat    map[any]uint32     // all of a flat type; nil for others
	index   map[uint64]uint32  // own hash to the newest id with it, plus 1
	buckets map[bucketKey]head // see place

	chunks [chunkCount]atomic.Pointer[[]cell[T]]
	len    atomic.Uint32
	bytes  atomic.Int64
}

// cell is an interned value. Ids of other cells are plus 1, so that 0 is none.
type cell[T any] struct {
	value  T
	own    uint64 // our hash at the time of interning
	twin   uint32 // the next older cell with the same own hash
	friend uint32 // the next older cell in the same bucket
}

// Chunk c holds 2^(c+firstBits) cells, which never move, so that they are read without a lock.
const (
	firstBits  = 6
	chunkCount = 32 - firstBits + 1
)

// A bucket that has bucketLimit values is full: further ones go to buckets by hashstructure and own hash together.
const bucketLimit = 32

// structureLimit is how many values of a table are put in buckets; hashstructure takes some 20 µs for each.
const structureLimit = 2_048

type bucketKind uint8

const (
	inNone      bucketKind = iota // no bucket: the table is large
	byStructure                   // hashstructure's hash
	byBoth                        // both hashes, when the bucket of the first kind is full
	byOwn                         // our own hash, when hashstructure has none
)

type bucketKey struct {
	kind           bucketKind
	structure, own uint64
}

type head struct {
	newest uint32 // plus 1
	count  uint32
}

// What an interned value costs besides its cell, in bytes: entries of the Go maps at their average load. With these,
// the estimate stayed within a quarter of the growth of the heap for 1,000 to 60,000 values.
const (
	flatOverhead = 44
	deepOverhead = 85
)

// NewTable returns an empty table. The error is that of [For].
func NewTable[T any]() (*Table[T], error) {
	w, err := For[T]()
	if err != nil {
		return nil, fmt.Errorf("new table: %w", err)
	}
	t := &Table[T]{walker: w, bucket: structureHash}
	if w.Flat() {
		t.flat = map[any]uint32{}
	} else {
		t.index, t.buckets = map[uint64]uint32{}, map[bucketKey]head{}
	}
	return t, nil
}

// structureHash is hashstructure's hash of a value, if it has one. It runs methods of the value if they have the
// right names, so it may panic in any way.
func structureHash(v any) (h uint64, ok bool) {
	defer func() {
		if recover() != nil {
			h, ok = 0, false
		}
	}()
	h, err := hashstructure.Hash(v, hashstructure.FormatV2, nil)
	return h, err == nil
}

// Intern returns the id of v, and whether v is new. The table takes ownership of a new v: the caller passes a private
// value and does not change it afterwards.
func (t *Table[T]) Intern(v T) (id uint32, fresh bool) {
	if t.flat != nil {
		return t.internFlat(v)
	}
	own := t.walker.Hash(v)
	if id, ok := t.find(own, v); ok {
		return id, false
	}
	key := t.bucketOf(v, own)
	held := t.walker.plan.bytes(unsafe.Pointer(&v)) // as the hashes, computed before the lock: other users need not wait

	t.mu.Lock()
	defer t.mu.Unlock()
	if id, ok := t.findTwin(own, v); ok {
		return id, false
	}
	if id, ok := t.findFriend(key, own, v); ok {
		return id, false
	}
	if key.kind == inNone {
		id = t.add(cell[T]{value: v, own: own, twin: t.index[own]}, held+deepOverhead)
		t.index[own] = id + 1
		return id, true
	}
	key, h := t.place(key, own)
	id = t.add(cell[T]{value: v, own: own, twin: t.index[own], friend: h.newest}, held+deepOverhead)
	t.index[own] = id + 1
	t.buckets[key] = head{id + 1, h.count + 1}
	return id, true
}

// bucketOf gives the bucket of a new value, if it has one.
func (t *Table[T]) bucketOf(v T, own uint64) bucketKey {
	if t.Len() >= structureLimit {
		return bucketKey{}
	}
	if h, ok := t.bucket(v); ok {
		return bucketKey{kind: byStructure, structure: h}
	}
	return bucketKey{kind: byOwn, own: own}
}

func (t *Table[T]) internFlat(v T) (id uint32, fresh bool) {
	if id, ok := t.Lookup(v); ok {
		return id, false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if id, ok := t.flat[any(v)]; ok {
		return id, false
	}
	held := t.walker.plan.bytes(unsafe.Pointer(&v)) + block(int64(unsafe.Sizeof(v)))
	id = t.add(cell[T]{value: v}, held+flatOverhead)
	t.flat[any(v)] = id
	return id, true
}

// Lookup returns the id of v if it is interned.
func (t *Table[T]) Lookup(v T) (uint32, bool) {
	if t.flat == nil {
		return t.find(t.walker.Hash(v), v)
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	id, ok := t.flat[any(v)]
	return id, ok
}

func (t *Table[T]) find(own uint64, v T) (uint32, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.findTwin(own, v)
}

// findTwin looks among the values with the same own hash. The lock is held.
func (t *Table[T]) findTwin(own uint64, v T) (uint32, bool) {
	for next := t.index[own]; next != 0; {
		c := t.cell(next - 1)
		if t.walker.Equal(c.value, v) {
			return next - 1, true
		}
		next = c.twin
	}
	return 0, false
}

// findFriend looks into the bucket, and into the one behind it if it is full. The lock is held.
func (t *Table[T]) findFriend(key bucketKey, own uint64, v T) (uint32, bool) {
	if key.kind == inNone {
		return 0, false
	}
	h := t.buckets[key]
	for next := h.newest; next != 0; {
		c := t.cell(next - 1)
		if t.walker.Equal(c.value, v) {
			return next - 1, true
		}
		next = c.friend
	}
	if h.count < bucketLimit || key.kind != byStructure {
		return 0, false
	}
	return t.findFriend(bucketKey{byBoth, key.structure, own}, own, v)
}

// place returns the bucket that a new value goes to: the given one, or the one behind it if that is full.
func (t *Table[T]) place(key bucketKey, own uint64) (bucketKey, head) {
	h := t.buckets[key]
	if h.count < bucketLimit || key.kind != byStructure {
		return key, h
	}
	key = bucketKey{byBoth, key.structure, own}
	return key, t.buckets[key]
}

// add appends a cell. The lock is held.
func (t *Table[T]) add(c cell[T], held int64) uint32 {
	id := t.len.Load()
	if id == math.MaxUint32 {
		panic("intern: table is full")
	}
	chunk, i := locateID(id)
	cells := t.chunks[chunk].Load()
	if cells == nil {
		fresh := make([]cell[T], 1<<(chunk+firstBits))
		cells = &fresh
		t.chunks[chunk].Store(cells)
		held += int64(len(fresh)) * int64(unsafe.Sizeof(c))
	}
	(*cells)[i] = c
	t.bytes.Add(held)
	t.len.Store(id + 1) // after the cell: who sees the new length sees the cell
	return id
}

// locateID returns where a cell lies.
func locateID(id uint32) (chunk int, i uint64) {
	n := uint64(id) + 1<<firstBits
	chunk = bits.Len64(n) - 1 - firstBits
	return chunk, n - 1<<(chunk+firstBits)
}

func (t *Table[T]) cell(id uint32) *cell[T] {
	chunk, i := locateID(id)
	return &(*t.chunks[chunk].Load())[i]
}

// Value returns the interned value itself, not a copy: it must not be changed. It takes no lock. It panics if the
// table has not given out the id.
func (t *Table[T]) Value(id uint32) T {
	if id >= t.len.Load() {
		panic(fmt.Sprintf("intern: no value has id %d", id))
	}
	return t.cell(id).value
}

// Len returns how many values are interned.
func (t *Table[T]) Len() int { return int(t.len.Load()) }

// Verify hashes every interned value once more. If one was changed since it was interned, it returns the first such
// id and false. A value of a flat type cannot be changed, so these are not looked at.
func (t *Table[T]) Verify() (id uint32, ok bool) {
	if t.flat != nil {
		return 0, true
	}
	for id := range t.len.Load() {
		if c := t.cell(id); t.walker.Hash(c.value) != c.own {
			return id, false
		}
	}
	return 0, true
}

// Bytes estimates the memory in bytes that the table holds: values with all they refer to, at the time they were
// interned, and its own indexes. Memory that two values share is counted twice.
func (t *Table[T]) Bytes() int64 { return t.bytes.Load() }
