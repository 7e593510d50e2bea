package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"synod/spawn/torture"
)

var long = flag.Bool("long", false, "torture servers for minutes")

// tortured runs the command torture of a program, and gives its exit code and what it prints.
func tortureWith(t *testing.T, program string, args ...string) (int, string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("processes are paused by signals")
	}
	path, err := exec.LookPath(program)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, append([]string{"torture"}, args...)...)
	cmd.Env = append(os.Environ(), "TMPDIR="+shortDir(t))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if stderr.Len() > 0 {
		t.Errorf("%s %q: %s", program, args, &stderr)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// shortDir is a folder until the test ends, with a path that leaves room for those of sockets.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "t")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// number returns the number that an expression finds, 0 if it finds none.
func number(t *testing.T, expression, text string) int {
	t.Helper()
	m := regexp.MustCompile(expression).FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestKills kills servers of durable ABD and starts them again while clients ask, with one seed after the other, until
// that has happened often enough.
func TestKills(t *testing.T) {
	target, length, enough := 20, "3s", 20
	if *long {
		target, length, enough = 1000, "20s", 10_000
	}
	kills, acknowledged, unknown, events := 0, 0, 0, 0
	for seed := 1; kills < target || acknowledged < enough; seed++ {
		if seed > 100 {
			t.Fatalf("%d kills and %d operations after a hundred runs", kills, acknowledged)
		}
		code, out := tortureWith(t, "paxos", "--faults", "kill", "--every", "100ms", "--lasting", "5ms..100ms",
			"--duration", length, "--seed", strconv.Itoa(seed), "--least", "10")
		if code == 3 && strings.Contains(out, " acknowledged; --least requires 10") && !strings.Contains(out, "undecided ") {
			t.Logf("seed %d: the machine had no time for it\n%s", seed, out)
			continue
		}
		if code != 0 {
			t.Fatalf("seed %d: exit code %d\n%s", seed, code, out)
		}
		if !strings.Contains(out, "holds       \"linearizable\"\n") {
			t.Fatalf("seed %d:\n%s", seed, out)
		}
		replayed := number(t, `replayed    (\d+) events, all valid`, out)
		if replayed == 0 {
			t.Fatalf("seed %d: nothing was replayed\n%s", seed, out)
		}
		kills += number(t, `kill (\d+)`, out)
		acknowledged += number(t, `(\d+) acknowledged`, out)
		unknown += number(t, `(\d+) unknown`, out)
		events += replayed
	}
	t.Logf("%d kills, %d operations acknowledged, none lost, %d unknown, %d events replayed",
		kills, acknowledged, unknown, events)
}

// TestTortureBuilders tortures servers of Paxos for System Builders over gRPC with every kind of fault that they are made for:
// no operation that was acknowledged is lost, what clients saw is linearizable, and what servers did is what the model does.
func TestTortureBuilders(t *testing.T) {
	length := "20s"
	switch {
	case *long:
		length = "10m"
	case testing.Short():
		t.Skip("it takes 20 s")
	}
	code, out := tortureWith(t, "paxos", "--model", "system-builders", "--transport", "grpc", "--duration", length, "--seed", "7",
		"--least", "1")
	if code != 0 || !strings.Contains(out, "holds       \"linearizable\"\n") {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	for _, kind := range []string{"kill", "pause", "partition"} {
		if number(t, kind+` (\d+)`, out) == 0 {
			t.Errorf("no %s: this shows too little\n%s", kind, out)
		}
	}
	if number(t, `replayed    (\d+) events, all valid`, out) == 0 {
		t.Errorf("nothing was replayed\n%s", out)
	}
	t.Log(out)
}

// TestTortureMultiPaxos tortures servers of Multi-Paxos that make a snapshot after every fourth slot, whose members an operator
// changes all the time, with one seed after the other, until snapshots have been transferred and members changed.
func TestTortureMultiPaxos(t *testing.T) {
	length := "5s"
	switch {
	case *long:
		length = "1h"
	case testing.Short():
		t.Skip("it takes some seconds")
	}
	chunks, changed := 0, 0
	for seed := 1; chunks == 0 || changed == 0; seed++ {
		if seed > 20 {
			t.Fatalf("%d parts of snapshots and %d changes after %d runs", chunks, changed, seed-1)
		}
		at, dir := peers(t, 4), filepath.Join(shortDir(t), "d")
		first, err := netip.ParseAddrPort(at[0])
		if err != nil {
			t.Fatal(err)
		}
		stop := reconfigure(at)
		code, out := tortureWith(t, "paxos", "--model", "multi-paxos", "--servers", "4", "--members", "0,1,2", "--collect", "4",
			"--port", strconv.Itoa(int(first.Port())), "--duration", length, "--seed", strconv.Itoa(seed), "--least", "1", "--dir", dir)
		changed += stop()
		if missed := code == 3 && strings.Contains(out, " never happened"); code != 0 && !missed {
			t.Fatalf("seed %d: exit code %d\n%s", seed, code, out)
		}
		if !strings.Contains(out, "holds       \"linearizable\"\n") || number(t, `replayed    (\d+) events, all valid`, out) == 0 {
			t.Fatalf("seed %d: exit code %d\n%s", seed, code, out)
		}
		records, err := filepath.Glob(filepath.Join(dir, "*", "record.ndjson"))
		if err != nil || len(records) != 4 {
			t.Fatal(records, err)
		}
		for _, file := range records {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			chunks += bytes.Count(text, []byte("Chunk"))
		}
		t.Logf("seed %d: %d parts of snapshots, %d changes\n%s", seed, chunks, changed, out)
	}
}

// reconfigure has three of four servers vote, and then other three, until stop is called, which returns how often that was
// acknowledged.
func reconfigure(servers []string) (stop func() int) {
	over, changes := make(chan struct{}), make(chan int)
	go func() {
		n := 0
		for members := 0; ; members = 1 - members {
			select {
			case <-over:
				changes <- n
				return
			default:
			}
			var out bytes.Buffer
			code := run([]string{
				"client", "members", []string{"1,2,3", "0,1,2"}[members], "--model", "multi-paxos",
				"--servers", strings.Join(servers, ","), "--timeout", "200ms", "--retries", "0",
			}, strings.NewReader(""), &out, io.Discard)
			if code == 0 && strings.Contains(out.String(), "are to vote") {
				n++
			}
		}
	}()
	return func() int {
		close(over)
		return <-changes
	}
}

// TestBroken makes sure that servers that are broken in how they are run are caught within a minute, and that the seed that
// is printed catches them again.
func TestBroken(t *testing.T) {
	if testing.Short() {
		t.Skip("it may take a minute")
	}
	kills := []string{"--faults", "kill", "--every", "100ms", "--lasting", "5ms..50ms", "--duration", "60s"}
	for _, tt := range []struct {
		program string
		args    []string
		long    bool
	}{
		{"paxos-forgetful", append([]string{"--shrink", "1ms"}, kills...), false},
		{"paxos-late", append([]string{"--shrink", "1ms", "--servers", "1", "--clients", "2"}, kills...), false},
		{"paxos-forgetful", []string{"--duration", "60s", "--shrink", "30s"}, true},
		{"paxos-late", []string{"--duration", "60s", "--shrink", "30s"}, true},
		{"paxos-late", append([]string{"--shrink", "30s"}, kills...), true},
	} {
		if tt.long && !*long {
			continue
		}
		t.Run(tt.program, func(t *testing.T) {
			code, out := tortureWith(t, tt.program, tt.args...)
			if code != 1 || !strings.Contains(out, "violated    \"linearizable\"\n") {
				t.Fatalf("exit code %d\n%s", code, out)
			}
			t.Log(out)
			m := regexp.MustCompile(`seed=(\d+)`).FindStringSubmatch(out)
			code, out = tortureWith(t, tt.program, append([]string{"--seed", m[1]}, tt.args...)...)
			if code != 1 || !strings.Contains(out, "seed="+m[1]+",") {
				t.Errorf("again: exit code %d\n%s", code, out)
			}
			t.Log(out)
		})
	}
}

// TestTortureInterrupted makes sure that a signal ends everything, and that a run that was interrupted is no evidence.
func TestTortureInterrupted(t *testing.T) {
	if _, err := os.Stat("/proc/self/cmdline"); err != nil {
		t.Skip("there is no list of processes here")
	}
	for _, sig := range []os.Signal{os.Interrupt, os.Kill} {
		t.Run(sig.String(), func(t *testing.T) {
			path, err := exec.LookPath("paxos")
			if err != nil {
				t.Fatal(err)
			}
			tmp := shortDir(t)
			cmd := exec.Command(path, "torture", "--faults", "pause,kill", "--every", "50ms", "--lasting", "50ms..200ms")
			cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for end := time.Now().Add(time.Minute); len(servants(t, tmp)) == 0 || !exists(tmp, "*", torture.HistoryName); {
				if time.Now().After(end) {
					_ = cmd.Process.Kill()
					_ = cmd.Wait() // It was killed.
					t.Fatalf("it does not start: %s, %q", &out, servants(t, tmp))
				}
				time.Sleep(5 * time.Millisecond)
			}
			time.Sleep(300 * time.Millisecond)
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // Its exit code is looked at.
			if sig == os.Interrupt {
				if code := cmd.ProcessState.ExitCode(); code != 3 ||
					!strings.Contains(out.String(), "not enough evidence: it was interrupted\n") {
					t.Errorf("exit code %d\n%s", code, &out)
				}
				if exists(tmp, "*") {
					t.Error("it leaves its folder")
				}
			}
			for end := time.Now().Add(time.Minute); len(servants(t, tmp)) > 0; time.Sleep(5 * time.Millisecond) {
				if time.Now().After(end) {
					t.Fatalf("servers still run: %q", servants(t, tmp))
				}
			}
		})
	}
}

func exists(path ...string) bool {
	found, err := filepath.Glob(filepath.Join(path...))
	return err == nil && len(found) > 0
}

// servants returns the command lines of processes of spawn whose data is below a folder.
func servants(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // It has ended meanwhile.
		}
		if line := strings.ReplaceAll(string(text), "\x00", " "); strings.Contains(line, " spawn ") && strings.Contains(line, dir) {
			all = append(all, line)
		}
	}
	return all
}

// TestTortureHistory makes sure that what torture leaves is what verify reads, and that it says the same.
func TestTortureHistory(t *testing.T) {
	dir := filepath.Join(shortDir(t), "run")
	if code, out := tortureWith(t, "paxos", "--duration", "2s", "--least", "1", "--faults", "none", "--keep", "--dir", dir); code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	path, err := exec.LookPath("paxos")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(path, "verify", filepath.Join(dir, torture.HistoryName)).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	file, err := os.Open(filepath.Join(dir, torture.HistoryName))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Scan()
	if want := fmt.Sprintf(`"about":"durable-abd, 3 servers on udp, %d clients, seed `, 5); !strings.Contains(lines.Text(), want) {
		t.Errorf("it begins with %s", lines.Text())
	}
}

// TestTortureUnknown makes sure that the usual patience leaves the outcome of some operations unknown, which the document says, and
// that servers are where they were asked for.
func TestTortureUnknown(t *testing.T) {
	first := peers(t, 3)[0]
	_, port, _ := strings.Cut(first, ":")
	path, err := exec.LookPath("paxos")
	if err != nil {
		t.Fatal(err)
	}
	var out, problems bytes.Buffer
	cmd := exec.Command(path, "torture", "--duration", "2s", "--faults", "pause", "--every", "50ms", "--lasting", "300ms..400ms",
		"--least", "1", "--port", port, "--seed", "1", "--json", "--record=false")
	cmd.Stdout, cmd.Stderr = &out, &problems
	_ = cmd.Run() // The exit code tells.
	code := cmd.ProcessState.ExitCode()
	var d struct {
		Operations struct {
			Unknown int
			Share   float64 `json:"unknown_share"`
		}
	}
	if err := json.Unmarshal(out.Bytes(), &d); err != nil || code != 0 && code != 3 {
		t.Fatalf("exit code %d, %v\n%s%s", code, err, &out, &problems)
	}
	if d.Operations.Unknown == 0 || d.Operations.Share <= 0 || d.Operations.Share > 1 {
		t.Errorf("%+v", d.Operations)
	}
}
