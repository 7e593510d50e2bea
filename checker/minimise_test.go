package checker_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"synod/checker"
	"synod/examples/catalog"
	"synod/internal/raced"
	"synod/model"
	"synod/trace"
)

// opened returns a model of the catalogue.
func opened(t *testing.T, name string, config map[string]string) model.Source {
	t.Helper()
	entry, err := catalog.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	_, source, err := entry.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// What a depth-first search or a walk finds becomes as short as what a breadth-first search finds.
func TestMinimise(t *testing.T) {
	for _, c := range raced.Some([]struct {
		model, property string
		config          map[string]string
	}{
		{"single-decree", "agreement", map[string]string{"mutant": "own-value"}},
		{"single-decree", "agreement", map[string]string{"mutant": "own-value", "network": "ordered", "lossy": "explicit"}},
		{"single-copy", "linearizable", map[string]string{"servers": "2"}},
		{"single-decree", "value chosen", nil},
	}) {
		source := opened(t, c.model, c.config)
		shortest := checker.BFS(t.Context(), source, checker.Options{MaxStates: 300_000})
		want := pathOf(t, shortest, c.property)
		shortest.Close()
		for name, search := range map[string]driver{"dfs": checker.DFS, "walk": checker.Walk} {
			r := search(t.Context(), source, checker.Options{Walks: 5_000, MaxStates: 300_000, Seed: 1})
			before := pathOf(t, r, c.property)
			if err := r.Minimise(t.Context()); err != nil {
				t.Fatal(err)
			}
			after := pathOf(t, r, c.property)
			if after != want || after > before {
				t.Errorf("%s of %s %v: %d steps became %d, expected %d", name, c.model, c.config, before, after, want)
			}
			var b strings.Builder
			r.WriteText(&b)
			if !strings.Contains(b.String(), "there is no shorter path") {
				t.Errorf("%s: the verdict does not say so:\n%s", name, b.String())
			}
			for _, tr := range r.Traces() {
				if err := trace.Reproduce(source, tr); err != nil {
					t.Error(err)
				}
			}
			r.Close()
		}
	}
}

// pathOf returns the number of steps to a discovery.
func pathOf(t *testing.T, r *checker.Result, property string) int {
	t.Helper()
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	i := slices.IndexFunc(r.Properties, func(p checker.PropertyResult) bool { return p.Name == property })
	if i < 0 || r.Properties[i].Path == nil {
		t.Fatalf("%q was not found", property)
	}
	return len(r.Properties[i].Path.Steps)
}

func TestMinimiseRefuses(t *testing.T) {
	source := opened(t, "single-copy", map[string]string{"servers": "2"})
	r := checker.BFS(t.Context(), source, checker.Options{})
	defer r.Close()
	found := r.Traces()[0]
	for want, change := range map[string]func(*trace.Trace){
		"neither a violation nor an example": func(tr *trace.Trace) { tr.Kind = trace.Walked },
		"violation is gone":                  func(tr *trace.Trace) { tr.Steps = tr.Steps[:1] },
		`no property "nothing"`:              func(tr *trace.Trace) { tr.Property = "nothing" },
		"no initial state":                   func(tr *trace.Trace) { tr.Initial.Fingerprint = "0000000000000000" },
	} {
		tr := found
		change(&tr)
		if _, _, err := checker.Minimise(t.Context(), source, tr); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got the error %v, expected %q", err, want)
		}
	}
	// A context that has ended leaves the path as it is, and claims nothing.
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	same, how, err := checker.Minimise(ctx, source, found)
	if err != nil || len(same.Steps) != len(found.Steps) || how.Shortest {
		t.Errorf("%d steps, %+v, %v", len(same.Steps), how, err)
	}
}

// A search from the end of a path finds what a search from the start finds behind it, and its paths begin at the start.
func TestFrom(t *testing.T) {
	source := opened(t, "single-decree", map[string]string{"mutant": "own-value"})
	whole := checker.BFS(t.Context(), source, checker.Options{})
	defer whole.Close()
	i := slices.IndexFunc(whole.Traces(), func(tr trace.Trace) bool { return tr.Property == "agreement" })
	from := whole.Traces()[i]
	violating := len(from.Steps)
	from.Steps = from.Steps[:6]
	for name, search := range map[string]driver{"bfs": checker.BFS, "dfs": checker.DFS, "walk": checker.Walk} {
		var found []int
		r := search(t.Context(), source, checker.Options{
			From: &from, Walks: 5_000,
			Found: func(f checker.Found) { found = append(found, len(f.Path.Steps)) },
		})
		if n := pathOf(t, r, "agreement"); n < violating || name == "bfs" && n != violating {
			t.Errorf("%s: %d steps, expected %d", name, n, violating)
		}
		for _, tr := range r.Traces() {
			if err := trace.Reproduce(source, tr); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for i, s := range from.Steps {
				if tr.Steps[i].Key != s.Key {
					t.Errorf("%s: %q takes another step %d", name, tr.Property, i+1)
				}
			}
		}
		if name == "bfs" && (slices.Min(found) < 6 || r.Unique >= whole.Unique) {
			t.Errorf("found paths of %d steps, %d of %d states", found, r.Unique, whole.Unique)
		}
		r.Close()
	}
	// The state at the end of the path is the only one at depth 1.
	r := checker.BFS(t.Context(), source, checker.Options{From: &from, MaxDepth: 1})
	if r.Unique != 1 || r.Generated != 1 || r.Depth != 1 {
		t.Errorf("%d of %d states, depth %d", r.Unique, r.Generated, r.Depth)
	}
	r.Close()
	from.Steps = slices.Clone(from.Steps)
	from.Steps[3].Key = "deliver nothing"
	r = checker.BFS(t.Context(), source, checker.Options{From: &from})
	if r.ExitCode() != checker.ExitUsage || !strings.Contains(r.Err.Error(), `step 4: no action "deliver nothing"`) {
		t.Errorf("exit %d, %v", r.ExitCode(), r.Err)
	}
}
