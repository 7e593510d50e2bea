package checker_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"synod/checker"
	"synod/internal/raced"
	"synod/internal/reference"
	"synod/model"
	"synod/model/statespace"
	"synod/trace"
)

// digraph is a plain model: numbered states, and edges with labels. A state at least limit is outside the boundary.
type digraph struct {
	initial []int
	edges   map[int][]edge
	limit   int
}

type edge struct{ Label, To int }

func (g digraph) Initial() []int                 { return g.initial }
func (g digraph) Actions(s int) []edge           { return g.edges[s] }
func (g digraph) Next(_ int, e edge) (int, bool) { return e.To, true }

func (g digraph) plain() *model.Plain[int, edge] {
	p := model.NewPlain[int, edge](g)
	if g.limit > 0 {
		p.Within(func(s int) bool { return s < g.limit })
	}
	return p
}

// paths builds edges of numbers that follow one another; 0 separates.
func paths(numbers ...int) map[int][]edge {
	edges := make(map[int][]edge)
	for i := 1; i < len(numbers); i++ {
		from, to := numbers[i-1], numbers[i]
		if from != 0 && to != 0 {
			edges[from] = append(edges[from], edge{len(edges[from]), to})
		}
	}
	return edges
}

func one(of ...int) func(int) bool { return func(s int) bool { return slices.Contains(of, s) } }

