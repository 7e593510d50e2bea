package checker_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"synod/checker"
	"synod/checker/report"
	"synod/examples/singledecree"
	"synod/examples/twophase"
	"synod/internal/raced"
	"synod/model"
)

// TestProfileAgainstStates counts what the visited states hold, level by level, by searches that end at every depth.
func TestProfileAgainstStates(t *testing.T) {
	raced.Alone(t)
	sys := singledecree.System(singledecree.Default)
	r := checker.BFS(t.Context(), sys, checker.Options{FinishWhen: checker.Exhausted})
	defer r.Close()
	p := r.Profile()
	if len(p.Slots) != r.Model().Slots() || p.Lately != r.Depth-r.Depth/4+1 {
		t.Fatalf("%d slots, lately from %d", len(p.Slots), p.Lately)
	}
	// The contents at each depth, found by a search to that depth. What comes up within steps only is no content of a
	// state, so the profile may count more.
	last := make([]map[string]int, len(p.Slots)) // content -> the depth at which it is first seen
	for depth := 1; depth <= r.Depth; depth++ {
		part := checker.BFS(t.Context(), sys, checker.Options{FinishWhen: checker.Exhausted, MaxDepth: depth})
		known := make(map[[2]int]bool)
		for state := range part.States() {
			for slot, id := range state {
				if known[[2]int{slot, int(id)}] {
					continue
				}
				known[[2]int{slot, int(id)}] = true
				if last[slot] == nil {
					last[slot] = make(map[string]int)
				}
				content := string(part.Model().Content(nil, slot, id))
				if _, seen := last[slot][content]; !seen {
					last[slot][content] = depth
				}
			}
		}
		part.Close()
	}
	for slot, s := range p.Slots {
		latest, lately := 0, 0
		for _, depth := range last[slot] {
			latest = max(latest, depth)
			if depth >= p.Lately {
				lately++
			}
		}
		if s.Parts.Count < len(last[slot]) || s.Parts.LastNew < latest || s.Parts.Lately < lately {
			t.Errorf("slot %s: %+v, but states hold %d, the last new at %d, %d lately",
				s.Name, s.Parts, len(last[slot]), latest, lately)
		}
		if s.Local.Count > s.Parts.Count && s.Mailboxes.Count > 0 || s.Dense {
			t.Errorf("slot %s: %+v", s.Name, s)
		}
	}
}

// counter is a plain model of one growing number, and one that comes back.
type counter struct{ To int }

type counted struct{ Up, Half, Same int }

func (counter) Initial() []counted    { return []counted{{}} }
func (counter) Actions(counted) []int { return []int{1} }
func (c counter) Next(s counted, by int) (counted, bool) {
	if s.Up == c.To {
		return s, false
	}
	return counted{s.Up + by, (s.Up + by) / 2, 0}, true
}

// TestProfileOfChain knows the answer: one new state at each depth.
func TestProfileOfChain(t *testing.T) {
	for _, depths := range []int{4, 1_000, 9_000} {
		r := checker.BFS(t.Context(), model.NewPlain[counted, int](counter{depths - 1}), checker.Options{})
		if r.Err != nil || r.Depth != depths {
			t.Fatal(r.Err, r.Depth)
		}
		p := r.Profile()
		r.Close()
		quarter := depths / 4
		half := (depths-1)/2 + 1
		want := []checker.SlotProfile{
			{Name: "state.Up", Parts: checker.Growth{Count: depths, LastNew: depths, Lately: quarter}, Dense: depths >= 1000},
			{
				Name: "state.Half", Parts: checker.Growth{Count: half, LastNew: 2*half - 1, Lately: quarter / 2},
				Dense: depths >= 1000,
			},
			{Name: "state.Same", Parts: checker.Growth{Count: 1, LastNew: 1}},
		}
		slices.SortFunc(p.Slots, func(a, b checker.SlotProfile) int { return b.Parts.Count - a.Parts.Count })
		for i := range want {
			want[i].Local = want[i].Parts
			if a, b := mustJSON(t, p.Slots[i]), mustJSON(t, want[i]); a != b {
				t.Errorf("%d levels: %s, want %s", depths, a, b)
			}
		}
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestReports looks for what the texts must say.
func TestReports(t *testing.T) {
	commit, err := twophase.Source(twophase.Config{Managers: 5})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		src               model.Source
		profile, coverage []string
	}{
		"actors": {
			singledecree.System(singledecree.Default),
			[]string{
				"Why there are 16668 states:\n", "depth  unique  growth  generated\n", "21          4    0.11         10\n",
				"slot                          distinct  last new at depth  new from depth 17 on\n",
			},
			[]string{
				"actor     message   delivered  ignored\n", "Handlers were called for 916 distinct local states and events.\n",
				"handlers                                   916  of  916  5340 repeats\n",
				"property agreement                          13  of   13    91 repeats\n",
			},
		},
		"plain": {
			commit,
			[]string{
				"Why there are 8832 states:\n", "state.Stages    contents       274                 17                    26\n",
				"state.Decision  contents         3                 12                     0\n",
			},
			[]string{"distinct evaluations\n", "expansions"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := checker.BFS(t.Context(), c.src, checker.Options{})
			defer r.Close()
			var profile, coverage bytes.Buffer
			report.WriteProfile(&profile, r)
			report.WriteCoverage(&coverage, r)
			for _, line := range c.profile {
				if !strings.Contains(profile.String(), line) {
					t.Errorf("%q is missing in\n%s", line, &profile)
				}
			}
			for _, line := range c.coverage {
				if !strings.Contains(coverage.String(), line) {
					t.Errorf("%q is missing in\n%s", line, &coverage)
				}
			}
		})
	}
}
