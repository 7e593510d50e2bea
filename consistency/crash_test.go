package consistency_test

import (
	"errors"
	"math/rand/v2"
	"reflect"
	"testing"

	"synod/consistency"
)

// step is an event, or the crash of its client.
type step[I, O any] struct {
	consistency.Event[I, O]
	crash bool
}

// crashing lets clients of an interleaving crash now and then while an operation is pending: its return is left out.
func crashing[I, O any](r *rand.Rand, events []consistency.Event[I, O]) []step[I, O] {
	var all []step[I, O]
	lost := map[consistency.Client]bool{}
	for _, e := range events {
		switch {
		case e.Invoke:
			all, lost[e.Client] = append(all, step[I, O]{Event: e}), r.IntN(3) == 0
			if lost[e.Client] {
				all = append(all, step[I, O]{consistency.Event[I, O]{Client: e.Client}, true})
			}
		case !lost[e.Client]:
			all = append(all, step[I, O]{Event: e})
		}
	}
	return all
}

// TestCrashesAgreeWithReference compares with the reference histories in which clients crash and go on.
func TestCrashesAgreeWithReference(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	spec := consistency.Register(0)
	out := func(r *rand.Rand) consistency.RegisterOutput[int] { return consistency.Got(r.IntN(4)) }
	var linearizable, crashes int
	const histories = 3_000
	for range histories {
		steps := crashing(r, interleaving(r, spec, 2+r.IntN(2), registerInput, out))
		var h consistency.History[consistency.RegisterInput[int], consistency.RegisterOutput[int]]
		var p consistency.ProgramOrder[consistency.RegisterInput[int], consistency.RegisterOutput[int]]
		// To the reference, a client that has crashed is another one.
		lives := map[consistency.Client]consistency.Client{}
		var renamed []consistency.Event[consistency.RegisterInput[int], consistency.RegisterOutput[int]]
		for _, s := range steps {
			var err, err2 error
			if s.crash {
				h, err = h.Crash(s.Client)
				p, err2 = p.Crash(s.Client)
				lives[s.Client] += 100
				crashes++
			} else {
				h, err = h.Advance(s.Event)
				p, err2 = p.Advance(s.Event)
				s.Client += lives[s.Client]
				renamed = append(renamed, s.Event)
			}
			if err != nil || err2 != nil {
				t.Fatalf("%+v: %v, %v", s, err, err2)
			}
			checkCanonical(t, reflect.ValueOf(h))
		}
		ops := observe(renamed)
		want := possible(spec, ops, realTime)
		if got := consistency.Linearizable(spec, h); got != want {
			t.Fatalf("Linearizable = %v, want %v:\n%v", got, want, h)
		}
		if got, want := consistency.Sequential(spec, p), possible(spec, ops, programOrder); got != want {
			t.Fatalf("Sequential = %v, want %v:\n%v", got, want, h)
		}
		if h.Len() != len(ops) {
			t.Fatalf("%d operations, want %d:\n%v", h.Len(), len(ops), h)
		}
		linearizable += count(want)
	}
	if linearizable < histories/10 || linearizable > histories*95/100 || crashes < histories/2 {
		t.Fatalf("%d of %d linearizable, %d crashes: the histories are too much alike", linearizable, histories, crashes)
	}
}

// TestCrash tells what becomes of a client's operations when it crashes.
func TestCrash(t *testing.T) {
	t.Parallel()
	h := script(t, "1w1 2w2 2o 1o 1r")
	crashed, err := h.Crash(1)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := crashed.Crash(1); !reflect.DeepEqual(again, crashed) {
		t.Errorf("a crash with nothing pending changed the history to\n%v", again)
	}
	if other, _ := h.Crash(2); !reflect.DeepEqual(other, h) {
		t.Errorf("the crash of a client that waits for nothing changed the history to\n%v", other)
	}
	if stranger, _ := h.Crash(7); !reflect.DeepEqual(stranger, h) {
		t.Errorf("the crash of a client that asked for nothing changed the history to\n%v", stranger)
	}
	if _, ok := crashed.Latest(1); ok || crashed.Pending(1) || !h.Pending(1) {
		t.Error("the client still waits")
	}

	// It asks anew: its earlier operations that returned come before, the pending one may come at any time.
	anew, err := crashed.Invoke(1, consistency.Write(3))
	if err != nil {
		t.Fatal(err)
	}
	want := `client 1: write 1 -> ok; read -> ? after 1 of client 2
client 2: write 2 -> ok
client 1 after crash 1: write 3 -> ? after 1 of client 1, 1 of client 2`
	if got := anew.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if op, ok := anew.Latest(1); !ok || !op.Pending || op.In != consistency.Write(3) || op.Returned(1) != 1 || op.Returned(2) != 1 {
		t.Errorf("the latest operation is %v", op)
	}
	if !anew.Pending(1) {
		t.Error("the client does not wait")
	}
	if _, err := anew.Invoke(1, consistency.Write(4)); !errors.Is(err, consistency.ErrPending) {
		t.Errorf("a second operation at once: %v", err)
	}

	// Or it has kept what it was doing, and returns it after all.
	kept, err := crashed.Return(1, consistency.Got(2))
	if err != nil {
		t.Fatal(err)
	}
	if same, _ := h.Return(1, consistency.Got(2)); !reflect.DeepEqual(kept, same) {
		t.Errorf("got\n%v\nwant\n%v", kept, same)
	}

	if _, err := h.Crash(1 << 48); err == nil {
		t.Error("a client with a number as great as those of later lives may crash")
	}
}