// TestPathsByHand decides properties of graphs that each show one rule.
func TestPathsByHand(t *testing.T) {
	for _, c := range []struct {
		name    string
		graph   digraph
		add     func(p *model.Plain[int, edge])
		verdict checker.Verdict
		actions int // on the path
		loop    int
		maximal bool
	}{
		{
			"terminal in N",
			digraph{[]int{1}, paths(1, 2, 0, 1, 3), 0},
			func(p *model.Plain[int, edge]) { p.Eventually("p", one(3)) }, checker.Violated, 1, 0, true,
		},
		{
			"self-loop is stuttering",
			digraph{[]int{1}, paths(1, 1, 0, 1, 3), 0},
			func(p *model.Plain[int, edge]) { p.Eventually("p", one(3)) }, checker.Holds, 0, 0, false,
		},
		{
			"only self-loops are the end",
			digraph{[]int{1}, paths(1, 2, 2), 0},
			func(p *model.Plain[int, edge]) { p.Eventually("p", one(3)) }, checker.Violated, 1, 0, true,
		},
		{
			"cycle in N",
			digraph{[]int{1}, paths(1, 2, 4, 2, 0, 4, 3), 0},
			func(p *model.Plain[int, edge]) { p.Eventually("p", one(3)) }, checker.Violated, 3, 2, false,
		},
		{
			"cycle outside N",
			digraph{[]int{1}, paths(1, 3, 2, 4, 2), 0},
			func(p *model.Plain[int, edge]) { p.Eventually("p", one(3)) }, checker.Holds, 0, 0, false,
		},
		{
			"cycle through P",
			digraph{[]int{1}, paths(1, 2, 3, 1), 0},
			func(p *model.Plain[int, edge]) { p.Eventually("p", one(3)) }, checker.Holds, 0, 0, false,
		},
		{
			"terminal before a nearer cycle",
			digraph{[]int{1}, paths(1, 2, 1, 0, 2, 4, 5), 0},
			func(p *model.Plain[int, edge]) { p.Eventually("p", one(3)) }, checker.Violated, 3, 0, true,
		},
		{
			"between two cycles",
			digraph{[]int{1, 6}, paths(1, 2, 0, 6, 7, 6, 0, 7, 1, 0, 2, 4, 2), 0},
			func(p *model.Plain[int, edge]) { p.Eventually("p", one(3)) }, checker.Violated, 2, 1, false,
		},
		{
			"cut in N",
			digraph{[]int{1}, paths(1, 2, 9), 9},
			func(p *model.Plain[int, edge]) { p.Eventually("p", one(3)) }, checker.Undecided, 0, 0, false,
		},
		{
			"cut outside N",
			digraph{[]int{1}, paths(1, 3, 9), 9},
			func(p *model.Plain[int, edge]) { p.Eventually("p", one(3)) }, checker.Holds, 0, 0, false,
		},
		{
			"cut and a cycle",
			digraph{[]int{1}, paths(1, 2, 9, 0, 2, 1), 9},
			func(p *model.Plain[int, edge]) { p.Eventually("p", one(3)) }, checker.Violated, 2, 1, false,
		},
		{
			"initial state satisfies it",
			digraph{[]int{3}, paths(3, 1, 2, 1), 0},
			func(p *model.Plain[int, edge]) { p.Eventually("p", one(3)) }, checker.Holds, 0, 0, false,
		},
		{
			"leads to",
			digraph{[]int{1}, paths(1, 2, 3, 1), 0},
			func(p *model.Plain[int, edge]) { p.LeadsTo("p", one(2), one(3)) }, checker.Holds, 0, 0, false,
		},
		{
			"leads to another end",
			digraph{[]int{1}, paths(1, 2, 3, 2, 4), 0},
			func(p *model.Plain[int, edge]) { p.LeadsTo("p", one(2), one(3)) }, checker.Violated, 2, 0, true,
		},
		{
			"leads to, with a cycle before",
			digraph{[]int{1}, paths(1, 4, 1, 2, 3), 0},
			func(p *model.Plain[int, edge]) { p.LeadsTo("p", one(2), one(3)) }, checker.Holds, 0, 0, false,
		},
		{
			"leads to, with a cycle after",
			digraph{[]int{1}, paths(1, 3, 2, 4, 5, 4, 0, 4, 3), 0},
			func(p *model.Plain[int, edge]) { p.LeadsTo("p", one(2), one(3)) }, checker.Violated, 5, 4, false,
		},
		{
			"leads to what is there",
			digraph{[]int{1}, paths(1, 2), 0},
			func(p *model.Plain[int, edge]) { p.LeadsTo("p", one(2), one(2)) }, checker.Holds, 0, 0, false,
		},
		{
			"quiescent",
			digraph{[]int{1}, paths(1, 2, 2, 0, 1, 3), 0},
			func(p *model.Plain[int, edge]) { p.Quiescent("p", one(2, 3)) }, checker.Holds, 0, 0, false,
		},
		{
			"stuck",
			digraph{[]int{1}, paths(1, 2, 2, 0, 1, 3, 4, 5), 0},
			func(p *model.Plain[int, edge]) { p.Quiescent("p", one(2)) }, checker.Violated, 3, 0, true,
		},
		{
			"not stuck at the boundary",
			digraph{[]int{1}, paths(1, 2, 9), 9},
			func(p *model.Plain[int, edge]) { p.Quiescent("p", one(7)) }, checker.Holds, 0, 0, false,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := c.graph.plain()
			c.add(p)
			for _, search := range exhaustive {
				r := search(t.Context(), p, checker.Options{Workers: 2})
				if r.Err != nil {
					t.Fatal(r.Err)
				}
				got := r.Properties[0]
				if got.Verdict != c.verdict {
					t.Errorf("%s: %v, want %v", r.Engine, got.Verdict, c.verdict)
				}
				if got.Path != nil {
					if a := len(got.Path.Steps); a != c.actions || got.Path.Loop != c.loop || got.Path.Maximal != c.maximal {
						t.Errorf("%s: %d actions, loop %d, maximal %v", r.Engine, a, got.Path.Loop, got.Path.Maximal)
					}
				}
				want := map[checker.Verdict]int{checker.Violated: 1, checker.Undecided: 3}[c.verdict]
				if r.ExitCode() != want {
					t.Errorf("%s: exit code %d, want %d", r.Engine, r.ExitCode(), want)
				}
				r.Close()
			}
			comparePaths(t, p)
		})
	}
}

var exhaustive = []func(context.Context, model.Source, checker.Options) *checker.Result{checker.BFS, checker.DFS}

