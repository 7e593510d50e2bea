// Package offheap allocates memory that the garbage collector neither scans nor counts.
//
// A checker keeps its states in a few large tables of plain integers. On the Go heap, the collector's pacing would
// let the process grow to up to twice its live memory. Here a table is mapped when it is needed and unmapped when it
// is no longer used, so the peak of the process is the peak of its live memory.
//
// On Unix the memory comes from anonymous mappings. Elsewhere, and in builds with the race detector, which cannot see
// mapped memory, it comes from the Go heap; nothing else changes.
package offheap

import (
	"errors"
	"fmt"
	"math/bits"
	"os"
	"sync"
	"sync/atomic"
	"unsafe"
)

// ErrLimit reports that an allocation would exceed the arena's limit. Alloc returns it wrapped.
var ErrLimit = errors.New("memory limit reached")

const (
	lineSize  = 64       // every address is a multiple of a cache line
	largeSize = 16 << 10 // from this length on, an allocation has its own mapping
	blockSize = 1 << 20  // shorter ones are carved from mappings of this size
	classes   = 29       // number of classes of short allocations, see class
)

// Arena allocates memory and counts it. All methods except Close are safe for concurrent use.
type Arena struct {
	onHeap   bool
	poison   bool // overwrite freed memory, so that a test detects a use after Free
	pageSize int
	bytes    atomic.Int64
	peak     atomic.Int64
	limit    atomic.Int64 // 0: none

	mu     sync.Mutex
	blocks [][]byte                  // guarded by mu: all blocks for short allocations
	tail   []byte                    // guarded by mu: the rest of the last block
	free   [classes][]unsafe.Pointer // guarded by mu: freed pieces by class
	large  map[unsafe.Pointer][]byte // guarded by mu: long allocations
}

// New returns an arena outside the Go heap if the platform supports it, else one on the heap.
func New() *Arena {
	return &Arena{onHeap: !canMap, pageSize: os.Getpagesize(), large: map[unsafe.Pointer][]byte{}}
}

// NewOnHeap returns an arena on the Go heap, for tests. Freed memory is overwritten, to expose a use after Free.
func NewOnHeap() *Arena {
	a := New()
	a.onHeap, a.poison = true, true
	return a
}

// Alloc returns n zeroed bytes, n > 0, at an address that is a multiple of 64. The operating system backs them page
// by page at the first touch. The slice belongs to the caller until Free. The error wraps ErrLimit or the system's
// error; after an error the arena is unchanged.
func (a *Arena) Alloc(n int) ([]byte, error) {
	return a.alloc(n, false)
}

// AllocBacked is Alloc for memory that is about to be filled completely: it asks the operating system, if supported,
// to back the memory immediately, which costs less than a fault per page.
func (a *Arena) AllocBacked(n int) ([]byte, error) {
	return a.alloc(n, true)
}

func (a *Arena) alloc(n int, backed bool) ([]byte, error) {
	if n <= 0 {
		panic("offheap: allocation of no bytes")
	}
	size := a.size(n)
	if err := a.reserve(int64(size)); err != nil {
		return nil, err
	}
	var b []byte
	var err error
	if n < largeSize {
		b, err = a.allocShort(size)
	} else {
		b, err = a.allocLong(size, backed)
	}
	if err != nil {
		a.bytes.Add(-int64(size))
		return nil, fmt.Errorf("allocate %d bytes: %w", n, err)
	}
	return b[:n:n], nil
}

// allocShort returns a free piece of the class of this size, or cuts one off the last block.
func (a *Arena) allocShort(size int) ([]byte, error) {
	c := class(size)
	a.mu.Lock()
	if last := len(a.free[c]) - 1; last >= 0 {
		p := a.free[c][last]
		a.free[c] = a.free[c][:last]
		a.mu.Unlock()
		b := unsafe.Slice((*byte)(p), size)
		clear(b)
		return b, nil
	}
	defer a.mu.Unlock()
	if len(a.tail) < size {
		block, err := a.acquire(blockSize, false)
		if err != nil {
			return nil, err
		}
		// The rest of the previous block is too short for this piece, but fits some lower classes.
		a.recycleTail()
		a.blocks = append(a.blocks, block)
		a.tail = block
	}
	b := a.tail[:size]
	a.tail = a.tail[size:]
	return b, nil
}

