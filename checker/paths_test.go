package checker_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"synod/checker"
	"synod/checker/report"
	"synod/internal/raced"
	"synod/model"
	"synod/trace"
)

// TestWalksOfPaths decides properties by walks: only a walk that ends where nothing else can happen violates one, and not
// one that ends at its depth limit, or goes round and round.
func TestWalksOfPaths(t *testing.T) {
	for _, c := range []struct {
		name    string
		graph   digraph
		depth   int
		add     func(p *model.Plain[int, edge])
		verdict checker.Verdict
		actions int
	}{
		{
			"end",
			digraph{[]int{1}, paths(1, 2, 4), 0},
			0,
			func(p *model.Plain[int, edge]) { p.Eventually("p", one(3)) }, checker.Violated, 2,
		},
		{
			"end by self-loops",
			digraph{[]int{1}, paths(1, 2, 2), 0},
			0,
			func(p *model.Plain[int, edge]) { p.Eventually("p", one(3)) }, checker.Violated, 1,
		},
		{
			"depth limit",
			digraph{[]int{1}, paths(1, 2, 4, 5), 0},
			3,
			func(p *model.Plain[int, edge]) { p.Eventually("p", one(3)) }, checker.NotRefuted, 0,
		},
		{
			"cycle",
			digraph{[]int{1}, paths(1, 2, 1), 0},
			0,
			func(p *model.Plain[int, edge]) { p.Eventually("p", one(3)) }, checker.NotRefuted, 0,
		},
		{
			"met",
			digraph{[]int{1}, paths(1, 3, 4), 0},
			0,
			func(p *model.Plain[int, edge]) { p.Eventually("p", one(3)) }, checker.NotRefuted, 0,
		},
		{
			"cut",
			digraph{[]int{1}, paths(1, 2, 9), 9},
			0,
			func(p *model.Plain[int, edge]) { p.Eventually("p", one(3)) }, checker.NotRefuted, 0,
		},
		{
			"due again",
			digraph{[]int{1}, paths(1, 2, 3, 4, 2, 0, 4, 5), 0},
			0,
			func(p *model.Plain[int, edge]) { p.LeadsTo("p", one(4), one(3)) }, checker.Violated, -1,
		},
		{
			"met in the same state",
			digraph{[]int{1}, paths(1, 2, 4), 0},
			0,
			func(p *model.Plain[int, edge]) { p.LeadsTo("p", one(4), one(4)) }, checker.NotRefuted, 0,
		},
		{
			"stuck",
			digraph{[]int{1}, paths(1, 2, 4), 0},
			0,
			func(p *model.Plain[int, edge]) { p.Quiescent("p", one(2)) }, checker.Violated, 2,
		},
		{
			"no step",
			digraph{[]int{1}, paths(1, 2, 3), 0},
			0,
			func(p *model.Plain[int, edge]) {
				model.RefinePlain(p, "p", cycleOf(4).plain(), func(s int) int { return []int{0, 1, 2, 4}[s] })
			}, checker.Violated, 2,
		},
		{
			"not initial",
			digraph{[]int{1}, paths(1, 2), 0},
			0,
			func(p *model.Plain[int, edge]) {
				model.RefinePlain(p, "p", cycleOf(4).plain(), func(s int) int { return s + 1 })
			}, checker.Violated, 0,
		},
		{
			"every step",
			digraph{[]int{1}, paths(1, 2, 3, 1), 0},
			0,
			func(p *model.Plain[int, edge]) {
				model.RefinePlain(p, "p", cycleOf(3).plain(), func(s int) int { return s })
			}, checker.NotRefuted, 0,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := c.graph.plain()
			c.add(p)
			var first []byte
			for _, workers := range raced.Workers(1, 4) {
				r := checker.Walk(t.Context(), p, checker.Options{
					Workers: workers, Walks: 200, WalkDepth: c.depth, Seed: 7, FinishWhen: checker.Exhausted,
				})
				if r.Err != nil {
					t.Fatal(r.Err)
				}
				got := r.Properties[0]
				if got.Verdict != c.verdict {
					t.Errorf("%v, want %v", got.Verdict, c.verdict)
				}
				if got.Path != nil && c.actions >= 0 && len(got.Path.Steps) != c.actions {
					t.Errorf("%d actions, want %d", len(got.Path.Steps), c.actions)
				}
				space, err := p.Space()
				if err != nil {
					t.Fatal(err)
				}
				replayTraces(t, r, space)
				space.Close()
				text, err := json.Marshal(r.Traces())
				if err != nil {
					t.Fatal(err)
				}
				if first == nil {
					first = text
				} else if !bytes.Equal(first, text) {
					t.Errorf("four workers have other traces:\n%s\n%s", first, text)
				}
				r.Close()
			}
		})
	}
}

