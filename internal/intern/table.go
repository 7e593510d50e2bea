package intern

import (
	"fmt"
	"math"
	"math/bits"
	"reflect"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/mitchellh/hashstructure/v2"
)

// Table assigns a dense id, from 0 in order of arrival, to every distinct value of T. It is exact: two values share
// an id if and only if they are equal as defined by [Walker.Equal]. It is safe for concurrent use, and never removes
// values; look-ups take no lock. It holds fewer than 2^32 values. Values must not contain cycles ([Walker.Check]).
//
// Values are found by an exact index over the Walker's hash; equality decides. For types that are not flat,
// hashstructure also selects a bucket for a new value, and equality decides inside the bucket. Its 64 bits are never
// trusted: it ignores unexported fields, treats nil as empty, cancels duplicates in sets, may run methods of the
// value, and fails on some types (for these, the Walker's hash selects the bucket). Values beyond the first
// structureLimit have no bucket, since hashstructure takes dozens of times as long as the Walker's hash. The index is
// complete. Therefore the search of the bucket finds something only if an interned value was changed, and the table
// stays exact whatever hashstructure returns.
type Table[T any] struct {
	walker *Walker[T]
	bucket func(any) (uint64, bool) // hashstructure; replaceable in tests

	mu      sync.Mutex         // held by writers
	buckets map[bucketKey]head // see place
	friends []uint32           // id to the next older one in the same bucket, plus 1

	// Open addressing: the high half of the Walker's hash and id+1, or 0 for a free place. The same half determines the
	// position.
	index  atomic.Pointer[[]uint64]
	values [chunkCount]atomic.Pointer[[]T]
	owns   [chunkCount]atomic.Pointer[[]uint64] // the Walker's hash at the time of interning; unused for a flat type
	len    atomic.Uint32
	bytes  atomic.Int64

	composed bool                // values may have elements with memory of their own, stored once if there are many
	elements map[*plan]*elements // of values from number manyValues on, by type; only if composed
}

// Cells of a chunk never move, so that reads need no lock. Four chunks double the table.
const (
	firstBits  = 6
	chunkCount = 4 * (32 - firstBits + 1)
)

const (
	firstIndex = 16
	hashMask   = (1<<32 - 1) << 32
)

// A bucket with bucketLimit values is full: further values use buckets by both hashes.
const bucketLimit = 32

// structureLimit is the number of values of a table that are put into buckets; hashstructure takes about 20 µs for
// each.
const structureLimit = 128

type bucketKind uint8

const (
	inNone      bucketKind = iota // no bucket: the table is large, or the type is flat
	byStructure                   // hashstructure's hash
	byBoth                        // both hashes, if the bucket by hashstructure is full
	byOwn                         // the Walker's hash, if hashstructure fails
)

type bucketKey struct {
	kind           bucketKind
	structure, own uint64
}

type head struct {
	newest uint32 // plus 1
	count  uint32
}

// bucketOverhead is the cost of a value in a bucket, in bytes: an entry of a Go map at its average load, and an
// element of friends.
const bucketOverhead = 56

// NewTable returns an empty table. The errors are those of [For].
func NewTable[T any]() (*Table[T], error) {
	w, err := For[T]()
	if err != nil {
		return nil, fmt.Errorf("new table: %w", err)
	}
	return NewTableOf(w), nil
}

// NewTableOf returns an empty table for values that w walks.
func NewTableOf[T any](w *Walker[T]) *Table[T] {
	t := &Table[T]{walker: w, bucket: structureHash, buckets: map[bucketKey]head{}}
	if t.composed = w.plan.op == opInterface || w.plan.composed() && !(w.boxed && w.plan.direct); t.composed {
		t.elements = map[*plan]*elements{}
	}
	index := make([]uint64, firstIndex)
	t.index.Store(&index)
	t.bytes.Store(8 * firstIndex)
	return t
}

// structureHash returns hashstructure's hash of a value, if it has one. It runs methods of the value with certain
// names, so it recovers from panics.
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
	own := t.walker.Hash(v)
	if id, ok := t.find(own, v); ok {
		return id, false
	}
	return t.insert(own, v)
}

