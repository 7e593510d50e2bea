package explorer_test

import (
	"slices"
	"strings"
	"testing"

	"synod/explorer"
)

// A step that does not apply is refused with the reason, in words.
func TestWhyAStepDoesNotApply(t *testing.T) {
	_, base := serve(t, nil)
	faults := map[string]string{"max-crashes": "1", "max-down": "1", "retry": "1"}
	const put = "deliver 3>0 register.Put{Request:3,Value:65}"
	for _, x := range []struct {
		config map[string]string
		path   []string
		why    string
	}{
		{nil, []string{put, put}, "no such message from client 3 to server 0 is in flight"},
		{nil, []string{"deliver 9>0 x"}, "no such message from 9 to server 0 is in flight"},
		{nil, []string{"nonsense"}, "the model has no such action"},
		{nil, []string{"timeout 0 x"}, "server 0 has not set that timer"},
		{nil, []string{"choose 0 x of y"}, "server 0 has no such choice to make"},
		{nil, []string{"crash 0"}, "server 0 cannot crash there"},
		{faults, []string{"recover 1"}, "server 1 is not down"},
		{faults, []string{"crash 0", put}, "server 0 is down, and cannot take Put(3, 'A') from client 3 to server 0"},
		{faults, []string{"crash 0", "timeout 0 x"}, "server 0 is down"},
		{map[string]string{"network": "ordered"}, []string{put, "deliver 3>0 x"}, "no such message from client 3"},
	} {
		e := ask[struct{ Error struct{ Code, Why string } }](t, base, "state", explorer.Query{Config: x.config, Path: x.path}, 404).Error
		if e.Code != "no_step" || !strings.HasPrefix(e.Why, x.why) {
			t.Errorf("%q: %s, %q; expected %q", x.path, e.Code, e.Why, x.why)
		}
	}
}

// The values of fields along a path are those of its states.
func TestValuesAlongAPath(t *testing.T) {
	_, base := serve(t, nil)
	way := ask[explorer.Way](t, base, "random", explorer.Query{Seed: 3, Count: 12}, 200)
	q := explorer.Query{Path: way.Path, Fields: []string{"server 0.Durable.Ballot", "client 3.Awaiting", "linearizable", "server 0.nonsense"}}
	got := ask[explorer.Values](t, base, "values", q, 200).Values
	if len(got) != len(way.Path)+1 {
		t.Fatalf("%d rows of %d steps", len(got), len(way.Path))
	}
	for i, row := range got {
		st := ask[explorer.State](t, base, "state", explorer.Query{Path: way.Path[:i]}, 200)
		find := func(slot string, names ...string) string {
			at := st.Slots[slices.IndexFunc(st.Slots, func(s explorer.Slot) bool { return s.Name == slot })].Value
			for _, name := range names {
				at = at.Parts[slices.IndexFunc(at.Parts, func(n explorer.Node) bool { return n.Name == name })]
			}
			return at.Text
		}
		want := []string{find("server 0", "Durable", "Ballot"), find("client 3", "Awaiting"), find("linearizable"), ""}
		if !slices.Equal(row, want) {
			t.Errorf("after %d steps: %q, expected %q", i, row, want)
		}
	}
	ask[refusal](t, base, "values", explorer.Query{Fields: []string{"stranger.Ballot"}}, 400)
	ask[refusal](t, base, "values", explorer.Query{Fields: make([]string, 40)}, 400)
}

// All properties that a path shows can be asked about, what its last step brought about first.
func TestWhatAPathShows(t *testing.T) {
	_, base := serve(t, nil)
	config := map[string]string{"mutant": "own-value"}
	goal := explorer.Goal{Property: "no answer contradicts a decision"}
	q := explorer.Query{Config: config, Goal: &goal}
	// The search is bounded in time: it goes on from what violates agreement, which is near.
	first := explorer.Query{Config: config, Goal: &explorer.Goal{Property: "agreement"}}
	for _, next := range []*explorer.Query{&first, &q} {
		next.Path = first.Path
		for try := 0; ; try++ {
			way := ask[explorer.Way](t, base, "seek", *next, 200)
			if way.Found {
				first.Path = append(slices.Clone(next.Path), way.Path...)
				break
			}
			if try == 60 {
				t.Fatalf("%+v is not found: %+v", next.Goal, way)
			}
		}
	}
	e := ask[explorer.Explanation](t, base, "explain", explorer.Query{Config: config, Path: first.Path}, 200)
	if e.Property != goal.Property || len(e.Shows) < 2 || e.Shows[0] != goal.Property || e.Shows[1] != "agreement" {
		t.Errorf("the path shows %q, and is about %q", e.Shows, e.Property)
	}
	about := ask[explorer.Explanation](t, base, "explain", explorer.Query{Config: config, Path: first.Path, Property: "agreement"}, 200)
	if about.Property != "agreement" || !slices.ContainsFunc(about.Steps, func(s explorer.Explained) bool { return s.Culprit }) {
		t.Errorf("about agreement: %+v", about)
	}
}