// TestPathsWithLimits makes sure that a search that was cut short says nothing but violations, and which.
func TestPathsWithLimits(t *testing.T) {
	// The states 1 to 9 in a row, of which 4 leads back to 2.
	row := digraph{[]int{1}, paths(1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 4, 2), 0}
	for _, c := range []struct {
		depth   int
		add     func(p *model.Plain[int, edge])
		verdict checker.Verdict
	}{
		{4, func(p *model.Plain[int, edge]) { p.Eventually("p", one(9)) }, checker.Undecided}, // 4 is not expanded
		{5, func(p *model.Plain[int, edge]) { p.Eventually("p", one(9)) }, checker.Violated},
		{5, func(p *model.Plain[int, edge]) { p.Eventually("p", one(3)) }, checker.Undecided}, // for all that is known
		{5, func(p *model.Plain[int, edge]) { p.LeadsTo("p", one(3), one(9)) }, checker.Violated},
		{5, func(p *model.Plain[int, edge]) { p.LeadsTo("p", one(5), one(9)) }, checker.Undecided},
		{5, func(p *model.Plain[int, edge]) { p.Quiescent("p", one(2)) }, checker.Undecided},
		{9, func(p *model.Plain[int, edge]) { p.Quiescent("p", one(2)) }, checker.Undecided}, // 9 is not expanded
		{10, func(p *model.Plain[int, edge]) { p.Quiescent("p", one(2)) }, checker.Violated},
	} {
		p := row.plain()
		c.add(p)
		for _, o := range []checker.Options{{MaxDepth: c.depth}, {MaxStates: c.depth}} {
			for _, search := range exhaustive {
				r := search(t.Context(), p, o)
				want := c.verdict
				if r.Engine == "dfs" && r.Stopped != "" {
					want = checker.Undecided // It does not know which states it did not expand.
				}
				if got := r.Properties[0].Verdict; r.Err != nil || got != want {
					t.Errorf("%s, %+v, %s: %v, %v; want %v", r.Engine, o, r.Properties[0].Expect, got, r.Err, want)
				}
				if want == checker.Undecided && r.ExitCode() != checker.ExitUndecided {
					t.Errorf("%s, %+v: exit code %d", r.Engine, o, r.ExitCode())
				}
				r.Close()
			}
		}
	}
}

// TestDecidedWaitsForPaths makes sure that a search does not end early as long as a property of paths is not decided.
func TestDecidedWaitsForPaths(t *testing.T) {
	for _, search := range exhaustive {
		p := digraph{[]int{1}, paths(1, 2, 3, 4, 5), 0}.plain()
		p.Sometimes("two", one(2))
		p.Eventually("five", one(5))
		r := search(t.Context(), p, checker.Options{})
		if !r.Exhausted || r.Unique != 5 || r.Properties[1].Verdict != checker.Holds || r.ExitCode() != checker.ExitOK {
			t.Errorf("%s: %d states, %v, exit code %d", r.Engine, r.Unique, r.Properties[1].Verdict, r.ExitCode())
		}
		r.Close()
	}
}

