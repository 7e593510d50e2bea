package consistency_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"synod/consistency"
)

// told is one event that a check by windows is told of.
type told[I, O any] struct {
	client consistency.Client
	kind   string // invoke, return, fail, lose
	in     I
	out    O
}

// scenario draws what happens to an object that is used by clients which give up now and then. Most answers are those
// of an object that acts once within each operation; an operation that a client gave up may act at any later time.
func scenario[S, I, O any](
	r *rand.Rand, spec consistency.Spec[S, I, O], clients, operations int, in func(*rand.Rand) I, out func(*rand.Rand) O,
) []told[I, O] {
	type slot struct {
		in           I
		out          O
		waits, acted bool
	}
	var (
		events []told[I, O]
		slots  = make([]slot, clients)
		lost   []I
		state  = spec.Init
		older  = []S{spec.Init}
		wrong  = []float64{0, 0.1, 0.5}[r.IntN(3)]
		gone   = []float64{0, 0.1, 0.5}[r.IntN(3)]
		calm   = r.IntN(2) == 0 // leaves moments without outstanding operations
	)
	act := func(in I) O {
		next, out := spec.Step(state, in)
		if r.Float64() < wrong {
			_, out = spec.Step(older[r.IntN(len(older))], in)
		}
		state, older = next, append(older, next)
		return out
	}
	for steps := 0; operations > 0 && steps < 20*clients*operations; steps++ {
		i := r.IntN(clients)
		s, id := &slots[i], consistency.Client(10-i)
		switch {
		case len(lost) > 0 && r.IntN(6) == 0:
			k := r.IntN(len(lost))
			act(lost[k])
			lost = append(lost[:k], lost[k+1:]...)
		case !s.waits && calm && i > 0 && slots[0].waits:
		case !s.waits:
			operations--
			*s = slot{in: in(r), waits: true}
			events = append(events, told[I, O]{client: id, kind: "invoke", in: s.in})
		case !s.acted && r.Float64() < gone:
			if s.waits = false; r.IntN(3) == 0 {
				events = append(events, told[I, O]{client: id, kind: "fail"})
				continue
			}
			lost = append(lost, s.in)
			events = append(events, told[I, O]{client: id, kind: "lose"})
		case !s.acted:
			s.acted, s.out = true, act(s.in)
		default:
			if r.Float64() < wrong/2 {
				s.out = out(r)
			}
			s.waits = false
			events = append(events, told[I, O]{client: id, kind: "return", out: s.out})
		}
	}
	return events
}

// tell lets a check by windows decide.
func tell[S any, I comparable, O any](
	t testing.TB, config consistency.WindowsConfig[S, I, O], events []told[I, O],
) *consistency.Windows[S, I, O] {
	t.Helper()
	w := consistency.NewWindows(config)
	for _, e := range events {
		var err error
		switch e.kind {
		case "invoke":
			err = w.Invoke(e.client, e.in)
		case "return":
			err = w.Return(t.Context(), e.client, e.out)
		case "fail":
			err = w.Fail(t.Context(), e.client)
		case "lose":
			err = w.Lose(t.Context(), e.client)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	w.Finish(t.Context())
	return w
}

// whole builds one history of the events: what failed is left out, and who gave up goes on as a new client.
func whole[I, O any](t testing.TB, events []told[I, O]) (consistency.History[I, O], []happened[I, O]) {
	t.Helper()
	var all []consistency.Event[I, O]
	names, last := map[consistency.Client]consistency.Client{}, consistency.Client(100)
	for i, e := range events {
		if names[e.client] == 0 {
			last++
			names[e.client] = last
		}
		switch e.kind {
		case "invoke":
			fate := "lose"
			for _, later := range events[i+1:] {
				if later.client == e.client {
					fate = later.kind
					break
				}
			}
			if fate != "fail" {
				all = append(all, consistency.Event[I, O]{Client: names[e.client], Invoke: true, In: e.in})
			}
		case "return":
			all = append(all, consistency.Event[I, O]{Client: names[e.client], Out: e.out})
		case "lose":
			delete(names, e.client)
		}
	}
	return record(t, all), observe(all)
}

// decided compares the windows with the plain search and with one call of porcupine for everything. At least so many
// possibilities have to be carried over some boundary.
func decided[S any, I comparable, O any](
	t *testing.T, config consistency.WindowsConfig[S, I, O], least int, in func(*rand.Rand) I, out func(*rand.Rand) O,
) {
	t.Helper()
	seen := map[consistency.Outcome]int{}
	windows, carried := 0, 0
	check := func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), rapid.Uint64().Draw(rt, "stream")))
		clients := rapid.IntRange(1, 4).Draw(rt, "clients")
		operations := rapid.SampledFrom([]int{2, 4, 5, 6, 7, 8}).Draw(rt, "operations")
		events := scenario(r, config.Spec, clients, operations, in, out)
		w := tell(t, config, events)
		h, plain := whole(t, events)
		got, want := w.Outcome(), consistency.Violated
		if possible(config.Spec, plain, realTime) {
			want = consistency.Holds
		}
		if got != want || (got == consistency.Holds) != consistency.Linearizable(config.Spec, h) {
			rt.Fatalf("windows: %v, plain search: %v, of\n%+v", got, want, events)
		}
		seen[got]++
		windows += w.Stats().Windows
		carried = max(carried, w.Stats().Widest)
		if v := w.Violation(); v != nil {
			verifyPrefix(t, rt, config.Spec, events, v)
		}
	}
	shows := func() bool {
		return seen[consistency.Holds] >= 3 && seen[consistency.Violated] >= 3 && windows >= 100 && carried >= least
	}
	for n := 0; n < 10 || n < 200 && !shows(); n++ { // in short mode rapid does little
		rapid.Check(t, check)
	}
	if !shows() {
		t.Errorf("outcomes %v in %d windows, at most %d carried: the scenarios show nothing", seen, windows, carried)
	}
}

