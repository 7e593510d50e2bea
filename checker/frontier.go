package checker

import (
	"sync"
	"sync/atomic"

	"synod/internal/offheap"
)

// chunkLength is how many states a chunk of a frontier holds.
const chunkLength = 1024

// chunks lends pieces of memory for states, so that what one level used serves the next.
type chunks struct {
	arena *offheap.Arena
	mu    sync.Mutex
	free  [][]uint64
}

func (c *chunks) get() []uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.free); n > 0 {
		chunk := c.free[n-1]
		c.free = c.free[:n-1]
		return chunk[:0]
	}
	b, err := c.arena.Alloc(8 * chunkLength)
	if err != nil {
		panic(err)
	}
	return offheap.Slice[uint64](b)[:0]
}

func (c *chunks) put(chunk []uint64) {
	c.mu.Lock()
	c.free = append(c.free, chunk)
	c.mu.Unlock()
}

// frontier is a set of packed states that wait to be expanded. Workers add chunks to one, and take them after a barrier.
type frontier struct {
	mu     sync.Mutex
	chunks [][]uint64
	taken  atomic.Int64
	back   [][]uint64 // what was taken and came back
}

func (f *frontier) add(chunk []uint64) {
	f.mu.Lock()
	f.chunks = append(f.chunks, chunk)
	f.mu.Unlock()
}

// take gives a chunk that no one else has, or nil.
func (f *frontier) take() []uint64 {
	i := int(f.taken.Add(1)) - 1
	if i >= len(f.chunks) {
		return nil
	}
	chunk := f.chunks[i]
	f.chunks[i] = nil
	return chunk
}

// giveBack returns a part of a chunk that was taken.
func (f *frontier) giveBack(chunk []uint64) {
	f.mu.Lock()
	f.back = append(f.back, chunk)
	f.mu.Unlock()
}

// rest makes what was not taken, or came back, ready to be taken again.
func (f *frontier) rest() {
	kept := f.back
	for _, chunk := range f.chunks {
		if chunk != nil {
			kept = append(kept, chunk)
		}
	}
	f.chunks, f.back = kept, nil
	f.taken.Store(0)
}

// size is the number of states that wait.
func (f *frontier) size() int {
	n := 0
	for _, chunk := range f.chunks {
		n += len(chunk)
	}
	return n
}
