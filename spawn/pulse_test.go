package spawn_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"synod/actor"
	"synod/examples/catalog"
	"synod/spawn"
	"synod/spawn/machine"
)

// pair is one end of a network in memory, of two servers.
type pair struct {
	self   actor.ID
	inbox  chan []byte
	peer   *pair
	from   actor.ID
	mute   bool
	closed chan struct{}
}

func pairOf(a, b actor.ID) (*pair, *pair) {
	x := &pair{self: a, from: b, inbox: make(chan []byte, 100), closed: make(chan struct{})}
	y := &pair{self: b, from: a, inbox: make(chan []byte, 100), closed: make(chan struct{}), peer: x}
	x.peer = y
	return x, y
}

func (w *pair) Receive(wait time.Duration) (actor.ID, []byte, error) {
	var over <-chan time.Time
	if wait >= 0 {
		over = time.After(wait)
	}
	select {
	case data := <-w.inbox:
		return w.from, data, nil
	case <-over:
		return 0, nil, os.ErrDeadlineExceeded
	case <-w.closed:
		return 0, nil, net.ErrClosed
	}
}

func (w *pair) Send(to actor.ID, data []byte) error {
	if to == w.from && !w.mute {
		w.peer.inbox <- bytes.Clone(data)
	}
	return nil
}

func (w *pair) Close() error {
	select {
	case <-w.closed:
	default:
		close(w.closed)
	}
	return nil
}

// journal is what a server has logged, to be read meanwhile.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(data []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(data)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// TestPulse lets one of two servers stop, and start again: the other one says once that a quorum is lost, and that it is
// back, and knows so when it is asked.
func TestPulse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		program, err := catalog.All().Program("single-decree", nil)
		if err != nil {
			t.Fatal(err)
		}
		ids := []actor.ID{139637976796088, 139637976796089}
		a, b := pairOf(ids[0], ids[1])
		var log journal
		start := func(w *pair, out *slog.Logger) (*spawn.Pulse, func()) {
			ctx, cancel := context.WithCancel(t.Context())
			p := spawn.NewPulse(w.self, ids, time.Second, 2)
			ended := make(chan error)
			go func() {
				ended <- spawn.Run(ctx, spawn.Config{
					Machine: program.New(w.self, ids, false, nil), Transport: w, Log: out, Pulse: p,
				})
			}()
			return p, func() {
				cancel()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			}
		}
		pulse, stopA := start(a, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn})))
		ready := func(when string, want bool) {
			t.Helper()
			synctest.Wait()
			if pulse.Ready() != want || pulse.Up() != map[bool]int{true: 2, false: 1}[want] {
				t.Errorf("%s: ready %t, %d up", when, pulse.Ready(), pulse.Up())
			}
		}
		ready("at first", false)
		_, stopB := start(b, nil)
		time.Sleep(10 * time.Second)
		ready("with both", true)
		if text := log.String(); text != "" {
			t.Errorf("logged, though nothing is wrong: %s", text)
		}
		stopB()
		time.Sleep(10 * time.Second)
		ready("alone", false)
		b.closed = make(chan struct{})
		_, stopB = start(b, nil)
		time.Sleep(10 * time.Second)
		ready("with both again", true)
		stopB()
		stopA()
		text := log.String()
		if strings.Count(text, "\n") != 2 || strings.Count(text, "too few servers are up") != 1 ||
			strings.Count(text, "enough servers are up again") != 1 || !strings.Contains(text, "127.0.0.1:3001") {
			t.Errorf("logged:\n%s", text)
		}
	})
}

// TestRequests counts requests by kind, the pending ones, and steps that share a save.
func TestRequests(t *testing.T) {
	program, err := catalog.All().Program("single-decree", nil)
	if err != nil {
		t.Fatal(err)
	}
	ids := []actor.ID{139637976796088, 139637976796089}
	a, _ := pairOf(ids[0], ids[1])
	m := new(spawn.Metrics)
	s := spawn.NewServer(spawn.Config{Machine: program.New(ids[0], ids, false, nil), Transport: a, Metrics: m})
	if err := s.Begin(); err != nil {
		t.Fatal(err)
	}
	client := actor.ID(7)
	for _, e := range []struct {
		from actor.ID
		text string
	}{
		{client, `{"Get":1}`},
		{client, `{"Get":1}`},
		{8, `{"Put":[1,"X"]}`},
		{ids[1], fmt.Sprintf(`{"Internal":{"Decided":{"ballot":[1,%d],"proposal":[2,9,"X"]}}}`, ids[1])},
		{client, `{"Get":2}`},
		{9, `{"Get":2}`},
	} {
		if err := s.Step(machine.Event{Kind: machine.Receive, From: e.from, Data: []byte(e.text)}); err != nil {
			t.Fatal(err)
		}
	}
	var b strings.Builder
	if err := spawn.WriteMetrics(&b, []spawn.Labelled{{Server: "a", Metrics: m}}); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		`synod_requests_pending{server="a"} 1`, // the put
		`synod_request_seconds_count{server="a",kind="Get"} 2`,
		`synod_save_steps_count{server="a"} 0`,
	} {
		if !strings.Contains(b.String(), line+"\n") {
			t.Errorf("expected the line %s in\n%s", line, &b)
		}
	}
}
