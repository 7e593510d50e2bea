package singledecree_test

import (
	"testing"

	"synod/checker"
	"synod/examples/singledecree"
	"synod/examples/zoo"
	"synod/internal/raced"
	"synod/model/statespace"
	"synod/trace"
)

// TestRefinesConsensus checks that Paxos refines Consensus, by decisions and by votes, and that its broken variants do
// not. What was voted for says so earlier than what was decided.
func TestRefinesConsensus(t *testing.T) {
	type counts struct{ unique, generated, depth int }
	for _, c := range []struct {
		config singledecree.Config
		by     singledecree.Refinement
		want   counts
	}{
		{singledecree.Default, singledecree.ByDecisions, counts{16_668, 32_971, 21}},
		{singledecree.Default, singledecree.ByVotes, counts{16_668, 32_971, 21}},
	} {
		r := checker.BFS(t.Context(), singledecree.Variant{Refine: c.by}.System(c.config), checker.Options{Workers: 2})
		r.Require(t)
		if got := (counts{r.Unique, r.Generated, r.Depth}); got != c.want {
			t.Errorf("by %v: %v, want %v", c.by, got, c.want)
		}
		r.Close()
	}
	// The observer of votes counts true majorities, so that it has nothing to say of smaller ones.
	for name, lengths := range map[string][2]int{"own-value": {10, 8}, "promise-forgotten": {10, 8}, "small-majority": {10, 0}} {
		c := singledecree.Default
		if name == "small-majority" {
			c.Servers = 4
		}
		for i, by := range []singledecree.Refinement{singledecree.ByDecisions, singledecree.ByVotes} {
			source := zoo.SingleDecree(name, singledecree.Variant{Refine: by}, c)
			want := lengths[i]
			if want == 0 {
				continue
			}
			for _, workers := range raced.Workers(1, 3) {
				r := checker.BFS(t.Context(), source, checker.Options{Workers: workers, FinishWhen: checker.FirstViolation})
				for k, p := range r.Properties {
					if p.Expect != statespace.Refines {
						continue
					}
					if p.Verdict != checker.Violated || len(p.Path.Steps) != want {
						t.Errorf("%s by %v: %v, want %d actions", name, by, p.Verdict, want)
						continue
					}
					if shown, err := statespace.Shows(r.Model(), r.Model().Properties()[k], *p.Path); !shown || err != nil {
						t.Errorf("%s by %v: the path shows nothing, %v", name, by, err)
					}
				}
				for _, tr := range r.Traces() {
					if err := trace.Reproduce(source, tr); err != nil {
						t.Errorf("%s by %v: %v", name, by, err)
					}
				}
				r.Close()
			}
		}
	}
}