// odometer is some numbers below a bound that are counted up one by one, in any order, and perhaps all set back in the end.
type odometer struct {
	numbers, bound int
	back           bool
}

type point [4]uint8

func (g odometer) Initial() []point { return []point{{}} }

func (g odometer) Actions(p point) []int {
	var all []int
	for i := range g.numbers {
		if int(p[i]) < g.bound-1 {
			all = append(all, i)
		}
	}
	if len(all) == 0 && g.back {
		all = append(all, -1)
	}
	return all
}

func (g odometer) Next(p point, i int) (point, bool) {
	if i < 0 {
		return point{}, true
	}
	p[i]++
	return p, true
}

// TestManyMembers has every state on paths that violate a property, more of them than a batch, a chunk or a shard holds,
// and levels beyond what a tag can tell.
func TestManyMembers(t *testing.T) {
	g := odometer{3, 32, false}
	if brief() {
		g.bound = 12
	}
	all, deep := g.bound*g.bound*g.bound, 3*(g.bound-1)
	for _, back := range []bool{false, true} {
		g.back = back
		p := model.NewPlain[point, int](g)
		p.Eventually("never", func(point) bool { return false })
		p.LeadsTo("from one side", func(p point) bool { return p[0] == 9 && p[1] == 9 && p[2] == 9 },
			func(point) bool { return false })
		p.Eventually("the far end", func(p point) bool { return int(p[0])+int(p[1])+int(p[2]) == deep })
		var documents [][]byte
		for _, workers := range raced.Workers(1, 4) {
			r := checker.BFS(t.Context(), p, checker.Options{Workers: workers, FinishWhen: checker.Exhausted})
			if r.Err != nil || r.Unique != all {
				t.Fatalf("%v, %d states", r.Err, r.Unique)
			}
			for i, want := range []checker.Verdict{checker.Violated, checker.Violated, checker.Holds} {
				if r.Properties[i].Verdict != want {
					t.Errorf("%q: %v, want %v", r.Properties[i].Name, r.Properties[i].Verdict, want)
				}
			}
			for i, p := range r.Properties[:2] {
				actions, loop := deep, 0
				if back {
					actions, loop = deep+1, 1
					if i == 1 { // The stem leads to where the demand arises, which is on the cycle.
						actions, loop = 27+deep+1, 28
					}
				}
				if p.Path == nil || len(p.Path.Steps) != actions || p.Path.Loop != loop || p.Path.Maximal == back {
					t.Errorf("%q: not a path of %d actions with the loop %d", p.Name, actions, loop)
				}
			}
			d := report.Of(r)
			d.Runtime = report.RuntimeDocument{}
			text, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			documents = append(documents, text)
			r.Close()
		}
		for _, other := range documents[1:] {
			if !bytes.Equal(documents[0], other) {
				t.Error("one worker and four have different documents")
			}
		}
	}
}

// TestBrokenPredicates makes sure that a mistake in a property of paths is an error.
func TestBrokenPredicates(t *testing.T) {
	boom := errors.New("boom")
	fail := func(int) bool { panic(boom) }
	for name, add := range map[string]func(p *model.Plain[int, edge]){
		"eventually": func(p *model.Plain[int, edge]) { p.Eventually("p", fail) },
		"when":       func(p *model.Plain[int, edge]) { p.LeadsTo("p", fail, one(1)) },
		"then":       func(p *model.Plain[int, edge]) { p.LeadsTo("p", one(1), fail) },
		"quiescent":  func(p *model.Plain[int, edge]) { p.Quiescent("p", fail) },
		"image": func(p *model.Plain[int, edge]) {
			model.RefinePlain(p, "p", cycleOf(2).plain(), func(s int) int { panic(boom) })
		},
	} {
		for _, search := range append(exhaustive, checker.Walk) {
			p := digraph{[]int{1}, paths(1, 2), 0}.plain()
			add(p)
			r := search(t.Context(), p, checker.Options{Walks: 10})
			if !errors.Is(r.Err, boom) || r.ExitCode() != checker.ExitUsage {
				t.Errorf("%s, %s: %v, exit code %d", name, r.Engine, r.Err, r.ExitCode())
			}
			r.Close()
		}
	}
}

