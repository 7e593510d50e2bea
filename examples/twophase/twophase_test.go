package twophase_test

import (
	"testing"

	"synod/checker"
	"synod/examples/twophase"
	"synod/internal/raced"
)

// TestCounts compares with the published counts (TLC and Stateright), at one and at several workers.
func TestCounts(t *testing.T) {
	for _, want := range []struct{ managers, unique, generated, depth int }{
		{3, 288, 1146, 11},
		{5, 8832, 58146, 17},
	} {
		for _, workers := range raced.Workers(1, 4) {
			src, err := twophase.Source(twophase.Config{Managers: want.managers})
			if err != nil {
				t.Fatal(err)
			}
			r := checker.BFS(t.Context(), src, checker.Options{Workers: workers})
			r.Require(t)
			if r.Unique != want.unique || r.Generated != want.generated || r.Depth != want.depth {
				t.Errorf("%d managers, %d workers: %d unique, %d generated, depth %d; want %+v",
					want.managers, workers, r.Unique, r.Generated, r.Depth, want)
			}
			r.Close()
		}
	}
}

func TestValidate(t *testing.T) {
	for managers, ok := range map[int]bool{-1: false, 0: false, 1: true, 64: true, 65: false} {
		if _, err := twophase.Source(twophase.Config{Managers: managers}); (err == nil) != ok {
			t.Errorf("%d managers: %v", managers, err)
		}
	}
}
