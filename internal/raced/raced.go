// Package raced reports whether the race detector is enabled. Tests then compare less, because each step takes about
// ten times as long and the comparisons also run without the detector. Only tests import it.
package raced

import (
	"slices"
	"testing"
)

// Workers returns the numbers of workers that a test should use: under the race detector, a single worker is
// pointless.
func Workers(numbers ...int) []int {
	if Detector && slices.Max(numbers) > 1 {
		return slices.DeleteFunc(slices.Clone(numbers), func(n int) bool { return n == 1 })
	}
	return numbers
}

// Some returns all of some cases, or under the race detector a few: one in four, the first included.
func Some[E any](cases []E) []E {
	if !Detector {
		return cases
	}
	var some []E
	for i := 0; i < len(cases); i += 4 {
		some = append(some, cases[i])
	}
	return some
}

// Alone skips a test under the race detector if it has one worker, or if its goroutines are covered by other tests.
func Alone(t testing.TB) {
	t.Helper()
	if Detector {
		t.Skip("nothing here races that does not race in other tests")
	}
}
