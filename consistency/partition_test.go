package consistency_test

import (
	"math/rand/v2"
	"testing"

	"synod/consistency"
)

// TestByPart compares deciding part by part with a search over all orders of all operations.
func TestByPart(t *testing.T) {
	t.Parallel()
	t.Run("map", func(t *testing.T) {
		t.Parallel()
		byPart(t, consistency.Map[int, int](), consistency.ByKey[int, int],
			func(r *rand.Rand) consistency.MapInput[int, int] {
				in := consistency.MapInput[int, int]{Request: consistency.MapRequest(r.IntN(3)), Key: r.IntN(3)}
				if in.Request == consistency.MapPut {
					in.Value = r.IntN(3)
				}
				return in
			},
			func(r *rand.Rand) consistency.MapOutput[int] {
				return consistency.MapOutput[int]{Found: r.IntN(2) == 0, Value: r.IntN(3)}
			})
	})
	t.Run("set", func(t *testing.T) {
		t.Parallel()
		byPart(t, consistency.Set[int](), consistency.ByElement[int],
			func(r *rand.Rand) consistency.SetInput[int] {
				return consistency.SetInput[int]{Request: consistency.SetRequest(r.IntN(3)), Element: r.IntN(3)}
			},
			func(r *rand.Rand) bool { return r.IntN(2) == 0 })
	})
}

func byPart[S, I, O any, P comparable](
	t *testing.T, spec consistency.Spec[S, I, O], part consistency.Partition[I, P],
	in func(*rand.Rand) I, out func(*rand.Rand) O,
) {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	answers := make(map[bool]int)
	for range 1_500 {
		events := interleaving(r, spec, 2+r.IntN(3), in, out)
		h := record(t, events)
		want := possible(spec, observe(events), realTime)
		if got := consistency.LinearizableByPart(spec, h, part); got != want {
			t.Fatalf("part by part %v, want %v:\n%v", got, want, h)
		}
		answers[want]++
	}
	if answers[true] < 100 || answers[false] < 100 {
		t.Fatalf("the histories are too much alike to tell anything: %v", answers)
	}
}

// TestSequentialIsNotLocal shows a history of two keys that is sequentially consistent key by key and not as a whole:
// each client writes one key, and then does not see what the other one wrote before.
func TestSequentialIsNotLocal(t *testing.T) {
	t.Parallel()
	type in = consistency.MapInput[string, int]
	type out = consistency.MapOutput[int]
	type event = consistency.Event[in, out]
	put := func(key string) in { return in{Request: consistency.MapPut, Key: key, Value: 1} }
	whole := []event{
		{Client: 1, Invoke: true, In: put("x")},
		{Client: 1},
		{Client: 2, Invoke: true, In: put("y")},
		{Client: 2},
		{Client: 1, Invoke: true, In: in{Key: "y"}},
		{Client: 1},
		{Client: 2, Invoke: true, In: in{Key: "x"}},
		{Client: 2},
	}
	spec := consistency.Map[string, int]()
	if consistency.Sequential(spec, record(t, whole)) {
		t.Error("the whole is sequentially consistent")
	}
	// What was done to a key: client 1 put x, client 2 did not find it; and the other way round.
	x := []event{whole[0], whole[1], whole[6], whole[7]}
	y := []event{whole[2], whole[3], whole[4], whole[5]}
	if !consistency.Sequential(spec, record(t, x)) || !consistency.Sequential(spec, record(t, y)) {
		t.Error("a key is not sequentially consistent")
	}
	if consistency.LinearizableByPart(spec, record(t, whole), consistency.ByKey[string, int]) {
		t.Error("linearizable key by key, although what was put before is not found")
	}
}

func BenchmarkByPart(b *testing.B) {
	// A dozen overlapping operations, two to each of six keys.
	var h consistency.History[consistency.MapInput[int, int], consistency.MapOutput[int]]
	for c := range 12 {
		var err error
		if h, err = h.Invoke(consistency.Client(c), consistency.MapInput[int, int]{
			Request: consistency.MapPut, Key: c / 2, Value: c % 2,
		}); err != nil {
			b.Fatal(err)
		}
	}
	for c := range 12 {
		h, _ = h.Return(consistency.Client(c), consistency.MapOutput[int]{})
	}
	spec := consistency.Map[int, int]()
	b.Run("whole", func(b *testing.B) {
		for b.Loop() {
			consistency.Linearizable(spec, h)
		}
	})
	b.Run("by key", func(b *testing.B) {
		for b.Loop() {
			consistency.LinearizableByPart(spec, h, consistency.ByKey[int, int])
		}
	})
}
