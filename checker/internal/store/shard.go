package store

import (
	"sync"

	"synod/internal/visited"
)

// Shard is a part of the visited set with a queue of states to insert. One worker at a time owns the set; others put
// their states into the queue, and the next owner inserts them.
type Shard struct {
	Owner sync.Mutex // guards Set
	Set   *visited.Shard
	mu    sync.Mutex
	queue [][]uint64
	_     [64]byte // Keep neighbours off this cache line.
}

// maxQueue bounds the buffers queued for a shard; beyond it a worker waits to become the owner.
const maxQueue = 8

// Post queues a buffer of keys, and reports whether the queue is full.
func (s *Shard) Post(keys []uint64) (full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, keys)
	return len(s.queue) >= maxQueue
}

// Fetch removes a buffer from the queue, and returns it, or nil if the queue is empty.
func (s *Shard) Fetch() []uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.queue)
	if n == 0 {
		return nil
	}
	keys := s.queue[n-1]
	s.queue = s.queue[:n-1]
	return keys
}
