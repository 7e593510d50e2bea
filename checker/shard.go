package checker

import (
	"sync"

	"synod/internal/visited"
)

// shard is a part of the visited set with the states that wait to get in. One worker at a time owns the set; others
// leave their states in the queue, and whoever owns the set next takes them along.
type shard struct {
	owner sync.Mutex // of set
	set   *visited.Shard
	mu    sync.Mutex
	queue [][]uint64
	_     [64]byte // Keep neighbours off this cache line.
}

// maxQueue bounds how many buffers wait for a shard; beyond it a worker waits for its turn.
const maxQueue = 8

// post leaves a buffer of keys, and tells whether the queue is full.
func (s *shard) post(keys []uint64) (full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, keys)
	return len(s.queue) >= maxQueue
}

// fetch takes a buffer that waits, or nil.
func (s *shard) fetch() []uint64 {
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
