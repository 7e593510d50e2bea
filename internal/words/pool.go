package words

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"synod/internal/offheap"
)

// Ref is the location of a run of elements in a Pool. The zero Ref refers to no run.
type Ref uint64

const (
	refOffsetBits = 20
	maxOffset     = 1<<refOffsetBits - 1
	maxBlocks     = 1 << 24
)

// Pool stores runs of pointer-free elements, which never move. From takes no lock.
type Pool[T any] struct {
	arena  *offheap.Arena
	mu     sync.Mutex
	blocks atomic.Pointer[[][]T]
	used   int // elements of the last block in use
	bytes  int // size of all blocks
}

// NewPool returns an empty pool in arena.
func NewPool[T any](arena *offheap.Arena) *Pool[T] {
	p := &Pool[T]{arena: arena}
	p.blocks.Store(&[][]T{})
	return p
}

// Reserve returns a run of n zeroed elements and its Ref. The elements must be written before the Ref is published to
// other goroutines.
func (p *Pool[T]) Reserve(n int) (Ref, []T) {
	p.mu.Lock()
	defer p.mu.Unlock()
	blocks := *p.blocks.Load()
	if len(blocks) == 0 || p.used+n > len(blocks[len(blocks)-1]) {
		length := 1 << refOffsetBits
		if len(blocks) < 10 {
			length = 1 << (len(blocks) + 10)
		}
		length = min(max(length, n), 1<<refOffsetBits)
		if n > length || len(blocks) == maxBlocks {
			panic("words: a run that is longer than a block, or too many blocks")
		}
		bytes := length * int(unsafe.Sizeof(*(*T)(nil)))
		block := offheap.Slice[T](alloc(p.arena, bytes))
		p.bytes += bytes
		// Appending in place is safe: readers only use the blocks of refs that were published to them.
		blocks = append(blocks, block)
		p.blocks.Store(&blocks)
		p.used = 0
	}
	last := len(blocks) - 1
	run := blocks[last][p.used : p.used+n : p.used+n]
	ref := Ref(last+1)<<refOffsetBits | Ref(p.used)
	p.used += n
	return ref, run
}

// Bytes returns the size of the pool's blocks in bytes.
func (p *Pool[T]) Bytes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.bytes
}

// Reset frees every run. Earlier Refs become invalid, and the pool must not be used concurrently.
func (p *Pool[T]) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, block := range *p.blocks.Load() {
		p.arena.Free(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(block))), len(block)*int(unsafe.Sizeof(block[0]))))
	}
	p.blocks.Store(&[][]T{})
	p.used, p.bytes = 0, 0
}

// From returns the elements from the start of a run to the end of its block. The caller knows the length of the run.
func (p *Pool[T]) From(r Ref) []T {
	return (*p.blocks.Load())[r>>refOffsetBits-1][r&maxOffset:]
}

// alloc allocates memory, or panics with the arena's error, which the engine recovers. The only causes are exhausted
// memory or a limit of the arena.
func alloc(arena *offheap.Arena, n int) []byte {
	b, err := arena.Alloc(n)
	if err != nil {
		panic(err)
	}
	return b
}
