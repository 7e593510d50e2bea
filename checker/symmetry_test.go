package checker_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"synod/actor"
	"synod/checker"
	"synod/internal/raced"
	"synod/model"
	"synod/model/statespace"
	"synod/network"
)

// TestHerds holds searches with symmetry against full ones: the same verdicts, lengths of paths and depth, and one state for
// each orbit, as many as are counted by exchanging sheep in texts.
func TestHerds(t *testing.T) {
	runs, compared, turned := 60, 0, 0
	switch {
	case *long:
		runs = 20_000
	case brief():
		runs = 15
	}
	for seed := range uint64(runs) {
		h := newHerd(seed)
		o := checker.Options{Workers: 1, FinishWhen: checker.Exhausted, MaxStates: 1500}
		full := checker.BFS(t.Context(), h.sys, o)
		if full.Err != nil {
			t.Fatalf("herd %d: %v", seed, full.Err)
		}
		if full.Exhausted {
			compared++
			o.Symmetry, o.MaxStates = true, 0
			var expect int
			if !raced.Detector { // Counting in texts would take most of the time.
				expect = orbits(full, h.size, h.config.Network == network.Ordered)
			}
			for _, workers := range raced.Workers(1, 3) {
				o.Workers = workers
				r := checker.BFS(t.Context(), h.sys, o)
				name := fmt.Sprintf("herd %d, %d workers", seed, workers)
				sameTurned(t, name, full, r)
				if r.Unique != expect && !raced.Detector {
					t.Errorf("%s: %d states, %d orbits of %d states in full", name, r.Unique, expect, full.Unique)
				}
				if r.Unique < full.Unique {
					turned++
				}
				r.Close()
			}
			deep := checker.DFS(t.Context(), h.sys, o)
			sameTurned(t, fmt.Sprintf("herd %d, dfs", seed), full, deep)
			if deep.Unique != expect && !raced.Detector {
				t.Errorf("herd %d, dfs: %d states, %d orbits", seed, deep.Unique, expect)
			}
			deep.Close()
			o.Reduce = statespace.DeadLetters
			less := checker.BFS(t.Context(), h.sys, o)
			sameTurned(t, fmt.Sprintf("herd %d, letters", seed), full, less)
			less.Close()
		}
		full.Close()
		if t.Failed() {
			return
		}
	}
	t.Logf("%d herds compared, %d searches turned states", compared, turned)
	if compared < runs/4 || turned < compared/2 {
		t.Error("too few of them")
	}
}

// sameTurned wants the verdicts of a full search, and paths of the same lengths that can be walked in the full system.
func sameTurned(t *testing.T, name string, full, r *checker.Result) {
	t.Helper()
	if r.Err != nil || r.Symmetry == nil && r.Reduced == nil {
		t.Errorf("%s: %v, %v, %v", name, r.Err, r.Symmetry, r.Notes)
		return
	}
	if r.Engine == "bfs" && r.Reduced == nil && r.Depth != full.Depth {
		t.Errorf("%s: depth %d, in full %d", name, r.Depth, full.Depth)
	}
	for i, p := range full.Properties {
		got := r.Properties[i]
		if got.Verdict != p.Verdict {
			t.Errorf("%s: %q is %v, in full %v", name, p.Name, got.Verdict, p.Verdict)
			continue
		}
		if got.Path == nil {
			continue
		}
		if r.Engine == "bfs" && len(got.Path.Steps) != len(p.Path.Steps) {
			t.Errorf("%s: %q takes %d steps, in full %d", name, p.Name, len(got.Path.Steps), len(p.Path.Steps))
		}
		path, err := statespace.Follow(full.Model(), 0, got.Path.Keys())
		if err != nil {
			t.Errorf("%s: the path to %q: %v", name, p.Name, err)
			continue
		}
		if shows, err := statespace.Shows(full.Model(), full.Model().Properties()[i], path); err != nil || !shows {
			t.Errorf("%s: the path to %q shows nothing: %v", name, p.Name, err)
		}
	}
}

