package checker

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"synod/internal/offheap"
)

// chunkLength is how many states a chunk of a frontier holds.
const chunkLength = batchLength

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
// Chunks of the same shard are neighbours, as their states have much in common, and a worker takes several in a row.
type frontier struct {
	mu     sync.Mutex
	chunks []chunk
	taken  atomic.Int64
	back   []chunk // what was taken and came back
}

// chunk is a few states of a shard.
type chunk struct {
	shard int
	keys  []uint64
}

// run is a few chunks of a frontier, to which a worker alone goes.
type run struct{ at, end int }

const maxRun = 64 // chunks

func (f *frontier) add(shard int, keys []uint64) {
	f.mu.Lock()
	f.chunks = append(f.chunks, chunk{shard, keys})
	f.mu.Unlock()
}

// sort brings chunks of the same shard together.
func (f *frontier) sort() {
	slices.SortFunc(f.chunks, func(a, b chunk) int { return cmp.Compare(a.shard, b.shard) })
}

// take returns the states of a chunk that no one else has, or nil: the next of a run, and then of another run.
func (f *frontier) take(r *run) []uint64 {
	for ; ; r.at++ {
		if r.at >= r.end {
			n := min(len(f.chunks)/maxRun+1, maxRun)
			r.end = int(f.taken.Add(int64(n)))
			r.at = r.end - n
			r.end = min(r.end, len(f.chunks))
		}
		if r.at >= len(f.chunks) {
			return nil
		}
		if keys := f.chunks[r.at].keys; keys != nil {
			f.chunks[r.at].keys = nil
			return keys
		}
	}
}

// giveBack returns a part of a chunk that was taken.
func (f *frontier) giveBack(keys []uint64) {
	f.mu.Lock()
	f.back = append(f.back, chunk{keys: keys})
	f.mu.Unlock()
}

// rest makes what was not taken, or came back, ready to be taken again.
func (f *frontier) rest() {
	kept := f.back
	for _, c := range f.chunks {
		if c.keys != nil {
			kept = append(kept, c)
		}
	}
	f.chunks, f.back = kept, nil
	f.taken.Store(0)
}

// size is the number of states that wait.
func (f *frontier) size() int {
	n := 0
	for _, c := range f.chunks {
		n += len(c.keys)
	}
	return n
}
