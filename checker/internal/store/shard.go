package store

import (
	"sync"

	"synod/internal/visited"
)

// Shard is a part of the visited set with the states that wait to get in. One worker at a time owns the set; others
// leave their states in the queue, and the next owner of the set takes them along.
type Shard struct {
	Owner sync.Mutex // of set
	Set   *visited.Shard
	mu    sync.Mutex
	queue [][]uint64
	_     [64]byte // Keep neighbours off this cache line.
}

// maxQueue bounds how many buffers wait for a shard; beyond it a worker waits for its turn.
const maxQueue = 8

// Post leaves a buffer of keys, and reports whether the queue is full.
func (s *Shard) Post(keys []uint64) (full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, keys)
	return len(s.queue) >= maxQueue
}

// Fetch takes a buffer that waits, or nil.
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
