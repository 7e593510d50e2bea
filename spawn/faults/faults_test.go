package faults

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"synod/actor"
	"synod/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// loop is a transport whose messages come back to it, from the actor that they were sent to.
type loop struct {
	queue  chan string
	closed chan struct{}
	once   sync.Once
}

func newLoop() *loop { return &loop{queue: make(chan string, 10_000), closed: make(chan struct{})} }

func (l *loop) Send(to actor.ID, data []byte) error {
	l.queue <- fmt.Sprintf("%v %s", to, data)
	return nil
}

func (l *loop) Receive(wait time.Duration) (actor.ID, []byte, error) {
	var over <-chan time.Time
	if wait >= 0 {
		over = time.After(wait)
	}
	select {
	case m := <-l.queue:
		var from actor.ID
		var text string
		_, err := fmt.Sscan(m, &from, &text)
		return from, []byte(text), err
	case <-over:
		return 0, nil, os.ErrDeadlineExceeded
	case <-l.closed:
		return 0, nil, net.ErrClosed
	}
}

func (l *loop) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *loop) take() []string {
	var all []string
	for {
		select {
		case m := <-l.queue:
			all = append(all, m)
		default:
			return all
		}
	}
}

var servers = []actor.ID{1, 2, 3}

const client actor.ID = 9

func wrap(t *testing.T, p Plan) (*loop, *Transport) {
	l := newLoop()
	tr := Wrap(l, servers, p, rand.NewPCG(7, 7))
	t.Cleanup(func() {
		if err := tr.Close(); err != nil {
			t.Error(err)
		}
	})
	return l, tr
}

func send(t *testing.T, tr *Transport, to actor.ID, n int) {
	t.Helper()
	for i := range n {
		if err := tr.Send(to, fmt.Appendf(nil, "m%d", i)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDropAndDuplicate(t *testing.T) {
	l, tr := wrap(t, Plan{Drop: 0.2, Duplicate: 0.3})
	send(t, tr, 2, 2000)
	dropped, twice := tr.Counts.Dropped.Load(), tr.Counts.Duplicated.Load()
	if got := len(l.take()); got != 2000-int(dropped)+int(twice) {
		t.Errorf("%d arrived, with %d lost and %d repeated", got, dropped, twice)
	}
	if dropped < 300 || dropped > 500 || twice < 380 || twice > 580 {
		t.Errorf("%d lost and %d repeated", dropped, twice)
	}
}

func TestSameSeed(t *testing.T) {
	var runs [2][]string
	for i := range runs {
		l, tr := wrap(t, Plan{Drop: 0.2, Duplicate: 0.3})
		send(t, tr, 2, 200)
		runs[i] = l.take()
	}
	if !slices.Equal(runs[0], runs[1]) {
		t.Error("the same seed lost other messages")
	}
}

func TestDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, tr := wrap(t, Plan{DelayMin: 10 * time.Millisecond, DelayMax: 20 * time.Millisecond})
		send(t, tr, 2, 100)
		time.Sleep(10*time.Millisecond - 1)
		synctest.Wait()
		if got := l.take(); len(got) > 0 {
			t.Errorf("too early: %q", got)
		}
		time.Sleep(10*time.Millisecond + 1)
		synctest.Wait()
		got := l.take()
		if len(got) != 100 || slices.IsSorted(got) {
			t.Errorf("after the longest delay: %d, in order: %v", len(got), slices.IsSorted(got))
		}
	})
}

func TestReorder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, tr := wrap(t, Plan{Reorder: 0.5})
		send(t, tr, 2, 100)
		time.Sleep(ReorderBy)
		synctest.Wait()
		held := int(tr.Counts.Reordered.Load())
		if got := l.take(); len(got) != 100 || held < 30 || held > 70 {
			t.Errorf("%d arrived, %d were held back", len(got), held)
		}
	})
}

func TestOverflow(t *testing.T) {
	_, tr := wrap(t, Plan{DelayMin: time.Minute, DelayMax: time.Minute})
	send(t, tr, 2, MaxWaiting+5)
	if n := tr.Counts.Overflowed.Load(); n != 5 {
		t.Errorf("%d overflowed", n)
	}
}

