package checker

import (
	"fmt"
	"math/rand/v2"
	"slices"
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
				if r.Err != nil || r.Unique != want || !r.Exhausted || r.engine.paired == 0 {
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

// manyGatherings are groups of which a few hold together what each holds.
func manyGatherings(n, states int) []gathering {
	random := rand.New(rand.NewPCG(1, uint64(n)))
	of := make([]gathering, n)
	for i := range of {
		of[i].slots, of[i].field, of[i].bits = []int{i}, i, 1
		for state := range states {
			id := uint32(state) * uint32(i%7) / uint32(states) // The same where i is, modulo 7.
			if random.IntN(20) == 0 {
				id++
			}
			of[i].ids = append(of[i].ids, id)
		}
	}
	return of
}

// TestThinIsLinear merges ever more groups, and counts how many pairs of ids are looked at for it: no more than so many for each
// group and state.
func TestThinIsLinear(t *testing.T) {
	const states, most = 40, 16
	for _, n := range []int{100, 1_000, 10_000} {
		g := newGrouping(manyGatherings(n, states), states, func() bool { return false })
		g.joined = func(_, _ *gathering) {}
		g.thin(most)
		if len(g.of) != most {
			t.Errorf("%d groups of %d, expected %d", len(g.of), n, most)
		}
		for len(g.of) > 2 && g.merge() {
		}
		if atMost := states * (n*(candidates+4) + most*most*2); g.pairs.Looked > atMost {
			t.Errorf("%d groups: %d pairs of ids looked at, expected at most %d", n, g.pairs.Looked, atMost)
		}
	}
}

// TestThinMergesWhatBelongsTogether requires slots that always change together to become one unit, however many
// there are, and those that hold too much together to stay as they are.
func TestThinMergesWhatBelongsTogether(t *testing.T) {
	const kinds, of, states = 40, 10, 300
	all := make([]gathering, kinds*of)
	for i := range all {
		random := rand.New(rand.NewPCG(7, uint64(i%kinds)))
		all[i].slots = []int{i}
		for range states {
			all[i].ids = append(all[i].ids, uint32(i)+uint32(random.IntN(9)))
		}
	}
	g := newGrouping(all, 12, func() bool { return false })
	g.thin(kinds)
	var got, want []string
	for _, one := range g.of {
		got = append(got, fmt.Sprint(one.slots))
	}
	for kind := range kinds {
		var slots []int
		for i := range of {
			slots = append(slots, kind+i*kinds)
		}
		want = append(want, fmt.Sprint(slots))
	}
	if !slices.Equal(got, want) || g.merge() {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// TestMergersEnd stops the choice of groups, of a few or of many, after it was asked so often whether to: it looks at little more
// than that often.
func TestMergersEnd(t *testing.T) {
	const states = 50
	for _, n := range []int{60, 600} {
		for _, after := range []int{0, 1, 10, 100} {
			asked := 0
			g := newGrouping(manyGatherings(n, states), states, func() bool { asked++; return asked > after })
			g.thin(100)
			for g.merge() {
			}
			compared := g.pairs.Looked
			if n > 100 {
				compared -= n * states // what each holds by itself
			}
			if atMost := after * (candidates + 3) * states; compared > atMost {
				t.Errorf("%d groups: %d pairs of ids looked at after %d times, expected at most %d", n, compared, after, atMost)
			}
		}
	}
}