// InternCopy is Intern for a value that remains the caller's: the table copies a new value, without spare capacity.
func (t *Table[T]) InternCopy(v T) (id uint32, fresh bool) {
	own := t.walker.Hash(v)
	if id, ok := t.find(own, v); ok {
		return id, false
	}
	if t.many() {
		return t.insert(own, v) // which makes what it needs private
	}
	return t.insert(own, t.walker.Copy(v))
}

// many reports whether the elements of new values are stored once.
func (t *Table[T]) many() bool { return t.composed && t.Len() >= manyValues }

// share returns a private copy of v whose elements are those of the table, and how much memory it adds. The lock is
// held.
func (t *Table[T]) share(v T) (shared T, held int64) {
	w := t.walker
	p, at, box := w.plan, w.at(&v), (*iface)(nil)
	switch {
	case p.op == opInterface:
		if box = (*iface)(at); box.tab != nil {
			p, at = p.dynamicOf(box)
		}
		if !p.composed() || p.direct {
			v = w.Copy(v)
			return v, t.held(v)
		}
	case w.boxed:
		box = (*iface)(unsafe.Pointer(&v))
	}
	if box != nil {
		to := reflect.New(p.typ).UnsafePointer()
		p.assign(to, at)
		box.data, at, held = to, to, block(int64(p.size))
	}
	e := t.elements[p]
	if e == nil {
		e = new(elements)
		t.elements[p] = e
	}
	return v, held + e.keep(p, at, manyValues)
}

