package checker_test

import (
	"errors"
	"testing"

	"synod/actor"
	"synod/checker"
	"synod/internal/raced"
	"synod/model"
	"synod/model/statespace"
)

// walk is a plain model made of functions; without them it walks along a line of three places.
type walk struct {
	initial func() [][]int
	actions func(s []int) []int
	next    func(s []int, a int) ([]int, bool)
}

func (w walk) Initial() [][]int {
	if w.initial != nil {
		return w.initial()
	}
	return [][]int{{0}}
}

func (w walk) Actions(s []int) []int {
	if w.actions != nil {
		return w.actions(s)
	}
	return []int{1, 2}
}

func (w walk) Next(s []int, a int) ([]int, bool) {
	if w.next != nil {
		return w.next(s, a)
	}
	return append(s, a), len(s) < 3
}

func checkPlain(t *testing.T, w walk) []error {
	t.Helper()
	var errs []error
	for _, workers := range raced.Workers(1, 4) {
		r := checker.BFS(t.Context(), model.NewPlain[[]int, int](w), checker.Options{Workers: workers, MaxStates: 10_000})
		errs = append(errs, r.Err)
		if want := 7; r.Err == nil && r.Unique != want {
			t.Errorf("%d workers: %d states, want %d", workers, r.Unique, want)
		}
		r.Close()
	}
	return errs
}

// TestGuardAllowsPlain lists what a plain model may do: append to the state that it is given, which has no spare
// capacity, whatever it returned before, and give its actions in any order.
func TestGuardAllowsPlain(t *testing.T) {
	wantPure(t, checkPlain(t, walk{}))
	spare := make([]int, 1, 8)
	wantPure(t, checkPlain(t, walk{initial: func() [][]int { return [][]int{spare} }}))
	odd := false
	wantPure(t, checkPlain(t, walk{actions: func([]int) []int {
		if odd = !odd; odd {
			return []int{2, 1}
		}
		return []int{1, 2}
	}})[:1])
}

func TestGuardFindsImpurePlain(t *testing.T) {
	calls := 0
	for _, c := range []struct {
		name        string
		walk        walk
		event, what string
	}{
		{
			"initial",
			walk{initial: func() [][]int { calls++; return [][]int{{calls}} }},
			"Initial", "only one of two calls gave the state [",
		},
		{"initial panics", walk{initial: func() [][]int { panic("oops") }}, "Initial", "panic: oops"},
		{
			"actions differ",
			walk{actions: func([]int) []int { calls++; return []int{1, calls} }},
			"Actions of [0]", "only one of two calls gave the action ",
		},
		{
			"actions twice",
			walk{actions: func([]int) []int { return []int{1, 2, 1} }},
			"Actions of [0]", "the action 1 twice",
		},
		{"actions panic", walk{actions: func(s []int) []int { return s[:2] }}, "Actions of [0]", "panic: "},
		{
			"actions change",
			walk{actions: func(s []int) []int { s[0]++; return nil }},
			"Actions of [0]", "the state that it was given: [0]: 0 became 1",
		},
		{
			"next differs",
			walk{next: func(s []int, a int) ([]int, bool) { calls++; return []int{calls}, true }},
			"Next of [0] by int(1)", "different states: [0]: ",
		},
		{
			"next impossible",
			walk{next: func(s []int, a int) ([]int, bool) { calls++; return s, calls%2 == 0 }},
			"Next of [0] by int(1)", "only one of two calls was possible",
		},
		{
			"next changes",
			walk{next: func(s []int, a int) ([]int, bool) { s[0] = 5; return []int{0}, true }},
			"Next of [0] by int(1)", "[0]: 0 became 5",
		},
		{
			"next panics",
			walk{next: func([]int, int) ([]int, bool) { panic("oops") }},
			"Next of [0] by int(1)", "panic: oops",
		},
	} {
		t.Run(c.name, func(t *testing.T) { wantImpure(t, checkPlain(t, c.walk), "the model", c.event, c.what) })
	}
}

