package checker_test

import (
	"bytes"
	"strings"
	"testing"

	"synod/actor"
	"synod/checker"
	"synod/model"
	"synod/network"
	"synod/trace"
)

// ledger counts the memos that it receives, and writes every second count down.
type ledger struct{ Count, Written int }

// ledgerActor sets a timer at each start and recovery.
func ledgerActor() actor.Typed[ledger, memo] {
	s := suspect[ledger]{
		start: func(out *memoOut) ledger {
			out.SetTimer("tick", 0, 0)
			return ledger{}
		},
		receive: func(st ledger, _ memo, _ *memoOut) ledger {
			st.Count++
			st.Written = st.Count - st.Count%2
			return st
		},
		timeout: func(st ledger, _ actor.Timer, _ *memoOut) ledger { return st },
	}
	a := s.actor()
	a.Keep = func(st ledger) any { return st.Written }
	a.Recover = func(_ actor.ID, kept any, out *memoOut) ledger {
		out.SetTimer("tock", 0, 0)
		return ledger{kept.(int), kept.(int)}
	}
	return a
}

// ledgerSystem has a ledger, whose id is 0, and someone who sends it n memos.
func ledgerSystem(c model.Config, n int, a actor.Typed[ledger, memo]) (*model.System[memo], model.Ref[ledger]) {
	sys := model.NewSystem[memo](c)
	ref := model.Add(sys, 0, a)
	model.Add(sys, 1, suspect[int]{start: func(out *memoOut) int {
		for i := range n {
			out.Send(0, memo{N: i})
		}
		return 0
	}}.actor())
	sys.Crashable(0)
	return sys, ref
}

// TestCrashPath shows what a crash takes and what a recovery gives back.
func TestCrashPath(t *testing.T) {
	sys, ref := ledgerSystem(model.Config{MaxDown: 1, MaxCrashes: 1}, 3, ledgerActor())
	downs := 0
	sys.Sometimes("lost one", func(v model.View) bool {
		st, up := ref.In(v)
		if !up {
			downs++
			if st != (ledger{}) {
				t.Errorf("down, and yet %+v", st)
			}
		}
		return up && st == ledger{2, 2} && len(sys.InFlight(v)) == 0
	})
	r := checker.BFS(t.Context(), sys, checker.Options{})
	defer r.Close()
	if r.Err != nil || r.Properties[0].Path == nil || downs == 0 {
		t.Fatalf("%v, down %d times", r.Err, downs)
	}
	var b bytes.Buffer
	r.WriteText(&b)
	const want = `Example of "lost one":
  0. initial state
       0: {}
         1 → 0: memo(0, items nil)
         1 → 0: memo(1, items nil)
         1 → 0: memo(2, items nil)
         timer tick
       1: 0
       down at once: 0 of 1
       crashes: 0 of 1
  1. 1 → 0: memo(0, items nil)
       0.Count: 0 → 1
       0.mailbox - 1 → 0: memo(0, items nil)
  2. 0: crashes
       0: up → down
       0.state - {Count:1,Written:0}
       0.kept + int(0)
       0.timer - tick
       down at once: 0 → 1
       crashes: 0 → 1
  3. 0: recovers
       0: down → up
       0.kept - int(0)
       0.state + {}
       0.timer + tock
       down at once: 1 → 0
  4. 1 → 0: memo(1, items nil)
       0.Count: 0 → 1
       0.mailbox - 1 → 0: memo(1, items nil)
  5. 1 → 0: memo(2, items nil)
       0.Count: 1 → 2
       0.Written: 0 → 2
       0.mailbox - 1 → 0: memo(2, items nil)
example     sometimes "lost one", 5 actions (down at once ≤ 1, crashes ≤ 1)
The search ended early (every property is decided), with 8 states left to expand.
`
	if b.String() != want {
		t.Errorf("got:\n%s\nwant:\n%s", b.String(), want)
	}
	traces := r.Traces()
	b.Reset()
	if err := trace.WriteMermaid(&b, traces[0]); err != nil || !strings.Contains(b.String(), "Note over p0: crashes\n") ||
		!strings.Contains(b.String(), "Note over p0: recovers\n") {
		t.Errorf("%v\n%s", err, b.String())
	}
	d := trace.Document{Model: "ledger", Traces: traces}
	b.Reset()
	if err := trace.WriteJSON(&b, d); err != nil {
		t.Fatal(err)
	}
	if read, err := trace.ReadJSON(&b); err != nil || read.Traces[0].Steps[1].Kind != "crash" ||
		read.Traces[0].Steps[2].Kind != "recover" || read.Traces[0].Steps[1].Key != "crash 0" {
		t.Errorf("%v, %+v", err, read)
	}
}

// TestDown makes sure that nothing reaches an actor that is down, and that what is sent meanwhile waits for it.
func TestDown(t *testing.T) {
	for _, lossy := range []bool{false, true} {
		sys, ref := ledgerSystem(model.Config{MaxDown: 1, MaxCrashes: 2, Lossy: lossy}, 2, ledgerActor())
		count := model.Project(sys, ref, func(st ledger) int { return st.Count })
		memos := model.Select(sys, func(e actor.Envelope[memo]) (int, bool) { return e.Message.N, true })
		down := func(v model.View) bool { _, up := count.In(v); return !up }
		sys.Sometimes("one waits", func(v model.View) bool { return down(v) && len(memos.InFlight(v)) == 1 })
		sys.Always("nothing deliverable", func(v model.View) bool {
			if !down(v) {
				return true
			}
			for _, f := range sys.InFlight(v) {
				if f.Deliverable {
					return false
				}
			}
			return len(memos.Deliverable(v)) == 0
		})
		sys.Sometimes("both counted at last", func(v model.View) bool { n, _ := count.In(v); return n == 2 })
		r := checker.BFS(t.Context(), sys, checker.Options{})
		r.Require(t)
		r.Close()
	}
}

