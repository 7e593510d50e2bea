package singledecree_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"synod/checker"
	"synod/examples/catalog"
	"synod/model"
	"synod/model/statespace"
	"synod/trace"
)

// A server of the sound protocol is never blamed, whatever happens.
func TestNobodyIsBlamed(t *testing.T) {
	for _, config := range []map[string]string{
		{"clients": "3"},
		{"clients": "2", "puts": "2", "network": "unordered_duplicating"},
		{"clients": "2", "max-down": "1", "max-crashes": "2", "lossy": "explicit", "retry": "1"},
	} {
		space := opened(t, config)
		for seed := range uint64(60) {
			path := walk(t, space, seed)
			for i, r := range statespace.Explain(space, path) {
				if r.Culprit || r.Err != nil {
					t.Fatalf("%v, seed %d: step %d, %s, is blamed: %q, %v", config, seed, i+1, path.Steps[i].Action.Text, r.Notes, r.Err)
				}
			}
		}
	}
}

// Of a broken variant the step is blamed at which it breaks the protocol, and not the last one, where that shows.
func TestCulprits(t *testing.T) {
	for mutant, want := range map[string]int{"own-value": 8, "promise-forgotten": 0, "small-majority": 0} {
		_, source, err := entry(t).Open(map[string]string{"mutant": mutant})
		if err != nil {
			t.Fatal(err)
		}
		r := checker.BFS(t.Context(), source, checker.Options{FinishWhen: checker.FirstViolation})
		defer r.Close()
		for _, found := range r.Traces() {
			first := slices.IndexFunc(found.Steps, func(s trace.Step) bool { return s.Culprit }) + 1
			switch {
			case found.Kind != trace.Violation:
			case first == 0:
				t.Errorf("%s: nobody is blamed for the violation of %q", mutant, found.Property)
			case want > 0 && first != want:
				t.Errorf("%s: step %d is blamed, expected %d", mutant, first, want)
			}
		}
	}
}

// A picture shows promises and votes at their ballots, by what happened.
func TestPicture(t *testing.T) {
	_, source, err := entry(t).Open(map[string]string{"mutant": "own-value"})
	if err != nil {
		t.Fatal(err)
	}
	r := checker.BFS(t.Context(), source, checker.Options{FinishWhen: checker.FirstViolation})
	defer r.Close()
	for _, p := range r.Properties {
		if p.Verdict != checker.Violated {
			continue
		}
		all, err := model.Pictures(r.Model(), *p.Path)
		if err != nil || len(all) != 1 {
			t.Fatalf("%d pictures, %v", len(all), err)
		}
		got := all[0]
		if want := []string{"(1, 0)", "(2, 1)"}; !slices.Equal(got.Columns, want) {
			t.Errorf("the ballots are %q, expected %q", got.Columns, want)
		}
		want := map[string][]model.PictureCell{
			"server 0": {at(0, "'A'", model.Chosen)},
			"server 1": {at(0, "'A'", model.Chosen), at(1, "'B'", model.Chosen)},
			"server 2": {at(1, "'B'", model.Chosen)},
		}
		for _, row := range got.Rows {
			if !slices.Equal(row.Cells, want[row.Name]) {
				t.Errorf("%s has %+v, expected %+v", row.Name, row.Cells, want[row.Name])
			}
		}
		before := *p.Path
		before.Steps = before.Steps[:2]
		all, err = model.Pictures(r.Model(), before)
		if err != nil {
			t.Fatal(err)
		}
		if want := []model.PictureCell{at(0, "", model.Promised)}; !slices.Equal(all[0].Rows[1].Cells, want) {
			t.Errorf("after two steps server 1 has %+v, expected %+v", all[0].Rows[1].Cells, want)
		}
	}
}

func at(column int, text string, mark model.Mark) model.PictureCell {
	return model.PictureCell{Column: column, Text: text, Mark: mark}
}

func entry(t *testing.T) interface {
	Open(config map[string]string) (map[string]string, model.Source, error)
} {
	t.Helper()
	e, err := catalog.Find("single-decree")
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func opened(t *testing.T, config map[string]string) statespace.Space {
	t.Helper()
	_, source, err := entry(t).Open(config)
	if err != nil {
		t.Fatal(err)
	}
	space, err := source.Space()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(space.Close)
	return space
}

// walk goes up to forty random steps.
func walk(t *testing.T, space statespace.Space, seed uint64) statespace.Path {
	t.Helper()
	initials, err := statespace.Initials(space)
	if err != nil {
		t.Fatal(err)
	}
	p := statespace.Path{Initial: initials[0]}
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a walk that a seed repeats
	for range 40 {
		all, err := statespace.Transitions(space, p.Last())
		if err != nil {
			t.Fatal(err)
		}
		all = slices.DeleteFunc(all, func(x statespace.Transition) bool { return x.Ignored != statespace.Counts || x.Cut })
		if len(all) == 0 {
			return p
		}
		p.Steps = append(p.Steps, all[random.IntN(len(all))])
	}
	return p
}
