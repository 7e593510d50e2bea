package checker_test

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"synod/actor"
	"synod/checker"
	"synod/internal/raced"
	"synod/internal/reference"
	"synod/model"
	"synod/model/statespace"
	"synod/network"
)

// tester is what a *testing.T and a *rapid.T have in common.
type tester interface {
	Helper()
	Context() context.Context
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// engineTimeout is far beyond what any search here takes, on a machine however busy: an engine that makes no progress fails its
// test.
const engineTimeout = 5 * time.Minute

// brief reports that a test should look at fewer states.
func brief() bool { return testing.Short() || raced.Detector }

// checkUntil checks a property of random models until those drawn so far have shown what the test is for. Chance may leave something
// out of a run, the more so of a short one; of all these runs only a generator that never draws it does.
func checkUntil(t *testing.T, property func(*rapid.T), shown func() bool) {
	t.Helper()
	for round := 0; round == 0 || round < 30 && !shown() && !t.Failed(); round++ {
		rapid.Check(t, property)
	}
}

// twin is a system of actors twice: for the engine and for the plain search.
type twin[M any] struct {
	sys *model.System[M]
	ref *reference.System[M]
}

func newTwin[M any](c model.Config) *twin[M] {
	plain := map[network.Semantics]reference.Network{
		network.UnorderedNonDuplicating: reference.Multiset,
		network.Ordered:                 reference.Flows,
		network.UnorderedDuplicating:    reference.Set,
	}
	return &twin[M]{
		model.NewSystem[M](c),
		&reference.System[M]{
			Network: plain[c.Network], Lossy: c.Lossy, MaxDown: c.MaxDown, MaxCrashes: c.MaxCrashes,
			MaxDrops: c.MaxDrops, MaxTimeouts: c.MaxTimeouts, TimersLast: c.TimersLast,
			MaxPartitions: c.MaxPartitions, OneCopy: c.OneCopy,
		},
	}
}

// crashable declares in both who may crash.
func (tw *twin[M]) crashable(ids ...actor.ID) {
	tw.sys.Crashable(ids...)
	tw.ref.Crashable = ids
	for _, id := range ids {
		tw.ref.Sides = append(tw.ref.Sides, []actor.ID{id})
	}
}

// add adds an actor to both.
func add[S, M any](tw *twin[M], id actor.ID, a actor.Typed[S, M]) model.Ref[S] {
	tw.ref.Actors = append(tw.ref.Actors, reference.Erase(id, a))
	return model.Add(tw.sys, id, a)
}

// record adds an observer to both.
func record[M, H any](tw *twin[M], o actor.Observer[M, H]) model.History[H] {
	tw.ref.Observers = append(tw.ref.Observers, reference.Watch(o))
	return model.Record(tw.sys, o)
}

// partition declares in both who may be cut off, in place of anyone who may crash.
func (tw *twin[M]) partition(sides ...[]actor.ID) {
	tw.ref.Sides = sides
	for _, side := range sides {
		tw.sys.Partition(side...)
	}
}

func (tw *twin[M]) always(name string, holds func(model.View) bool, plain func(*reference.State[M]) bool) {
	tw.sys.Always(name, holds)
	tw.ref.Always(name, plain)
}

func (tw *twin[M]) sometimes(name string, holds func(model.View) bool, plain func(*reference.State[M]) bool) {
	tw.sys.Sometimes(name, holds)
	tw.ref.Sometimes(name, plain)
}

func (tw *twin[M]) within(inside func(model.View) bool, plain func(*reference.State[M]) bool) {
	tw.sys.Within(inside)
	tw.ref.Inside = plain
}

// check compares the engine with the plain search, and with the plain search over the engine's own parts.
func (tw *twin[M]) check(t tester, o checker.Options, workers ...int) reference.Result {
	t.Helper()
	r := compare(t, tw.sys, tw.ref.Model(), o, workers...)
	compareParts(t, tw.sys, o, workers...)
	return r
}

// compare runs BFS at some numbers of workers, and a plain search, and wants the same of all.
func compare[S any](
	t tester, src model.Source, m reference.Model[S], o checker.Options, workers ...int,
) reference.Result {
	t.Helper()
	want := reference.Search(m, plainOptions(o))
	o.Timeout = engineTimeout
	for _, n := range raced.Workers(workers...) {
		o.Workers = n
		got := checker.BFS(t.Context(), src, o)
		compareResult(t, got, want)
		replay(t, got)
		got.Close()
		if want.Exhausted {
			compareDepthFirst(t, src, want, n)
		}
	}
	return want
}

// compareDepthFirst requires the same counts and verdicts of a depth-first search of a space that was exhausted.
func compareDepthFirst(t tester, src model.Source, want reference.Result, workers int) {
	t.Helper()
	o := checker.Options{Workers: workers, FinishWhen: checker.Exhausted, Timeout: engineTimeout}
	r := checker.DFS(t.Context(), src, o)
	defer r.Close()
	if r.Err != nil {
		t.Fatalf("depth first, %d workers: %v", workers, r.Err)
	}
	if r.Unique != want.Unique || r.Generated != want.Generated || r.Cut != want.Cut || !r.Exhausted {
		t.Errorf("depth first, %d workers: %d unique, %d generated, %d cut, exhausted %v; want %d, %d, %d", workers,
			r.Unique, r.Generated, r.Cut, r.Exhausted, want.Unique, want.Generated, want.Cut)
	}
	for _, p := range r.Properties {
		for _, d := range want.Decisions {
			if d.Name == p.Name && string(d.Verdict) != p.Verdict.String() {
				t.Errorf("depth first, %d workers, %q: %v, want %s", workers, p.Name, p.Verdict, d.Verdict)
			}
		}
	}
	replay(t, r)
}

func plainOptions(o checker.Options) reference.Options {
	finish := map[checker.FinishWhen]reference.FinishWhen{
		checker.Decided: reference.Decided, checker.FirstViolation: reference.FirstViolation,
		checker.Exhausted: reference.Exhausted,
	}
	return reference.Options{FinishWhen: finish[o.FinishWhen], MaxDepth: o.MaxDepth, MaxStates: o.MaxStates}
}

// compareResult requires the same counts, verdicts and lengths.
func compareResult(t tester, got *checker.Result, want reference.Result) {
	t.Helper()
	if got.Err != nil {
		t.Fatalf("%d workers: %v", got.Workers, got.Err)
	}
	type figures struct {
		unique, generated, depth, cut, frontier int
		exhausted                               bool
	}
	if got.Stopped == fmt.Sprintf("the timeout of %v", engineTimeout) {
		t.Fatalf("%d workers: no end, after %d of %d states at depth %d", got.Workers, got.Unique, want.Unique, got.Depth)
	}
	a := figures{got.Unique, got.Generated, got.Depth, got.Cut, got.Frontier, got.Exhausted}
	b := figures{want.Unique, want.Generated, want.Depth, want.Cut, want.Frontier, want.Exhausted}
	if a != b {
		t.Errorf("%d workers: got %+v, want %+v", got.Workers, a, b)
	}
	var levels []reference.Level
	for _, l := range got.Levels {
		levels = append(levels, reference.Level(l))
	}
	if !slices.Equal(levels, want.Levels) {
		t.Errorf("%d workers: levels %v, want %v", got.Workers, levels, want.Levels)
	}
	decisions := make(map[string]string)
	for _, p := range got.Properties {
		length := 0
		if p.Path != nil {
			length = len(p.Path.Steps) + 1
		}
		decisions[p.Name] = fmt.Sprintf("%v, %d states", p.Verdict, length)
	}
	plain := make(map[string]string)
	for _, d := range want.Decisions {
		plain[d.Name] = fmt.Sprintf("%v, %d states", d.Verdict, d.Length)
	}
	if !reflect.DeepEqual(decisions, plain) {
		t.Errorf("%d workers: %v, want %v", got.Workers, decisions, plain)
	}
}

// replay requires every path to be a path, of which the last state decides its property; of a shortest path only
// that one.
func replay(t tester, r *checker.Result) {
	t.Helper()
	space := r.Model()
	initials, err := statespace.Initials(space)
	if err != nil {
		t.Fatalf("initial states: %v", err)
	}
	reading := statespace.NewReading(space)
	for i, p := range r.Properties {
		if p.Path == nil {
			continue
		}
		first := slices.IndexFunc(initials, func(s []statespace.PartID) bool { return slices.Equal(s, p.Path.Initial) })
		path, err := statespace.Follow(space, first, p.Path.Keys())
		if err != nil {
			t.Fatalf("%d workers, %q: %v", r.Workers, p.Name, err)
		}
		if !slices.Equal(path.Last(), p.Path.Last()) {
			t.Errorf("%d workers, %q: the path leads elsewhere", r.Workers, p.Name)
		}
		states := [][]statespace.PartID{path.Initial}
		for _, s := range path.Steps {
			states = append(states, s.State)
		}
		for k, state := range states {
			answer, _ := reading.Judge(space.Properties()[i].Holds, state)
			if last := k == len(states)-1; (last || r.Engine == "bfs") && (answer == (p.Expect == statespace.Sometimes)) != last {
				t.Errorf("%d workers, %q: state %d of %d answers %v", r.Workers, p.Name, k+1, len(states), answer)
			}
		}
	}
}

// trail is a state of a space with the way by which it was first reached.
type trail struct {
	state   []statespace.PartID
	content string
	before  *trail
	key     string
}

func (tr *trail) keys() []string {
	if tr.before == nil {
		return []string{}
	}
	return append(tr.before.keys(), tr.key)
}

// compareParts compares BFS with a plain search over the parts of the same model, one transition at a time. That search
// takes initial states in the order of content and actions in that of keys, so that the first of the shortest paths
// is the least: the one that the engine must report.
func compareParts(t tester, src model.Source, o checker.Options, workers ...int) {
	t.Helper()
	space, err := src.Space()
	if err != nil {
		t.Fatalf("space: %v", err)
	}
	defer space.Close()
	least := make(map[string][]string)
	want := reference.Search(partsModel(t, space, least), plainOptions(o))
	o.Timeout = engineTimeout
	for _, n := range raced.Workers(workers...) {
		o.Workers = n
		got := checker.BFS(t.Context(), src, o)
		compareResult(t, got, want)
		for _, p := range got.Properties {
			if p.Path != nil && !slices.Equal(p.Path.Keys(), least[p.Name]) {
				t.Errorf("%d workers, %q: path %q, want %q", n, p.Name, p.Path.Keys(), least[p.Name])
			}
		}
		got.Close()
	}
}

// partsModel builds a plain model of a space, which puts the paths by which properties were decided into least.
func partsModel(t tester, space statespace.Space, least map[string][]string) reference.Model[*trail] {
	m := reference.Model[*trail]{Key: func(tr *trail) string { return tr.content }}
	initials, err := statespace.Initials(space)
	if err != nil {
		t.Fatalf("initial states: %v", err)
	}
	reading := statespace.NewReading(space)
	inside := space.Boundary()
	if inside == nil {
		inside = func(*statespace.Reading) bool { return true }
	}
	for _, state := range initials {
		m.Initial = append(m.Initial, &trail{state: state, content: string(statespace.Content(space, state))})
	}
	m.Inside = func(tr *trail) bool {
		in, _ := reading.Judge(inside, tr.state)
		return in
	}
	m.Next = func(tr *trail) []*trail {
		ts, err := statespace.Transitions(space, tr.state)
		if err != nil {
			t.Fatalf("transitions: %v", err)
		}
		var all []*trail
		for i, tn := range ts {
			if tn.Ignored != statespace.Counts {
				continue
			}
			if i > 0 && ts[i-1].Action.Key == tn.Action.Key {
				t.Errorf("two actions of a state have the key %q", tn.Action.Key)
			}
			content := string(statespace.Content(space, tn.State))
			all = append(all, &trail{tn.State, content, tr, tn.Action.Key})
		}
		return all
	}
	for _, p := range space.Properties() {
		if !p.Expect.OfStates() {
			continue
		}
		expect := reference.Always
		if p.Expect == statespace.Sometimes {
			expect = reference.Sometimes
		}
		holds := func(tr *trail) bool {
			answer, _ := reading.Judge(p.Holds, tr.state)
			if answer == (p.Expect == statespace.Sometimes) && least[p.Name] == nil {
				least[p.Name] = tr.keys()
			}
			return answer
		}
		m.Properties = append(m.Properties, reference.Property[*trail]{Name: p.Name, Expect: expect, Holds: holds})
	}
	return m
}

// everyNetwork runs f on every network, with and without losses. Under the race detector one network is enough.
func everyNetwork(t *testing.T, f func(t *testing.T, n network.Semantics, lossy bool)) {
	t.Helper()
	for _, n := range raced.Some(network.All()) {
		for _, lossy := range []bool{false, true} {
			name := n.String()
			if lossy {
				name += "_lossy"
			}
			t.Run(name, func(t *testing.T) { f(t, n, lossy) })
		}
	}
}

// TestContentTellsStatesApart makes sure that equal content and equal parts are the same thing in a space.
func TestContentTellsStatesApart(t *testing.T) {
	everyNetwork(t, func(t *testing.T, n network.Semantics, lossy bool) {
		space, err := pingPong(model.Config{Network: n, Lossy: lossy}, 3).sys.Space()
		if err != nil {
			t.Fatal(err)
		}
		defer space.Close()
		contents := make(map[string][]byte)
		m := partsModel(t, space, make(map[string][]string))
		m.Key = func(tr *trail) string {
			key := fmt.Sprint(tr.state)
			if content, known := contents[key]; known && !bytes.Equal(content, []byte(tr.content)) {
				t.Errorf("%s reads %s and %s", key, content, tr.content)
			}
			contents[key] = []byte(tr.content)
			return key
		}
		byParts := reference.Search(m, reference.Options{})
		byContent := reference.Search(partsModel(t, space, make(map[string][]string)), reference.Options{})
		if !reflect.DeepEqual(byParts, byContent) {
			t.Errorf("by parts %+v, by content %+v", byParts, byContent)
		}
	})
}