// TestGuardsOfKeepAndRecover lists what Keep and Recover may not do.
func TestGuardsOfKeepAndRecover(t *testing.T) {
	calls := 0
	for _, c := range []struct {
		event, what string
		spoil       func(a *actor.Typed[ledger, memo])
	}{
		{"crash", "kept different values: ", func(a *actor.Typed[ledger, memo]) {
			a.Keep = func(ledger) any { calls++; return calls }
		}},
		{"crash", "no disk", func(a *actor.Typed[ledger, memo]) { a.Keep = func(ledger) any { panic("no disk") } }},
		{"crash", "what it keeps: ", func(a *actor.Typed[ledger, memo]) { a.Keep = func(ledger) any { return func() {} } }},
		{"recovery", "different states: Count: ", func(a *actor.Typed[ledger, memo]) {
			a.Recover = func(actor.ID, any, *memoOut) ledger { calls++; return ledger{Count: calls} }
		}},
		{"recovery", "interface conversion", func(a *actor.Typed[ledger, memo]) {
			a.Recover = func(_ actor.ID, kept any, _ *memoOut) ledger { return ledger{len(kept.(string)), 0} }
		}},
		{"recovery", "gave 1 and 2 commands", func(a *actor.Typed[ledger, memo]) {
			sent := 0
			a.Recover = func(_ actor.ID, _ any, out *memoOut) ledger {
				for sent++; len(out.Commands()) < sent; {
					out.Send(1, memo{})
				}
				return ledger{}
			}
		}},
	} {
		a := ledgerActor()
		c.spoil(&a)
		sys, _ := ledgerSystem(model.Config{MaxDown: 1}, 1, a)
		r := checker.BFS(t.Context(), sys, checker.Options{Workers: 1})
		if r.ExitCode() != checker.ExitUsage {
			t.Errorf("exit code %d", r.ExitCode())
		}
		wantImpure(t, []error{r.Err}, "actor 0", c.event, c.what)
		r.Close()
	}

	type diary struct{ Lines []int }
	a := suspect[diary]{
		start: func(*memoOut) diary { return diary{Lines: []int{1, 2}} },
	}.actor()
	a.Keep = func(st diary) any { st.Lines[0] = 7; return nil }
	a.Recover = func(actor.ID, any, *memoOut) diary { return diary{} }
	sys := model.NewSystem[memo](model.Config{MaxDown: 1})
	model.Add(sys, 7, a)
	sys.Crashable(7)
	r := checker.BFS(t.Context(), sys, checker.Options{})
	wantImpure(t, []error{r.Err}, "actor 7", "crash", "changed the state of which it keeps a part: Lines[0]: 1 became 7")
	r.Close()

	// What was kept is the actor's own again when it recovers: changing it harms nobody.
	a.Keep = func(st diary) any { return st.Lines }
	a.Recover = func(_ actor.ID, kept any, _ *memoOut) diary {
		lines := kept.([]int)
		lines[0]++
		return diary{[]int{1, 2}}
	}
	sys = model.NewSystem[memo](model.Config{MaxDown: 1})
	model.Add(sys, 7, a)
	sys.Crashable(7)
	r = checker.BFS(t.Context(), sys, checker.Options{})
	if r.Err != nil || r.Unique != 2 {
		t.Errorf("%v, %d states", r.Err, r.Unique)
	}
	r.Close()
}

// TestRefusedFaults lists configurations that are refused with a sentence.
func TestRefusedFaults(t *testing.T) {
	for want, c := range map[string]model.Config{
		"expected at least 0":          {MaxDown: -1},
		"at least 1 actor may be down": {MaxCrashes: 2},
		"expected loss, or another":    {MaxDown: 1, Network: network.Ordered},
		"bound of faults is negative":  {MaxDown: 1, MaxCrashes: -1},
		"requires a lossy network":     {MaxDrops: 1},
	} {
		sys, _ := ledgerSystem(c, 1, ledgerActor())
		wantRefused(t, sys, want)
	}
	sys := model.NewSystem[memo](model.Config{MaxDown: 1})
	model.Add(sys, 0, ledgerActor())
	wantRefused(t, sys, "none is declared crashable")
	sys.Crashable(0, 5)
	mute := suspect[int]{}.actor()
	for _, c := range []model.Config{{MaxTimeouts: 1}, {TimersLast: true}} {
		sys := model.NewSystem[memo](c)
		model.Add(sys, 0, mute)
		wantRefused(t, sys, "no actor has timers")
	}
	apart := func(sides ...[]actor.ID) *model.System[memo] {
		sys := model.NewSystem[memo](model.Config{MaxPartitions: 1})
		model.Add(sys, 0, mute)
		model.Add(sys, 1, mute)
		for _, side := range sides {
			sys.Partition(side...)
		}
		return sys
	}
	wantRefused(t, apart(), "none is declared and no actor may crash")
	wantRefused(t, apart(actor.IDs(2)), "has 2 of 2 actors")
	wantRefused(t, apart(actor.IDs(1), nil), "has 0 of 2 actors")
	wantRefused(t, apart([]actor.ID{4}), "Partition: the system has no actor 4")
	wantRefused(t, sys, "Crashable: the system has no actor 5")
}

func wantRefused(t *testing.T, src model.Source, want string) {
	t.Helper()
	r := checker.BFS(t.Context(), src, checker.Options{})
	defer r.Close()
	if r.Err == nil || !strings.Contains(r.Err.Error(), want) || r.ExitCode() != checker.ExitUsage {
		t.Errorf("%v, exit code %d, want %q", r.Err, r.ExitCode(), want)
	}
}