// verifyPrefix requires the part that is blamed to be wrong, and to be right without its last answer.
func verifyPrefix[S any, I comparable, O any](
	t *testing.T, rt *rapid.T, spec consistency.Spec[S, I, O], events []told[I, O], v *consistency.Violation[S, I, O],
) {
	t.Helper()
	if v.Explain(t.Context()); !v.Found {
		rt.Fatalf("what is wrong was not found of\n%+v", events)
	}
	for _, short := range []bool{false, true} {
		end := int(v.Culprit().Returned)
		if short {
			end--
		}
		prefix := events[:end]
		// What failed later has to be left out here too.
		var known []told[I, O]
		for i, e := range prefix {
			if e.kind == "invoke" {
				for _, later := range events[i+1:] {
					if later.client == e.client {
						if later.kind == "fail" {
							e.kind = "never"
						}
						break
					}
				}
			}
			if e.kind != "never" && e.kind != "fail" {
				known = append(known, e)
			}
		}
		_, plain := whole(t, known)
		if possible(spec, plain, realTime) != short {
			rt.Fatalf("the blamed part up to event %d is not the shortest wrong one of\n%+v", end, events)
		}
	}
	if err := v.Visualize(context.Background(), new(bytes.Buffer)); err != nil {
		t.Fatal(err)
	}
}

func registerBefore(
	held string, in consistency.RegisterInput[string], out consistency.RegisterOutput[string],
	_ func() []consistency.RegisterInput[string],
) ([]consistency.RegisterInput[string], bool) {
	if in.Write || held == out.Value {
		return nil, false
	}
	return []consistency.RegisterInput[string]{consistency.Write(out.Value)}, false
}

func drawRegister(r *rand.Rand) consistency.RegisterInput[string] {
	if r.IntN(2) == 0 {
		return consistency.Read[string]()
	}
	return consistency.Write(string(rune('A' + r.IntN(3))))
}

func drawRegisterAnswer(r *rand.Rand) consistency.RegisterOutput[string] {
	if r.IntN(4) == 0 {
		return consistency.Wrote[string]()
	}
	return consistency.Got(string(rune('A' + r.IntN(3))))
}