// recycleTail cuts the rest of the last block into pieces of the greatest classes that fit. The caller holds mu.
func (a *Arena) recycleTail() {
	for u := len(a.tail) / lineSize; u > 0; u = len(a.tail) / lineSize {
		if s := bits.Len(uint(u)) - 3; s > 0 {
			u = u >> s << s
		}
		c := class(u * lineSize)
		a.free[c] = append(a.free[c], unsafe.Pointer(unsafe.SliceData(a.tail)))
		a.tail = a.tail[u*lineSize:]
	}
}

func (a *Arena) allocLong(size int, backed bool) ([]byte, error) {
	b, err := a.acquire(size, backed)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	a.large[unsafe.Pointer(unsafe.SliceData(b))] = b
	a.mu.Unlock()
	return b, nil
}

// Free frees memory returned by Alloc. It must be the same slice, neither cut nor extended, and must not be used
// afterwards. A long allocation returns to the operating system, a short one is kept for reuse by its class.
func (a *Arena) Free(b []byte) {
	size, long := a.size(len(b)), len(b) >= largeSize
	p := unsafe.Pointer(unsafe.SliceData(b))
	b = unsafe.Slice((*byte)(p), size)
	if a.poison {
		b[0] = 0xA5
		for n := 1; n < size; n *= 2 {
			copy(b[n:], b[:n])
		}
	}
	if long {
		a.mu.Lock()
		known := len(a.large[p]) == size
		delete(a.large, p)
		a.mu.Unlock()
		if !known {
			panic("offheap: free of what was not allocated")
		}
		a.release(b)
	} else {
		a.mu.Lock()
		c := class(size)
		a.free[c] = append(a.free[c], p)
		a.mu.Unlock()
	}
	a.bytes.Add(-int64(size))
}

// Bytes returns the number of bytes currently allocated. Each allocation counts with its Size.
func (a *Arena) Bytes() int64 { return a.bytes.Load() }

// Peak returns the greatest value of Bytes so far.
func (a *Arena) Peak() int64 { return a.peak.Load() }

// Size returns the number of bytes that an allocation of n bytes takes: below 16 KiB n rounded up by less than a
// quarter or to the next 64 bytes, else whole pages.
func (a *Arena) Size(n int) int64 { return int64(a.size(n)) }

// SetLimit sets a limit for Bytes: an Alloc that would exceed n fails with ErrLimit. Zero means no limit. Existing
// allocations are not affected.
func (a *Arena) SetLimit(n int64) { a.limit.Store(n) }

// Close frees all memory, including allocations not freed. The arena and its memory must not be used afterwards.
func (a *Arena) Close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, b := range a.blocks {
		a.release(b)
	}
	for _, b := range a.large {
		a.release(b)
	}
	a.blocks, a.tail, a.large, a.free = nil, nil, nil, [classes][]unsafe.Pointer{}
	a.bytes.Store(0)
}

// reserve adds size to the allocated bytes, unless that exceeds the limit.
func (a *Arena) reserve(size int64) error {
	now := a.bytes.Add(size)
	if limit := a.limit.Load(); limit > 0 && now > limit {
		a.bytes.Add(-size)
		return fmt.Errorf("allocate %d bytes beside %d, limit %d: %w", size, now-size, limit, ErrLimit)
	}
	for {
		peak := a.peak.Load()
		if now <= peak || a.peak.CompareAndSwap(peak, now) {
			return nil
		}
	}
}

// acquire allocates size zeroed bytes, a multiple of the page or block size, from the system or the Go heap.
func (a *Arena) acquire(size int, backed bool) ([]byte, error) {
	if a.onHeap {
		// The runtime aligns objects of this size to its pages.
		return make([]byte, size), nil
	}
	return mapPages(size, backed)
}

func (a *Arena) release(b []byte) {
	if a.onHeap {
		return // no pointer to it remains, so the collector frees it
	}
	if err := unmapPages(b); err != nil {
		panic(fmt.Sprintf("offheap: unmap %d bytes: %v", len(b), err))
	}
}

// size rounds a length up to the allocated size.
func (a *Arena) size(n int) int {
	if n >= largeSize {
		return (n + a.pageSize - 1) &^ (a.pageSize - 1)
	}
	u := (n + lineSize - 1) / lineSize
	if s := bits.Len(uint(u-1)) - 3; s > 0 {
		u = ((u-1)>>s + 1) << s // keep three significant bits
	}
	return u * lineSize
}

// class numbers the rounded sizes of short allocations without gaps: four per doubling.
func class(size int) int {
	u := size / lineSize
	s := max(bits.Len(uint(u))-3, 0)
	return 4*s + u>>s
}
