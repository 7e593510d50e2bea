package harness_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"synod/examples/chatroom/harness"
	"synod/examples/chatroom/wire"
)

func read(t *testing.T, name string) harness.Test {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	test, err := harness.Parse(name, data)
	if err != nil {
		t.Fatal(err)
	}
	return test
}

// TestRehearsals runs every test on virtual time, those with crashes fifty times.
func TestRehearsals(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test := read(t, name)
			runs := 3
			if slices.Contains([]string{"comeback.json", "minority.json", "majority.json", "restless.json", "faults.json", "members.json"}, name) {
				runs = 50
			}
			if testing.Short() {
				runs = 2
			}
			for seed := range uint64(runs) {
				world, err := harness.NewRehearsal(test, seed)
				if err != nil {
					t.Fatal(err)
				}
				if o := harness.Run(t.Context(), harness.Config{Test: test, World: world}); o.Verdict != harness.Passed {
					t.Errorf("seed %d: %v", seed, o.Reason)
				}
			}
		})
	}
}

// TestSameSeed requires the same run of the same seed, and others of others.
func TestSameSeed(t *testing.T) {
	test := read(t, "restless.json")
	told := func(seed uint64) string {
		world, err := harness.NewRehearsal(test, seed)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		harness.Run(t.Context(), harness.Config{Test: test, World: world, Out: &out})
		return out.String() + world.Now().String()
	}
	if first := told(1); told(1) != first {
		t.Error("two runs of one seed differ")
	}
	if told(1) == told(2) {
		t.Error("the runs of two seeds are the same")
	}
}

// script is a world whose servers answer what a test says.
type script struct {
	now    time.Duration
	say    func(id, nth int) ([]string, error)
	asked  map[int]int
	ended  error
	absent bool // nobody can be connected to
}

func (w *script) Now() time.Duration { return w.now }

func (w *script) Sleep(ctx context.Context, d time.Duration) error {
	w.now += d
	return context.Cause(ctx)
}
func (w *script) Start(harness.Start) error   { return nil }
func (w *script) Crash(int) error             { return nil }
func (w *script) Pause(int) error             { return nil }
func (w *script) Resume(int) error            { return nil }
func (w *script) Shape(harness.Network) error { return nil }
func (w *script) Ended(int) error             { return w.ended }
func (w *script) Close() error                { return nil }

func (w *script) Dial(_ context.Context, id int) (harness.Conn, error) {
	if w.absent {
		return nil, errors.New("nobody is there")
	}
	return scriptConn{w, id}, nil
}

type scriptConn struct {
	world *script
	id    int
}

func (c scriptConn) Send(wire.Command) error { return nil }
func (c scriptConn) Gone() bool              { return false }
func (c scriptConn) Close() error            { return nil }

func (c scriptConn) Answer(_ context.Context, wait time.Duration) (wire.Answer, error) {
	w := c.world
	w.asked[c.id]++
	messages, err := w.say(c.id, w.asked[c.id])
	if err != nil {
		w.now += wait
	}
	return wire.Answer{Messages: messages}, err
}

