package words

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"synod/internal/offheap"
)

// Ref describes where a run of elements lies in a Pool. The zero Ref is no run.
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
	used   int // of the last block
	bytes  int // of all blocks
}

// NewPool returns an empty pool in arena.
func NewPool[T any](arena *offheap.Arena) *Pool[T] {
	p := &Pool[T]{arena: arena}
	p.blocks.Store(&[][]T{})
	return p
}

// Reserve finds place for n elements, zero at first, and gives it with its Ref. The elements must be written before the
// Ref is published to other goroutines.
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
		// Appending in place is safe: readers know only the blocks of refs that were published to them.
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

// Bytes is the memory that the pool's blocks take.
func (p *Pool[T]) Bytes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.bytes
}

// Reset frees every run. No Ref of before may be used any more, and nobody may use the pool meanwhile.
func (p *Pool[T]) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, block := range *p.blocks.Load() {
		p.arena.Free(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(block))), len(block)*int(unsafe.Sizeof(block[0]))))
	}
	p.blocks.Store(&[][]T{})
	p.used, p.bytes = 0, 0
}

// From returns the elements from a run's first to the end of its block; the user knows how long the run is.
func (p *Pool[T]) From(r Ref) []T {
	return (*p.blocks.Load())[r>>refOffsetBits-1][r&maxOffset:]
}

// alloc allocates or panics with the arena's error, which the engine recovers: only the machine's memory or a limit on
// the arena can be the cause.
func alloc(arena *offheap.Arena, n int) []byte {
	b, err := arena.Alloc(n)
	if err != nil {
		panic(err)
	}
	return b
}