// TestGuardFindsChangingProperty requires a property that changes the state it reads to be found at the end.
func TestGuardFindsChangingProperty(t *testing.T) {
	plain := model.NewPlain[[]int, int](walk{})
	plain.Always("harmless", func(s []int) bool {
		if len(s) == 3 {
			s[2] = 9
		}
		return true
	})
	r := checker.BFS(t.Context(), plain, checker.Options{Workers: 1})
	defer r.Close()
	wantImpure(t, []error{r.Err}, "the model", "later", "a state was changed, by a method or a property; it now reads [")
}

// tallier counts the notes that it receives.
func tallier() actor.Typed[[]int, memo] {
	return suspect[[]int]{
		start: func(*memoOut) []int { return []int{0} },
		receive: func(st []int, _ memo, _ *memoOut) []int {
			st[0]++
			return st
		},
	}.actor()
}

func TestGuardWatchesReaders(t *testing.T) {
	calls := 0
	type add = func(*model.System[memo], model.Ref[[]int])
	project := func(of func([]int) int) add {
		return func(sys *model.System[memo], ref model.Ref[[]int]) {
			p := model.Project(sys, ref, of)
			sys.Always("reads", func(v model.View) bool { _, ok := p.In(v); return ok })
		}
	}
	pick := func(choose func(actor.Envelope[memo]) (int, bool)) add {
		return func(sys *model.System[memo], _ model.Ref[[]int]) {
			p := model.Select(sys, choose)
			sys.Always("reads", func(v model.View) bool { return len(p.Deliverable(v)) >= 0 })
		}
	}
	observe := func(o actor.Observer[memo, []int]) add {
		return func(sys *model.System[memo], _ model.Ref[[]int]) {
			o.Name = "watcher"
			model.Record(sys, o)
		}
	}
	for _, c := range []struct {
		name             string
		add              add
		who, event, what string
	}{
		{
			"observer differs", observe(actor.Observer[memo, []int]{
				Next: func([]int, actor.Envelope[memo], actor.Passage) ([]int, error) { calls++; return []int{calls}, nil },
			}), `observer "watcher"`, "sent 7 → 7: memo(", "different ones: [0]: ",
		},
		{
			"observer changes memory", observe(actor.Observer[memo, []int]{
				Start: []int{0},
				Next:  func(h []int, _ actor.Envelope[memo], _ actor.Passage) ([]int, error) { h[0] = 4; return []int{0}, nil },
			}), `observer "watcher"`, "sent 7 → 7: memo(", "memory that it was given: [0]: 0 became 4",
		},
		{
			"observer changes message", observe(actor.Observer[memo, []int]{
				Next: func(h []int, e actor.Envelope[memo], _ actor.Passage) ([]int, error) {
					e.Message.Items[0] = 4
					return h, nil
				},
			}), `observer "watcher"`, "sent 7 → 7: memo(", "message that it saw: Items[0]: ",
		},
		{
			"observer panics", observe(actor.Observer[memo, []int]{
				Next: func(h []int, _ actor.Envelope[memo], p actor.Passage) ([]int, error) { return h[:p], nil },
			}), `observer "watcher"`, "accepted 7 → 7: memo(", "panic: ",
		},
		{
			"observer's filter panics", observe(actor.Observer[memo, []int]{
				Sees: func(actor.Envelope[memo], actor.Passage) bool { panic("oops") },
				Next: func(h []int, _ actor.Envelope[memo], _ actor.Passage) ([]int, error) { return h, nil },
			}), `observer "watcher"`, "sent 7 → 7: memo(", "panic: oops",
		},
		{
			"observer's filter differs", observe(actor.Observer[memo, []int]{
				Sees: func(actor.Envelope[memo], actor.Passage) bool { calls++; return calls%2 == 0 },
				Next: func(h []int, _ actor.Envelope[memo], _ actor.Passage) ([]int, error) { return h, nil },
			}), `observer "watcher"`, "sent 7 → 7: memo(", "in two ways",
		},
		{
			"projection differs", project(func([]int) int { calls++; return calls }),
			"projection of actor 7", "reading [0]", "different values",
		},
		{
			"projection changes", project(func(s []int) int { s[0] = 3; return 0 }),
			"projection of actor 7", "reading [0]", "[0]: 0 became 3",
		},
		{
			"projection panics", project(func(s []int) int { return s[1] }),
			"projection of actor 7", "reading [0]", "panic: ",
		},
		{
			"selection differs", pick(func(actor.Envelope[memo]) (int, bool) { calls++; return 0, calls%2 == 0 }),
			"a selection", "reading 7 → 7: memo(", "only one of two calls",
		},
		{
			"selection changes", pick(func(e actor.Envelope[memo]) (int, bool) { e.Message.Items[0] = -1; return 0, true }),
			"a selection", "reading 7 → 7: memo(", "became -1",
		},
		{
			"selection panics", pick(func(e actor.Envelope[memo]) (int, bool) { return e.Message.Items[2], true }),
			"a selection", "reading 7 → 7: memo(", "panic: ",
		},
		{
			"boundary panics", func(sys *model.System[memo], _ model.Ref[[]int]) {
				sys.Within(func(model.View) bool { panic("oops") })
			}, "", "", "",
		},
		{
			"property panics", func(sys *model.System[memo], ref model.Ref[[]int]) {
				sys.Always("p", func(v model.View) bool { s, _ := ref.In(v); return s[1] == 0 })
			}, "", "", "",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			errs := check(t, tallier(), 2, c.add)
			if c.who == "" {
				for _, err := range errs {
					if err == nil {
						t.Error("no error")
					}
				}
				return
			}
			// Until the checker passes errors in panics on, they are found by their text.
			for i, err := range errs {
				var impure *statespace.ImpureError
				if err != nil && !errors.As(err, &impure) {
					errs[i] = &statespace.ImpureError{Actor: err.Error(), Event: err.Error(), What: err.Error(), Stack: "guard_"}
				}
			}
			wantImpure(t, errs, c.who, c.event, c.what)
		})
	}
}

