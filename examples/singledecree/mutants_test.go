package singledecree_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"synod/checker"
	"synod/examples/singledecree"
	"synod/model"
)

var update = flag.Bool("update", false, "rewrite the sources of the mutants from the sound one")

// hunks says where each mutant differs from the sound source.
var hunks = map[string]struct{ folder, sound, broken string }{
	"own-value": {
		"ownvalue",
		"st.Proposal = choose(*st.Proposal, st.Prepares)",
		"st.Proposal = choose(*st.Proposal, nil)",
	},
	"promise-forgotten": {
		"promiseforgotten",
		"if !m.Ballot.Less(st.Ballot) {",
		"if !m.Ballot.Less(st.Accepted.Ballot) {",
	},
	"small-majority": {
		"smallmajority",
		"majority := actor.Majority(len(s.Peers) + 1)",
		"majority := (len(s.Peers) + 1) / 2",
	},
}

// TestMutantSources makes sure that each mutant is the sound source but for its hunk.
func TestMutantSources(t *testing.T) {
	sound, err := os.ReadFile("../../paxos/singledecree/singledecree.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range singledecree.Mutants() {
		h, ok := hunks[m.Name]
		if !ok {
			t.Errorf("%s: no hunk", m.Name)
			continue
		}
		if n := strings.Count(string(sound), h.sound); n != 1 {
			t.Errorf("%s: the sound source has %d times %q", m.Name, n, h.sound)
		}
		want := strings.Replace(string(sound), h.sound, h.broken, 1)
		file := filepath.Join("internal", h.folder, "singledecree.go")
		if *update {
			if err := os.WriteFile(file, []byte(want), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != want {
			t.Errorf("%s differs from the sound source in more than its hunk: run go test with -update", file)
		}
	}
	if len(hunks) != len(singledecree.Mutants()) {
		t.Errorf("%d hunks for %d mutants", len(hunks), len(singledecree.Mutants()))
	}
}

// TestMutantsDie makes sure that the checker sees what each of them breaks, by a short path that replays.
func TestMutantsDie(t *testing.T) {
	for _, m := range singledecree.Mutants() {
		t.Run(m.Name, func(t *testing.T) {
			r := checker.BFS(t.Context(), m.System(singledecree.Variant{}, m.Least), checker.Options{FinishWhen: checker.FirstViolation})
			defer r.Close()
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			if r.ExitCode() != checker.ExitViolated {
				t.Fatalf("it survived %d states, exit code %d", r.Unique, r.ExitCode())
			}
			for _, p := range r.Properties {
				if p.Verdict != checker.Violated {
					continue
				}
				t.Logf("%q after %d actions and %d states", p.Name, len(p.Path.Steps), r.Unique)
				if p.Name == m.Breaks {
					if len(p.Path.Steps) > 16 {
						t.Errorf("a path of %d actions is not short", len(p.Path.Steps))
					}
					if _, err := model.Follow(r.Model(), 0, p.Path.Keys()); err != nil {
						t.Errorf("replay: %v", err)
					}
					return
				}
			}
			t.Errorf("%q is not violated", m.Breaks)
		})
	}
}
