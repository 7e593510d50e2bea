package torture

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"synod/spawn/nemesis"
)

// TestShrinkTorture shrinks schedules of a cluster that goes wrong half of the times when its first server is killed, and
// tells so a while later. What is tried must be short, and never go on to faults that came after what was wrong.
func TestShrinkTorture(t *testing.T) {
	const tells = 100 * time.Millisecond
	for seed := range uint64(20) {
		s, err := nemesis.Generate(nemesis.Config{
			Servers: 3, Duration: time.Minute, Kinds: []nemesis.Kind{nemesis.Kill, nemesis.Pause},
		}, rand.NewPCG(seed, 0))
		if err != nil {
			t.Fatal(err)
		}
		random := rand.NewPCG(seed, 1)
		goes := func(s nemesis.Schedule) wrong {
			for _, f := range s.Faults {
				if f.Kind == nemesis.Kill && slices.Contains(f.Servers, 0) && random.Uint64()%2 == 0 {
					return wrong{true, f.Ends() + tells}
				}
			}
			return wrong{}
		}
		w := goes(s)
		if !w.violated {
			t.Fatalf("seed %d: it never goes wrong", seed)
		}
		known, spent := w.at, time.Duration(0)
		again := reruns{run: func(_ context.Context, s nemesis.Schedule) (wrong, error) {
			if err := s.Validate(); err != nil {
				t.Fatal(err)
			}
			if limit := min(known, s.LastEnd()+tells) + aftermath; s.Duration > limit {
				t.Errorf("seed %d: a run of %v, want at most %v", seed, s.Duration, limit)
			}
			spent += s.Duration
			w := goes(s)
			if w.violated {
				known = w.at
			}
			return w, nil
		}}
		small := again.shrink(t.Context(), s, w)
		if len(small.Faults) != 1 || small.Faults[0].Kind != nemesis.Kill {
			t.Errorf("seed %d: left are %v after %d runs", seed, small.Faults, again.count)
		}
		if spent > time.Duration(again.count)*(w.at+aftermath) || again.count > mostReruns {
			t.Errorf("seed %d: %d runs of %v in all", seed, again.count, spent)
		}
	}
}

// TestShrinkNothing makes sure that the beginning is taken without any run, and that the end of the context and an error
// end the search.
func TestShrinkNothing(t *testing.T) {
	s, err := nemesis.Generate(nemesis.Config{Servers: 3, Duration: time.Minute}, rand.NewPCG(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	late, cancel := context.WithCancel(t.Context())
	cancel()
	var again reruns
	small := again.shrink(late, s, wrong{true, 10 * time.Second})
	if want := s.Until(11 * time.Second); again.count != 0 || len(small.Faults) != len(want.Faults) || small.Duration != want.Duration {
		t.Errorf("%d faults in %v, %d runs", len(small.Faults), small.Duration, again.count)
	}
	if same := again.shrink(late, s, wrong{violated: true}); len(same.Faults) != len(s.Faults) || same.Duration != s.Duration {
		t.Errorf("%d faults in %v, though nobody knows what matters", len(same.Faults), same.Duration)
	}
	broken := errors.New("no room")
	runs := 0
	again.run = func(context.Context, nemesis.Schedule) (wrong, error) { runs++; return wrong{}, broken }
	if again.shrink(t.Context(), s, wrong{violated: true}); runs != 1 || !errors.Is(again.broken, broken) {
		t.Errorf("%d runs, %v", runs, again.broken)
	}
	// Anyone who ends it while a run goes on does not make that run a proof.
	ctx, end := context.WithCancel(t.Context())
	again = reruns{run: func(context.Context, nemesis.Schedule) (wrong, error) { end(); return wrong{}, nil }}
	if again.shrink(ctx, s, wrong{violated: true}); again.count != 0 {
		t.Errorf("%d runs, want none that was cut off", again.count)
	}
}