func TestWindowsAgainstPlainSearch(t *testing.T) {
	type registers = consistency.WindowsConfig[
		string, consistency.RegisterInput[string], consistency.RegisterOutput[string],
	]
	t.Run("register", func(t *testing.T) {
		decided(t, registers{Spec: consistency.Register("-")}, 2, drawRegister, drawRegisterAnswer)
	})
	t.Run("register, told what matters", func(t *testing.T) {
		decided(t, registers{Spec: consistency.Register("-"), Before: registerBefore}, 2, drawRegister, drawRegisterAnswer)
	})
	t.Run("register, exactly", func(t *testing.T) {
		decided(t, registers{
			Spec: consistency.Register("-"), Before: registerBefore, Exact: consistency.RegisterExactly[string](),
		}, 2, drawRegister, drawRegisterAnswer)
	})
	t.Run("register, told effects", func(t *testing.T) {
		decided(t, registers{
			Spec: consistency.Register("-"), Effect: consistency.RegisterInput[string].Effect,
		}, 2, drawRegister, drawRegisterAnswer)
	})
	t.Run("register, told all", func(t *testing.T) {
		decided(t, registers{
			Spec: consistency.Register("-"), Before: registerBefore, Effect: consistency.RegisterInput[string].Effect,
		}, 2, drawRegister, drawRegisterAnswer)
	})
	t.Run("write-once register", func(t *testing.T) {
		spec := consistency.WriteOnceRegister[string]()
		decided(t, consistency.WindowsConfig[consistency.Once[string], consistency.RegisterInput[string],
			consistency.RegisterOutput[string]]{Spec: spec}, 1,
			drawRegister, func(r *rand.Rand) consistency.RegisterOutput[string] {
				return []consistency.RegisterOutput[string]{
					consistency.Refused[string](), consistency.Unset[string](), consistency.Got("A"),
				}[r.IntN(3)]
			})
	})
	t.Run("log", func(t *testing.T) {
		decided(t, consistency.WindowsConfig[[]string, consistency.LogInput[string], consistency.LogOutput[string]]{
			Spec: consistency.Log[string](),
		}, 2, func(r *rand.Rand) consistency.LogInput[string] {
			return consistency.LogInput[string]{Append: r.IntN(3) > 0, Value: string(rune('A' + r.IntN(2)))}
		}, func(r *rand.Rand) consistency.LogOutput[string] {
			return consistency.LogOutput[string]{Index: 1 + r.IntN(3)}
		})
	})
	t.Run("set", func(t *testing.T) {
		decided(t, consistency.WindowsConfig[map[string]struct{}, consistency.SetInput[string], bool]{
			Spec: consistency.Set[string](),
		}, 2, func(r *rand.Rand) consistency.SetInput[string] {
			return consistency.SetInput[string]{
				Request: consistency.SetRequest(r.IntN(3)), Element: string(rune('A' + r.IntN(2))),
			}
		}, func(r *rand.Rand) bool { return r.IntN(2) == 0 })
	})
}

// Two ways to one state by different unknown operations must both be kept: what is left to happen differs.
func TestWaysToAStateAreKeptApart(t *testing.T) {
	type e = told[int, int]
	counter := consistency.Spec[int, int, int]{Name: "counter", Step: func(sum, n int) (int, int) { return sum + n, sum + n }}
	for _, order := range [][]int{{1, 2, 3, 4}, {4, 3, 2, 1}, {2, 1, 4, 3}} {
		for _, last := range []int{6, 7} { // 5 = 2 + 3, and then 1 and 4 are left; or 1 + 4, and then 2 and 3 are
			var events []e
			for i, n := range order {
				id := consistency.Client(10 + i)
				events = append(events, e{client: id, kind: "invoke", in: n}, e{client: id, kind: "lose"})
			}
			for _, sum := range []int{5, last} {
				events = append(events, e{client: 1, kind: "invoke"}, e{client: 1, kind: "return", out: sum})
			}
			w := tell(t, consistency.WindowsConfig[int, int, int]{Spec: counter}, events)
			if w.Outcome() != consistency.Holds {
				t.Errorf("unknown %v, then 5, then %d: %v", order, last, w.Outcome())
			}
		}
	}
}

