package cli

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"synod/examples/catalog"
	"synod/spawn/nemesis"
)

// TestTortureKinds makes sure that a run of what decides once needs only the faults that can affect it then, unless
// others are asked for.
func TestTortureKinds(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, nemesis.Words(nemesis.Kinds())},
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
		if got := nemesis.Words(p.trial.Kinds); err != nil || got != tt.want {
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
		p, err := (&app{program: catalog.Program}).planTorture(f, cmd.Flags())
		if err != nil || p.trial.Retries() != tt.want {
			t.Errorf("%q: %d repeats, %v; want %d", tt.args, p.trial.Retries(), err, tt.want)
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
