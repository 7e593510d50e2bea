package cli

import (
	"strings"
	"testing"
	"time"

	"synod/checker"
)

// TestPlainProgress requires the first line after a second, and then one every few seconds, each with the rate since
// the line before.
func TestPlainProgress(t *testing.T) {
	var b strings.Builder
	m := newMeter("auto", &b)
	for s := range 10 {
		m.report(checker.Progress{
			Generated: 1000 * s * s, Unique: s, Depth: 2, Frontier: 3, Memory: 4_600_000,
			Elapsed: time.Duration(s)*m.interval + 10*time.Millisecond,
		})
	}
	m.clear()
	want := `states=1000, unique=1, depth=2, frontier=3, states/s=990, memory=5MB, sec=1.0
states=16000, unique=4, depth=2, frontier=3, states/s=5000, memory=5MB, sec=4.0
states=49000, unique=7, depth=2, frontier=3, states/s=11000, memory=5MB, sec=7.0
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", &b, want)
	}
}