// comparePaths compares the verdicts on properties that are about more than single states, and the paths that show
// violations, with those of the plain search in a graph that is written out.
func comparePaths(t tester, src model.Source) {
	t.Helper()
	compareFair(t, src, nil)
}

// compareFair is comparePaths where paths have to be fair; nil for not.
func compareFair(t tester, src model.Source, fair *reference.Fairness[*trail]) {
	t.Helper()
	space, err := src.Space()
	if err != nil {
		t.Fatalf("space: %v", err)
	}
	defer space.Close()
	g := reference.NewGraph(partsModel(t, space, make(map[string][]string)))
	g.Fair = fair
	want := make(map[string]string)
	for _, p := range space.Properties() {
		if !p.Expect.OfStates() {
			want[p.Name] = plainOutcome(t, space, g, p)
		}
	}
	for _, search := range exhaustive {
		for _, workers := range raced.Workers(1, 4) {
			r := search(t.Context(), src, checker.Options{Workers: workers, FinishWhen: checker.Exhausted, Timeout: engineTimeout})
			if r.Err != nil {
				t.Fatalf("%s, %d workers: %v", r.Engine, workers, r.Err)
			}
			for _, p := range r.Properties {
				if p.Expect.OfStates() {
					continue
				}
				got := outcomeText(r, p)
				if p.Expect == statespace.Refines && r.Engine == "dfs" { // It stops at the first one that it comes upon.
					got = p.Verdict.String()
					want[p.Name], _, _ = cut(want[p.Name])
				}
				if got != want[p.Name] {
					t.Errorf("%s, %d workers, %v %q:\n got %s\nwant %s", r.Engine, workers, p.Expect, p.Name, got, want[p.Name])
				}
			}
			replayTraces(t, r, space)
			r.Close()
		}
	}
}

func cut(s string) (string, string, bool) {
	for i := range s {
		if s[i] == ':' {
			return s[:i], s[i:], true
		}
	}
	return s, "", false
}

// outcomeText returns what a search found, but for what depends on the run.
func outcomeText(r *checker.Result, p checker.PropertyResult) string {
	if p.Path == nil {
		return p.Verdict.String()
	}
	stuck := 0
	if p.Stuck != nil {
		stuck = p.Stuck.Count
	}
	return fmt.Sprintf("%v: from %s by %q, loop %d, %d stuck", p.Verdict,
		statespace.Content(r.Model(), p.Path.Initial), p.Path.Keys(), p.Path.Loop, stuck)
}

// plainOutcome returns the same of the plain search.
func plainOutcome(t tester, space statespace.Space, g *reference.Graph[*trail], p statespace.Property) string {
	t.Helper()
	reading := statespace.NewReading(space)
	ask := func(f func(*statespace.Reading) bool) func(*trail) bool {
		return func(tr *trail) bool {
			answer, _ := reading.Judge(f, tr.state)
			return answer
		}
	}
	var o reference.Outcome[*trail]
	switch p.Expect {
	case statespace.Eventually:
		o = g.Eventually(ask(p.Holds))
	case statespace.LeadsTo:
		o = g.LeadsTo(ask(p.When), ask(p.Holds))
	case statespace.Quiescent:
		o = g.Quiescent(ask(p.Holds), func(a, b *trail) bool {
			return bytes.Compare([]byte(a.content), []byte(b.content)) < 0
		})
	default:
		o = plainRefinement(t, space, g, p)
	}
	if o.Path == nil {
		return string(o.Verdict)
	}
	keys := []string{}
	for _, tr := range o.Path[1:] {
		keys = append(keys, tr.key)
	}
	return fmt.Sprintf("%v: from %s by %q, loop %d, %d stuck", o.Verdict, o.Path[0].content, keys, o.Loop, o.Stuck)
}

