package harness_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"synod/cli"
	"synod/examples/chatroom/harness"
	"synod/examples/commands"
)

// asServer is the first argument that makes this program a server.
const asServer = "server-of-a-test"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == asServer {
		os.Args = append(os.Args[:1], os.Args[2:]...)
		cli.Alone(commands.ChatServer) // exits
	}
	os.Exit(m.Run())
}

// own is this program as a server.
func own(t *testing.T) harness.ProcessConfig {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return harness.ProcessConfig{Server: []string{self, asServer}, Own: true, FreePorts: true}
}

// output is written by several.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// TestProcesses runs tests with servers that are processes, on sockets.
func TestProcesses(t *testing.T) {
	if testing.Short() {
		t.Skip("some seconds")
	}
	for _, name := range []string{"alone", "three", "comeback", "faults", "restless", "ten", "members"} {
		t.Run(name, func(t *testing.T) {
			out, errs := new(output), new(output)
			c := own(t)
			c.Stdout, c.Stderr = io.Discard, errs
			history := filepath.Join(t.TempDir(), "history")
			o, err := harness.Job{File: filepath.Join("testdata", name+".json"), Processes: c, Out: out, History: history, Slack: time.Minute}.Run(t.Context())
			if err != nil || o.Verdict != harness.Passed || errs.String() != "" {
				t.Errorf("%v, %d %s\n%s\n%s", err, o.Verdict, o.Reason, out, errs)
			}
			if info, err := os.Stat(history); err != nil || info.Size() == 0 {
				t.Errorf("the history: %v", err)
			}
		})
	}
}

// TestOutput compares what is printed with what the published harness prints.
func TestOutput(t *testing.T) {
	out := new(output)
	c := own(t)
	c.Verbose, c.Stdout = 1, out
	o, err := harness.Job{File: "testdata/alone.json", Processes: c, Out: out, Slack: time.Minute}.Run(t.Context())
	if err != nil || o.Verdict != harness.Passed {
		t.Fatalf("%v, %s", err, o.Reason)
	}
	var ours, theirs []string
	for line := range strings.Lines(out.String()) {
		if strings.HasPrefix(line, "[0][") {
			theirs = append(theirs, line)
		} else {
			ours = append(ours, line)
		}
	}
	const want = `Executing command Start { id: 0, port: 10000, count: 1 }
Executing command Connect { id: 0 }
Executing command Put { id: 0, message: "one" }
Executing command Expect { id: 0, messages: ["one"] }
Executing command Get { id: 0 }
Client 0 received message log ["one"]
`
	if got := strings.Join(ours, ""); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if len(theirs) == 0 || !strings.HasPrefix(theirs[0], "[0][INFO][") {
		t.Errorf("the server says %q", theirs)
	}
}

// TestForeign executes the program of the servers with exactly the published arguments, in a fresh folder.
func TestForeign(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "server")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho \"$@\" in $(ls | wc -l) >&2\nexit 7\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	c := harness.ProcessConfig{Server: []string{program}, Verbose: 2}
	o, err := harness.Job{File: "testdata/alone.json", Processes: c, Out: io.Discard}.Run(t.Context())
	if err != nil || o.Verdict != harness.Failed || !strings.HasSuffix(o.Reason, "ended by itself: -vv -i 0 -p 10000 -c 1 in 0") {
		t.Errorf("%v, %d %s", err, o.Verdict, o.Reason)
	}
	_, err = harness.Job{File: "testdata/faults.json", Processes: c, Out: io.Discard}.Run(t.Context())
	if err == nil || !strings.HasPrefix(err.Error(), "testdata/faults.json:10:5: this server does not support it") {
		t.Errorf("a partition of servers of another program: %v", err)
	}
}

// TestInterrupt ends the servers when the run is interrupted.
func TestInterrupt(t *testing.T) {
	file := filepath.Join(t.TempDir(), "t.json")
	text := `[{"type":"Start","id":0,"port":10000,"count":1},{"type":"Connect","id":0},{"type":"Pause","id":0},{"type":"Sleep","ms":3600000}]`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	out := &signalling{want: "Sleep", then: cancel}
	began := time.Now()
	o, err := harness.Job{File: file, Processes: own(t), Out: out, Slack: time.Minute}.Run(ctx)
	if err != nil || o.Verdict != harness.Undecided || !strings.HasSuffix(o.Reason, "interrupted") {
		t.Errorf("%v, %d %s, after %v", err, o.Verdict, o.Reason, time.Since(began))
	}
}

// signalling calls then once something is written.
type signalling struct {
	want string
	then func()
}

func (s *signalling) Write(p []byte) (int, error) {
	if strings.Contains(string(p), s.want) {
		s.then()
	}
	return len(p), nil
}
