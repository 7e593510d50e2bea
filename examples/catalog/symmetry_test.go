package catalog_test

import (
	"strings"
	"testing"

	"synod/checker"
	shipped "synod/examples/catalog"
	"synod/model"
	"synod/model/statespace"
)

// TestSymmetry holds searches with symmetry against full ones, of models whose clients or acceptors are interchangeable, and
// of their mutants: the verdicts are the same, and so are the lengths of paths to states. It is what is counted that differs.
func TestSymmetry(t *testing.T) {
	for _, c := range []struct {
		model, settings string
		order, unique   int // as many ways, and so many orbits; 0 where only the verdicts are compared
	}{
		{model: "lease", settings: "clients=2", order: 2, unique: 1735},
		{model: "lease", settings: "clients=4 attempts=1", order: 24, unique: 395},
		{model: "lease", settings: "clients=3 attempts=1 max-down=1 max-crashes=1", order: 6},
		{model: "lease", settings: "clients=3 attempts=1 lossy=explicit max-drops=1", order: 6},
		{model: "two-phase-commit", settings: "managers=4", order: 24},
		{model: "single-copy", settings: "clients=3 servers=1 distinct=1", order: 6},
		{model: "single-copy", settings: "clients=2 servers=1 puts=2 distinct=1 network=ordered", order: 2},
		{model: "single-copy", settings: "clients=1 readers=2 servers=1 distinct=1", order: 2},
		{model: "abd", settings: "clients=3 servers=2 distinct=1", order: 2},
		{model: "single-decree", settings: "clients=3 servers=2 distinct=1", order: 2},
		{model: "single-decree", settings: "clients=2 servers=1 distinct=1 network=unordered_duplicating", order: 2},
		{model: "multi-paxos-roles", settings: "replicas=1 leaders=1", order: 6},
		{model: "multi-paxos-roles", settings: "replicas=1 leaders=1 network=ordered", order: 6},
		{model: "multi-paxos-roles", settings: "replicas=1 leaders=2 acceptors=2 network=unordered_duplicating", order: 2},
		{model: "multi-paxos-roles", settings: "replicas=1 leaders=1 acceptors=2 max-down=1 max-crashes=1", order: 2},
		{model: "multi-paxos-roles", settings: "replicas=1 leaders=1 acceptors=4 commands=2 window=1 newest-only=1 part=1", order: 24},
	} {
		e, err := shipped.All().Find(c.model)
		if err != nil {
			t.Fatal(err)
		}
		mutants := append([]string{""}, e.MutantNames()...)
		if testing.Short() {
			mutants = mutants[:1]
		}
		for _, mutant := range mutants {
			t.Run(strings.TrimSpace(c.model+" "+c.settings+" "+mutant), func(t *testing.T) {
				t.Parallel()
				words := map[string]string{"mutant": mutant}
				for _, word := range strings.Fields(c.settings) {
					name, value, _ := strings.Cut(word, "=")
					words[name] = value
				}
				settings, err := e.Parse(words)
				if err != nil {
					t.Fatal(err)
				}
				src, err := e.Build(settings)
				if err != nil {
					t.Skip(err) // The mutant is one of another configuration.
				}
				compareTurned(t, src, c.order, c.unique, mutant)
			})
		}
	}
}

// compareTurned holds searches with symmetry against a full one.
func compareTurned(t *testing.T, src model.Source, order, unique int, mutant string) {
	o := checker.Options{FinishWhen: checker.Exhausted, MaxStates: 30_000}
	full := checker.BFS(t.Context(), src, o)
	defer full.Close()
	if full.Err != nil || !full.Exhausted {
		t.Skip(full.Err, full.Unique)
	}
	o.Symmetry = true
	for _, reduce := range []statespace.Reduction{statespace.Full, statespace.DeadLetters} {
		o.Reduce = reduce
		r := checker.BFS(t.Context(), src, o)
		defer r.Close()
		if r.Err != nil || r.Symmetry == nil || r.Symmetry.Order != order {
			t.Fatalf("%v, %+v, %v: expected %d ways to exchange them", r.Err, r.Symmetry, r.Notes, order)
		}
		for i, p := range full.Properties {
			got := r.Properties[i]
			if !p.Expect.OfStates() {
				continue // left undecided
			}
			if got.Verdict != p.Verdict || p.Path != nil && len(got.Path.Steps) != len(p.Path.Steps) {
				t.Errorf("%v: %q is %v, in full %v: %v and %v", reduce, p.Name, got.Verdict, p.Verdict, got.Path, p.Path)
			}
		}
		if reduce != statespace.Full {
			continue
		}
		t.Logf("%d states for %d, %d calls compared", r.Unique, full.Unique, r.Symmetry.Calls)
		if r.Unique >= full.Unique || order*r.Unique < full.Unique || unique > 0 && mutant == "" && r.Unique != unique {
			t.Errorf("%d states for %d, which %d ways turn into one another; expected %d", r.Unique, full.Unique, order, unique)
		}
	}
}
