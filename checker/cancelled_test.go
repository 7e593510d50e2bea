package checker_test

import (
	"context"
	"io"
	"sync/atomic"
	"testing"

	"synod/actor"
	"synod/checker"
	"synod/checker/report"
	"synod/examples/singledecree"
	"synod/internal/raced"
	"synod/model"
	"synod/model/statespace"
)

// counting is an actor that counts how often it is called.
type counting struct{ calls *atomic.Int64 }

func (c counting) Start(self actor.ID, out *actor.Out[ticked]) int {
	c.calls.Add(1)
	out.Send(self, ticked{1})
	return 0
}

func (c counting) Receive(_ actor.ID, n int, _ actor.ID, _ ticked, _ *actor.Out[ticked]) int {
	c.calls.Add(1)
	return n
}

// TestCancelledDoesNothing gives searches a context that has ended: none calls anything of the model, or visits a state, and
// what can be asked of the result has an answer.
func TestCancelledDoesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, search := range map[string]driver{"bfs": checker.BFS, "dfs": checker.DFS, "walk": checker.Walk} {
		for _, workers := range raced.Workers(1, 3) {
			var calls, asked, inside atomic.Int64
			sys := model.NewSystem[ticked](model.Config{})
			ref := model.Add(sys, 0, actor.New[int, ticked](counting{&calls}))
			holds := func(v model.View) bool { asked.Add(1); _, up := ref.In(v); return up }
			sys.Always("always", holds)
			sys.Sometimes("sometimes", holds)
			sys.Eventually("eventually", holds)
			sys.LeadsTo("leads to", holds, holds)
			sys.Quiescent("quiescent", holds)
			sys.Within(func(model.View) bool { inside.Add(1); return true })
			r := search(ctx, sys, checker.Options{Workers: workers, Walks: 9})
			if n := calls.Load() + asked.Load() + inside.Load(); n > 0 {
				t.Errorf("%s: %d calls of handlers, %d of properties, %d of the boundary", name, calls.Load(), asked.Load(), inside.Load())
			}
			if r.Err != nil || r.Unique != 0 || r.Generated != 0 || r.Walks != 0 || r.Exhausted || r.Stopped != "an interrupt" {
				t.Errorf("%s: %d unique, %d generated, %d walks, exhausted is %t, stopped by %q, error %v",
					name, r.Unique, r.Generated, r.Walks, r.Exhausted, r.Stopped, r.Err)
			}
			if r.ExitCode() != checker.ExitUndecided {
				t.Errorf("%s: exit code %d", name, r.ExitCode())
			}
			for _, p := range r.Properties {
				if p.Verdict != checker.Undecided || p.Path != nil {
					t.Errorf("%s: %q is %v", name, p.Name, p.Verdict)
				}
			}
			for range r.States() {
				t.Errorf("%s: a state was visited", name)
			}
			r.WriteText(io.Discard)
			report.Of(r)
			r.Profile()
			if err := r.Minimise(ctx); err != nil || len(r.Traces()) > 0 {
				t.Errorf("%s: %d traces, error %v", name, len(r.Traces()), err)
			}
			r.Close()
		}
	}
}

// TestCancelledMinimise gives a path to shorten to a context that has ended: the model is not asked at all.
func TestCancelledMinimise(t *testing.T) {
	source := singledecree.System(singledecree.Default)
	r := checker.DFS(t.Context(), source, checker.Options{})
	defer r.Close()
	found := r.Traces()[0]
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	same, how, err := checker.Minimise(ctx, neverOpened{source}, found)
	if err != nil || len(same.Steps) != len(found.Steps) || how.Shortest {
		t.Errorf("%d steps, %+v, %v", len(same.Steps), how, err)
	}
}

// neverOpened is a source whose space nobody may ask for.
type neverOpened struct{ model.Source }

func (neverOpened) Space() (statespace.Space, error) { panic("the model was opened") }
