package checker_test

import (
	"context"
	"strings"
	"testing"

	"synod/actor"
	"synod/checker"
	"synod/model"
	"synod/network"
)

// still is an actor that does nothing.
type still struct{}

func (still) Start(actor.ID, *actor.Out[string]) bool { return false }

func (still) Receive(_ actor.ID, st bool, _ actor.ID, _ string, _ *actor.Out[string]) bool { return st }

// crowd is a model with very many actions.
type crowd struct{ actions int }

func (crowd) Initial() []int                { return []int{0} }
func (crowd) Next(_ int, a int) (int, bool) { return a, true }

func (c crowd) Actions(s int) []int {
	if s != 0 {
		return nil
	}
	all := make([]int, c.actions)
	for i := range all {
		all[i] = i
	}
	return all
}

// TestRefusedModels makes sure that what is wrong with a model is said in words, and ends nothing but the check.
func TestRefusedModels(t *testing.T) {
	yes := func(model.View) bool { return true }
	system := func(c model.Config, more func(*model.System[string], model.Ref[bool])) model.Source {
		sys := model.NewSystem[string](c)
		ref := model.Add(sys, 0, actor.New[bool, string](still{}))
		if more != nil {
			more(sys, ref)
		}
		return sys
	}
	plain := model.NewPlain(crowd{1})
	plain.Always("nothing", nil)
	for _, c := range []struct {
		source model.Source
		want   string
	}{
		{nil, "no model to search"},
		{system(model.Config{Network: network.Semantics(9)}, nil), "network 9: expected one of [unordered_nonduplicating"},
		{system(model.Config{}, func(sys *model.System[string], _ model.Ref[bool]) {
			model.Add(sys, 1, actor.Typed[bool, string]{})
		}), "actor 1 must have both Start and Receive"},
		{system(model.Config{}, func(sys *model.System[string], _ model.Ref[bool]) {
			sys.Always("", yes)
		}), "a property has no name"},
		{system(model.Config{}, func(sys *model.System[string], _ model.Ref[bool]) {
			sys.LeadsTo("half", nil, yes)
		}), `property "half" has no function`},
		{system(model.Config{}, func(sys *model.System[string], _ model.Ref[bool]) {
			sys.Always("here", yes)
			sys.Monotone("there")
		}), `Monotone: the system has no property "there"`},
		{system(model.Config{}, func(sys *model.System[string], _ model.Ref[bool]) {
			model.Record(sys, actor.Observer[string, int]{Name: "blind"})
		}), `observer "blind" must have both Name and Next`},
		{system(model.Config{}, func(sys *model.System[string], _ model.Ref[bool]) {
			var other model.Ref[int]
			sys.Always("mine", func(v model.View) bool { _, up := other.In(v); return up })
		}), `property mine: it read a Ref of no system: use the one that Add returned for the system that is checked`},
		{plain, `property "nothing" has no function`},
		{model.NewPlain[int, int](nil), "a plain model without a Model"},
	} {
		for name, search := range map[string]func(context.Context, model.Source, checker.Options) *checker.Result{
			"bfs": checker.BFS, "dfs": checker.DFS, "walk": checker.Walk,
		} {
			r := search(t.Context(), c.source, checker.Options{Walks: 1})
			if r.Err == nil || !strings.Contains(r.Err.Error(), c.want) || r.ExitCode() != checker.ExitUsage {
				t.Errorf("%s: exit code %d, error %v, expected %q", name, r.ExitCode(), r.Err, c.want)
			}
			for range r.States() {
				break
			}
			r.Close()
		}
	}
}

// TestTooManySteps makes sure that a state with more steps than the engine can count ends the check, and not the process.
func TestTooManySteps(t *testing.T) {
	if testing.Short() {
		t.Skip("calls a model half a million times")
	}
	r := checker.BFS(t.Context(), model.NewPlain(crowd{1 << 18}), checker.Options{})
	defer r.Close()
	if want := "state has 262144 steps in one state; the limit is 262143"; r.Err == nil || !strings.Contains(r.Err.Error(), want) {
		t.Errorf("error %v, expected %q", r.Err, want)
	}
}

// TestNoWalkShowsNothing makes sure that walks of which none was finished are no success.
func TestNoWalkShowsNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := model.NewPlain(crowd{1})
	p.Always("anything", func(int) bool { return true })
	r := checker.Walk(ctx, p, checker.Options{Walks: 9})
	defer r.Close()
	if r.Err != nil || r.Walks != 0 || r.ExitCode() != checker.ExitUndecided {
		t.Errorf("%d walks, error %v, exit code %d", r.Walks, r.Err, r.ExitCode())
	}
}
