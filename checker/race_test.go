//go:build race

package checker_test

import (
	"flag"
	"testing"
)

// TestMain draws fewer random models unless it is told how many: the race detector makes each some ten times as slow.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "20"); err != nil {
		panic(err)
	}
	m.Run()
}