// insert adds v, which a look-up did not find.
func (t *Table[T]) insert(own uint64, v T) (id uint32, fresh bool) {
	key, held, share := t.bucketOf(v, own), int64(0), t.many()
	if !share {
		held = t.held(v) // like the hashes, computed before taking the lock
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if id, ok := t.find(own, v); ok {
		return id, false
	}
	if id, ok := t.findFriend(key, own, v); ok {
		return id, false
	}
	if share {
		v, held = t.share(v)
	}
	return t.add(v, own, key, held), true
}

// bucketOf returns the bucket of a new value, if it has one.
func (t *Table[T]) bucketOf(v T, own uint64) bucketKey {
	if t.walker.plan.flat || t.Len() >= structureLimit {
		return bucketKey{}
	}
	if h, ok := t.bucket(v); ok {
		return bucketKey{kind: byStructure, structure: h}
	}
	return bucketKey{kind: byOwn, own: own}
}

// held returns the memory in bytes that a value holds outside its own.
func (t *Table[T]) held(v T) int64 {
	w, box := t.walker, int64(0)
	if w.boxed && !w.plan.direct {
		box = block(int64(w.plan.size))
	}
	if !w.plan.outside {
		return box
	}
	outside := v
	return box + w.plan.bytes(w.at(&outside))
}

// Lookup returns the id of v if it is interned.
func (t *Table[T]) Lookup(v T) (uint32, bool) { return t.find(t.walker.Hash(v), v) }

// find searches the values with the same hash.
func (t *Table[T]) find(own uint64, v T) (uint32, bool) {
	index := *t.index.Load()
	mask := len(index) - 1
	for i := int(own >> 32); ; i++ {
		entry := atomic.LoadUint64(&index[i&mask])
		if entry == 0 {
			return 0, false
		}
		if (entry^own)&hashMask == 0 {
			if id := uint32(entry) - 1; t.walker.Equal(*t.at(id), v) {
				return id, true
			}
		}
	}
}

// findFriend searches the bucket, and the next one if it is full. The lock is held.
func (t *Table[T]) findFriend(key bucketKey, own uint64, v T) (uint32, bool) {
	if key.kind == inNone {
		return 0, false
	}
	h := t.buckets[key]
	for next := h.newest; next != 0; next = t.friends[next-1] {
		if t.walker.Equal(*t.at(next - 1), v) {
			return next - 1, true
		}
	}
	if h.count < bucketLimit || key.kind != byStructure {
		return 0, false
	}
	return t.findFriend(bucketKey{byBoth, key.structure, own}, own, v)
}

// place returns the bucket for a new value: the given one, or the next one if that is full.
func (t *Table[T]) place(key bucketKey, own uint64) (bucketKey, head) {
	h := t.buckets[key]
	if h.count < bucketLimit || key.kind != byStructure {
		return key, h
	}
	key = bucketKey{byBoth, key.structure, own}
	return key, t.buckets[key]
}

// befriend puts the newest value into its bucket. The lock is held.
func (t *Table[T]) befriend(id uint32, key bucketKey, own uint64) {
	if key.kind == inNone {
		return
	}
	key, h := t.place(key, own)
	// An earlier value may have no bucket, if the table was near its limit when bucketOf was called.
	for len(t.friends) < int(id) {
		t.friends = append(t.friends, 0)
	}
	t.friends = append(t.friends, h.newest)
	t.buckets[key] = head{id + 1, h.count + 1}
	t.bytes.Add(bucketOverhead)
}

// add appends a value. The lock is held.
func (t *Table[T]) add(v T, own uint64, key bucketKey, held int64) uint32 {
	id := t.len.Load()
	if id == math.MaxUint32 {
		panic("intern: table is full")
	}
	chunk, i, size := locateID(id)
	values := t.values[chunk].Load()
	if values == nil {
		fresh := make([]T, size)
		values = &fresh
		t.values[chunk].Store(values)
		held += int64(size) * int64(unsafe.Sizeof(v))
		if !t.walker.plan.flat {
			owns := make([]uint64, size)
			t.owns[chunk].Store(&owns)
			held += int64(size) * 8
		}
	}
	(*values)[i] = v
	if !t.walker.plan.flat {
		(*t.owns[chunk].Load())[i] = own
	}
	t.bytes.Add(held)
	t.len.Store(id + 1) // after the cell: a reader of the new length sees the cell
	t.befriend(id, key, own)
	enter(*t.room(id), own&hashMask|uint64(id+1))
	return id
}

// room returns an index with a free place for value n, growing it if necessary. The lock is held.
func (t *Table[T]) room(n uint32) *[]uint64 {
	p := t.index.Load()
	if 4*(int(n)+1) <= 3*len(*p) {
		return p
	}
	index := make([]uint64, 2*len(*p))
	for _, entry := range *p {
		if entry != 0 {
			enter(index, entry)
		}
	}
	t.bytes.Add(int64(8 * len(*p)))
	t.index.Store(&index)
	return &index
}

// enter puts an entry into a free place.
func enter(index []uint64, entry uint64) {
	mask := len(index) - 1
	i := int(entry>>32) & mask
	for index[i] != 0 {
		i = (i + 1) & mask
	}
	atomic.StoreUint64(&index[i], entry)
}

// locateID returns the position of a cell, and the size of its chunk.
func locateID(id uint32) (chunk int, i, size uint64) {
	n := uint64(id) + 1<<firstBits
	quarter := bits.Len64(n) - 3 // the leading bits of n are 1 and the number of the quarter
	chunk = 4*(quarter+2-firstBits) + int(n>>quarter&3)
	size = 1 << quarter
	return chunk, n & (size - 1), size
}

func (t *Table[T]) at(id uint32) *T {
	chunk, i, _ := locateID(id)
	return &(*t.values[chunk].Load())[i]
}

// Value returns the interned value itself, not a copy: it must not be changed. It takes no lock. It panics if the
// table has not assigned the id.
func (t *Table[T]) Value(id uint32) T {
	if id >= t.len.Load() {
		panic(fmt.Sprintf("intern: no value has id %d", id))
	}
	return *t.at(id)
}

// Len returns the number of interned values.
func (t *Table[T]) Len() int { return int(t.len.Load()) }

// Verify rehashes every interned value. If one was changed since it was interned, it returns the first such id and
// false. A value of a flat type cannot be changed, so it is not checked.
func (t *Table[T]) Verify() (id uint32, ok bool) {
	if t.walker.plan.flat {
		return 0, true
	}
	for id := range t.len.Load() {
		chunk, i, _ := locateID(id)
		if t.walker.plan.risky && t.walker.CheckShared(*t.at(id)) != nil {
			return id, false // It was changed such that hashing would not terminate.
		}
		if t.walker.Hash(*t.at(id)) != (*t.owns[chunk].Load())[i] {
			return id, false
		}
	}
	return 0, true
}

// Bytes estimates the memory in bytes that the table holds: its indexes, and the values with all they referred to
// when they were interned. Memory that two values share is counted twice.
func (t *Table[T]) Bytes() int64 { return t.bytes.Load() }
