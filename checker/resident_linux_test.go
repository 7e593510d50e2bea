//go:build linux && !race

package checker

import "testing"

func TestMemoryOfTheMachine(t *testing.T) {
	now, ok := resident()
	if all := physical(); !ok || all < now {
		t.Fatalf("the process holds %d bytes (%v) of %d", now, ok, all)
	}
	if stoppedBy(stopMemory, Options{}) == stoppedBy(stopMemory, Options{MemoryLimit: 1}) {
		t.Error("one cannot tell a memory limit that was asked for from the machine's")
	}
}
