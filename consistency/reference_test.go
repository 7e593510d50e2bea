package consistency_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"synod/consistency"
)

// happened is an operation as an observer with a clock saw it. It is what the reference knows: no vectors.
type happened[I, O any] struct {
	client   consistency.Client
	in       I
	out      O
	called   int
	returned int // meaningless while pending
	pending  bool
}

// observe reads the operations off an interleaving.
func observe[I, O any](events []consistency.Event[I, O]) []happened[I, O] {
	var ops []happened[I, O]
	open := map[consistency.Client]int{}
	for now, e := range events {
		if e.Invoke {
			open[e.Client] = len(ops)
			ops = append(ops, happened[I, O]{client: e.Client, in: e.In, called: now, pending: true})
			continue
		}
		o := &ops[open[e.Client]]
		o.out, o.returned, o.pending = e.Out, now, false
	}
	return ops
}

func realTime[I, O any](a, b happened[I, O]) bool {
	return !a.pending && a.returned < b.called
}

func programOrder[I, O any](a, b happened[I, O]) bool {
	return a.client == b.client && a.called < b.called
}

// possible tries all orders of all completed and any of the pending operations.
func possible[S, I, O any](
	spec consistency.Spec[S, I, O], ops []happened[I, O], before func(a, b happened[I, O]) bool,
) bool {
	taken := make([]bool, len(ops))
	var extend func(state S) bool
	extend = func(state S) bool {
		done := true
		for i, o := range ops {
			done = done && (taken[i] || o.pending)
		}
		if done {
			return true
		}
		for i, o := range ops {
			free := !taken[i]
			for j, p := range ops {
				free = free && (taken[j] || !before(p, o))
			}
			if !free {
				continue
			}
			next, out := spec.Step(state, o.in)
			if !o.pending && !reflect.DeepEqual(out, o.out) {
				continue
			}
			taken[i] = true
			if extend(next) {
				return true
			}
			taken[i] = false
		}
		return false
	}
	return extend(spec.Init)
}

// interleaving draws the events of up to clients clients with up to three operations each. Most outputs are those of
// one object that acts at a random moment within the operation, the others are drawn, or those of an earlier state.
func interleaving[S, I, O any](
	r *rand.Rand, spec consistency.Spec[S, I, O], clients int, in func(*rand.Rand) I, out func(*rand.Rand) O,
) []consistency.Event[I, O] {
	const idle, called, acted = 0, 1, 2
	var (
		events  []consistency.Event[I, O]
		stage   = make([]int, clients)
		left    = make([]int, clients)
		input   = make([]I, clients)
		output  = make([]O, clients)
		states  = []S{spec.Init}
		wrong   = []float64{0, 0.3, 0.9}[r.IntN(3)]
		endless = r.IntN(8) // some interleavings are cut short, so that operations stay pending
	)
	for i := range left {
		left[i] = r.IntN(4)
	}
	for steps := 0; steps < 6+3*endless; steps++ {
		i := r.IntN(clients)
		id := consistency.Client(10 - i)
		switch stage[i] {
		case idle:
			if left[i] == 0 {
				continue
			}
			left[i]--
			input[i] = in(r)
			events = append(events, consistency.Event[I, O]{Client: id, Invoke: true, In: input[i]})
			stage[i] = called
		case called:
			next, out := spec.Step(states[len(states)-1], input[i])
			if r.Float64() < wrong/2 {
				_, out = spec.Step(states[r.IntN(len(states))], input[i])
			}
			states, output[i], stage[i] = append(states, next), out, acted
		case acted:
			if r.Float64() < wrong/2 {
				output[i] = out(r)
			}
			events = append(events, consistency.Event[I, O]{Client: id, Out: output[i]})
			stage[i] = idle
		}
	}
	return events
}

func record[I, O any](t testing.TB, events []consistency.Event[I, O]) consistency.History[I, O] {
	t.Helper()
	var h consistency.History[I, O]
	for _, e := range events {
		var err error
		if h, err = h.Advance(e); err != nil {
			t.Fatalf("advance by %+v: %v", e, err)
		}
	}
	return h
}

func recordProgramOrder[I, O any](
	t testing.TB, events []consistency.Event[I, O],
) consistency.ProgramOrder[I, O] {
	t.Helper()
	var p consistency.ProgramOrder[I, O]
	for _, e := range events {
		var err error
		if p, err = p.Advance(e); err != nil {
			t.Fatalf("advance by %+v: %v", e, err)
		}
	}
	return p
}

