package checker_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"synod/actor"
	"synod/checker"
	"synod/model"
)

// outside is what a property must not read.
type outside struct{ delivered, asked atomic.Int64 }

// climber is an actor that counts in its state, up to a bound, and in a variable.
type climber struct {
	out   *outside
	bound int
}

func (climber) Start(self actor.ID, out *actor.Out[string]) int {
	out.Send(self, "go")
	return 0
}

func (c climber) Receive(self actor.ID, st int, _ actor.ID, _ string, out *actor.Out[string]) int {
	c.out.delivered.Add(1)
	if st+1 < c.bound {
		out.Send(self, "go")
	}
	return st + 1
}

// climbers is a system of actors that count.
func climbers(out *outside, actors, bound int) (*model.System[string], []model.Ref[int]) {
	sys := model.NewSystem[string](model.Config{})
	var refs []model.Ref[int]
	for id := range actors {
		refs = append(refs, model.Add(sys, actor.ID(id), actor.Typed[int, string]{
			Start: climber{out, bound}.Start, Receive: climber{out, bound}.Receive,
		}))
	}
	return sys, refs
}

// doubters are the searches that judge properties of states.
var doubters = map[string]func(context.Context, model.Source) *checker.Result{
	"bfs": func(ctx context.Context, m model.Source) *checker.Result {
		return checker.BFS(ctx, m, checker.Options{Workers: 1})
	},
	"bfs 4 workers": func(ctx context.Context, m model.Source) *checker.Result {
		return checker.BFS(ctx, m, checker.Options{Workers: 4})
	},
	"dfs": func(ctx context.Context, m model.Source) *checker.Result {
		return checker.DFS(ctx, m, checker.Options{})
	},
	"walk": func(ctx context.Context, m model.Source) *checker.Result {
		return checker.Walk(ctx, m, checker.Options{Walks: 50, Workers: 1})
	},
}

// TestPropertiesThatReadVariables makes sure that a function of states that reads more than the state ends the check with an
// error that names it, however seldom it is asked.
func TestPropertiesThatReadVariables(t *testing.T) {
	for name, wrong := range map[string]func(out *outside, ref model.Ref[int], v model.View) bool{
		"from the first delivery on": func(out *outside, _ model.Ref[int], _ model.View) bool { return out.delivered.Load() == 0 },
		"from a late delivery on":    func(out *outside, _ model.Ref[int], _ model.View) bool { return out.delivered.Load() < 100 },
		"beside what it reads": func(out *outside, r model.Ref[int], v model.View) bool {
			n, _ := r.In(v)
			return n < 0 || out.delivered.Load() < 60
		},
		"as it was asked before":      func(out *outside, _ model.Ref[int], _ model.View) bool { return out.asked.Add(1) < 20 },
		"once in a while, by a clock": func(out *outside, _ model.Ref[int], _ model.View) bool { return out.asked.Add(1)%16 > 0 },
	} {
		for who, add := range map[string]func(*model.System[string], func(model.View) bool){
			"property mine":        func(sys *model.System[string], wrong func(model.View) bool) { sys.Always("mine", wrong) },
			"the state constraint": func(sys *model.System[string], wrong func(model.View) bool) { sys.Within(wrong) },
		} {
			for engine, search := range doubters {
				t.Run(fmt.Sprintf("%s/%s/%s", name, who, engine), func(t *testing.T) {
					out := new(outside)
					sys, refs := climbers(out, 3, 60)
					add(sys, func(v model.View) bool { return wrong(out, refs[0], v) })
					// Keeps the search going when the boundary excludes nothing, and when the property is violated.
					sys.Always("sound", func(v model.View) bool { n, _ := refs[1].In(v); return n <= 60 })
					r := search(t.Context(), sys)
					defer r.Close()
					if r.Err == nil || !strings.HasPrefix(r.Err.Error(), who+" is not a pure function: ") {
						t.Errorf("error %v, %v %v", r.Err, r.Properties[0].Verdict, r.Unique)
					}
				})
			}
		}
	}
}

// TestPathPropertiesThatReadVariables does so for properties that are judged when all states are known: by then the
// variable is what it stays.
func TestPathPropertiesThatReadVariables(t *testing.T) {
	yes := func(model.View) bool { return true }
	for who, add := range map[string]func(*model.System[string], func(model.View) bool){
		"property mine": func(sys *model.System[string], wrong func(model.View) bool) { sys.Eventually("mine", wrong) },
		"property ends": func(sys *model.System[string], wrong func(model.View) bool) { sys.Quiescent("ends", wrong) },
		"the condition of property mine": func(sys *model.System[string], wrong func(model.View) bool) {
			sys.LeadsTo("mine", wrong, yes)
		},
		"property leads": func(sys *model.System[string], wrong func(model.View) bool) { sys.LeadsTo("leads", yes, wrong) },
		"the mapping of property mine": func(sys *model.System[string], wrong func(model.View) bool) {
			abstract := model.NewPlain(toggle{})
			model.Refine(sys, "mine", abstract, func(v model.View) int {
				if wrong(v) {
					return 0
				}
				return 1
			})
		},
	} {
		for _, engine := range []string{"bfs", "bfs 4 workers", "dfs"} {
			t.Run(who+"/"+engine, func(t *testing.T) {
				out := new(outside)
				sys, _ := climbers(out, 2, 60)
				add(sys, func(model.View) bool { return out.delivered.Load() == 0 })
				r := doubters[engine](t.Context(), sys)
				defer r.Close()
				if r.Err == nil || !strings.HasPrefix(r.Err.Error(), who+" is not a pure function: ") {
					t.Errorf("error %v, %v", r.Err, r.Properties[0].Verdict)
				}
			})
		}
	}
}

