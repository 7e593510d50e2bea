package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// module is a module that the command new wrote, outside the sources, with its executable.
type module struct {
	t       *testing.T
	dir     string
	program string
}

// newModule writes a module and builds it.
func newModule(t *testing.T) module {
	t.Helper()
	checkout, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	m := module{t: t, dir: filepath.Join(t.TempDir(), "locks")}
	var stdout, stderr bytes.Buffer
	if code := run([]string{"new", m.dir, "--checkout", checkout}, strings.NewReader(""), &stdout, &stderr); code != 0 {
		t.Fatalf("new: exit code %d\n%s%s", code, &stdout, &stderr)
	}
	m.program = filepath.Join(m.dir, "locks.exe")
	m.does("go", "build", "-o", m.program, ".")
	return m
}

// does runs a command in the module's folder, which must succeed, and returns what it prints.
func (m module) does(name string, args ...string) string {
	m.t.Helper()
	out, code := m.runs(name, args...)
	if code != 0 {
		m.t.Fatalf("%s %q: exit code %d\n%s", name, args, code, out)
	}
	return out
}

func (m module) runs(name string, args ...string) (string, int) {
	m.t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = m.dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		m.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// starts runs a command of the module until the test ends, and returns the first line of its output that matches, and
// what ends it.
func (m module) starts(want *regexp.Regexp, args ...string) (match []string, stop func()) {
	m.t.Helper()
	ctx, cancel := context.WithCancel(m.t.Context())
	cmd := exec.CommandContext(ctx, m.program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Dir = m.dir
	out, err := cmd.StdoutPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	stop = func() { cancel(); _ = cmd.Wait() }
	m.t.Cleanup(stop)
	var text bytes.Buffer
	buffer := make([]byte, 4096)
	for match == nil {
		n, err := out.Read(buffer)
		text.Write(buffer[:n])
		if match = want.FindStringSubmatch(text.String()); err != nil && match == nil {
			m.t.Fatalf("%q: %v\n%s", args, err, &text)
		}
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	return match, stop
}

// TestNew makes a module outside of this one and does with it, by its own command and with nothing written by hand, all that
// can be done with the models of the catalogue.
func TestNew(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a module of its own")
	}
	m := newModule(t)
	text, err := os.ReadFile(filepath.Join(m.dir, "main.go"))
	if err != nil || bytes.Count(text, []byte("\n")) > 30 {
		t.Errorf("a main of %d lines, %v", bytes.Count(text, []byte("\n")), err)
	}
	contains := func(out string, wants ...string) {
		t.Helper()
		for _, want := range wants {
			if !strings.Contains(out, want) {
				t.Errorf("no %q in\n%s", want, out)
			}
		}
	}
	m.does("go", "test", "./...")
	contains(m.does(m.program, "check-bfs", "--progress", "off"), `holds       always "mutual exclusion"`, `holds       always "one keeper"`)
	contains(m.does(m.program, "models", "lock"), "--mutant grants-twice")
	out, code := m.runs(m.program, "check", "--mutant", "grants-twice", "--progress", "off")
	if contains(out, `Violation of "mutual exclusion":`, "server 1 → user 3: Done(1, ok)"); code != 1 {
		t.Errorf("a mutant: exit code %d", code)
	}
	contains(m.does(m.program, "mutate"), "2 of 2 killed")
	contains(m.does(m.program, "zoo"), "2 killed and 0 safe as declared, 0 not as declared")
	contains(m.does(m.program, "rehearse", "--runs", "20", "--progress", "off"), `holds       "linearizable"`, `holds       "one keeper"`)
	// So few clients, faults and repeats that a machine without time for it knows what became of most operations.
	contains(m.does(m.program, "torture", "--duration", "4s", "--faults", "kill", "--every", "500ms", "--lasting", "10ms..100ms",
		"--clients", "3", "--timeout", "300ms", "--least", "5", "--dir", "run"),
		`holds       "linearizable"`, "all valid", `holds       "one keeper"`)
	contains(m.does(m.program, "verify", "--model", "lock", "run/history.ndjson"), "linearizable")

	m.breaks()
	// What was found becomes a test of the module, which fails once the path does not show it any more.
	if _, code := m.runs(m.program, "check", "--mutant", "alone", "--progress", "off", "--trace-out", "alone_test.go"); code != 1 {
		t.Errorf("a mutant: exit code %d", code)
	}
	contains(m.does("go", "test", "-run", "OneKeeper", "-v", "."), "--- PASS: TestViolationOneKeeper_")

	page, stop := m.starts(regexp.MustCompile(`http://[^/]*/`), "explore", "127.0.0.1:0", "--idle")
	answer, err := (&http.Client{Timeout: time.Minute}).Get(page[0])
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(answer.Body)
	if answer.Body.Close(); err != nil || answer.StatusCode != http.StatusOK || !bytes.Contains(body, []byte("<html")) {
		t.Errorf("the page: %s, %v\n%.200s", answer.Status, err, body)
	}
	stop()
	for _, transport := range []string{"udp", "tcp"} {
		m.serves(transport)
	}
}

// breaks makes each server of the module a keeper of its own, and finds the invariant broken: on virtual time, with the seed
// that shows it again, and in the records of that run.
func (m module) breaks() {
	m.t.Helper()
	fails := func(want, program string, args ...string) {
		m.t.Helper()
		if out, code := m.runs(program, args...); code != 1 || !strings.Contains(out, want) {
			m.t.Errorf("%q: exit code %d, want 1 and %q\n%s", args, code, want, out)
		}
	}
	program := m.changed("serve.go", "Again: math.MaxInt32}", "Again: math.MaxInt32, Alone: true}")
	fails(`"one keeper" does not hold, after the step`, program, "rehearse", "--progress", "off", "--dir", "broken")
	fails("violates an invariant: event", program, "replay", "broken/server-0.ndjson", "broken/server-1.ndjson", "broken/server-2.ndjson")
	// Real servers of their own might answer their clients wrongly before two of them are keepers, which ends the run: here
	// sound servers have an invariant that the first acquire breaks.
	program = m.changed("model.go", "return keepers <= 1", "return keepers <= 0")
	fails("violated    an invariant: event", program, "torture", "--duration", "4s", "--faults", "none", "--clients", "3",
		"--timeout", "300ms", "--least", "1", "--shrink", "1ms", "--dir", "tortured")
}

// changed returns the program of the module with something else in one of its files, which is as before afterwards.
func (m module) changed(name, before, after string) string {
	m.t.Helper()
	file := filepath.Join(m.dir, name)
	sound, err := os.ReadFile(file)
	if err != nil {
		m.t.Fatal(err)
	}
	broken := bytes.Replace(sound, []byte(before), []byte(after), 1)
	if err := os.WriteFile(file, broken, 0o600); err != nil || bytes.Equal(broken, sound) {
		m.t.Fatalf("%s is not changed, %v", name, err)
	}
	program := filepath.Join(m.dir, "broken.exe")
	m.does("go", "build", "-o", program, ".")
	if err := os.WriteFile(file, sound, 0o600); err != nil {
		m.t.Fatal(err)
	}
	return program
}

// serves runs three servers, asks them, and replays what they recorded.
func (m module) serves(transport string) {
	m.t.Helper()
	record := transport + ".ndjson"
	line := regexp.MustCompile(`(127[^ ,]*), id .*\n.*(127[^ ,]*), id .*\n.*(127[^ ,]*), id`)
	addresses, stop := m.starts(line, "spawn", "--port", "0", "--transport", transport, "--data-dir", "data-"+transport, "--record", record)
	client := func(want string, args ...string) {
		m.t.Helper()
		all := append([]string{"client"}, args...)
		all = append(all, "--servers", strings.Join(addresses[1:], ","), "--transport", transport, "--timeout", "1m")
		if out := m.does(m.program, all...); out != want {
			m.t.Errorf("%s, %q: %q, want %q", transport, args, out, want)
		}
	}
	client("alice has the lock.\n", "acquire", "alice", "--server", "2")
	client("refused\n", "acquire", "bob", "--server", "0")
	client("refused\n", "release", "bob", "--server", "1")
	client("alice has given the lock back.\n", "release", "alice", "--server", "1")
	client("bob has the lock.\n", "acquire", "bob", "--server", "1")
	stop()
	if out := m.does(m.program, "replay", record); !strings.Contains(out, "the model admits the run") {
		m.t.Errorf("%s: %s", transport, out)
	}
	// What could have happened after the first requests, with new clients, is in order; and so is what they saw.
	out := m.does(m.program, "replay", record, "--explore-around", "4", "--steps", "6")
	for _, name := range []string{"linearizable", "one keeper"} {
		if !strings.Contains(out, fmt.Sprintf("holds       always %q, ", name)) {
			m.t.Errorf("%s, around: no %q in %s", transport, name, out)
		}
	}
}

// TestNewRefused makes sure that nothing is overwritten, and that the sources are found.
func TestNewRefused(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "main.go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"is not empty":               {"new", full, "--checkout", ".."},
		"expected a folder with the": {"new", filepath.Join(full, "x"), "--checkout", full},
		"expected the folder":        {"new"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(args, strings.NewReader(""), &stdout, &stderr)
		if code != 2 || !strings.Contains(stderr.String(), want) || stdout.Len() > 0 {
			t.Errorf("%q: exit code %d, %q%q, want %q", args, code, &stdout, &stderr, want)
		}
	}
}
