package crowd_test

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"synod/actor"
	"synod/consistency/oplog"
	"synod/examples/registers/wire"
	"synod/spawn/client"
	"synod/spawn/crowd"
	"synod/spawn/nemesis"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a transport whose server answers right away what a function says; "" is nothing.
type fake struct {
	answer  func(request string) string
	answers chan string
}

func (f *fake) Send(_ actor.ID, data []byte) error {
	if f.answer == nil {
		return net.ErrClosed
	}
	if a := f.answer(string(data)); a != "" {
		f.answers <- a
	}
	return nil
}

func (f *fake) Receive(wait time.Duration) (actor.ID, []byte, error) {
	select {
	case a := <-f.answers:
		return 0, []byte(a), nil
	case <-time.After(wait):
		return 0, nil, os.ErrDeadlineExceeded
	}
}

func (f *fake) Close() error { return nil }

// agree answers all.
func agree(request string) string {
	if n, ok := strings.CutPrefix(request, `{"Get":`); ok {
		return `{"GetOk":[` + strings.TrimSuffix(n, "}") + `,"A"]}`
	}
	n, _, _ := strings.Cut(strings.TrimPrefix(request, `{"Put":[`), ",")
	return `{"PutOk":` + n + `}`
}

// work lets a crowd work until so many operations have ended, and gives the events.
func work(
	t *testing.T, c crowd.Config, operations int, timeout time.Duration, answer func(string) string,
) ([]oplog.Event, crowd.Counts) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var events []oplog.Event
	ended := 0
	c.Record = func(e oplog.Event) {
		events = append(events, e)
		if e.Type != oplog.Invoke {
			ended++
		}
		if ended == operations {
			cancel()
		}
	}
	c.Connect = func() (client.Config, error) {
		return client.Config{
			Transport: &fake{answer, make(chan string, 10)}, Servers: []actor.ID{1, 2}, Timeout: timeout, First: 1,
		}, nil
	}
	counts, err := crowd.Run(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	return events, counts
}

// TestRounds makes sure that between two rounds nothing is in flight, and that the rounds differ in how many work.
func TestRounds(t *testing.T) {
	w := nemesis.Workload{Clients: 6, Servers: 2, Reads: 0.5, ThinkMost: time.Millisecond}
	events, counts := work(t, crowd.Config{Service: wire.Register, Workload: w, Seed: 3, Patience: time.Minute, Round: 20}, 2000, time.Minute, agree)
	if counts.Unknown+counts.Failed > 0 || counts.Acknowledged() < 2000 || counts.Rounds < 99 {
		t.Errorf("%+v", counts)
	}
	begun, busy := 0, 0
	last := time.Duration(0)
	workers, sizes := make(map[int64]bool), make(map[int]int)
	for _, e := range events {
		if e.Time < last {
			t.Fatal("the time goes back")
		}
		last = e.Time
		if e.Type != oplog.Invoke {
			busy--
			continue
		}
		if begun%20 == 0 {
			if busy != 0 {
				t.Fatalf("operation %d begins while %d of the round before are under way", begun, busy)
			}
			sizes[len(workers)]++
			clear(workers)
		}
		begun++
		busy++
		workers[e.Process] = true
	}
	for n := 1; n <= w.Clients; n++ {
		if sizes[n] == 0 {
			t.Errorf("in no round %d clients work: %v", n, sizes)
		}
	}
}

// TestUnknown makes sure that a client of which an operation is unknown goes on under another number, and that a read
// without an answer has failed.
func TestUnknown(t *testing.T) {
	var mu sync.Mutex
	n := 0
	answer := func(request string) string {
		mu.Lock()
		defer mu.Unlock()
		if n++; n%3 == 0 {
			return ""
		}
		return agree(request)
	}
	w := nemesis.Workload{Clients: 3, Servers: 2, Reads: 0.5}
	events, counts := work(t, crowd.Config{Service: wire.Register, Workload: w, Seed: 3, Patience: time.Second, Round: 10}, 200, 5*time.Millisecond, answer)
	if counts.Unknown == 0 || counts.Failed == 0 || counts.Writes == 0 || counts.Reads == 0 {
		t.Errorf("%+v", counts)
	}
	over := make(map[int64]bool)
	var got crowd.Counts
	for _, e := range events {
		if over[e.Process] {
			t.Fatalf("process %d goes on: %+v", e.Process, e)
		}
		switch {
		case e.Type == oplog.Unknown:
			got.Unknown++
			over[e.Process] = true
			if e.Op != oplog.Write {
				t.Errorf("%+v is unknown", e)
			}
		case e.Type == oplog.Fail:
			got.Failed++
		case e.Type == oplog.Ok && e.Op == oplog.Read:
			got.Reads++
		case e.Type == oplog.Ok:
			got.Writes++
		}
	}
	got.Rounds = counts.Rounds
	if got != counts {
		t.Errorf("it counts %+v, its events are %+v", counts, got)
	}
}

// TestUnsent makes sure that what could not be sent has failed, writes too, and that the error of Connect is told.
func TestUnsent(t *testing.T) {
	w := nemesis.Workload{Clients: 2, Servers: 2}
	_, counts := work(t, crowd.Config{Service: wire.Register, Workload: w, Patience: 10 * time.Millisecond}, 20, 5*time.Millisecond, nil)
	if counts.Failed < 20 || counts.Failed > 22 || counts.Unknown+counts.Acknowledged() > 0 {
		t.Errorf("%+v", counts)
	}
	broken := errors.New("broken")
	_, err := crowd.Run(t.Context(), crowd.Config{
		Service: wire.Register, Workload: w, Connect: func() (client.Config, error) { return client.Config{}, broken },
	})
	if !errors.Is(err, broken) {
		t.Error(err)
	}
}
