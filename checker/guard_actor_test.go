package checker_test

import (
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"synod/actor"
	"synod/checker"
	"synod/internal/raced"
	"synod/model"
	"synod/model/statespace"
)

// memo is what the actors of these tests send themselves.
type memo struct {
	N     int
	Items []int
}

type memoOut = actor.Out[memo]

// suspect is a handler made of functions, each of which may be missing. It has no value of its own to watch.
type suspect[S any] struct {
	start   func(out *memoOut) S
	receive func(st S, m memo, out *memoOut) S
	timeout func(st S, t actor.Timer, out *memoOut) S
	chosen  func(st S, o actor.Option, out *memoOut) S
}

func (s suspect[S]) Start(_ actor.ID, out *memoOut) (st S) {
	if s.start == nil {
		return st
	}
	return s.start(out)
}

func (s suspect[S]) Receive(_ actor.ID, st S, _ actor.ID, m memo, out *memoOut) S {
	if s.receive == nil {
		return st
	}
	return s.receive(st, m, out)
}

func (s suspect[S]) actor() actor.Typed[S, memo] {
	a := actor.New[S, memo](s)
	if s.timeout != nil {
		a.Timeout = func(_ actor.ID, st S, t actor.Timer, out *memoOut) S { return s.timeout(st, t, out) }
	}
	if s.chosen != nil {
		a.Chosen = func(_ actor.ID, st S, o actor.Option, out *memoOut) S { return s.chosen(st, o, out) }
	}
	return a
}

// check searches a system of one actor, whose id is 7, at one worker and at four. It sends itself n memos first.
func check[S any](
	t *testing.T, a actor.Typed[S, memo], n int, with ...func(*model.System[memo], model.Ref[S]),
) []error {
	t.Helper()
	start := a.Start
	a.Start = func(self actor.ID, out *memoOut) S {
		for i := range n {
			out.Send(self, memo{N: i + 1, Items: []int{i, i}})
		}
		return start(self, out)
	}
	var errs []error
	for _, workers := range raced.Workers(1, 4) {
		sys := model.NewSystem[memo](model.Config{})
		ref := model.Add(sys, 7, a)
		for _, w := range with {
			w(sys, ref)
		}
		r := checker.BFS(t.Context(), sys, checker.Options{
			Workers: workers, MaxDepth: 100_000, FinishWhen: checker.Exhausted,
		})
		errs = append(errs, r.Err)
		if r.Err != nil && r.ExitCode() != checker.ExitUsage {
			t.Errorf("exit code %d for %v", r.ExitCode(), r.Err)
		}
		for _, p := range r.Properties {
			if r.Err != nil && (p.Verdict == checker.Holds || p.Verdict == checker.Never) {
				t.Errorf("%q is %v in spite of %v", p.Name, p.Verdict, r.Err)
			}
		}
		r.Close()
	}
	return errs
}

// wantImpure requires every error to name who, event and field.
func wantImpure(t *testing.T, errs []error, who, event, what string) {
	t.Helper()
	for _, err := range errs {
		var impure *statespace.ImpureError
		if !errors.As(err, &impure) {
			t.Fatalf("the error is %v, not an impurity", err)
		}
		if !strings.Contains(impure.Actor, who) || !strings.Contains(impure.Event, event) ||
			!strings.Contains(impure.What, what) {
			t.Errorf("%q\ndoes not name %q, %q and %q", err, who, event, what)
		}
		if strings.Contains(what, "panic") && !strings.Contains(impure.Stack, "guard_") {
			t.Errorf("the stack does not lead to this file:\n%s", impure.Stack)
		}
	}
}

func wantPure(t *testing.T, errs []error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
}

// TestGuardAllows lists what a handler may do: change its own state in place, and keep what it received and change that
// at a later event.
func TestGuardAllows(t *testing.T) {
	type state struct {
		Seen map[int]bool
		Kept [][]int
	}
	a := suspect[state]{
		start: func(*memoOut) state { return state{Seen: map[int]bool{}} },
		receive: func(st state, m memo, out *memoOut) state {
			st.Seen[m.N] = true
			for _, kept := range st.Kept {
				kept[0]++
			}
			st.Kept = append(st.Kept, m.Items)
			if m.N < 3 {
				out.Send(7, memo{N: m.N + 3, Items: st.Kept[0]})
			}
			return st
		},
	}
	wantPure(t, check(t, a.actor(), 3))
}