func TestCut(t *testing.T) {
	l, tr := wrap(t, Plan{})
	tr.Cut(2, 3)
	for _, to := range []actor.ID{1, 2, 3, client} {
		send(t, tr, to, 1)
	}
	if got := l.take(); !slices.Equal(got, []string{"1 m0", "9 m0"}) {
		t.Errorf("over cut links came %q", got)
	}
	_ = l.Send(2, []byte("cut"))
	_ = l.Send(1, []byte("sound"))
	if from, data, err := tr.Receive(time.Second); err != nil || from != 1 || string(data) != "sound" {
		t.Errorf("received %s of %v, %v", data, from, err)
	}
	tr.Heal(2)
	if got := tr.Severed(); !slices.Equal(got, []actor.ID{3}) {
		t.Errorf("still cut: %v", got)
	}
	tr.Heal()
	send(t, tr, 3, 1)
	if got := l.take(); len(got) != 1 || tr.Counts.Cut.Load() != 3 {
		t.Errorf("healed: %q, %d lost", got, tr.Counts.Cut.Load())
	}
}

// TestDeaf makes sure that a link can be cut in one direction.
func TestDeaf(t *testing.T) {
	l, tr := wrap(t, Plan{})
	tr.Deafen(2)
	send(t, tr, 2, 1)
	if got := l.take(); !slices.Equal(got, []string{"2 m0"}) {
		t.Errorf("to one that is not heard went %q", got)
	}
	_ = l.Send(2, []byte("lost"))
	_ = l.Send(1, []byte("heard"))
	if from, data, err := tr.Receive(time.Second); err != nil || from != 1 || string(data) != "heard" {
		t.Errorf("received %s of %v, %v", data, from, err)
	}
	if got := tr.Unheard(); !slices.Equal(got, []actor.ID{2}) || tr.Counts.Cut.Load() != 1 {
		t.Errorf("not heard: %v, %d lost", got, tr.Counts.Cut.Load())
	}
	tr.Heal()
	_ = l.Send(2, []byte("again"))
	if _, data, err := tr.Receive(time.Second); err != nil || string(data) != "again" {
		t.Errorf("healed: %s, %v", data, err)
	}
}

// TestRequests makes sure that requests suffer, and what servers send does not suffer a second time.
func TestRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, tr := wrap(t, Plan{Drop: 0.3, Duplicate: 0.3})
		const n = 1000
		for _, from := range []actor.ID{2, client} {
			for range n {
				_ = l.Send(from, []byte("m"))
			}
		}
		got := map[actor.ID]int{}
		for {
			from, _, err := tr.Receive(10 * time.Millisecond)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got[from]++
		}
		want := n - int(tr.Counts.Dropped.Load()) + int(tr.Counts.Duplicated.Load())
		if got[2] != n || got[client] != want || want == n {
			t.Errorf("of servers %d, of clients %d, want %d", got[2], got[client], want)
		}
	})
}

// TestWaiting makes sure that lost requests do not make Receive wait for longer than it may.
func TestWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, tr := wrap(t, Plan{Drop: 1})
		stop := make(chan struct{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				select {
				case <-stop:
					return
				case <-time.After(3 * time.Millisecond):
					_ = l.Send(client, []byte("m"))
				}
			}
		}()
		began := time.Now()
		_, _, err := tr.Receive(100 * time.Millisecond)
		if took := time.Since(began); !errors.Is(err, os.ErrDeadlineExceeded) || took != 100*time.Millisecond {
			t.Errorf("after %v: %v", took, err)
		}
		close(stop)
		<-done
	})
}

func TestStore(t *testing.T) {
	inner := &storage.Memory{}
	var counts Counts
	s := WrapStore(inner, &counts, rand.NewPCG(1, 1))
	change := []storage.Record{{Name: "a", Data: []byte("1")}}
	s.Set(Full)
	if err := s.Save(change); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("full: %v", err)
	}
	if got, _ := s.Load(); len(got) != 0 {
		t.Errorf("a full disk took %v", got)
	}
	s.Set(Failing)
	written := 0
	for range 100 {
		_ = inner.Save([]storage.Record{{Name: "a"}})
		if err := s.Save(change); !errors.Is(err, syscall.EIO) {
			t.Fatalf("failing: %v", err)
		}
		got, _ := s.Load()
		written += len(got)
	}
	if written < 20 || written > 80 {
		t.Errorf("of 100 failing fsyncs %d had written", written)
	}
	s.Set(Sound)
	if err := s.Save(change); err != nil || counts.SavesFailed.Load() != 101 {
		t.Errorf("sound: %v, %d failures", err, counts.SavesFailed.Load())
	}
}

func TestParse(t *testing.T) {
	for _, text := range []string{"", "-0.1", "1.1", "NaN", "x", "Inf"} {
		if p, err := ParseProbability(text); err == nil {
			t.Errorf("%q is the probability %v", text, p)
		}
	}
	for _, text := range []string{"", "5", "5ms..", "..5ms", "5ms..4ms", "-1ms", "2m", "1ms..2ms..3ms"} {
		if least, most, err := ParseDelay(text); err == nil {
			t.Errorf("%q is a delay of %v..%v", text, least, most)
		}
	}
	if least, most, err := ParseDelay("5ms..50ms"); err != nil || least != 5*time.Millisecond || most != 50*time.Millisecond {
		t.Errorf("%v..%v, %v", least, most, err)
	}
}