// agree compares the package with the reference on many random histories.
func agree[S, I, O any](
	t *testing.T, spec consistency.Spec[S, I, O], histories int, in func(*rand.Rand) I, out func(*rand.Rand) O,
) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	pure(t, r, spec, in)
	var linearizable, sequential, pending int
	for range histories {
		events := interleaving(r, spec, 2+r.IntN(3), in, out)
		h, ops := record(t, events), observe(events)
		wantLinearizable := possible(spec, ops, realTime)
		if got := consistency.Linearizable(spec, h); got != wantLinearizable {
			t.Fatalf("Linearizable = %v, want %v:\n%v", got, wantLinearizable, h)
		}
		wantSequential := possible(spec, ops, programOrder)
		if got := consistency.Sequential(spec, h); got != wantSequential {
			t.Fatalf("Sequential = %v, want %v:\n%v", got, wantSequential, h)
		}
		if got := consistency.Sequential(spec, recordProgramOrder(t, events)); got != wantSequential {
			t.Fatalf("Sequential of the program order = %v, want %v:\n%v", got, wantSequential, h)
		}
		if wantLinearizable && !wantSequential {
			t.Fatalf("the reference calls this linearizable and not sequentially consistent:\n%v", h)
		}
		for _, o := range ops {
			if o.pending {
				pending++
			}
		}
		linearizable += count(wantLinearizable)
		sequential += count(wantSequential)
	}
	t.Logf("%d histories: %d linearizable, %d sequentially consistent, %d pending operations",
		histories, linearizable, sequential, pending)
	if linearizable < histories/10 || sequential > histories*95/100 || sequential-linearizable < 3 ||
		pending < histories/4 {
		t.Fatal("the histories are too much alike to tell anything")
	}
}

// pure steps from random earlier states: they must stay what they were.
func pure[S, I, O any](t *testing.T, r *rand.Rand, spec consistency.Spec[S, I, O], in func(*rand.Rand) I) {
	t.Helper()
	states, texts := []S{spec.Init}, []string{fmt.Sprint(spec.Init)}
	for range 200 {
		from := max(0, len(states)-1-r.IntN(3))
		next, _ := spec.Step(states[from], in(r))
		states, texts = append(states, next), append(texts, fmt.Sprint(next))
	}
	for i, s := range states {
		if is := fmt.Sprint(s); is != texts[i] {
			t.Fatalf("state was %s, is %s", texts[i], is)
		}
	}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestAgreesWithReference(t *testing.T) {
	t.Parallel()
	t.Run("register", func(t *testing.T) {
		t.Parallel()
		agree(t, consistency.Register(0), 4000, registerInput, func(r *rand.Rand) consistency.RegisterOutput[int] {
			if r.IntN(8) == 0 {
				return consistency.Wrote[int]()
			}
			return consistency.Got(r.IntN(4))
		})
	})
	t.Run("write-once register", func(t *testing.T) {
		t.Parallel()
		agree(t, consistency.WriteOnceRegister[int](), 1500, registerInput,
			func(r *rand.Rand) consistency.RegisterOutput[int] {
				return []consistency.RegisterOutput[int]{
					consistency.Wrote[int](), consistency.Refused[int](), consistency.Unset[int](), consistency.Got(1 + r.IntN(3)),
				}[r.IntN(4)]
			})
	})
	t.Run("log", func(t *testing.T) {
		t.Parallel()
		agree(t, consistency.Log[int](), 1500,
			func(r *rand.Rand) consistency.LogInput[int] {
				if r.IntN(2) == 0 {
					return consistency.LogInput[int]{}
				}
				return consistency.LogInput[int]{Append: true, Value: r.IntN(2)}
			},
			func(r *rand.Rand) consistency.LogOutput[int] {
				if r.IntN(2) == 0 {
					return consistency.LogOutput[int]{Index: 1 + r.IntN(4)}
				}
				return consistency.LogOutput[int]{Entries: [][]int{nil, {0}, {1}, {0, 1}}[r.IntN(4)]}
			})
	})
	t.Run("map", func(t *testing.T) {
		t.Parallel()
		agree(t, consistency.Map[int, int](), 1500,
			func(r *rand.Rand) consistency.MapInput[int, int] {
				in := consistency.MapInput[int, int]{Request: consistency.MapRequest(r.IntN(3)), Key: r.IntN(2)}
				if in.Request == consistency.MapPut {
					in.Value = r.IntN(3)
				}
				return in
			},
			func(r *rand.Rand) consistency.MapOutput[int] {
				if r.IntN(2) == 0 {
					return consistency.MapOutput[int]{}
				}
				return consistency.MapOutput[int]{Found: true, Value: r.IntN(3)}
			})
	})
	t.Run("set", func(t *testing.T) {
		t.Parallel()
		agree(t, consistency.Set[int](), 1500,
			func(r *rand.Rand) consistency.SetInput[int] {
				return consistency.SetInput[int]{Request: consistency.SetRequest(r.IntN(3)), Element: r.IntN(2)}
			},
			func(r *rand.Rand) bool { return r.IntN(2) == 0 })
	})
}

func registerInput(r *rand.Rand) consistency.RegisterInput[int] {
	if r.IntN(2) == 0 {
		return consistency.Read[int]()
	}
	return consistency.Write(1 + r.IntN(3))
}