func TestGuardFindsNondeterminism(t *testing.T) {
	many := make(map[actor.ID]int)
	for i := range 100 {
		many[actor.ID(i)] = i
	}
	type seen struct{ Count, At int }
	clock := suspect[seen]{receive: func(st seen, _ memo, _ *memoOut) seen {
		time.Sleep(time.Microsecond)
		st.At = int(time.Now().UnixNano())
		return st
	}}
	wantImpure(t, check(t, clock.actor(), 1), "actor 7", "receiving memo(1, items [0, 0]) from 7", "different states: At: ")

	ranges := suspect[int]{receive: func(_ int, _ memo, out *memoOut) int {
		for to, n := range many {
			out.Send(to+10, memo{N: n})
		}
		return 0
	}}
	// Two calls may happen to range in the same order, but not four times.
	wantImpure(t, check(t, ranges.actor(), 4), "actor 7", "receiving memo(", "the first at number")

	calls := 0
	counts := suspect[int]{start: func(out *memoOut) int {
		calls++
		for range calls {
			out.SetTimer("again", 0, 0)
		}
		return 0
	}}
	wantImpure(t, check(t, counts.actor(), 0), "actor 7", "start", "commands")

	sends := suspect[int]{receive: func(st int, m memo, out *memoOut) int {
		calls++
		out.Send(7, memo{N: m.N, Items: []int{0, calls}})
		return st
	}}
	wantImpure(t, check(t, sends.actor(), 1), "actor 7", "receiving memo(1, items [0, 0])", "in Items[1]: ")

	waits := suspect[int]{
		start: func(out *memoOut) int {
			calls++
			out.SetTimer("retry", time.Duration(calls), time.Hour)
			return 0
		},
	}
	wantImpure(t, check(t, waits.actor(), 0), "actor 7", "start", "timer")
}

func TestGuardFindsChangedMessage(t *testing.T) {
	a := suspect[int]{receive: func(st int, m memo, _ *memoOut) int {
		if m.N == 2 {
			m.Items[1] = 9
		}
		return st + 1
	}}
	wantImpure(t, check(t, a.actor(), 3), "actor 7", "receiving memo(2, items [1, 1]) from 7", "Items[1]: 1 became 9")
}

// archivist keeps a map in its own value.
type archivist struct{ seen map[int]bool }

func (archivist) Start(actor.ID, *memoOut) int { return 0 }

func (a archivist) Receive(_ actor.ID, st int, _ actor.ID, m memo, _ *memoOut) int {
	a.seen[m.N] = true
	return st | 1<<m.N
}

// lazy sets a field of its own value, at a call that comes late.
type lazy struct{ last int }

func (*lazy) Start(actor.ID, *memoOut) int { return 0 }

func (l *lazy) Receive(_ actor.ID, st int, _ actor.ID, m memo, _ *memoOut) int {
	if m.N == 8 {
		l.last = m.N
	}
	return st | 1<<m.N
}

func TestGuardFindsChangedValue(t *testing.T) {
	a := archivist{seen: map[int]bool{100: false}}
	wantImpure(t, check(t, actor.New[int, memo](a), 8), "actor 7", "receiving memo(", "own value was changed: seen[")
	errs := check(t, actor.New[int, memo](&lazy{last: 1}), 8)[:1] // The second search finds the value as it is now.
	wantImpure(t, errs, "actor 7", "receiving memo(8", "last: 1 became 8")
	wantPure(t, check(t, actor.New[int, memo](archivist{seen: maps.Collect(func(yield func(int, bool) bool) {
		for i := range 8 {
			yield(i+1, true)
		}
	})}), 8))
}

// scribe makes states or messages of a buffer of its own, which has spare capacity. Its own value always reads empty.
type scribe struct {
	buffer []int
	sends  bool
}

func (s scribe) Start(actor.ID, *memoOut) []int { return nil }

