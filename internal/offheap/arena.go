// Package offheap hands out memory that the garbage collector neither scans nor counts.
//
// A checker keeps its states in a few large tables of plain integers. On the Go heap they would make the collector's
// pacing let the process take up to twice what is live. Here a table is mapped when it is needed and unmapped when it
// is done with, so the peak of the process is what was live at the peak.
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
	largeSize = 16 << 10 // from this length on an allocation has a mapping of its own
	blockSize = 1 << 20  // shorter ones are carved from mappings of this size
	classes   = 29       // of short allocations, see class
)

// Arena hands out memory and counts it. All methods but Close are safe for concurrent use.
type Arena struct {
	onHeap   bool
	poison   bool // overwrite what is freed, so that a test sees a use after Free
	pageSize int
	bytes    atomic.Int64
	peak     atomic.Int64
	limit    atomic.Int64 // 0: none

	mu     sync.Mutex
	blocks [][]byte                  // guarded by mu: every block that short allocations are carved from
	tail   []byte                    // guarded by mu: what is left of the last block
	free   [classes][]unsafe.Pointer // guarded by mu: pieces of each class that were given back
	large  map[unsafe.Pointer][]byte // guarded by mu: the long allocations
}

// New returns an arena outside the Go heap where the platform allows it, else one on the heap.
func New() *Arena {
	return &Arena{onHeap: !canMap, pageSize: os.Getpagesize(), large: map[unsafe.Pointer][]byte{}}
}

// NewOnHeap returns an arena on the Go heap, for tests: memory that is given back is overwritten, so that a use after
// Free shows.
func NewOnHeap() *Arena {
	a := New()
	a.onHeap, a.poison = true, true
	return a
}

// Alloc returns n zeroed bytes, n > 0, at an address that is a multiple of 64. The operating system backs them page by
// page at the first touch. The slice belongs to the caller until Free. The error wraps ErrLimit or the system's error;
// after an error the arena is as it was.
func (a *Arena) Alloc(n int) ([]byte, error) {
	return a.alloc(n, false)
}

// AllocBacked is Alloc for memory that is about to be filled from end to end: the operating system is asked to back it
// at once, where it can, which costs less than a fault per page.
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

// allocShort takes a piece of the class of this size, or cuts one off the last block.
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
		// What was left of the block before is too short for this piece, but is a piece of some lower classes.
		a.recycleTail()
		a.blocks = append(a.blocks, block)
		a.tail = block
	}
	b := a.tail[:size]
	a.tail = a.tail[size:]
	return b, nil
}

// recycleTail cuts what is left of the last block into pieces of the greatest classes that fit. The caller holds mu.
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

// Free frees what Alloc returned: the same slice, neither cut nor extended. Nobody may use it afterwards. A long
// allocation returns to the operating system, a short one waits for the next of its class.
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

// Bytes returns how many bytes are handed out now. An allocation counts as what it takes: Size of its length.
func (a *Arena) Bytes() int64 { return a.bytes.Load() }

// Peak returns the greatest value that Bytes has had.
func (a *Arena) Peak() int64 { return a.peak.Load() }

// Size returns what an allocation of n bytes takes: below 16 KiB n rounded up by less than a quarter or to the next
// 64 bytes, else whole pages.
func (a *Arena) Size(n int) int64 { return int64(a.size(n)) }

// SetLimit makes every later Alloc fail with ErrLimit that would take Bytes beyond n. Zero means no limit. What is
// handed out already stays.
func (a *Arena) SetLimit(n int64) { a.limit.Store(n) }

// Close frees all memory, also what was not freed. Any use of the arena or of its memory afterwards is a bug of
// the caller.
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

// reserve counts size bytes as handed out, or refuses them.
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

// acquire gets size zeroed bytes, a multiple of the page or of the block, from the system or from the Go heap.
func (a *Arena) acquire(size int, backed bool) ([]byte, error) {
	if a.onHeap {
		// The runtime aligns objects of this size to its pages.
		return make([]byte, size), nil
	}
	return mapPages(size, backed)
}

func (a *Arena) release(b []byte) {
	if a.onHeap {
		return // no pointer to it remains, so the collector takes it
	}
	if err := unmapPages(b); err != nil {
		panic(fmt.Sprintf("offheap: unmap %d bytes: %v", len(b), err))
	}
}

// size rounds a length up to what is taken for it.
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

// class numbers the rounded sizes of short allocations without gaps: four to each doubling.
func class(size int) int {
	u := size / lineSize
	s := max(bits.Len(uint(u))-3, 0)
	return 4*s + u>>s
}