// Histories that are too long for the plain search, with many windows.
func TestWindowsAgainstPorcupine(t *testing.T) {
	spec := consistency.Register("-")
	seen := map[consistency.Outcome]int{}
	windows := 0
	check := func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		events := scenario(r, spec, rapid.IntRange(2, 5).Draw(rt, "clients"), rapid.IntRange(10, 60).Draw(rt, "operations"),
			drawRegister, drawRegisterAnswer)
		lost := 0 // porcupine alone takes too long if many outcomes are unknown
		kept := events[:0]
		for _, e := range events {
			if e.kind == "lose" {
				if lost++; lost > 5 {
					e.kind = "fail"
				}
			}
			kept = append(kept, e)
		}
		w := tell(t, consistency.WindowsConfig[
			string, consistency.RegisterInput[string], consistency.RegisterOutput[string],
		]{Spec: spec, Before: registerBefore}, kept)
		h, _ := whole(t, kept)
		if got := w.Outcome(); (got == consistency.Holds) != consistency.Linearizable(spec, h) {
			rt.Fatalf("windows: %v, of\n%v", got, h)
		}
		seen[w.Outcome()]++
		windows += w.Stats().Windows
	}
	shows := func() bool { return seen[consistency.Holds] >= 3 && seen[consistency.Violated] >= 3 && windows >= 300 }
	for n := 0; n < 5 || n < 100 && !shows(); n++ {
		rapid.Check(t, check)
	}
	if !shows() {
		t.Errorf("outcomes %v in %d windows: the scenarios show nothing", seen, windows)
	}
}

// sequence is a register under one client after another, with an operation of unknown outcome at the beginning.
func sequence(values ...string) []told[consistency.RegisterInput[string], consistency.RegisterOutput[string]] {
	type e = told[consistency.RegisterInput[string], consistency.RegisterOutput[string]]
	events := []e{{client: 1, kind: "invoke", in: consistency.Write("X")}, {client: 1, kind: "lose"}}
	for _, v := range values {
		if v, write := strings.CutPrefix(v, "="); write {
			events = append(events, e{client: 2, kind: "invoke", in: consistency.Write(v)},
				e{client: 2, kind: "return", out: consistency.Wrote[string]()})
			continue
		}
		events = append(events, e{client: 2, kind: "invoke", in: consistency.Read[string]()},
			e{client: 2, kind: "return", out: consistency.Got(v)})
	}
	return events
}

// An unknown operation takes effect in any later window, once.
func TestUnknownStaysOpen(t *testing.T) {
	tests := []struct {
		values []string
		want   consistency.Outcome
	}{
		{[]string{"-", "=A", "A", "=B", "B", "X"}, consistency.Holds},
		{[]string{"=A", "X", "=B", "B"}, consistency.Holds},
		{[]string{"=A", "X", "=B", "X"}, consistency.Violated},
		{[]string{"=A", "X", "A"}, consistency.Violated},
		{[]string{"=A", "B"}, consistency.Violated},
	}
	for _, tt := range tests {
		w := tell(t, consistency.WindowsConfig[
			string, consistency.RegisterInput[string], consistency.RegisterOutput[string],
		]{Spec: consistency.Register("-")}, sequence(tt.values...))
		if got := w.Outcome(); got != tt.want || w.Stats().Windows < 2 {
			t.Errorf("%v: %v in %d windows, want %v", tt.values, got, w.Stats().Windows, tt.want)
		}
	}
}

func ExampleWindows() {
	w := consistency.NewWindows(consistency.WindowsConfig[
		string, consistency.RegisterInput[string], consistency.RegisterOutput[string],
	]{Spec: consistency.Register("-")})
	ctx := context.Background()
	_ = w.Invoke(1, consistency.Write("A")) // client 1 gives up: the write happens later, or never
	_ = w.Lose(ctx, 1)
	_ = w.Invoke(2, consistency.Read[string]())
	_ = w.Return(ctx, 2, consistency.Got("-")) // not yet: this ends the first window
	_ = w.Invoke(2, consistency.Read[string]())
	_ = w.Return(ctx, 2, consistency.Got("A")) // but now
	fmt.Println(w.Outcome())
	_ = w.Invoke(2, consistency.Read[string]())
	_ = w.Return(ctx, 2, consistency.Got("-"))
	fmt.Println(w.Finish(ctx))
	v := w.Violation()
	v.Explain(ctx)
	fmt.Printf("window %d: %v cannot be answered %v, it holds %v\n", v.Window, v.Culprit().In, v.Culprit().Out, v.States)
	// Output:
	// holds
	// violated
	// window 3: read cannot be answered -, it holds [A]
}
