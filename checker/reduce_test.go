package checker_test

import (
	"strings"
	"testing"

	"synod/actor"
	"synod/checker"
	"synod/model"
	"synod/model/statespace"
	"synod/network"
)

// notes is the state of an actor that forgets what it scribbles, which is wrong where that matters.
type notes struct{ Page, Scribble int }

// Messages to such an actor.
const (
	scribble = iota // changes only what it forgets
	turn            // what else it does depends on the fault
)

// forgetful is an actor that forgets its scribble, and in which that matters for one reason.
func forgetful(fault string) actor.Typed[notes, int] {
	matters := func(st notes, f string) bool { return f == fault && st.Scribble > 0 }
	answer := func(st notes, out *actor.Out[int]) notes {
		st.Page = min(st.Page+1, 2)
		switch {
		case matters(st, "commands"):
			out.Send(1, turn)
		case matters(st, "content"):
			out.Send(1, st.Scribble)
		case fault == "content":
			out.Send(1, 0)
		case matters(st, "recipient"):
			out.Send(5, 0)
		case fault == "recipient":
			out.Send(1, 0)
		case matters(st, "ignored"):
			st.Page--
		case matters(st, "state"):
			st.Page = 2
		case matters(st, "timer"):
			out.SetTimer("t", 1, 2)
		case matters(st, "cancel"):
			out.CancelTimer("t")
		case matters(st, "choice"):
			out.Choose("heads", "tails")
		case matters(st, "panic"):
			panic("scribbled over")
		}
		return st
	}
	t := actor.Typed[notes, int]{
		Start: func(_ actor.ID, out *actor.Out[int]) notes {
			if fault == "timeout" || fault == "cancel" {
				out.SetTimer("t", 1, 2)
			}
			if fault == "chosen" {
				out.Choose("heads")
			}
			return notes{}
		},
		Receive: func(_ actor.ID, st notes, _ actor.ID, kind int, out *actor.Out[int]) notes {
			if kind == scribble {
				st.Scribble = (st.Scribble + 1) % 3
				return st
			}
			return answer(st, out)
		},
		Timeout: func(_ actor.ID, st notes, _ actor.Timer, out *actor.Out[int]) notes {
			if matters(st, "timeout") {
				out.Send(1, 0)
			}
			return st
		},
		Chosen: func(_ actor.ID, st notes, _ actor.Option, out *actor.Out[int]) notes {
			if matters(st, "chosen") {
				out.Send(1, 0)
			}
			return st
		},
		Keep: func(st notes) any {
			if fault == "keep" {
				return st.Scribble
			}
			return 0
		},
		Recover: func(_ actor.ID, kept any, out *actor.Out[int]) notes {
			if kept.(int) > 0 {
				out.Send(1, 0)
			}
			return notes{}
		},
		Forget: func(_ actor.ID, st notes) notes {
			switch {
			case fault == "twice" && st.Scribble > 0:
				st.Scribble--
			case fault == "forget panics" && st.Scribble > 0:
				panic("cannot forget")
			case fault != "twice":
				st.Scribble = 0
			}
			return st
		},
	}
	return t
}

// sender is an actor that sends some messages when it starts, and does nothing.
func sender(kinds ...int) actor.Typed[int, int] {
	return actor.Typed[int, int]{
		Start: func(_ actor.ID, out *actor.Out[int]) int {
			for _, k := range kinds {
				out.Send(0, k)
			}
			return 0
		},
		Receive: func(_ actor.ID, st int, _ actor.ID, _ int, _ *actor.Out[int]) int { return st },
	}
}

// TestWrongForget makes sure that a Forget that forgets too much ends the check with an error that tells of it, whatever it is that
// shows it; and that the same actor passes where it does not matter.
func TestWrongForget(t *testing.T) {
	for fault, expect := range map[string]string{
		"commands":      "command different things",
		"content":       "command different things",
		"recipient":     "command different things",
		"ignored":       "only one of the two ignores it",
		"state":         "different states",
		"timer":         "command different things",
		"cancel":        "command different things",
		"choice":        "command different things",
		"panic":         "scribbled over",
		"timeout":       "timeout of",
		"chosen":        "choosing",
		"keep":          "recovery",
		"projection":    "properties read",
		"twice":         "forgets what matters",
		"forget panics": "cannot forget",
		"":              "",
	} {
		t.Run(fault, func(t *testing.T) {
			c := model.Config{Network: network.UnorderedNonDuplicating, MaxDown: 1, MaxCrashes: 1}
			sys := model.NewSystem[int](c)
			ref := model.Add(sys, 0, forgetful(fault))
			model.Add(sys, 1, sender(scribble, turn, turn))
			sys.Crashable(0)
			page := model.Project(sys, ref, func(st notes) int {
				if fault == "projection" {
					return st.Scribble
				}
				return st.Page
			})
			sys.Sometimes("page 2", func(v model.View) bool { p, _ := page.In(v); return p == 2 })
			r := checker.BFS(t.Context(), sys, checker.Options{Reduce: statespace.Everything, FinishWhen: checker.Exhausted})
			defer r.Close()
			if fault == "" {
				r.Require(t)
				return
			}
			if r.Err == nil || !strings.Contains(r.Err.Error(), expect) || !strings.Contains(r.Err.Error(), "actor 0") {
				t.Errorf("the check ends with %v: expected an error about actor 0 with %q; %v", r.Err, expect, r.Notes)
			}
		})
	}
}

