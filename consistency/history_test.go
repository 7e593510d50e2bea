package consistency_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"synod/consistency"
)

type (
	history = consistency.History[consistency.RegisterInput[int], consistency.RegisterOutput[int]]
	event   = consistency.Event[consistency.RegisterInput[int], consistency.RegisterOutput[int]]

	sequences = consistency.ProgramOrder[consistency.RegisterInput[int], consistency.RegisterOutput[int]]
)

func anyOutput(r *rand.Rand) consistency.RegisterOutput[int] { return consistency.Got(r.IntN(3)) }

// Two neighbouring events of different clients may change places without changing the order if both are invocations
// or both are returns; if one is an invocation and the other a return, the order changes.
func TestOneOrderIsOneHistory(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	swaps := map[bool]int{}
	for range 600 {
		events := interleaving(r, consistency.Register(0), 2+r.IntN(3), registerInput, anyOutput)
		if len(events) < 2 {
			continue
		}
		h := record(t, events)
		for range 10 {
			i := r.IntN(len(events) - 1)
			if events[i].Client == events[i+1].Client {
				continue
			}
			alike := events[i].Invoke == events[i+1].Invoke
			swapped := slices.Clone(events)
			swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
			other := record(t, swapped)
			if reflect.DeepEqual(h, other) != alike || (h.String() == other.String()) != alike {
				t.Fatalf("events %d and %d swapped, alike %v:\n%v\n\n%v", i, i+1, alike, h, other)
			}
			if !reflect.DeepEqual(recordProgramOrder(t, events), recordProgramOrder(t, swapped)) {
				t.Fatalf("the program order depends on the order between clients:\n%v", h)
			}
			swaps[alike]++
			if alike {
				events = swapped
			}
		}
		if at := r.IntN(len(events)); !sameAtOnce(t, events) || !sameAtOnce(t, slices.Concat(events[:at], events[at+1:])) {
			t.Fatalf("the program order of all events at once is another one than that of one after the other:\n%v", h)
		}
	}
	if swaps[true] < 300 || swaps[false] < 300 {
		t.Fatalf("too few swaps: %v", swaps)
	}
}

// sameAtOnce reports whether NewProgramOrder gives what Advance does, errors included.
func sameAtOnce(t *testing.T, events []event) bool {
	t.Helper()
	var one sequences
	var want error
	for _, e := range events {
		if one, want = one.Advance(e); want != nil {
			break
		}
	}
	all, err := consistency.NewProgramOrder(events)
	if err == nil && want == nil {
		return reflect.DeepEqual(one, all)
	}
	return err != nil && want != nil && err.Error() == want.Error()
}

// The order that a history tells is that of real time.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for range 1000 {
		events := interleaving(r, consistency.Register(0), 4, registerInput, anyOutput)
		h, seen := record(t, events), observe(events)
		slices.SortStableFunc(seen, func(a, b happened[consistency.RegisterInput[int], consistency.RegisterOutput[int]]) int {
			return int(a.client) - int(b.client)
		})
		ops := slices.Collect(h.Operations())
		if len(ops) != len(seen) || h.Len() != len(seen) {
			t.Fatalf("%d operations, want %d", len(ops), len(seen))
		}
		for i, a := range ops {
			s := seen[i]
			if a.Client != s.client || a.In != s.in || a.Out != s.out || a.Pending != s.pending {
				t.Fatalf("operation %d is %+v, want %+v", i, a, s)
			}
			for j, b := range ops {
				if got, want := a.Precedes(b), realTime(seen[i], seen[j]); got != want {
					t.Fatalf("%v before %v: %v, want %v\n%v", a, b, got, want, h)
				}
			}
			for c, n := range a.Knew() {
				if n <= 0 || c == a.Client || a.Returned(c) != n {
					t.Fatalf("%v of client %d knew of %d of client %d", a, a.Client, n, c)
				}
			}
		}
	}
}

// Every history on the way stays what it was, also when two are made from it.
func TestHistoriesDoNotChange(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	type snapshot struct {
		h    history
		text string
	}
	var made []snapshot
	for range 600 {
		var h history
		if len(made) > 0 && r.IntN(20) > 0 {
			h = made[r.IntN(len(made))].h
		}
		e := event{Client: consistency.Client(r.IntN(3)), In: registerInput(r), Out: anyOutput(r)}
		e.Invoke = !h.Pending(e.Client)
		next, err := h.Advance(e)
		if err != nil {
			t.Fatal(err)
		}
		made = append(made, snapshot{next, fmt.Sprintf("%#v", next)})
	}
	for _, s := range made {
		if is := fmt.Sprintf("%#v", s.h); is != s.text {
			t.Fatalf("was\n%v\nis\n%v", s.text, is)
		}
		checkCanonical(t, reflect.ValueOf(s.h))
	}
}

// checkCanonical refuses what lets equal histories differ in structure or write into each other: empty slices that are
// not nil, and spare capacity.
func checkCanonical(t *testing.T, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Struct:
		for _, f := range v.Fields() {
			checkCanonical(t, f)
		}
	case reflect.Slice:
		if v.Len() == 0 && !v.IsNil() || v.Cap() != v.Len() {
			t.Fatalf("slice of %v: length %d, capacity %d, nil %v", v.Type(), v.Len(), v.Cap(), v.IsNil())
		}
		for i := range v.Len() {
			checkCanonical(t, v.Index(i))
		}
	default:
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	var (
		h history
		p consistency.ProgramOrder[consistency.RegisterInput[int], consistency.RegisterOutput[int]]
	)
	if _, err := h.Return(1, consistency.Got(0)); !errors.Is(err, consistency.ErrNotPending) {
		t.Errorf("return without an operation: %v", err)
	}
	if _, err := p.Return(1, consistency.Got(0)); !errors.Is(err, consistency.ErrNotPending) {
		t.Errorf("program order: return without an operation: %v", err)
	}
	h, _ = h.Invoke(1, consistency.Read[int]())
	p, _ = p.Invoke(1, consistency.Read[int]())
	before := h.String()
	same, err := h.Invoke(1, consistency.Read[int]())
	if !errors.Is(err, consistency.ErrPending) || !reflect.DeepEqual(same, h) {
		t.Errorf("invocation while one is pending: %v, %v", same, err)
	}
	if _, err := p.Invoke(1, consistency.Read[int]()); !errors.Is(err, consistency.ErrPending) {
		t.Errorf("program order: invocation while one is pending: %v", err)
	}
	if _, err := h.Return(2, consistency.Got(0)); !errors.Is(err, consistency.ErrNotPending) {
		t.Errorf("return to another client: %v", err)
	}
	if h.String() != before {
		t.Errorf("an error changed the history to %v", h)
	}
	h, _ = h.Return(1, consistency.Got(0))
	if _, err := h.Return(1, consistency.Got(0)); !errors.Is(err, consistency.ErrNotPending) {
		t.Errorf("second return: %v", err)
	}
}