// TestGuardSamples requires the counts of guarded calls that a report gives to be those of distinct calls, at any
// number of workers.
func TestGuardSamples(t *testing.T) {
	grid := model.NewPlain[[2]int, bool](grid(350))
	for _, workers := range raced.Workers(1, 4) {
		r := checker.BFS(t.Context(), grid, checker.Options{Workers: workers})
		defer r.Close()
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		want := statespace.Guard{Part: "expansions", Calls: 350 * 350, Twice: 100_022, Repeats: 102_198}
		if got := r.Space.Guards[0]; got != want {
			t.Errorf("%d workers: %+v, want %+v", workers, got, want)
		}
	}
}

// grid walks right and down in a square.
type grid int

func (grid) Initial() [][2]int     { return [][2]int{{}} }
func (grid) Actions([2]int) []bool { return []bool{false, true} }
func (g grid) Next(s [2]int, down bool) ([2]int, bool) {
	if down {
		s[1]++
	} else {
		s[0]++
	}
	return s, s[0] < int(g) && s[1] < int(g)
}

// TestPlainMayAppend requires states to be kept without spare capacity also after the calls that are guarded: there
// a model that appends to the state that it is given would change the successors of another action.
func TestPlainMayAppend(t *testing.T) {
	raced.Alone(t)
	const length = 17
	words := model.NewPlain[[]byte, bool](alphabet(length))
	r := checker.BFS(t.Context(), words, checker.Options{Workers: 1})
	defer r.Close()
	if r.Err != nil || r.Unique != 1<<(length+1)-1 {
		t.Errorf("%d words, want %d (%v)", r.Unique, 1<<(length+1)-1, r.Err)
	}
}

// alphabet spells all words of two letters, up to a length.
type alphabet int

func (alphabet) Initial() [][]byte     { return [][]byte{{}} }
func (alphabet) Actions([]byte) []bool { return []bool{false, true} }

func (a alphabet) Next(s []byte, b bool) ([]byte, bool) {
	letter := byte('a')
	if b {
		letter = 'b'
	}
	return append(s, letter), len(s) < int(a)
}
