package store

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"synod/internal/offheap"
)

// ChunkLength is the number of states in a chunk of a frontier.
const ChunkLength = 256

// Chunks is a free list of chunks, so that the next level reuses the memory of the last.
type Chunks struct {
	Arena *offheap.Arena
	mu    sync.Mutex
	free  [][]uint64
}

// Get returns an empty chunk.
func (c *Chunks) Get() []uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.free); n > 0 {
		chunk := c.free[n-1]
		c.free = c.free[:n-1]
		return chunk[:0]
	}
	b, err := c.Arena.Alloc(8 * ChunkLength)
	if err != nil {
		panic(err)
	}
	return offheap.Slice[uint64](b)[:0]
}

// Put returns a chunk to the free list.
func (c *Chunks) Put(chunk []uint64) {
	c.mu.Lock()
	c.free = append(c.free, chunk)
	c.mu.Unlock()
}

// Frontier is a set of packed states waiting to be expanded. Workers add chunks, and take them after a barrier.
// Chunks of the same shard are neighbours, as their states are similar, and a worker takes several in a row.
type Frontier struct {
	mu     sync.Mutex
	Chunks []Chunk
	taken  atomic.Int64
	back   []Chunk // parts of chunks that were given back
}

// Chunk is a few states of a shard.
type Chunk struct {
	shard int
	Keys  []uint64
}

// Run is a range of chunks of a frontier that one worker has reserved.
type Run struct{ at, end int }

const maxRun = 64 // chunks

// Add adds a chunk of states of a shard.
func (f *Frontier) Add(shard int, keys []uint64) {
	f.mu.Lock()
	f.Chunks = append(f.Chunks, Chunk{shard, keys})
	f.mu.Unlock()
}

// Sort sorts the chunks by shard.
func (f *Frontier) Sort() {
	slices.SortFunc(f.Chunks, func(a, b Chunk) int { return cmp.Compare(a.shard, b.shard) })
}

// Take returns the states of a chunk that no other worker has, or nil if none is left: the next of the run, or else
// of a new one.
func (f *Frontier) Take(r *Run) []uint64 {
	for ; ; r.at++ {
		if r.at >= r.end {
			n := min(len(f.Chunks)/maxRun+1, maxRun)
			r.end = int(f.taken.Add(int64(n)))
			r.at = r.end - n
			r.end = min(r.end, len(f.Chunks))
		}
		if r.at >= len(f.Chunks) {
			return nil
		}
		if keys := f.Chunks[r.at].Keys; keys != nil {
			f.Chunks[r.at].Keys = nil
			return keys
		}
	}
}

// GiveBack returns the rest of a chunk that was taken.
func (f *Frontier) GiveBack(keys []uint64) {
	f.mu.Lock()
	f.back = append(f.back, Chunk{Keys: keys})
	f.mu.Unlock()
}

// Rest makes the chunks that were not taken, or were given back, available again.
func (f *Frontier) Rest() {
	kept := f.back
	for _, c := range f.Chunks {
		if c.Keys != nil {
			kept = append(kept, c)
		}
	}
	f.Chunks, f.back = kept, nil
	f.taken.Store(0)
}

// Size returns the number of states in the frontier.
func (f *Frontier) Size() int {
	n := 0
	for _, c := range f.Chunks {
		n += len(c.Keys)
	}
	return n
}
