package model

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

func TestFirstCallsTakeTurns(t *testing.T) {
	var all turns
	var inside, most atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range firstTurns / 8 {
				all.run(func() {
					most.Store(max(most.Load(), inside.Add(1)))
					runtime.Gosched()
					inside.Add(-1)
				})
			}
		})
	}
	wg.Wait()
	if most.Load() != 1 {
		t.Errorf("%d calls at once", most.Load())
	}
}