// plainRefinement asks the abstract model about every transition anew.
func plainRefinement(
	t tester, space statespace.Space, g *reference.Graph[*trail], p statespace.Property,
) reference.Outcome[*trail] {
	t.Helper()
	abstract, err := p.Refinement.Open()
	if err != nil {
		t.Fatalf("abstract model: %v", err)
	}
	defer abstract.Close()
	reading := statespace.NewReading(space)
	numbers := make(map[string]uint32)
	image := func(tr *trail) string {
		var number uint32
		reading.Judge(func(r *statespace.Reading) bool {
			if number, err = abstract.Image(r); err != nil {
				t.Fatalf("image: %v", err)
			}
			return true
		}, tr.state)
		text := fmt.Sprint(number)
		numbers[text] = number
		return text
	}
	return g.Refines(image,
		func(a string) bool {
			ok, err := abstract.Initial(numbers[a])
			return ok && err == nil
		},
		func(a, b string) bool {
			ok, err := abstract.Step(numbers[a], numbers[b])
			return ok && err == nil
		})
}

// replayTraces requires every trace to be one of another space of the same source.
func replayTraces(t tester, r *checker.Result, space statespace.Space) {
	t.Helper()
	for _, tr := range r.Traces() {
		if _, err := trace.Replay(space, tr); err != nil {
			t.Errorf("%s, %q: %v", r.Engine, tr.Property, err)
		}
	}
	for i, p := range r.Properties {
		if p.Path == nil {
			continue
		}
		if shown, err := statespace.Shows(r.Model(), r.Model().Properties()[i], *p.Path); !shown || err != nil {
			t.Errorf("%s, %q: the path does not show it, %v", r.Engine, p.Name, err)
		}
	}
}

func drawGraph(t *rapid.T) digraph {
	n := rapid.IntRange(1, 12).Draw(t, "states")
	g := digraph{edges: make(map[int][]edge)}
	state := rapid.IntRange(1, n)
	for range rapid.IntRange(1, 3).Draw(t, "initial") {
		g.initial = append(g.initial, state.Draw(t, "initial"))
	}
	for range rapid.IntRange(0, 2*n).Draw(t, "edges") {
		from := state.Draw(t, "from")
		// Labels are not in the order of insertion.
		g.edges[from] = append(g.edges[from], edge{(7 * len(g.edges[from])) % 11, state.Draw(t, "to")})
	}
	if rapid.IntRange(0, 3).Draw(t, "bounded") == 0 {
		g.limit = max(slices.Max(g.initial)+1, n-1)
	}
	return g
}

func drawSet(t *rapid.T, name string, often int) func(int) bool {
	var in [16]bool
	for i := range in {
		in[i] = rapid.IntRange(0, often).Draw(t, name) == 0
	}
	return func(s int) bool { return in[s] }
}

// countVerdicts counts the verdicts of a search by kind of property, those by a lasso apart.
func countVerdicts(found map[string]int, r *checker.Result) {
	for _, p := range r.Properties {
		loop := ""
		if p.Path != nil && p.Path.Loop > 0 {
			loop = " by a lasso"
		}
		found[fmt.Sprintf("%v %v%s", p.Expect, p.Verdict, loop)]++
	}
}

// TestRandomPaths compares properties of random graphs, of one slot.
func TestRandomPaths(t *testing.T) {
	found := make(map[string]int)
	missing := func() []string {
		return slices.DeleteFunc([]string{
			"eventually holds", "eventually violated", "eventually violated by a lasso", "eventually undecided",
			"leads to holds", "leads to violated", "leads to violated by a lasso", "leads to undecided",
			"quiescent holds", "quiescent violated", "refines holds", "refines violated",
		}, func(verdict string) bool { return found[verdict] > 0 })
	}
	property := func(t *rapid.T) {
		p := drawGraph(t).plain()
		p.Eventually("eventually", drawSet(t, "eventually", 5))
		p.LeadsTo("leads to", drawSet(t, "when", 3), drawSet(t, "then", 3))
		p.Quiescent("quiescent", drawSet(t, "quiescent", 2))
		abstract := drawGraph(t)
		abstract.limit = 0
		var to [16]int
		for i := range to {
			to[i] = rapid.IntRange(1, 3).Draw(t, "image")
		}
		model.RefinePlain(p, "refines", abstract.plain(), func(s int) int { return to[s] })
		comparePaths(t, p)
		r := checker.BFS(t.Context(), p, checker.Options{})
		defer r.Close()
		countVerdicts(found, r)
	}
	// One in a hundred is rare: a short run need not wait for it.
	shown := func() bool { return testing.Short() || len(missing()) == 0 }
	if checkUntil(t, property, shown); !shown() && !t.Failed() {
		t.Errorf("never %q: this shows too little; there was %v", missing(), found)
	}
	t.Logf("%v", found)
}

