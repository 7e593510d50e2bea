// Package raced reports whether the race detector is built in: tests then compare less, since each step takes some ten times
// as long, and what they compare is compared without it as well. Only tests import it.
package raced

import (
	"slices"
	"testing"
)

// Workers returns those of some numbers of workers with which a test has something to find: under the race detector, one worker
// races with nobody.
func Workers(numbers ...int) []int {
	if Detector && slices.Max(numbers) > 1 {
		return slices.DeleteFunc(slices.Clone(numbers), func(n int) bool { return n == 1 })
	}
	return numbers
}

// Alone skips a test under the race detector that has one worker, or whose goroutines are those that other tests race.
func Alone(t testing.TB) {
	t.Helper()
	if Detector {
		t.Skip("nothing here races that does not race in other tests")
	}
}
