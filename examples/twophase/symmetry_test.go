package twophase_test

import (
	"testing"

	"synod/checker"
	"synod/examples/twophase"
	"synod/internal/raced"
)

// TestSymmetry counts the orbits of the published states: 80 of 288 with 3 managers, 314 of 8,832 with 5. (The 665 that are
// published for 5 are by representatives of which several stand for one orbit.)
func TestSymmetry(t *testing.T) {
	for managers, unique := range map[int]int{3: 80, 5: 314} {
		source, err := twophase.Source(twophase.Config{Managers: managers})
		if err != nil {
			t.Fatal(err)
		}
		for _, search := range []string{"bfs", "dfs"} {
			for _, workers := range raced.Workers(1, 3) {
				find := checker.BFS
				if search == "dfs" {
					find = checker.DFS
				}
				o := checker.Options{FinishWhen: checker.Exhausted, Symmetry: true, Workers: workers}
				r := find(t.Context(), source, o)
				o.Symmetry = false
				full := checker.BFS(t.Context(), source, o)
				if r.Err != nil || r.Symmetry == nil || r.Unique != unique {
					t.Errorf("%d managers, %s, %d workers: %v, %v, %d states: expected %d", managers, search, workers, r.Err, r.Symmetry, r.Unique, unique)
				}
				for i, p := range full.Properties {
					got := r.Properties[i]
					if got.Verdict != p.Verdict || search == "bfs" && p.Path != nil && len(p.Path.Steps) != len(got.Path.Steps) {
						t.Errorf("%d managers, %s: %q is %v, in full %v", managers, search, p.Name, got.Verdict, p.Verdict)
					}
				}
				r.Close()
				full.Close()
			}
		}
	}
}
