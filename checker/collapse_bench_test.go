package checker_test

import (
	"runtime/debug"
	"testing"
	"time"

	"synod/checker"
	"synod/internal/reference"
)

// BenchmarkSpread compares the engine, with one worker, with a plain search that keeps whole states by a key in a Go
// map, on spaces where collapsing states wins nothing. Memory is the most that the process held beyond what it held
// before.
func BenchmarkSpread(b *testing.B) {
	for _, s := range spreads(true) {
		b.Run(s.name+"/engine", func(b *testing.B) {
			measureSpread(b, func(most *int64) int {
				r := checker.BFS(b.Context(), s.src, checker.Options{
					Workers: 1, FinishWhen: checker.Exhausted, Interval: time.Millisecond,
					Progress: func(p checker.Progress) { *most = max(*most, p.Memory) },
				})
				defer r.Close()
				if r.Err != nil {
					b.Fatal(r.Err)
				}
				*most = max(*most, r.Memory)
				return r.Unique
			})
		})
		b.Run(s.name+"/plain", func(b *testing.B) {
			measureSpread(b, func(most *int64) int {
				ended, done := make(chan struct{}), make(chan struct{})
				go func() {
					defer close(done)
					tick := time.NewTicker(time.Millisecond)
					defer tick.Stop()
					for {
						select {
						case <-ended:
							return
						case <-tick.C:
							*most = max(*most, checker.ProcessMemory())
						}
					}
				}()
				r := s.plain(reference.Options{FinishWhen: reference.Exhausted})
				close(ended)
				<-done
				return r.Unique
			})
		})
	}
}

// measureSpread reports states and bytes of a search, which gives the number of states and puts the most memory into
// most.
func measureSpread(b *testing.B, search func(most *int64) int) {
	states, bytes := 0, 0.0
	for b.Loop() {
		b.StopTimer()
		debug.FreeOSMemory()
		before, most := checker.ProcessMemory(), int64(0)
		b.StartTimer()
		n := search(&most)
		states += n
		bytes += float64(most-before) / float64(n)
	}
	b.ReportMetric(float64(states)/float64(b.N), "states")
	b.ReportMetric(float64(states)/b.Elapsed().Seconds(), "states/s")
	b.ReportMetric(bytes/float64(b.N), "B/state")
	b.ReportMetric(0, "ns/op")
}
