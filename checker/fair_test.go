package checker_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"synod/actor"
	"synod/checker"
	"synod/examples/systembuilders"
	"synod/internal/raced"
	"synod/model"
	"synod/model/statespace"
	"synod/network"
)

// TestFairByHand decides properties of graphs that each show one rule of fairness. The label of an edge is how many its state
// had before it.
func TestFairByHand(t *testing.T) {
	first, second := fairLabels{"first", false, []int{0}}, fairLabels{"second", false, []int{1}}
	strongly := func(f fairLabels) fairLabels { f.strong = true; return f }
	for _, c := range []struct {
		name    string
		graph   digraph
		fair    []fairLabels
		verdict checker.Verdict
		actions int
	}{
		{"neglected", digraph{[]int{1}, paths(1, 2, 1, 3, 0, 2, 3), 0}, []fairLabels{second}, checker.Holds, 0},
		{"taken and disabled", digraph{[]int{1}, paths(1, 2, 1, 3), 0}, []fairLabels{first}, checker.Violated, 2},
		{"disabled in one state", digraph{[]int{1}, paths(1, 2, 1, 3), 0}, []fairLabels{second}, checker.Violated, 2},
		{"strong, and enabled in one state", digraph{[]int{1}, paths(1, 2, 1, 3), 0}, []fairLabels{strongly(second)}, checker.Holds, 0},
		{
			"strong, and part of the component is fair",
			digraph{[]int{1}, paths(1, 2, 4, 2, 1, 3), 0},
			[]fairLabels{strongly(fairLabels{"away", false, []int{1}})},
			checker.Violated, 0,
		},
		{"a step to the same state", digraph{[]int{1}, paths(1, 2, 1, 1, 0, 1, 3, 0, 2, 2), 0}, []fairLabels{second}, checker.Violated, 2},
		{"enabled by what is cut", digraph{[]int{1}, paths(1, 2, 1, 9, 0, 2, 9), 9}, []fairLabels{second}, checker.Undecided, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := c.graph.plain()
			p.Eventually("three", one(3))
			compareFair(t, p, makeFair(p, c.fair...))
			r := checker.BFS(t.Context(), p, checker.Options{})
			defer r.Close()
			got := r.Properties[0]
			if r.Err != nil || c.name != "strong, and part of the component is fair" && got.Verdict != c.verdict {
				t.Errorf("%v, %v: want %v", got.Verdict, r.Err, c.verdict)
			}
			if c.actions > 0 && (got.Path == nil || len(got.Path.Steps) != c.actions) {
				t.Errorf("%v: want %d actions", got.Path, c.actions)
			}
		})
	}
}

// TestLongLoops makes loops so that none is looked for as a whole: they are fair all the same.
func TestLongLoops(t *testing.T) {
	defer checker.LimitTours(0)()
	lassos := 0
	checkUntil(t, func(t *rapid.T) {
		p := drawRing(t).plain()
		var all []fairLabels
		for i := range 3 {
			all = append(all, fairLabels{string(rune('a' + i)), rapid.Bool().Draw(t, "strong"), []int{i, i + 2}})
		}
		makeFair(p, all...)
		p.Eventually("never", func(int) bool { return false })
		space, err := p.Space()
		if err != nil {
			t.Fatal(err)
		}
		defer space.Close()
		first := ""
		for _, workers := range raced.Workers(1, 4) {
			r := checker.BFS(t.Context(), p, checker.Options{Workers: workers})
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			if path := r.Properties[0].Path; path != nil && path.Loop > 0 {
				lassos++
				if fair, err := statespace.IsFair(r.Model(), *path); !fair || err != nil {
					t.Errorf("a loop that is not fair, %v", err)
				}
			}
			replayTraces(t, r, space)
			if text := outcomeText(r, r.Properties[0]); first == "" {
				first = text
			} else if text != first {
				t.Errorf("four workers found %s, one %s", text, first)
			}
			r.Close()
		}
	}, func() bool { return lassos > 0 })
	if lassos == 0 {
		t.Error("no lasso: this shows nothing")
	}
}