// TestVerdicts judges what servers say, and what does not happen in time.
func TestVerdicts(t *testing.T) {
	always := func(messages ...string) func(int, int) ([]string, error) {
		return func(int, int) ([]string, error) { return messages, nil }
	}
	const two = `{"type":"Start","id":0,"port":1,"count":2},{"type":"Start","id":1,"port":2,"count":2},` +
		`{"type":"Connect","id":0},{"type":"Connect","id":1},{"type":"Put","id":0,"message":"a"}`
	for _, tt := range []struct {
		name, commands string
		world          script
		want           harness.Verdict
		reason         string
	}{
		{name: "fine", commands: two, world: script{say: always("a")}},
		{name: "lost", commands: two, world: script{say: always()}},
		{
			name: "never put", commands: two, world: script{say: always("b")},
			want: harness.Violated, reason: "not linearizable",
		},
		{
			name: "twice", commands: two + `,{"type":"Get","id":0}`, world: script{say: always("a", "a")},
			want: harness.Violated, reason: "not linearizable",
		},
		{
			name: "gone again", commands: two + `,{"type":"Get","id":0},{"type":"Get","id":0}`,
			world: script{say: func(id, nth int) ([]string, error) {
				if nth == 1 && id == 0 {
					return []string{"a"}, nil
				}
				return nil, nil
			}},
			want: harness.Violated, reason: "not linearizable",
		},
		{
			name: "disagree", commands: two + `,{"type":"Put","id":1,"message":"b"}`,
			world: script{say: func(id, _ int) ([]string, error) { return []string{[]string{"a", "b"}[id]}, nil }},
			want:  harness.Violated, reason: `t: at the end: servers 0 and 1 disagree: ["a"] and ["b"]`,
		},
		{
			name: "lag", commands: two,
			world: script{say: func(id, nth int) ([]string, error) {
				return []string{"a"}[:min(1, id+nth/5)], nil
			}},
			want: harness.Violated, reason: "not linearizable", // A read must not be older than one before.
		},
		{
			name: "never expected", commands: two + `,{"type":"Expect","id":0,"messages":["b"]}`, world: script{say: always("a")},
			want: harness.Violated, reason: `server 0 has ["a"], expected ["b"]`,
		},
		{
			name: "not yet expected", commands: two + `,{"type":"Expect","id":0,"messages":["a"]}`,
			world: script{say: func(id, nth int) ([]string, error) {
				return []string{"a"}[:min(1, id+nth/5)], nil
			}},
		},
		{
			name: "no answer", commands: two + `,{"type":"Get","id":0}`,
			world: script{say: func(int, int) ([]string, error) { return nil, harness.ErrLate }},
			want:  harness.Undecided, reason: "t:1:176: client 0 got no messages: no answer in time",
		},
		{
			name: "no connection", commands: two, world: script{absent: true},
			want: harness.Undecided, reason: "no connection to server 0 within 5s: nobody is there",
		},
		{
			name: "ended", commands: two, world: script{ended: errors.New("its last words"), say: always()},
			want: harness.Failed, reason: "server 0 ended by itself: its last words",
		},
		{
			name: "no majority", commands: two + `,{"type":"Crash","id":0},{"type":"Crash","id":0},{"type":"Put","id":0,"message":"b"}`,
			world: script{say: func(int, int) ([]string, error) { return nil, harness.ErrLate }},
		},
		{
			name: "started twice", commands: two + `,{"type":"Start","id":0,"port":1,"count":2}`, world: script{say: always()},
			want: harness.Failed, reason: "server 0 runs already",
		},
		{
			name: "never started", commands: `{"type":"Put","id":0,"message":"a"}`, want: harness.Failed,
			reason: "t:1:2: server 0 was never started",
		},
		{
			name: "not connected", commands: two + `,{"type":"Disconnect","id":0},{"type":"Put","id":0,"message":"b"},{"type":"Get","id":0}`,
			want: harness.Failed, reason: "client 0 is not connected",
		},
		{name: "nothing", commands: ""},
	} {
		test, err := harness.Parse("t", []byte("["+tt.commands+"]"))
		if err != nil {
			t.Fatal(err)
		}
		world := tt.world
		world.asked = make(map[int]int)
		o := harness.Run(t.Context(), harness.Config{Test: test, World: &world})
		if o.Verdict != tt.want || !strings.Contains(o.Reason, tt.reason) {
			t.Errorf("%s: %d %q, want %d %q", tt.name, o.Verdict, o.Reason, tt.want, tt.reason)
		}
	}
}

// TestInterrupted ends a run with its context.
func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	test := read(t, "alone.json")
	world, err := harness.NewRehearsal(test, 1)
	if err != nil {
		t.Fatal(err)
	}
	if o := harness.Run(ctx, harness.Config{Test: test, World: world}); o.Verdict != harness.Undecided {
		t.Errorf("%d %s", o.Verdict, o.Reason)
	}
}

// Servers that hear nobody of another group.
func TestCut(t *testing.T) {
	n := harness.Network{Groups: [][]int{{0, 1}, {3}}}
	for id, want := range [][]int{{2, 3, 4}, {2, 3, 4}, {0, 1, 3}, {0, 1, 2, 4}, {0, 1, 3}} {
		if got := n.Cut(id, 5); !slices.Equal(got, want) {
			t.Errorf("server %d is cut from %v, want %v", id, got, want)
		}
	}
	if got := (harness.Network{}).Cut(0, 3); got != nil {
		t.Errorf("nobody is cut in a good network, but %v", got)
	}
}
