package checker_test

import (
	"strings"
	"testing"

	"synod/actor"
	"synod/catalog"
	"synod/checker"
	shipped "synod/examples/catalog"
	"synod/model"
	"synod/trace"
)

// twins sends itself messages of two types with one name, each declared in a function, or only the second one.
type twins struct{ both bool }

func (w twins) Start(self actor.ID, out *actor.Out[any]) int {
	if w.both {
		out.Send(self, firstTwin())
	}
	out.Send(self, secondTwin())
	return 0
}

func (twins) Receive(_ actor.ID, st int, _ actor.ID, m any, _ *actor.Out[any]) int {
	if m == firstTwin() {
		return st*10 + 1
	}
	return st*10 + 2
}

func firstTwin() any {
	type twin struct{ X int }
	return twin{1}
}

func secondTwin() any {
	type twin struct{ X int }
	return twin{1}
}

func twinSystem(both bool) *model.System[any] {
	sys := model.NewSystem[any](model.Config{})
	ref := model.Add(sys, 0, actor.New[int, any](twins{both}))
	sys.Sometimes("all received", func(v model.View) bool {
		st, _ := ref.In(v)
		return st >= 10 || st > 0 && !both
	})
	return sys
}

// TestKeysAreOfContent requires the keys of a check not to depend on which of two types of one name the process has met
// first: another model has met the second one.
func TestKeysAreOfContent(t *testing.T) {
	tracesOf := func(both bool) []trace.Trace {
		r := checker.BFS(t.Context(), twinSystem(both), checker.Options{Workers: 1})
		defer r.Close()
		return r.Traces()
	}
	alone, both := tracesOf(false), tracesOf(true)
	var first, second string
	for _, step := range both[0].Steps {
		if step.Key == alone[0].Steps[0].Key {
			second = step.Key
		} else {
			first = step.Key
		}
	}
	const prefix = "deliver 0>0 checker_test.twin·"
	if !strings.HasPrefix(first, prefix) || !strings.HasPrefix(second, prefix) {
		t.Errorf("keys %q and %q, in the other model %q: want %s and a number", first, second, alone[0].Steps[0].Key, prefix)
	}
	if err := trace.Reproduce(twinSystem(true), both[0]); err != nil {
		t.Error(err)
	}
}

// TestMutantsKeepNames requires the keys of a model and of its mutants to be alike, whichever was opened first.
func TestMutantsKeepNames(t *testing.T) {
	e, err := shipped.Find("single-decree")
	if err != nil {
		t.Fatal(err)
	}
	keys := func(mutant string) (all []string) {
		source, err := e.Build(catalog.Settings{Mutant: mutant})
		if err != nil {
			t.Fatal(err)
		}
		r := checker.BFS(t.Context(), source, checker.Options{Workers: 1})
		defer r.Close()
		for _, tr := range r.Traces() {
			for _, step := range tr.Steps {
				all = append(all, step.Key)
			}
		}
		return all
	}
	for _, mutant := range append(e.MutantNames()[:2], "") {
		for _, key := range keys(mutant) {
			if strings.Contains(key, "/") || !strings.Contains(key, " register.") && !strings.Contains(key, " singledecree.") {
				t.Errorf("mutant %q: %s", mutant, key)
			}
		}
	}
}
