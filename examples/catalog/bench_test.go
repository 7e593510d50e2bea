package catalog_test

import (
	"testing"
	"time"
)

// BenchmarkLiveness searches models and decides their properties of fair paths, and measures what the decision takes beside the
// search.
func BenchmarkLiveness(b *testing.B) {
	const heal = " timers-last=on one-copy=on lossy=explicit max-drops=1 max-down=1 max-crashes=1 " +
		"fair=deliveries,strong-timeouts,recoveries"
	for _, c := range []struct{ name, model, words string }{
		{"readers-writers", "tla-readers-writers", ""},
		{"termination", "tla-termination", ""},
		{"allocator", "tla-allocator", ""},
		{"ewd840", "tla-ewd840", ""},
		{"philosophers", "tla-philosophers", ""},
		{"multi-paxos", "multi-paxos", "servers=3 clients=1 resends=1 ballots=1" + heal},
	} {
		b.Run(c.name, func(b *testing.B) {
			var deciding, searching time.Duration
			for b.Loop() {
				r := checkWords(b, c.model, c.words)
				r.Require(b)
				b.ReportMetric(float64(r.Unique), "states")
				deciding, searching = deciding+r.Deciding, searching+r.Elapsed-r.Deciding
				r.Close()
			}
			b.ReportMetric(float64(deciding)/float64(searching), "decision/search")
		})
	}
}