func TestCommands(t *testing.T) {
	_, tr := wrap(t, Plan{})
	i := &Injector{Transport: tr, Store: WrapStore(&storage.Memory{}, &tr.Counts, rand.NewPCG(1, 1)), Resolve: resolve}
	for _, tt := range []struct{ command, answer string }{
		{"drop 0.25", "ok"},
		{"duplicate 1", "ok"},
		{"reorder 0.5", "ok"},
		{" delay  1ms..2ms ", "ok"},
		{"cut two three", "ok"},
		{"heal three", "ok"},
		{"disk failing", "ok"},
		{"drop 2", `drop "2": expected a probability`},
		{"drop", "drop: expected one value"},
		{"delay soon", `delay "soon": expected a delay`},
		{"cut", "cut: expected the addresses"},
		{"cut four", `cut "four": expected`},
		{"deaf two", "ok"},
		{"deaf", "deaf: expected the addresses"},
		{"disk empty", "disk: expected ok, full or failing"},
		{"", "expected a command"},
		{"explode", `"explode": expected`},
	} {
		answer, err := i.Do(tt.command)
		if err != nil {
			answer = err.Error()
		}
		if !strings.HasPrefix(answer, tt.answer) {
			t.Errorf("%q: %q, want %q", tt.command, answer, tt.answer)
		}
	}
	s := i.Status()
	if s.Drop != 0.25 || s.Duplicate != 1 || s.Reorder != 0.5 || s.Delay != "1ms..2ms" || s.Disk != "failing" ||
		!slices.Equal(s.Cut, []string{"0.0.0.0:2"}) || !slices.Equal(s.Deaf, []string{"0.0.0.0:2"}) {
		t.Errorf("status %+v", s)
	}
	i.Store = nil
	if _, err := i.Do("disk full"); err == nil {
		t.Error("a disk that does not exist is full")
	}
}

func resolve(text string) (actor.ID, error) {
	if at := slices.Index([]string{"one", "two", "three"}, text); at >= 0 {
		return actor.ID(at + 1), nil
	}
	return 0, errors.New("expected one, two or three")
}

func TestControl(t *testing.T) {
	_, tr := wrap(t, Plan{})
	path := filepath.Join(t.TempDir(), "control")
	// What a dead process left behind.
	stale, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	stale.SetUnlinkOnClose(false)
	if err := stale.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := Serve(path, &Injector{Transport: tr, Resolve: resolve})
	if err != nil {
		t.Fatal(err)
	}
	if other, err := Serve(path, &Injector{Transport: tr}); err == nil {
		t.Error("a second one was opened", other.Close())
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(conn)
	ask := func(command string) string {
		fmt.Fprintln(conn, command)
		if !lines.Scan() {
			t.Fatal(lines.Err())
		}
		return lines.Text()
	}
	if got := ask("drop 0.5"); got != "ok" || tr.Plan().Drop != 0.5 {
		t.Errorf("%q, %+v", got, tr.Plan())
	}
	if got := ask("explode"); !strings.HasPrefix(got, "error: ") {
		t.Errorf("%q", got)
	}
	var s Status
	if err := json.Unmarshal([]byte(ask("status")), &s); err != nil || s.Drop != 0.5 || s.Disk != "none" {
		t.Errorf("status %+v, %v", s, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if lines.Scan() {
		t.Error("the connection is still open")
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
	_ = conn.Close()
}

// FuzzDo gives commands that make no sense.
func FuzzDo(f *testing.F) {
	for _, s := range []string{"status", "drop 1e400", "delay 1h..", "cut \x00", "heal one two", "disk\tfull"} {
		f.Add(s)
	}
	l := newLoop()
	tr := Wrap(l, servers, Plan{}, rand.NewPCG(1, 1))
	f.Cleanup(func() { _ = tr.Close() })
	i := &Injector{Transport: tr, Resolve: resolve}
	f.Fuzz(func(t *testing.T, command string) {
		answer, err := i.Do(command)
		if strings.Contains(answer, "\n") || err != nil && strings.Contains(err.Error(), "\n") {
			t.Errorf("%q is answered with more than a line: %q, %v", command, answer, err)
		}
		p := tr.Plan()
		if p.Drop < 0 || p.Drop > 1 || p.DelayMin < 0 || p.DelayMax < p.DelayMin {
			t.Errorf("%q makes %+v", command, p)
		}
	})
}
