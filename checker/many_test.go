package checker

import (
	"testing"

	"synod/actor"
	"synod/model"
)

// alarm is an actor with a timer. Many of them are as many slots, all of which may change.
type alarm struct{}

type ring struct{}

func (alarm) Start(_ actor.ID, out *actor.Out[string]) int { out.SetTimer(ring{}, 1, 1); return 0 }

func (alarm) Receive(_ actor.ID, n int, _ actor.ID, _ string, _ *actor.Out[string]) int { return n }

func (alarm) Timeout(_ actor.ID, _ int, _ actor.Timer, _ *actor.Out[string]) int { return 1 }

// alarms are n actors, of which any two timers may fire. If some are kept out, the boundary says that not both of the first two
// fire.
func alarms(n int, bounded bool) *model.System[string] {
	sys := model.NewSystem[string](model.Config{MaxTimeouts: 2})
	var refs []model.Ref[int]
	for i := range n {
		refs = append(refs, model.Add(sys, actor.ID(i), actor.New[int, string](alarm{}, actor.Timers(alarm{}.Timeout))))
	}
	fired := func(v model.View, from []model.Ref[int]) (sum int) {
		for _, ref := range from {
			x, _ := ref.In(v)
			sum += x
		}
		return sum
	}
	if bounded {
		sys.Within(func(v model.View) bool { return fired(v, refs[:2]) < 2 })
	}
	sys.Always("two at most", func(v model.View) bool { return fired(v, refs) <= 2 })
	sys.Sometimes("the last two", func(v model.View) bool { return fired(v, refs[n-2:]) == 2 })
	return sys
}

// TestManyActors visits the states of as many slots as no layout holds side by side: all pairs of timers that fire.
func TestManyActors(t *testing.T) {
	sizes := []int{70, 130}
	if testing.Short() {
		sizes = sizes[:1]
	}
	for _, n := range sizes {
		for _, bounded := range []bool{false, true} {
			if bounded && testing.Short() {
				continue
			}
			for name, search := range map[string]func() *Result{
				"bfs": func() *Result { return BFS(t.Context(), alarms(n, bounded), Options{FinishWhen: Exhausted}) },
				"dfs": func() *Result {
					return DFS(t.Context(), alarms(n, bounded), Options{FinishWhen: Exhausted, Workers: 2})
				},
			} {
				want := 1 + n + n*(n-1)/2
				if bounded {
					want--
				}
				r := search()
				if r.Err != nil || r.Unique != want || !r.Exhausted || r.engine.states.Paired() == 0 {
					t.Errorf("%s: %d states of %d actors, error %v; expected %d, and that they did not fit side by side",
						name, r.Unique, n, r.Err, want)
				}
				if p := r.Properties; p[0].Verdict != Holds || p[1].Verdict != Example || len(p[1].Path.Steps) != 2 {
					t.Errorf("%s: of %d actors, %v and %v", name, n, p[0].Verdict, p[1].Verdict)
				}
				r.Close()
			}
		}
	}
}