// toggle is 0, and may become 1.
type toggle struct{}

func (toggle) Initial() []int            { return []int{0} }
func (toggle) Actions(n int) []int       { return []int{1 - n}[:1-n] }
func (toggle) Next(int, int) (int, bool) { return 1, true }

// TestPlainPropertiesThatReadVariables does so for a plain model, no two states of which agree.
func TestPlainPropertiesThatReadVariables(t *testing.T) {
	for engine, search := range doubters {
		t.Run(engine, func(t *testing.T) {
			out := new(outside)
			p := model.NewPlain(staircase{out})
			p.Always("sound", func(n int) bool { return n >= 0 })
			p.Sometimes("mine", func(int) bool { return out.delivered.Load() > 0 })
			p.Sometimes("late", func(n int) bool { return n == 300 })
			r := search(t.Context(), p)
			defer r.Close()
			if r.Err == nil || !strings.HasPrefix(r.Err.Error(), "property mine is not a pure function: ") {
				t.Errorf("error %v", r.Err)
			}
		})
	}
}

// TestPlainImagesThatReadVariables does so for the mapping of a refinement, whose answers are remembered by state.
func TestPlainImagesThatReadVariables(t *testing.T) {
	for engine, search := range doubters {
		t.Run(engine, func(t *testing.T) {
			out := new(outside)
			p := model.NewPlain(staircase{out})
			model.RefinePlain(p, "mine", model.NewPlain(toggle{}), func(int) int { return min(1, int(out.delivered.Load()/1000)) })
			r := search(t.Context(), p)
			defer r.Close()
			if r.Err == nil || !strings.HasPrefix(r.Err.Error(), "the mapping of property mine is not a pure function: ") {
				t.Errorf("error %v", r.Err)
			}
		})
	}
}

// TestImagesOfPlainStates makes sure that an image is evaluated once for each state, although the states are moved to
// wider fields on the way.
func TestImagesOfPlainStates(t *testing.T) {
	for _, engine := range []string{"bfs", "bfs 4 workers", "dfs"} {
		t.Run(engine, func(t *testing.T) {
			p := model.NewPlain(plane{})
			model.RefinePlain(p, "far", model.NewPlain(toggle{}), func(s place) int { return (s.X + s.Y) / 200 })
			r := doubters[engine](t.Context(), p)
			defer r.Close()
			if got := r.Properties[0]; r.Err != nil || got.Verdict != checker.Holds || got.Evaluations != r.Unique || got.AtLeast {
				t.Errorf("error %v, %v with %d evaluations in %d states", r.Err, got.Verdict, got.Evaluations, r.Unique)
			}
		})
	}
}

// plane leads from one corner to the opposite one, either way.
type (
	plane struct{}
	place struct{ X, Y int }
)

func (plane) Initial() []place      { return make([]place, 1) }
func (plane) Actions(place) []place { return []place{{1, 0}, {0, 1}} }
func (plane) Next(s, by place) (place, bool) {
	s.X, s.Y = s.X+by.X, s.Y+by.Y
	return s, s.X <= 100 && s.Y <= 100
}

// staircase leads from 0 to 300.
type staircase struct{ out *outside }

func (staircase) Initial() []int { return []int{0} }

func (staircase) Actions(n int) []int {
	if n < 300 {
		return []int{n + 1}
	}
	return nil
}

func (s staircase) Next(_, a int) (int, bool) {
	s.out.delivered.Add(1)
	return a, true
}

// TestDoubtsAreCheap counts how often a property that is sound is called: a few hundred times more than it has answers.
func TestDoubtsAreCheap(t *testing.T) {
	out := new(outside)
	sys, refs := climbers(out, 3, 30)
	sys.Always("sound", func(v model.View) bool { out.asked.Add(1); n, _ := refs[1].In(v); return n <= 30 })
	r := checker.BFS(t.Context(), sys, checker.Options{Workers: 1})
	defer r.Close()
	// Every evaluation is made eight times, some 110 are made again, and these once more at the end.
	if calls := out.asked.Load(); r.Err != nil || r.Unique != 31*31*31 || r.Properties[0].Evaluations != 31 || calls > 8*31+230 {
		t.Errorf("error %v, %d states, %d evaluations, %d calls", r.Err, r.Unique, r.Properties[0].Evaluations, calls)
	}
}
