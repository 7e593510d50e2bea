package consistency_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"synod/consistency"
)

type registerEvent = told[consistency.RegisterInput[string], consistency.RegisterOutput[string]]

// busy is one long window of a register with many clients, of which all but a few are always waiting. Every so many
// operations one is lost; 0 is never. Values repeat if there are few.
func busy(seed uint64, clients, operations, lost, values int) []registerEvent {
	type slot struct {
		in           consistency.RegisterInput[string]
		out          consistency.RegisterOutput[string]
		waits, acted bool
	}
	r := rand.New(rand.NewPCG(seed, 0))
	held, begun, late := "-", 0, ""
	slots := make([]slot, clients)
	var events []registerEvent
	for waiting := 0; begun < operations || waiting > 0; {
		i := r.IntN(clients)
		s, id := &slots[i], consistency.Client(i)
		switch {
		case !s.waits && begun < operations:
			begun++
			waiting++
			*s = slot{in: consistency.Read[string](), waits: true}
			if r.IntN(2) == 0 {
				s.in = consistency.Write(fmt.Sprint(begun % values))
			}
			events = append(events, registerEvent{client: id, kind: "invoke", in: s.in})
		case !s.waits:
		case !s.acted && lost > 0 && s.in.Write && r.IntN(lost) == 0:
			late, s.waits = s.in.Value, false
			waiting--
			events = append(events, registerEvent{client: id, kind: "lose"})
		case !s.acted && r.IntN(4) == 0:
			if late != "" && r.IntN(3) == 0 {
				held, late = late, ""
			}
			s.acted = true
			if s.out = consistency.Got(held); s.in.Write {
				held, s.out = s.in.Value, consistency.Wrote[string]()
			}
		case s.acted && r.IntN(4) == 0:
			s.waits = false
			waiting--
			events = append(events, registerEvent{client: id, kind: "return", out: s.out})
		}
	}
	return events
}

// Many clients at once must not make a sound window long to decide.
func TestManyClients(t *testing.T) {
	config := consistency.WindowsConfig[
		string, consistency.RegisterInput[string], consistency.RegisterOutput[string],
	]{
		Spec: consistency.Register("-"), Before: registerBefore,
		Effect: consistency.RegisterInput[string].Effect, MaxMemory: 64 << 20,
	}
	for _, tt := range []struct{ lost, values int }{{0, 1000}, {0, 40}, {30, 1000}, {30, 100}} {
		for seed := range uint64(3) {
			events := busy(seed, 20, 400, tt.lost, tt.values)
			began := time.Now()
			w := tell(t, config, events)
			if w.Outcome() != consistency.Holds || w.Stats().Longest < 200 {
				t.Errorf("lost %d, values %d, seed %d: %v (%s), %+v, want a long window that holds",
					tt.lost, tt.values, seed, w.Outcome(), w.Reason(), w.Stats())
			}
			t.Logf("lost %d, values %d, seed %d: %v, %+v", tt.lost, tt.values, seed, time.Since(began), w.Stats())
		}
	}
}

func BenchmarkManyClients(b *testing.B) { benchmarkRegister(b, busy(1, 20, 200, 0, 1000)) }

// benchmarkRegister judges a history of a register that is linearizable, told all that is known of registers.
func benchmarkRegister(
	b *testing.B, events []told[consistency.RegisterInput[string], consistency.RegisterOutput[string]],
) {
	b.Helper()
	for b.Loop() {
		w := tell(b, consistency.WindowsConfig[
			string, consistency.RegisterInput[string], consistency.RegisterOutput[string],
		]{
			Spec: consistency.Register("-"), Before: registerBefore, Effect: consistency.RegisterInput[string].Effect,
		}, events)
		if w.Outcome() != consistency.Holds {
			b.Fatal(w.Outcome())
		}
	}
}
