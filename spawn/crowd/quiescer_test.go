package crowd_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"synod/actor"
	"synod/consistency/oplog"
	"synod/examples/registers/wire"
	"synod/spawn/client"
	"synod/spawn/crowd"
	"synod/spawn/nemesis"
)

// quiesced is a crowd at work, and what it did.
type quiesced struct {
	quiescer crowd.Quiescer
	mu       sync.Mutex
	events   []oplog.Event
	asked    []actor.ID // whom gets were sent to
}

// told is a transport that notes whom gets are sent to.
type told struct {
	*fake
	crowd *quiesced
}

func (f told) Send(to actor.ID, data []byte) error {
	if strings.HasPrefix(string(data), `{"Get"`) {
		f.crowd.mu.Lock()
		f.crowd.asked = append(f.crowd.asked, to)
		f.crowd.mu.Unlock()
	}
	return f.fake.Send(to, data)
}

// seen returns what was done so far.
func (l *quiesced) seen() ([]oplog.Event, []actor.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]oplog.Event{}, l.events...), append([]actor.ID{}, l.asked...)
}

// run lets the crowd work while f does something.
func (l *quiesced) run(
	t *testing.T, w nemesis.Workload, patience time.Duration, answer func(string) string, f func(ctx context.Context),
) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	servers := []actor.ID{1, 2, 3}
	w.Servers = len(servers)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer cancel()
		for len(l.all()) == 0 {
			time.Sleep(time.Millisecond)
		}
		f(ctx)
	})
	_, err := crowd.Run(ctx, crowd.Config{
		Service: wire.Register, Workload: w, Patience: patience, Round: 20, Quiescer: &l.quiescer,
		Record: func(e oplog.Event) { l.mu.Lock(); defer l.mu.Unlock(); l.events = append(l.events, e) },
		Connect: func() (client.Config, error) {
			return client.Config{
				Transport: told{&fake{answer, make(chan string, 10)}, l}, Servers: servers,
				Timeout: time.Minute, First: 1,
			}, nil
		},
	})
	wg.Wait()
	if err != nil {
		t.Fatal(err)
	}
}

func (l *quiesced) all() []oplog.Event {
	events, _ := l.seen()
	return events
}

// TestQuiescer makes sure that a pause begins right after a put, with nothing in flight, that nothing happens in it, and that
// behind it each server is asked before anything else is written.
func TestQuiescer(t *testing.T) {
	l := new(quiesced)
	l.run(t, nemesis.Workload{Clients: 4, Reads: 0.5}, time.Minute, agree, func(ctx context.Context) {
		for range 40 {
			if !l.quiescer.Quiesce(ctx, 1) {
				t.Error("there is no moment")
				return
			}
			before, asked := l.seen()
			if wrong := notStill(before); wrong != "" {
				t.Error(wrong)
			}
			time.Sleep(time.Millisecond)
			if after := l.all(); len(after) != len(before) {
				t.Errorf("in a pause: %+v", after[len(before)])
			}
			began := time.Now()
			l.quiescer.Resume()
			for len(l.all()) < len(before)+10 {
				time.Sleep(100 * time.Microsecond)
			}
			after, whom := l.seen()
			gets := 0
			for _, e := range after[len(before):] {
				if e.Type == oplog.Invoke && e.Op == oplog.Write {
					break
				}
				if e.Type == oplog.Ok {
					gets++
				}
			}
			if time.Since(began) > 200*time.Millisecond {
				continue // Clients were too slow to look, and others do not wait for them for long.
			}
			if gets < 3 {
				t.Errorf("after a pause there are %d gets", gets)
			}
			servers := make(map[actor.ID]bool)
			for _, id := range whom[len(asked):][:3] {
				servers[id] = true
			}
			if len(servers) != 3 {
				t.Errorf("those who look ask %v", whom[len(asked):][:3])
			}
		}
	})
}

// notStill returns why a pause cannot begin after events: the last thing that happened has to be a put that was acknowledged,
// and nothing else may be in flight, but for what takes so long that it may hang.
func notStill(events []oplog.Event) string {
	const hangs = 30 * time.Millisecond
	began := make(map[int64]time.Duration)
	put := time.Duration(-1)
	for _, e := range events {
		switch since := e.Time - began[e.Process]; {
		case e.Type == oplog.Invoke:
			began[e.Process], put = e.Time, -1
			continue
		case e.Type == oplog.Ok && e.Op == oplog.Write:
			put = e.Time
		case since < hangs:
			put = -1
		}
		delete(began, e.Process)
	}
	if put < 0 {
		return fmt.Sprintf("before a pause there is no put, but %+v", events[len(events)-1])
	}
	for process, since := range began {
		if put-since < hangs {
			return fmt.Sprintf("when the last put ends at %v, what process %d began at %v is under way", put, process, since)
		}
	}
	return ""
}

// moments requires so many pauses, one after the other.
func (l *quiesced) moments(ctx context.Context, t *testing.T, n int) {
	t.Helper()
	for range n {
		if !l.quiescer.Quiesce(ctx, 1) {
			t.Error("there is no moment")
		}
		l.quiescer.Resume()
	}
}

// TestQuiescerOfReaders makes sure that there are moments also when nobody has anything to put any more.
func TestQuiescerOfReaders(t *testing.T) {
	l := new(quiesced)
	l.run(t, nemesis.Workload{Clients: 2, Writes: 1}, time.Minute, agree, func(ctx context.Context) { l.moments(ctx, t, 20) })
}

// silent answers nothing.
func silent(string) string { return "" }

// TestNotQuiescent makes sure that clients go on although there was no moment, nor an answer to those who look.
func TestNotQuiescent(t *testing.T) {
	var l quiesced
	if l.quiescer.Quiesce(t.Context(), 0) {
		t.Error("a pause of nobody")
	}
	l.quiescer.Resume()
	l.run(t, nemesis.Workload{Clients: 3, Reads: 0.5}, 50*time.Millisecond, silent, func(ctx context.Context) {
		for range 2 {
			short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
			if l.quiescer.Quiesce(short, 2) {
				t.Error("a pause without an answer")
			}
			cancel()
			l.quiescer.Resume()
			for from := len(l.all()); len(l.all()) < from+20; {
				time.Sleep(time.Millisecond)
			}
		}
	})
}

// TestHanging makes sure that a pause does not wait for operations that hang.
func TestHanging(t *testing.T) {
	var mu sync.Mutex
	puts := 0
	answer := func(request string) string {
		mu.Lock()
		defer mu.Unlock()
		if strings.HasPrefix(request, `{"Put"`) {
			if puts++; puts%2 == 0 {
				return ""
			}
		}
		return agree(request)
	}
	l := new(quiesced)
	l.run(t, nemesis.Workload{Clients: 40, Reads: 0.5}, time.Second, answer, func(ctx context.Context) { l.moments(ctx, t, 5) })
}
