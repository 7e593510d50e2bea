package consistency_test

import (
	"fmt"
	"testing"

	"synod/consistency"
)

// lossy is a history of windows in each of which a write that nobody will see is lost, beside a write and two reads.
func lossy(windows int) []registerEvent {
	var events []registerEvent
	invoke := func(c consistency.Client, in consistency.RegisterInput[string]) {
		events = append(events, registerEvent{client: c, kind: "invoke", in: in})
	}
	end := func(c consistency.Client, kind string, out consistency.RegisterOutput[string]) {
		events = append(events, registerEvent{client: c, kind: kind, out: out})
	}
	for n := range windows {
		value := fmt.Sprint("seen ", n)
		invoke(1, consistency.Write(value))
		invoke(2, consistency.Write(fmt.Sprint("lost ", n)))
		invoke(3, consistency.Read[string]())
		end(2, "lose", consistency.Wrote[string]())
		end(1, "return", consistency.Wrote[string]())
		invoke(1, consistency.Read[string]())
		end(3, "return", consistency.Got(value))
		end(1, "return", consistency.Got(value))
	}
	return events
}

// TestManyLost makes sure that what is done for each window does not grow with the number of operations that were lost in
// earlier ones: or an hour of them could not be judged.
func TestManyLost(t *testing.T) {
	each := func(windows int) float64 {
		calls := 0
		spec := consistency.Register("-")
		step := spec.Step
		spec.Step = func(s string, in consistency.RegisterInput[string]) (string, consistency.RegisterOutput[string]) {
			calls++
			return step(s, in)
		}
		effect := func(in consistency.RegisterInput[string], out *consistency.RegisterOutput[string]) consistency.Effect {
			calls++
			return in.Effect(out)
		}
		w := tell(t, consistency.WindowsConfig[
			string, consistency.RegisterInput[string], consistency.RegisterOutput[string],
		]{Spec: spec, Before: registerBefore, Effect: effect}, lossy(windows))
		if stats := w.Stats(); w.Outcome() != consistency.Holds || stats.Unknown != windows || stats.Windows != windows {
			t.Fatalf("%v, %+v", w.Outcome(), stats)
		}
		return float64(calls) / float64(windows)
	}
	few, many := each(10), each(3000)
	if t.Logf("%.1f calls for each window of a few, %.1f of many", few, many); many > 1.5*few {
		t.Error("the more is lost, the longer each window takes")
	}
}

func BenchmarkManyLost(b *testing.B) { benchmarkRegister(b, lossy(3000)) }
