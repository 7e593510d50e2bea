package visited

import (
	"sync"
	"testing"
)

// TestPrefetch prefetches keys of a shard that grows meanwhile, which changes nothing; a race detector finds no fault.
func TestPrefetch(t *testing.T) {
	arena := testArena()
	s, err := NewShard(arena, 24, 3, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Free()
	mixer := NewMixer(24)
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for i := range uint64(30_000) {
				s.Prefetch(mixer.Mix(i))
			}
		})
	}
	for i := range uint64(30_000) {
		if fresh, err := s.Insert(mixer.Mix(i), 0); err != nil || !fresh {
			t.Errorf("key %d is new: %v, %v", i, fresh, err)
		}
	}
	all.Wait()
	if s.Len() != 30_000 {
		t.Errorf("%d keys", s.Len())
	}
}
