package words

import (
	"testing"

	"synod/internal/offheap"
)

// TestReset requires a pool to give its memory back, and to hand out zeroes afterwards.
func TestReset(t *testing.T) {
	arena := offheap.NewOnHeap()
	defer arena.Close()
	p := NewPool[uint32](arena)
	before := arena.Bytes()
	fill := func() {
		for n := range 3_000 {
			ref, run := p.Reserve(n%40 + 1)
			for i := range run {
				if run[i] != 0 {
					t.Fatal("a run is not zero at first")
				}
				run[i] = uint32(n + i)
			}
			if got := p.From(ref)[0]; got != uint32(n) {
				t.Fatalf("run %d begins with %d", n, got)
			}
		}
	}
	fill()
	if p.Bytes() < 4*3_000*20 || int64(p.Bytes()) > arena.Bytes()-before {
		t.Errorf("%d bytes, while the arena grew by %d", p.Bytes(), arena.Bytes()-before)
	}
	p.Reset()
	if p.Bytes() != 0 || arena.Bytes() != before {
		t.Errorf("%d bytes, the arena %d more than at first", p.Bytes(), arena.Bytes()-before)
	}
	fill()
}
