package cli

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"synod/examples/catalog"
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
	// Whoever ends it while a run goes on does not make that run a proof.
	ctx, end := context.WithCancel(t.Context())
	again = reruns{run: func(context.Context, nemesis.Schedule) (wrong, error) { end(); return wrong{}, nil }}
	if again.shrink(ctx, s, wrong{violated: true}); again.count != 0 {
		t.Errorf("%d runs, want none that was cut off", again.count)
	}
}

// TestTortureKinds makes sure that a run of what decides once needs only the faults that can befall it then, unless
// others are asked for.
func TestTortureKinds(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, kindWords(nemesis.Kinds())},
		{[]string{"--model", "single-decree"}, "drop,duplicate,delay,reorder,kill,pause,corrupt"},
		{[]string{"--model", "single-decree", "--faults", "partition,kill"}, "partition,kill"},
		{[]string{"--model", "abd"}, "delay,reorder,pause"},
	} {
		f, cmd := new(tortureFlags), new(cobra.Command)
		f.add(cmd, catalog.All())
		if err := cmd.ParseFlags(tt.args); err != nil {
			t.Fatal(err)
		}
		p, err := (&app{program: catalog.Program}).planTorture(f, cmd.Flags())
		if got := kindWords(p.kinds); err != nil || got != tt.want {
			t.Errorf("%q need %s, %v; want %s", tt.args, got, err, tt.want)
		}
	}
}

// TestTortureRepeats makes sure that requests come once to servers that take a second one for another, unless the user has
// it otherwise, and to others as often as the clients have time for.
func TestTortureRepeats(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want int
	}{
		{nil, 1},
		{[]string{"--patience", "2s"}, 19},
		{[]string{"--model", "single-decree", "--patience", "1001ms"}, 10},
		{[]string{"--patience", "100ms"}, 0},
		{[]string{"--model", "abd"}, 0},
		{[]string{"--model", "single-copy", "--patience", "5s"}, 0},
		{[]string{"--model", "abd", "--timeout", "500ms"}, 1},
	} {
		f, cmd := new(tortureFlags), new(cobra.Command)
		f.add(cmd, catalog.All())
		if err := cmd.ParseFlags(tt.args); err != nil {
			t.Fatal(err)
		}
		if _, err := (&app{program: catalog.Program}).planTorture(f, cmd.Flags()); err != nil || f.retries() != tt.want {
			t.Errorf("%q: %d repeats, %v; want %d", tt.args, f.retries(), err, tt.want)
		}
	}
}

// TestTortureInterruptedCheck makes sure that a signal ends the check of a history that would take long, as many clients
// whose operations are cut off make it.
func TestTortureInterruptedCheck(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("processes are paused by signals")
	}
	path, err := exec.LookPath("paxos")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "torture", "--clients", "200", "--timeout", "20ms", "--patience", "60ms", "--reads", "0.3",
		"--seed", "1", "--faults", "drop", "--every", "20ms", "--lasting", "200ms..300ms", "--duration", "2s", "--record=false")
	cmd.Env = append(os.Environ(), "TMPDIR="+shortDir(t))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(4 * time.Second)
	_ = cmd.Process.Signal(os.Interrupt) // It may have ended.
	began := time.Now()
	_ = cmd.Wait() // Its exit code is looked at.
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it goes on for %v", took)
	}
	if !strings.Contains(out.String(), "undecided ") && !strings.Contains(out.String(), "it was interrupted") {
		t.Skipf("the history was decided before: %s", &out)
	}
	if code := cmd.ProcessState.ExitCode(); code != 3 || !strings.Contains(out.String(), "not enough evidence: it was interrupted\n") {
		t.Errorf("exit code %d\n%s", code, &out)
	}
}
