package checker_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"synod/actor"
	"synod/checker"
	"synod/checker/report"
	"synod/model"
)

// lonely sends something to itself that it ignores, and something to nobody.
type lonely struct{}

func (lonely) Start(self actor.ID, out *actor.Out[string]) int {
	out.Send(self, "go")
	out.Send(9, "hello")
	return 0
}

func (lonely) Receive(_ actor.ID, st int, _ actor.ID, _ string, _ *actor.Out[string]) int { return st }

// logger is a test that logs.
type logger struct {
	recorder
	log string
}

func (l *logger) Logf(f string, a ...any) { l.log += fmt.Sprintf(f, a...) }

// TestVacuity tells in text, document and Require of everything that never mattered, and makes a strict check fail of it.
func TestVacuity(t *testing.T) {
	sys := model.NewSystem[string](model.Config{Lossy: true, MaxDown: 1, MaxCrashes: 1})
	model.Add(sys, 0, actor.New[int, string](lonely{}))
	down := model.Add(sys, 1, actor.New[int, string](knocker{}))
	part := model.Project(sys, down, func(n int) int { return n })
	sys.Crashable(1)
	sys.Begin(model.Beginning[string]{Actors: map[actor.ID]model.Begun{1: {Down: true}}})
	sys.Within(func(v model.View) bool { _, up := down.In(v); return !up }) // It never comes back.
	sys.Always("of one that is down", func(v model.View) bool { n, up := part.In(v); return !up || n < 7 })
	sys.LeadsTo("never asked", func(v model.View) bool { return len(sys.InFlight(v)) > 100 }, func(v model.View) bool { return false })
	sys.Always("of nothing", func(model.View) bool { return true })
	sys.Always("sound", func(v model.View) bool { return len(sys.InFlight(v)) < 7 })
	want := []string{
		"Actor 0, string: delivered, but every time ignored.",
		"Actor 9, string: sent, but no actor has this id.",
		`Property "of one that is down": it reads actor 1, which was down each time.`,
		`Property "never asked": its condition held in no state.`,
		`Property "of nothing": it reads nothing of the state.`,
	}
	for _, strict := range []bool{false, true} {
		for _, search := range []string{"bfs", "bfs 4 workers", "dfs"} {
			r := searches[search](t, sys, checker.Options{Strict: strict})
			var text strings.Builder
			r.WriteText(&text)
			var l logger
			r.Require(&l)
			if got := r.Vacuous(); r.Err != nil || !slices.Equal(got, want) {
				t.Fatalf("%s: error %v, got\n%s\nwant\n%s", search, r.Err, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			said, code := l.log, checker.ExitOK
			if strict {
				said, code = l.said, checker.ExitViolated
			}
			for _, line := range want {
				if !strings.Contains(text.String(), line+"\n") || !strings.Contains(said, line) {
					t.Errorf("%s: without %q:\n%s\n%s", search, line, text.String(), said)
				}
			}
			if (l.said != "") != strict || r.ExitCode() != code {
				t.Errorf("%s: strict %v, exit code %d, said\n%s", search, strict, r.ExitCode(), l.said)
			}
			if d := report.Of(r); d.Exit != code || d.Options.Strict != strict || len(d.Work.Vacuous) != len(want)+1 { // What would be sent behind the boundary is never deliverable.
				t.Errorf("%s: the document has %+v", search, d.Work.Vacuous)
			}
			r.Close()
		}
	}

	// A search that was cut short did not come that far.
	r := checker.BFS(t.Context(), sys, checker.Options{Strict: true, MaxDepth: 1})
	defer r.Close()
	if all := r.Vacuous(); len(all) > 0 || r.ExitCode() != checker.ExitUndecided {
		t.Errorf("exit code %d, %q", r.ExitCode(), all)
	}
}

var searches = map[string]func(*testing.T, model.Source, checker.Options) *checker.Result{
	"bfs": func(t *testing.T, m model.Source, o checker.Options) *checker.Result {
		o.Workers = 1
		return checker.BFS(t.Context(), m, o)
	},
	"bfs 4 workers": func(t *testing.T, m model.Source, o checker.Options) *checker.Result {
		o.Workers = 4
		return checker.BFS(t.Context(), m, o)
	},
	"dfs": func(t *testing.T, m model.Source, o checker.Options) *checker.Result {
		return checker.DFS(t.Context(), m, o)
	},
}