// TestTextOfPaths shows how the report tells of a lasso, of stuck states, and of a step that an abstract model lacks.
func TestTextOfPaths(t *testing.T) {
	p := digraph{[]int{1}, paths(1, 2, 4, 2, 0, 4, 3, 0, 3, 3), 0}.plain()
	p.Eventually("five", one(3))
	p.Quiescent("done", one(5))
	model.RefinePlain(p, "counts", cycleOf(3).plain(), func(s int) int { return min(s, 2) })
	p.LeadsTo("two to three", one(2), one(3, 4))
	r := checker.BFS(t.Context(), p, checker.Options{})
	defer r.Close()
	var b strings.Builder
	r.WriteText(&b)
	want := `Violation of "five":
  0. initial state
       state: 1
  1. edge(label 0, to 2)
       state: 1 → 2
  2. edge(label 0, to 4)
       state: 2 → 4
  3. edge(label 0, to 2)
       state: 4 → 2
     … steps 2 to 3 repeat for ever.
Violation of "done":
  0. initial state
       state: 1
  1. edge(label 0, to 2)
       state: 1 → 2
  2. edge(label 0, to 4)
       state: 2 → 4
  3. edge(label 1, to 3)
       state: 4 → 3
     … nothing else can happen.
Stuck states of "done", 1 of 1 terminal states:
  FINGERPRINT
       state: 3
violated    eventually "five", 3 actions, the last 2 of them for ever (no fairness assumed)
violated    quiescent "done", 3 actions, 1 of 1 terminal states
holds       refines "counts"
holds       leads to "two to three" (no fairness assumed)
`
	space := r.Model()
	want = strings.Replace(want, "FINGERPRINT", trace.Fingerprint(space, r.Properties[1].Path.Last()), 1)
	if got := b.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestStuckStatesOfCutSearch makes sure that a search that did not see all states counts stuck states only where it says
// that there are some.
func TestStuckStatesOfCutSearch(t *testing.T) {
	p := digraph{[]int{1}, paths(1, 2, 0, 1, 3, 4, 5), 0}.plain() // 2 and 5 are terminal
	p.Quiescent("never", func(int) bool { return false })
	p.Quiescent("at two", one(2))
	r := checker.BFS(t.Context(), p, checker.Options{MaxDepth: 3})
	defer r.Close()
	violated, open := r.Properties[0], r.Properties[1]
	if violated.Verdict != checker.Violated || violated.Stuck == nil || violated.Stuck.Count != 1 || violated.Stuck.Terminal != 1 {
		t.Errorf("%q: %v, %+v: expected one stuck state of one", violated.Name, violated.Verdict, violated.Stuck)
	}
	if open.Verdict != checker.Undecided || open.Stuck != nil || report.Of(r).Properties[1].Stuck != nil {
		t.Errorf("%q: %v, %+v: expected no word of stuck states", open.Name, open.Verdict, open.Stuck)
	}
}

// TestMermaidOfLasso shows a lasso as a diagram.
func TestMermaidOfLasso(t *testing.T) {
	p := digraph{[]int{1}, paths(1, 2, 4, 2), 0}.plain()
	p.Eventually("five", one(5))
	r := checker.BFS(t.Context(), p, checker.Options{})
	defer r.Close()
	var b strings.Builder
	if err := trace.WriteMermaid(&b, r.Traces()[0]); err != nil {
		t.Fatal(err)
	}
	want := `sequenceDiagram
  title Violation of “five”
  participant q0 as state
  Note over q0: edge(label 0, to 2)
  loop for ever
  Note over q0: edge(label 0, to 4)
  Note over q0: edge(label 0, to 2)
  end
  Note over q0: steps 2 to 3 repeat for ever
`
	if got := b.String(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	// A loop that does not close is not one.
	space, err := p.Space()
	if err != nil {
		t.Fatal(err)
	}
	defer space.Close()
	for loop, want := range map[int]string{1: "the loop is open", 3: "the loop is open", 4: "no step 4"} {
		broken := r.Traces()[0]
		broken.Loop = loop
		if _, err := trace.Replay(space, broken); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("loop %d: %v", loop, err)
		}
		document := trace.Document{Model: "m", Traces: []trace.Trace{broken}}
		if err := trace.WriteJSON(&b, document); err == nil {
			t.Errorf("a loop at step %d was written", loop)
		}
	}
	broken := r.Traces()[0]
	broken.Loop, broken.Maximal = 0, true
	if _, err := trace.Replay(space, broken); err == nil || !strings.Contains(fmt.Sprint(err), "not maximal") {
		t.Errorf("maximal: %v", err)
	}
	whole := trace.Document{Model: "m", Traces: r.Traces()}
	var file bytes.Buffer
	if err := trace.WriteJSON(&file, whole); err != nil {
		t.Fatal(err)
	}
	if back, err := trace.ReadJSON(&file); err != nil || back.Traces[0].Loop != 2 {
		t.Errorf("read back: %v, %v", back, err)
	}
}

// TestBoundaryFails makes sure that a search that goes down several branches tells the path to the state behind which its
// boundary panics.
func TestBoundaryFails(t *testing.T) {
	p := digraph{[]int{1}, paths(1, 2, 3, 4), 0}.plain()
	p.Within(func(s int) bool {
		if s == 4 {
			panic("oops")
		}
		return true
	})
	r := checker.DFS(t.Context(), p, checker.Options{})
	defer r.Close()
	if r.Err == nil || r.Failure == nil || len(r.Failure.Steps) != 2 {
		t.Errorf("%v, the path %v: expected two steps", r.Err, r.Failure)
	}
}

// stairs leads up, a step at a time, and breaks at the top.
type stairs struct{ top int }

func (stairs) Initial() []int       { return []int{0} }
func (stairs) Actions(int) []string { return []string{"up"} }

func (m stairs) Next(s int, _ string) (int, bool) {
	if s >= m.top {
		panic("there is nothing above")
	}
	return s + 1, true
}

// TestPathExpandsNothingNew makes sure that the way back from a discovery asks nothing of the states that the search did
// not expand, however deep it is: here that would fail.
func TestPathExpandsNothingNew(t *testing.T) {
	for _, top := range []int{3, 15, 16, 17, 20, 40} {
		p := model.NewPlain(stairs{top})
		p.Always("below", func(s int) bool { return s < top })
		r := checker.BFS(t.Context(), p, checker.Options{})
		if v := r.Properties[0]; r.Err != nil || v.Verdict != checker.Violated || len(v.Path.Steps) != top {
			t.Errorf("%d steps: %v, error %v", top, v.Verdict, r.Err)
		}
		r.Close()
	}
}

// TestReportsPrint makes sure that no name of a property moves the cursor of who reads the reports.
func TestReportsPrint(t *testing.T) {
	p := model.NewPlain(stairs{2})
	p.Always("below\n\x1b[31m", func(s int) bool { return s < 2 })
	r := checker.BFS(t.Context(), p, checker.Options{})
	defer r.Close()
	var b strings.Builder
	r.WriteText(&b)
	report.WriteCoverage(&b, r)
	report.WriteProfile(&b, r)
	if got := b.String(); strings.Contains(got, "\x1b") || strings.Count(got, `below\n\x1b[31m`) < 3 {
		t.Errorf("got:\n%q", got)
	}
}