// shaded builds an actor of shades.
func shaded(start shadeAnswer, t map[shadeEvent]shadeAnswer, form map[[2]int][2]int) actor.Typed[shade, int] {
	s := &shadows{table: t, start: start, keeps: func(shade) int { return 0 }, form: form}
	return s.typed()
}

// hiddenForm is a form in which what hides does not matter while the actor shows 0.
var hiddenForm = map[[2]int][2]int{{0, 1}: {0, 0}}

// sent is a message to actor 1.
func sent(kind int) actor.Envelope[int] { return actor.Envelope[int]{To: 1, Message: kind} }

// TestTraps holds the counterexamples to plausible but wrong ways of reducing against the full search: each has a verdict or a
// length that they get wrong.
func TestTraps(t *testing.T) {
	in := func(hides, kind int) shadeEvent { return shadeEvent{hides: hides, kind: kind} }
	tick := shadeEvent{timer: true}
	aware := map[shadeEvent]shadeAnswer{tick: {shows: 1}}
	beat := map[shadeEvent]shadeAnswer{tick: {sends: []actor.Envelope[int]{{To: 0, Message: 0}}, set: true}}
	toggle := map[shadeEvent]shadeAnswer{in(0, 0): {hides: 1}, in(1, 0): {}}
	for _, c := range []struct {
		name        string
		config      model.Config
		zero, one   map[shadeEvent]shadeAnswer
		starts      shadeAnswer // of actor 0
		oneSets     bool
		watch       bool
		read, paths bool
	}{
		{
			name: "an observer hears of a hidden step", one: map[shadeEvent]shadeAnswer{in(0, 0): {hides: 1}},
			starts: shadeAnswer{sends: []actor.Envelope[int]{sent(0)}}, watch: true,
		},
		{
			name: "a kept letter is consumed without visible effect", paths: true,
			one: map[shadeEvent]shadeAnswer{
				in(0, 0): {hides: 1}, in(0, 1): {shows: 1}, in(1, 1): {shows: 1},
				{shows: 1, kind: 0}: {shows: 2},
			}, starts: shadeAnswer{sends: []actor.Envelope[int]{sent(0), sent(1)}},
		},
		{
			name: "a toggle on a duplicating network", paths: true, config: model.Config{Network: network.UnorderedDuplicating},
			zero: aware, one: toggle, starts: shadeAnswer{sends: []actor.Envelope[int]{sent(0)}, set: true},
		},
		{
			name: "a toggle, and timers last", config: model.Config{Network: network.UnorderedDuplicating, TimersLast: true},
			zero: aware, one: toggle, starts: shadeAnswer{sends: []actor.Envelope[int]{sent(0)}, set: true},
		},
		{
			name: "a heartbeat to a peer that ignores it, with loss", paths: true,
			config: model.Config{Network: network.UnorderedDuplicating, Lossy: true}, zero: aware, one: beat,
			starts: shadeAnswer{set: true}, oneSets: true,
		},
		{
			name: "a property reads letters in flight", one: map[shadeEvent]shadeAnswer{in(0, 1): {hides: 1}},
			starts: shadeAnswer{sends: []actor.Envelope[int]{sent(0), sent(1)}}, read: true,
		},
		{
			name: "a bound of losses is spent on a dead letter", config: model.Config{Lossy: true, MaxDrops: 1},
			starts: shadeAnswer{sends: []actor.Envelope[int]{sent(0), sent(1)}}, read: true, paths: true,
		},
		{
			name: "a dead letter is before another one", config: model.Config{Network: network.Ordered},
			one:    map[shadeEvent]shadeAnswer{in(0, 1): {shows: 1}},
			starts: shadeAnswer{sends: []actor.Envelope[int]{sent(0), sent(1)}},
		},
		{
			name: "timers last, and a letter with a hidden effect", config: model.Config{TimersLast: true}, zero: aware,
			one: map[shadeEvent]shadeAnswer{in(0, 0): {hides: 1}}, starts: shadeAnswer{sends: []actor.Envelope[int]{sent(0)}, set: true},
		},
	} {
		for _, hint := range []map[[2]int][2]int{nil, hiddenForm} {
			sys := model.NewSystem[int](c.config)
			var looks []model.Projection[int]
			for i, tb := range []map[shadeEvent]shadeAnswer{c.zero, c.one} {
				start := c.starts
				if i == 1 {
					start = shadeAnswer{set: c.oneSets}
				}
				ref := model.Add(sys, actor.ID(i), shaded(start, tb, hint))
				looks = append(looks, model.Project(sys, ref, func(st shade) int { return st.Shows }))
			}
			for i, look := range looks {
				for x := range 3 {
					sys.Sometimes(string(rune('a'+i))+" is "+string(rune('0'+x)), func(v model.View) bool { s, _ := look.In(v); return s == x })
				}
			}
			at := func(v model.View, i, x int) bool { s, _ := looks[i].In(v); return s == x }
			if c.paths {
				sys.Eventually("eventually", func(v model.View) bool { return at(v, 0, 1) })
				sys.Quiescent("quiescent", func(v model.View) bool { return at(v, 0, 1) || at(v, 1, 1) })
			}
			if c.watch {
				heard := model.Record(sys, actor.Observer[int, int]{
					Name: "watch", Next: func(h int, _ actor.Envelope[int], p actor.Passage) (int, error) { return max(h, int(p)), nil },
				})
				sys.Sometimes("heard", func(v model.View) bool { return heard.In(v) == 1 })
			}
			if c.read {
				some := model.Select(sys, func(e actor.Envelope[int]) (int, bool) { return e.Message, e.Message == 0 })
				none := func(v model.View) bool { return len(some.InFlight(v)) == 0 }
				sys.Sometimes("none under way", none)
				if c.paths {
					sys.Quiescent("none under way at the end", none)
				}
			}
			for _, how := range []statespace.Reduction{statespace.DeadLetters, statespace.Everything} {
				if ok, _ := sameReduced(t, sys, c.name+", "+how.String(), how, hint != nil); !ok && hint == nil {
					t.Errorf("%s, %v: nothing was compared", c.name, how)
				}
			}
		}
	}
}