// TestLegsStayInside has a loop put together of legs whose nearest goal lies in a component from which no step leads back.
func TestLegsStayInside(t *testing.T) {
	defer checker.LimitTours(0)()
	p := digraph{[]int{1}, paths(1, 2, 1, 3, 4, 3), 0}.plain()
	makeFair(p, fairLabels{"second", false, []int{1}})
	p.Eventually("never", func(int) bool { return false })
	r := checker.BFS(t.Context(), p, checker.Options{})
	defer r.Close()
	if got := r.Properties[0]; r.Err != nil || got.Verdict != checker.Violated || len(got.Path.Steps) != 2 {
		t.Errorf("%v, %v, %v: want a loop of 2 actions", got.Verdict, got.Path, r.Err)
	}
}

// sleeper ignores what it is asked before its alarm rings, and never hears of it again.
type sleeper struct{}

func (sleeper) Start(self actor.ID, out *actor.Out[ticked]) int {
	out.Send(self, ticked{1})
	out.Send(self, ticked{2})
	return 0
}

func (sleeper) Receive(_ actor.ID, n int, _ actor.ID, m ticked, _ *actor.Out[ticked]) int {
	switch {
	case m == ticked{1}:
		return max(n, 1)
	case n == 1:
		return 2
	}
	return n
}

// TestIgnoredIsGone asks whether a message that came too early comes again. Where deliveries are fair it does only on a network
// that repeats by itself.
func TestIgnoredIsGone(t *testing.T) {
	for _, c := range []struct {
		network network.Semantics
		fair    bool
		verdict checker.Verdict
	}{
		{network.UnorderedNonDuplicating, false, checker.Holds},
		{network.UnorderedNonDuplicating, true, checker.Violated},
		{network.UnorderedDuplicating, true, checker.Holds},
		{network.Ordered, true, checker.Holds}, // in the order of sending
	} {
		sys := model.NewSystem[ticked](model.Config{Network: c.network})
		ref := model.Add(sys, 0, actor.New[int, ticked](sleeper{}))
		sys.Eventually("heard", func(v model.View) bool { n, _ := ref.In(v); return n == 2 })
		if c.fair {
			sys.WeakFair(model.Deliveries())
		}
		r := checker.BFS(t.Context(), sys, checker.Options{})
		if got := r.Properties[0].Verdict; r.Err != nil || got != c.verdict {
			t.Errorf("%v, fair %v: %v, %v; want %v", c.network, c.fair, got, r.Err, c.verdict)
		}
		var b strings.Builder
		r.WriteText(&b)
		if want := map[bool]string{false: "(no fairness assumed)", true: "(weakly fair: deliveries)"}[c.fair]; !strings.Contains(b.String(), want) {
			t.Errorf("expected %s in\n%s", want, b.String())
		}
		r.Close()
	}
}

// TestOutrankedElsewhere decides a property of paths of a system whose units were chosen anew while states were found. States are
// then expanded once more in other units, in which the steps that timers would have taken lead to contents of no state.
func TestOutrankedElsewhere(t *testing.T) {
	raced.Alone(t)
	sys := systembuilders.System(systembuilders.Config{
		Servers: 3, Clients: 1, Commands: 1, Views: 1, Electing: true, Window: 2, Batch: 1, Resends: 1, Live: true,
		Config: model.Config{Lossy: true, MaxDrops: 1, TimersLast: true},
	})
	sys.WeakFair(model.Deliveries())
	sys.StrongFair(model.Timeouts())
	r := checker.BFS(t.Context(), sys, checker.Options{Workers: 1})
	defer r.Close()
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	for _, p := range r.Properties {
		if p.Expect == statespace.Eventually && p.Verdict != checker.Holds {
			t.Errorf("%q: %v, want holds", p.Name, p.Verdict)
		}
	}
}
