package checker_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"synod/actor"
	"synod/checker"
	"synod/model"
	"synod/model/statespace"
	"synod/trace"
)

// tally is a system of two actors with everything that a property can read of it.
type tally struct {
	sys      *model.System[string]
	ref      model.Ref[bool]
	part     model.Projection[bool]
	memory   model.History[int]
	selected model.Selection[string, string]
}

func newTally() tally {
	t := tally{sys: model.NewSystem[string](model.Config{})}
	model.Add(t.sys, 0, actor.New[bool, string](still{}))
	t.ref = model.Add(t.sys, 1, actor.New[bool, string](still{}))
	t.part = model.Project(t.sys, t.ref, func(st bool) bool { return st })
	t.memory = model.Record(t.sys, actor.Observer[string, int]{
		Name: "counter", Next: func(n int, _ actor.Envelope[string], _ actor.Passage) (int, error) { return n + 1, nil },
	})
	t.selected = model.Select(t.sys, func(e actor.Envelope[string]) (string, bool) { return e.Message, true })
	return t
}

// TestForeignReadsAreRefused makes sure that a state is read only through what belongs to the system that is checked,
// although what belongs to another one has the same types and numbers.
func TestForeignReadsAreRefused(t *testing.T) {
	other := newTally()
	var none tally
	noneOf := "of no system"
	another := "of another system"
	reads := map[string]func(tally) func(model.View){
		"Ref":        func(of tally) func(model.View) { return func(v model.View) { of.ref.In(v) } },
		"Projection": func(of tally) func(model.View) { return func(v model.View) { of.part.In(v) } },
		"History":    func(of tally) func(model.View) { return func(v model.View) { of.memory.In(v) } },
		"Selection":  func(of tally) func(model.View) { return func(v model.View) { of.selected.InFlight(v) } },
	}
	for name, read := range reads {
		for _, c := range []struct {
			of   tally
			want string
		}{{other, another}, {none, noneOf}} {
			t.Run(name+" "+c.want, func(t *testing.T) {
				wantForeign(t, read(c.of), name+" "+c.want)
			})
		}
		t.Run(name+" of its own", func(t *testing.T) {
			own := newTally()
			own.sys.Always("mine", func(v model.View) bool { read(own)(v); return true })
			checker.BFS(t.Context(), own.sys, checker.Options{}).Require(t)
		})
	}
	t.Run("System", func(t *testing.T) {
		wantForeign(t, func(v model.View) { other.sys.InFlight(v) }, "a System read a state of another one")
	})
}

// wantForeign requires a property, a boundary and a condition that read a state to end the check, and to be named.
func wantForeign(t *testing.T, read func(model.View), want string) {
	t.Helper()
	reads := func(v model.View) bool { read(v); return true }
	yes := func(model.View) bool { return true }
	for who, add := range map[string]func(*model.System[string]){
		"property mine":                  func(sys *model.System[string]) { sys.Always("mine", reads) },
		"the state constraint":           func(sys *model.System[string]) { sys.Within(reads) },
		"the condition of property mine": func(sys *model.System[string]) { sys.LeadsTo("mine", reads, yes) },
	} {
		for engine, search := range map[string]func(context.Context, model.Source, checker.Options) *checker.Result{
			"bfs": checker.BFS, "dfs": checker.DFS, "walk": checker.Walk,
		} {
			if strings.Contains(who, "condition") && engine == "walk" {
				continue // Walks judge no paths.
			}
			mine := newTally()
			add(mine.sys)
			r := search(t.Context(), mine.sys, checker.Options{Walks: 1})
			var foreign *statespace.ForeignError
			if !errors.As(r.Err, &foreign) || !strings.HasPrefix(r.Err.Error(), who+": ") || !strings.Contains(r.Err.Error(), want) {
				t.Errorf("%s by %s: error %v, want one with %q", who, engine, r.Err, want)
			}
			if r.ExitCode() != checker.ExitUsage {
				t.Errorf("%s by %s: exit code %d", who, engine, r.ExitCode())
			}
			r.Close()
		}
	}
}

// TestForeignDeclarationsAreRefused makes sure that a system takes no Ref and no History of another one.
func TestForeignDeclarationsAreRefused(t *testing.T) {
	other := newTally()
	var none tally
	for _, of := range []tally{other, none} {
		for want, declare := range map[string]func(*model.System[string]){
			"Project: a Ref": func(sys *model.System[string]) {
				model.Project(sys, of.ref, func(st bool) bool { return st })
			},
			"Remember: a History": func(sys *model.System[string]) { model.Remember(sys, of.memory, 7) },
		} {
			mine := newTally()
			declare(mine.sys)
			if _, err := mine.sys.Space(); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v, want one with %q", err, want)
			}
		}
	}
}

// TestForeignExplanation makes sure that an explanation that reads another system says so, and hides no step.
func TestForeignExplanation(t *testing.T) {
	other := newTally()
	sys := model.NewSystem[string](model.Config{})
	model.Add(sys, 0, actor.New[int, string](knocker{}))
	sys.Explain(func(h model.Happening[string]) []string { other.ref.In(h.Before); return nil })
	sys.Sometimes("knocked", func(v model.View) bool { return len(sys.InFlight(v)) == 0 })
	r := checker.BFS(t.Context(), sys, checker.Options{})
	defer r.Close()
	all := r.Traces()
	if len(all) != 1 || len(all[0].Steps) != 1 || len(all[0].Steps[0].Notes) != 1 ||
		!strings.Contains(all[0].Steps[0].Notes[0], "it read a Ref of another system") {
		t.Errorf("%+v", all)
	}
	var b strings.Builder
	if err := trace.Text(&b, all[0]); err != nil || !strings.Contains(b.String(), "1. ") {
		t.Errorf("error %v, text\n%s", err, b.String())
	}
}

// knocker sends itself a message.
type knocker struct{}

func (knocker) Start(self actor.ID, out *actor.Out[string]) int { out.Send(self, "knock"); return 0 }

func (knocker) Receive(_ actor.ID, st int, _ actor.ID, _ string, _ *actor.Out[string]) int {
	return st + 1
}