// TestWrongGuess makes sure that each kind of guess that can be wrong is refuted, and that what then comes out is right: a letter
// that is answered later, one that is answered after a recovery, and states that only a later event tells apart.
func TestWrongGuess(t *testing.T) {
	later := actor.Typed[notes, int]{
		Start: func(actor.ID, *actor.Out[int]) notes { return notes{} },
		Receive: func(_ actor.ID, st notes, _ actor.ID, kind int, _ *actor.Out[int]) notes {
			if kind == turn || st.Page > 0 {
				st.Page++
			}
			return st
		},
		Keep: func(st notes) any { return st.Page },
		Recover: func(_ actor.ID, kept any, _ *actor.Out[int]) notes {
			return notes{Page: kept.(int) + 1}
		},
	}
	for _, crashes := range []int{0, 1} {
		sys := model.NewSystem[int](model.Config{Network: network.UnorderedNonDuplicating, MaxDown: crashes, MaxCrashes: crashes})
		ref := model.Add(sys, 0, later)
		model.Add(sys, 1, sender(scribble, scribble, turn))
		sys.Crashable(0)
		page := model.Project(sys, ref, func(st notes) int { return st.Page })
		for x := range 6 {
			sys.Sometimes("page "+string(rune('0'+x)), func(v model.View) bool { p, up := page.In(v); return up && p == x })
		}
		for _, how := range []statespace.Reduction{statespace.DeadLetters, statespace.Everything} {
			if ok, _ := sameReduced(t, sys, how.String(), how, false); !ok {
				t.Errorf("%d crashes, %v: nothing was compared", crashes, how)
			}
		}
		r := checker.BFS(t.Context(), sys, checker.Options{Reduce: statespace.DeadLetters})
		if r.Reduced == nil || r.Reduced.Restarts == 0 || len(r.Reduced.Kept) == 0 {
			t.Errorf("%d crashes: %+v: expected a guess to be refuted", crashes, r.Reduced)
		}
		r.Close()
	}
}
