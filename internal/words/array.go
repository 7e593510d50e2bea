// Package words contains the tables in which the engine stores words: growing arrays that never move, and exact
// tables of sequences of 32-bit words, both outside the Go heap and readable without a lock.
package words

import (
	"math/bits"
	"sync"
	"sync/atomic"
	"unsafe"

	"synod/internal/offheap"
)

// base is the number of bits of an index that the first segment of an Array covers. Segment k > 0 is as long as all
// segments before it together.
const base = 10

// Array is an array of pointer-free elements that grows without moving. Elements are zero at first. Ensure must have
// been called for an index, by any goroutine, before At. Segments are published atomically; access to elements is not
// synchronized.
type Array[T any] struct {
	arena    *offheap.Arena
	mu       sync.Mutex
	segments [32 - base + 1]atomic.Pointer[T]
}

// NewArray returns an empty array whose segments come from arena.
func NewArray[T any](arena *offheap.Arena) *Array[T] { return &Array[T]{arena: arena} }

// At returns a pointer to element i.
func (a *Array[T]) At(i uint32) *T {
	s := bits.Len32(i >> base)
	offset := i
	if s > 0 {
		offset = i - 1<<(base+s-1)
	}
	p := unsafe.Pointer(a.segments[s].Load())
	return (*T)(unsafe.Add(p, uintptr(offset)*unsafe.Sizeof(*(*T)(nil))))
}

// Has reports whether there is room for element i.
func (a *Array[T]) Has(i uint32) bool { return a.segments[bits.Len32(i>>base)].Load() != nil }

// Ensure makes room for element i.
func (a *Array[T]) Ensure(i uint32) {
	s := bits.Len32(i >> base)
	if a.segments[s].Load() != nil {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.segments[s].Load() != nil {
		return
	}
	n := 1 << base
	if s > 0 {
		n = 1 << (base + s - 1)
	}
	b := alloc(a.arena, n*int(unsafe.Sizeof(*(*T)(nil))))
	a.segments[s].Store((*T)(unsafe.Pointer(unsafe.SliceData(b))))
}

// EnsureAll makes room for every element below limit.
func (a *Array[T]) EnsureAll(limit uint32) {
	for i := uint32(0); i < limit; i = max(1<<base, 2*i) {
		a.Ensure(i)
	}
}