// partial is an actor to which it matters, for one reason, that it or another one has the id 1.
func partial(fault string) actor.Typed[sheep, bleat] {
	is := func(f string, id actor.ID) bool { return f == fault && id == 1 }
	handle := func(self actor.ID, st sheep, from actor.ID, m bleat, out *actor.Out[bleat]) sheep {
		st.Stage = min(st.Stage+1, 2)
		switch {
		case fault == "order":
			st.Last = max(st.Last, from)
		case is("state", from):
			st.Fuel = 1
		case is("sent", from):
			out.Send(from, m)
		case is("ignored", from):
			st.Stage--
		case is("timer", from):
			out.SetTimer(doze{}, 1, 2)
		case is("choice", self):
			out.Choose(0)
		case is("panic", from):
			panic("not from 1")
		case fault == "value" && m.Hue == hueOf(from):
			st.Fuel = 1
		case fault == "list" && self == 0 && len(st.Heard) < 3:
			st.Heard = append(slices.Clone(st.Heard), from)
		case fault == "timeout" && self != 0:
			out.SetTimer(doze{}, 1, 2)
		case fault == "chosen" && self != 0:
			out.Choose(1, 2)
		}
		return st
	}
	return actor.Typed[sheep, bleat]{
		Start: func(self actor.ID, out *actor.Out[bleat]) sheep {
			if self != 0 {
				out.Send(0, bleat{Who: self, Hue: hueOf(self)})
				out.Send(3-self, bleat{Who: self, Hue: hueOf(self)})
			}
			if fault == "sequence" {
				return sheep{Heard: []actor.ID{2, 1}}
			}
			return sheep{}
		},
		Receive: handle,
		Timeout: func(self actor.ID, st sheep, _ actor.Timer, _ *actor.Out[bleat]) sheep {
			if is("timeout", self) {
				st.Fuel = 1
			}
			return st
		},
		Chosen: func(_ actor.ID, st sheep, o actor.Option, _ *actor.Out[bleat]) sheep {
			if o == 1 {
				st.Fuel = 1
			}
			return st
		},
		Keep: func(st sheep) any {
			if fault == "keep" {
				return st.Stage + int(st.Last)
			}
			return 0
		},
		Recover: func(self actor.ID, _ any, _ *actor.Out[bleat]) sheep {
			if is("recover", self) {
				return sheep{Stage: 1}
			}
			return sheep{}
		},
	}
}

// TestNotInterchangeable makes sure that a search ends with an error where it matters which actor is which, whatever it is that
// shows it, and where states cannot be turned; and that it does not where it does not matter.
func TestNotInterchangeable(t *testing.T) {
	for fault, expect := range map[string]string{
		"order":    "by server id in a ballot, breaks symmetry",
		"state":    "different states",
		"sent":     "different messages",
		"ignored":  "only one of the two ignores it",
		"timer":    "different timers or choices",
		"choice":   "different timers or choices",
		"panic":    "not from 1",
		"timeout":  "timeout of",
		"chosen":   "",
		"recover":  "recovery",
		"value":    "different states",
		"list":     "not interchangeable",
		"sequence": "is taken for a set",
		"property": `the property "first"`,
		"boundary": "the boundary",
		"observer": "different memories",
		"sees":     "an observer sees them",
		"twice":    "belongs to actor 1 and to actor 2",
		"types":    "expected them to be of one type",
		"stranger": "Interchangeable: the system has no actor 7",
		"crashes":  "only one of them may crash",
		"":         "",
	} {
		t.Run(fault, func(t *testing.T) {
			sys := model.NewSystem[bleat](model.Config{MaxDown: 1, MaxCrashes: 1})
			refs := make(map[actor.ID]model.Ref[sheep])
			for id := range actor.ID(3) {
				refs[id] = model.Add(sys, id, partial(fault))
			}
			sys.Interchangeable(1, 2)
			for id := range actor.ID(3) {
				if fault != "value" && id > 0 {
					sys.Belong(id, hueOf(id))
				}
				if fault != "crashes" || id != 2 {
					sys.Crashable(id)
				}
			}
			switch fault {
			case "twice":
				sys.Belong(1, hue(9))
				sys.Belong(2, hue(9))
			case "types":
				sys.InterchangeableValues(1, "2")
			case "stranger":
				sys.Interchangeable(7, 8)
			}
			inStage := func(id actor.ID, stage int) func(model.View) bool {
				return func(v model.View) bool { st, _ := refs[id].In(v); return st.Stage == stage }
			}
			sys.Always("up to 2", func(v model.View) bool { st, _ := refs[0].In(v); return st.Stage <= 2 })
			if fault == "property" {
				sys.Always("first", func(v model.View) bool { return !inStage(1, 1)(v) })
			}
			if fault == "boundary" {
				sys.Within(func(v model.View) bool { return !inStage(2, 1)(v) })
			}
			model.Record(sys, actor.Observer[bleat, int]{
				Name: "watch",
				Sees: func(e actor.Envelope[bleat], p actor.Passage) bool { return fault != "sees" || e.From == 1 },
				Next: func(n int, e actor.Envelope[bleat], _ actor.Passage) (int, error) {
					if fault == "observer" && e.From == 1 {
						n = 1
					}
					return n, nil
				},
			})
			for _, search := range []func(context.Context, model.Source, checker.Options) *checker.Result{checker.BFS, checker.DFS} {
				for _, reduce := range []statespace.Reduction{statespace.Full, statespace.DeadLetters} {
					r := search(t.Context(), sys, checker.Options{Symmetry: true, FinishWhen: checker.Exhausted, Reduce: reduce})
					switch {
					case expect == "":
						if r.Err != nil || r.Symmetry == nil || !r.Exhausted || r.Properties[0].Verdict != checker.Holds {
							t.Errorf("%s: the check ends with %v, %v, %v", r.Engine, r.Err, r.Symmetry, r.Properties)
						}
					case r.Err == nil || !strings.Contains(r.Err.Error(), expect):
						t.Errorf("%s: the check ends with %v: expected an error with %q; %v", r.Engine, r.Err, expect, r.Notes)
					}
					r.Close()
				}
			}
		})
	}
}