func (s scribe) Receive(_ actor.ID, st []int, _ actor.ID, m memo, out *memoOut) []int {
	log := append(append(s.buffer, st...), m.N)
	if s.sends {
		if len(m.Items) > 0 {
			out.Send(7, memo{Items: append(s.buffer, m.N)})
		}
		return nil
	}
	return log
}

func TestGuardFindsAppendInPlace(t *testing.T) {
	buffer := make([]int, 0, 16)
	errs := check(t, actor.New[[]int, memo](scribe{buffer: buffer}), 3)
	wantImpure(t, errs, "actor 7", "receiving memo(", "the state that it gave was changed afterwards: [")
	errs = check(t, actor.New[[]int, memo](scribe{buffer: buffer, sends: true}), 3)
	wantImpure(t, errs, "actor 7", "receiving memo(", "the message that it sent to 7 was changed afterwards: Items[0]: ")
}

// restless makes ever new states of one buffer, so that a search of it ends only if the guard looks meanwhile.
type restless struct{ buffer []int }

func (r restless) Start(_ actor.ID, out *memoOut) []int {
	out.SetTimer("tick", 0, 0)
	return []int{0}
}

func (restless) Receive(_ actor.ID, st []int, _ actor.ID, _ memo, _ *memoOut) []int { return st }

func (r restless) Timeout(_ actor.ID, st []int, _ actor.Timer, out *memoOut) []int {
	out.SetTimer("tick", 0, 0)
	return append(r.buffer, st[0]+1)
}

func TestGuardLooksMeanwhile(t *testing.T) {
	r := restless{buffer: make([]int, 0, 1)}
	sys := model.NewSystem[memo](model.Config{})
	model.Add(sys, 7, actor.New[[]int, memo](r, actor.Timers(r.Timeout)))
	result := checker.BFS(t.Context(), sys, checker.Options{Workers: 1, MaxDepth: 50_000})
	defer result.Close()
	wantImpure(t, []error{result.Err}, "actor 7", `timeout of tick`,
		"the state that it gave was changed afterwards: [0]: ")
	if result.Unique > 10_000 {
		t.Errorf("found after %d states only", result.Unique)
	}
}

func TestGuardSurvivesPanics(t *testing.T) {
	for name, a := range map[string]suspect[int]{
		"start":            {start: func(*memoOut) int { panic("oops") }},
		"receiving memo(2": {receive: func(st int, m memo, _ *memoOut) int { return st + 1/(m.N-2) }},
		`timeout of x`: {
			start:   func(out *memoOut) int { out.SetTimer("x", 0, 0); return 0 },
			timeout: func(int, actor.Timer, *memoOut) int { panic("oops") },
		},
		`choosing b`: {
			start: func(out *memoOut) int { out.Choose("a", "b"); return 0 },
			chosen: func(st int, o actor.Option, _ *memoOut) int {
				if o == "b" {
					panic(errors.New("oops"))
				}
				return st
			},
		},
	} {
		t.Run(name, func(t *testing.T) { wantImpure(t, check(t, a.actor(), 3), "actor 7", name, "panic: ") })
	}
}

// TestGuardRefusesValues requires values that cannot be compared to be errors, not searches that never end.
func TestGuardRefusesValues(t *testing.T) {
	type ring struct{ Next *ring }
	cycle := suspect[*ring]{start: func(*memoOut) *ring {
		r := &ring{}
		r.Next = r
		return r
	}}
	wantImpure(t, check(t, cycle.actor(), 0), "actor 7", "start", "its state: ")
	timer := suspect[int]{start: func(out *memoOut) int { out.SetTimer(func() {}, 0, 0); return 0 }}
	wantImpure(t, check(t, timer.actor(), 0), "actor 7", "start", "a timer: ")
	option := suspect[int]{start: func(out *memoOut) int { out.Choose(make(chan int)); return 0 }}
	wantImpure(t, check(t, option.actor(), 0), "actor 7", "start", "an option: ")
	without := suspect[int]{start: func(out *memoOut) int { out.SetTimer("x", 0, 0); return 0 }}
	wantImpure(t, check(t, without.actor(), 0), "actor 7", "timeout", "without Timers")
}