// TestRandomSystemPaths compares properties of random systems of actors.
func TestRandomSystemPaths(t *testing.T) {
	found := make(map[string]int)
	rapid.Check(t, func(t *rapid.T) {
		c := drawCrashes(t)
		c.MaxTimeouts = rapid.IntRange(0, 2).Draw(t, "timeouts")
		c.TimersLast = rapid.Bool().Draw(t, "timers last")
		c.OneCopy = rapid.Bool().Draw(t, "one copy")
		sys := drawActors(t, rapid.IntRange(1, 3).Draw(t, "actors"), c)
		_, p := sys.drawPredicate(t)
		_, q := sys.drawPredicate(t)
		sys.sys.Eventually("eventually", func(v model.View) bool { return p(sys.engineSight(v)) })
		sys.sys.LeadsTo("leads to", func(v model.View) bool { return p(sys.engineSight(v)) },
			func(v model.View) bool { return q(sys.engineSight(v)) })
		sys.sys.Quiescent("quiescent", func(v model.View) bool { return q(sys.engineSight(v)) })
		model.Refine(sys.sys, "refines", cycleOf(3).plain(), func(v model.View) int { return 1 + sys.engineSight(v).n(0)%3 })
		kinds := drawFairKinds(t, sys, c)
		most := rapid.IntRange(1, 4).Draw(t, "under way")
		sys.within(func(v model.View) bool { return sys.engineSight(v).copies() <= most },
			func(s *reference.State[gossip]) bool { return sys.plainSight(s).copies() <= most })
		if !sys.started() {
			return // The initial state is outside.
		}
		space, err := sys.sys.Space()
		if err != nil {
			return // Crashes give these properties no meaning.
		}
		space.Close()
		if r := reference.Search(sys.ref.Model(), reference.Options{MaxStates: 2 * randomStates()}); !r.Exhausted {
			return // too many states
		}
		compareFair(t, sys.sys, kinds.ofTrails())
		g := reference.NewGraph(sys.ref.Model())
		g.Fair = kinds.ofStates()
		whole := map[string]reference.Verdict{
			"eventually": g.Eventually(func(s *reference.State[gossip]) bool { return p(sys.plainSight(s)) }).Verdict,
			"leads to": g.LeadsTo(func(s *reference.State[gossip]) bool { return p(sys.plainSight(s)) },
				func(s *reference.State[gossip]) bool { return q(sys.plainSight(s)) }).Verdict,
			"quiescent": g.Quiescent(func(s *reference.State[gossip]) bool { return q(sys.plainSight(s)) },
				func(a, b *reference.State[gossip]) bool { return cmp.Less(a.Key(), b.Key()) }).Verdict,
		}
		r := checker.BFS(t.Context(), sys.sys, checker.Options{})
		defer r.Close()
		for _, p := range r.Properties {
			if want, ok := whole[p.Name]; ok && string(want) != p.Verdict.String() {
				t.Errorf("%q: %v, want %v", p.Name, p.Verdict, want)
			}
			loop := ""
			if p.Path != nil && p.Path.Loop > 0 {
				loop = " by a lasso"
			}
			found[fmt.Sprintf("%v %v%s, %d fair", p.Expect, p.Verdict, loop, len(r.Fairness))]++
		}
	})
	t.Logf("%v", found)
}

// cycleOf is a cycle of numbers from 1 on.
func cycleOf(n int) digraph {
	g := digraph{initial: []int{1}, edges: make(map[int][]edge)}
	for i := 1; i <= n; i++ {
		g.edges[i] = []edge{{0, i%n + 1}}
	}
	return g
}