// TestSymmetryLeavesPaths makes sure that properties of states are judged with symmetry, and those of paths and refinements, which the
// full search refutes or proves, left undecided, in words.
func TestSymmetryLeavesPaths(t *testing.T) {
	source := func() *model.System[bleat] {
		sys := model.NewSystem[bleat](model.Config{})
		var ref model.Ref[sheep]
		for id := range actor.ID(3) {
			ref = model.Add(sys, id, partial(""))
		}
		sys.Interchangeable(1, 2)
		sys.Belong(1, hueOf(1))
		sys.Belong(2, hueOf(2))
		never := func(model.View) bool { return false }
		always := func(model.View) bool { return true }
		sys.Always("is", always)
		sys.Eventually("ends", never)
		sys.LeadsTo("follows", always, always)
		sys.Quiescent("rests", never)
		model.Refine(sys, "refines", cycleOf(3).plain(), func(v model.View) int { st, _ := ref.In(v); return 1 + int(st.Stage)%3 })
		return sys
	}
	full := checker.BFS(t.Context(), source(), checker.Options{})
	defer full.Close()
	for name, search := range map[string]func(context.Context, statespace.Source, checker.Options) *checker.Result{
		"bfs": checker.BFS, "dfs": checker.DFS,
	} {
		for _, finish := range []checker.FinishWhen{checker.Exhausted, checker.Decided, checker.FirstViolation} {
			r := search(t.Context(), source(), checker.Options{Symmetry: true, FinishWhen: finish})
			defer r.Close()
			if r.Err != nil || r.Symmetry == nil || r.Unique >= full.Unique || !r.Exhausted {
				t.Fatalf("%s: %v, %v, %d states of %d, exhausted: %v", name, r.Err, r.Symmetry, r.Unique, full.Unique, r.Exhausted)
			}
			if r.ExitCode() != checker.ExitUndecided || !strings.Contains(strings.Join(r.Notes, "\n"), "not decided with symmetry") {
				t.Errorf("%s: exit code %d, notes %q", name, r.ExitCode(), r.Notes)
			}
			for i, p := range r.Properties {
				want := checker.Undecided
				if p.Expect.OfStates() {
					want = full.Properties[i].Verdict
				}
				if p.Verdict != want || full.Properties[i].Verdict == checker.Undecided || p.Path != nil || p.Stuck != nil {
					t.Errorf("%s, %s: %v, %v, %v, want %v", name, p.Name, p.Verdict, p.Path, p.Stuck, want)
				}
			}
			var text strings.Builder
			r.WriteText(&text)
			if n := strings.Count(text.String(), ", as symmetry says nothing of it"); n != 4 {
				t.Errorf("%s: %d lines say why, of 4:\n%s", name, n, &text)
			}
		}
	}
}

// TestNoSymmetry makes sure that what the proof does not cover is refused, in words, and searched in full.
func TestNoSymmetry(t *testing.T) {
	for what, expect := range map[string]string{
		"nothing":    "nothing is declared interchangeable",
		"paths":      "there are only properties of paths",
		"many":       "more than 3628800 ways",
		"partitions": "may be partitioned",
		"merged":     "local states are merged",
		"walks":      "random walks take them as they are",
	} {
		t.Run(what, func(t *testing.T) {
			config, n := model.Config{}, actor.ID(3)
			o := checker.Options{Symmetry: true, FinishWhen: checker.Exhausted, MaxStates: 1000, Walks: 5}
			if what == "partitions" {
				config.MaxPartitions = 1
			}
			if what == "many" {
				n = 12
			}
			if what == "merged" {
				o.Reduce = statespace.Everything
			}
			sys := model.NewSystem[bleat](config)
			var ref model.Ref[sheep]
			for id := range n {
				ref = model.Add(sys, id, partial(""))
			}
			if what != "nothing" {
				sys.Interchangeable(actor.IDs(int(n))[1:]...)
			}
			if what == "partitions" {
				sys.Partition(0)
			}
			if what == "paths" {
				sys.Eventually("ends", func(v model.View) bool { st, _ := ref.In(v); return st.Stage == 2 })
			}
			search := checker.BFS
			if what == "walks" {
				search = checker.Walk
			}
			r := search(t.Context(), sys, o)
			defer r.Close()
			if r.Err != nil || r.Symmetry != nil || !strings.Contains(strings.Join(r.Notes, "\n"), expect) {
				t.Errorf("%v, %v, %v: expected a note with %q", r.Err, r.Symmetry, r.Notes, expect)
			}
		})
	}
}
