package client

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"synod/actor"
	"synod/consistency"
	"synod/examples/registers/wire"
	"synod/register"
	"synod/spawn"
	"synod/spawn/tcp"
	"synod/spawn/udp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// put stores an X at the first server.
func put(ctx context.Context, c *Client) error {
	call, err := c.Service.Parse("put", []string{"X"})
	if err == nil {
		_, err = c.Do(ctx, 0, call)
	}
	return err
}

// get reads at the first server.
func get(ctx context.Context, c *Client) (register.Value, error) {
	call, err := c.Service.Parse("get", nil)
	if err != nil {
		return 0, err
	}
	out, err := c.Do(ctx, 0, call)
	if err != nil {
		return 0, err
	}
	return out.(consistency.RegisterOutput[register.Value]).Value, nil
}

func socket(t *testing.T) *udp.Socket {
	t.Helper()
	s, err := udp.Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// server answers requests by a function, until the test ends; what it gives is sent back, and "" is nothing.
func server(t *testing.T, answer func(request string) string) actor.ID {
	t.Helper()
	s := socket(t)
	id, err := spawn.IDOf(s.Address())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			from, data, err := s.Receive(-1)
			if err != nil {
				return
			}
			if text := answer(string(data)); text != "" {
				_ = s.Send(from, []byte(text))
			}
		}
	}()
	t.Cleanup(func() { _ = s.Close(); <-done })
	return id
}

// TestPut makes sure that a put is repeated at its server with the same request, and at no other.
func TestPut(t *testing.T) {
	requests := make(chan string, 100)
	first := server(t, func(request string) string {
		requests <- request
		switch len(requests) {
		case 1:
			return `{"PutOk":99}` // the answer to another request
		case 2:
			return `{"GetOk":[100,"Y"]}` // to another kind of request
		}
		return `{"PutOk":100}`
	})
	second := server(t, func(request string) string {
		t.Errorf("the second server got %s", request)
		return ""
	})
	c := New(Config{
		Service: wire.Register, Transport: socket(t), Servers: []actor.ID{first, second}, Timeout: 50 * time.Millisecond, Retries: 90, First: 100,
	})
	if err := put(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if len(requests) < 3 { // There may be more, if the server was slow.
		t.Errorf("the server got %d requests", len(requests))
	}
	for range len(requests) {
		if got := <-requests; got != `{"Put":[100,"X"]}` {
			t.Errorf("the server got %s", got)
		}
	}
}

func TestUnknown(t *testing.T) {
	silent := server(t, func(string) string { return "" })
	c := New(Config{Service: wire.Register, Transport: socket(t), Servers: []actor.ID{silent}, Timeout: time.Millisecond, Retries: 2})
	if err := put(t.Context(), c); !errors.Is(err, ErrUnknown) {
		t.Errorf("put: %v", err)
	}
	if v, err := get(t.Context(), c); !errors.Is(err, ErrUnanswered) {
		t.Errorf("get: %v, %v", v, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ends := server(t, func(string) string { cancel(); return "" })
	c = New(Config{Service: wire.Register, Transport: socket(t), Servers: []actor.ID{ends}, Timeout: time.Minute})
	if err := put(ctx, c); !errors.Is(err, ErrUnknown) || !errors.Is(err, context.Canceled) {
		t.Errorf("put that was cut off: %v", err)
	}
	if err := put(ctx, c); errors.Is(err, ErrUnknown) || !errors.Is(err, context.Canceled) {
		t.Errorf("put after the end: %v", err)
	}
}

// TestGet makes sure that a get goes on to the next server.
func TestGet(t *testing.T) {
	silent := server(t, func(string) string { return "" })
	second := server(t, func(request string) string {
		if request != `{"Get":7}` {
			t.Errorf("the second server got %s", request)
		}
		return `{"GetOk":[7,"Z"]}`
	})
	c := New(Config{
		Service: wire.Register, Transport: socket(t), Servers: []actor.ID{silent, second}, Timeout: 50 * time.Millisecond, Retries: 99, First: 7,
	})
	if v, err := get(t.Context(), c); err != nil || v != 'Z' {
		t.Errorf("get: %v, %v", v, err)
	}
}

// TestExpired makes sure that a put that expired is told to be one of which nobody can tell, that a get is asked for again
// under a number that is new to the server, and that what comes later is.
func TestExpired(t *testing.T) {
	const floor = 1 << 62 // far beyond the time of day
	var asked atomic.Int32
	id := server(t, func(request string) string {
		asked.Add(1)
		number := strings.Trim(strings.TrimLeft(request, `{"PutGe:[`), `]},"X`)
		n, err := strconv.ParseUint(number, 10, 64)
		switch {
		case err != nil:
			t.Errorf("%s: %v", request, err)
			return ""
		case n <= floor:
			return fmt.Sprintf(`{"Expired":[%d,%d]}`, n, uint64(floor))
		case strings.HasPrefix(request, `{"Put"`):
			return fmt.Sprintf(`{"PutOk":%d}`, n)
		}
		return fmt.Sprintf(`{"GetOk":[%d,"Z"]}`, n)
	})
	for _, first := range []uint64{0, 7} {
		c := New(Config{Service: wire.Register, Transport: socket(t), Servers: []actor.ID{id}, Timeout: time.Minute, Retries: 1, First: first})
		if err := put(t.Context(), c); !errors.Is(err, ErrUnknown) || !strings.Contains(err.Error(), "forgotten") {
			t.Errorf("put: %v", err)
		}
		if err := put(t.Context(), c); err != nil {
			t.Errorf("put after one that expired: %v", err)
		}
		c = New(Config{Service: wire.Register, Transport: socket(t), Servers: []actor.ID{id}, Timeout: time.Minute, Retries: 1, First: first})
		if v, err := get(t.Context(), c); err != nil || v != 'Z' {
			t.Errorf("get: %v, %v", v, err)
		}
	}
	if n := asked.Load(); n != 8 {
		t.Errorf("%d requests came; want 8", n)
	}
}

// TestBroken makes sure that over TCP a put is not repeated on another connection: the server would take it for another.
func TestBroken(t *testing.T) {
	l, err := tcp.Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	id, err := spawn.IDOf(l.Address())
	if err != nil {
		t.Fatal(err)
	}
	s := tcp.Serve(l, id, []actor.ID{id})
	transport := tcp.NewClient()
	c := New(Config{Service: wire.Register, Transport: transport, Servers: []actor.ID{id}, Timeout: 200 * time.Millisecond, Retries: 3})
	done := make(chan int)
	go func() {
		n := 0
		for wait := time.Minute; ; wait = time.Second {
			if _, _, err := s.Receive(wait); err != nil {
				done <- n
				return
			}
			n++
			_ = s.Close()
			l, err := tcp.Listen(l.Address())
			if err != nil {
				done <- n
				return
			}
			s = tcp.Serve(l, id, []actor.ID{id})
		}
	}()
	if err := put(t.Context(), c); !errors.Is(err, ErrUnknown) {
		t.Errorf("put: %v", err)
	}
	if n := <-done; n != 1 {
		t.Errorf("the server got %d puts", n)
	}
	if err := errors.Join(s.Close(), transport.Close()); err != nil {
		t.Error(err)
	}
}

func TestBench(t *testing.T) {
	stored := make(chan struct{}, 1000)
	id := server(t, func(request string) string {
		n, value, ok := strings.Cut(strings.TrimSuffix(strings.TrimPrefix(request, `{"Put":[`), `"]}`), `,"`)
		if ok && len(value) == 1 {
			stored <- struct{}{}
			return `{"PutOk":` + n + `}`
		}
		return `{"GetOk":[` + strings.TrimSuffix(strings.TrimPrefix(request, `{"Get":`), "}") + `,"A"]}`
	})
	o, err := Bench(t.Context(), Load{
		Clients: 3, Duration: time.Minute, Operations: 200, Reads: 0.5, Server: -1, Seed: 1,
	}, func() (Config, error) {
		return Config{Service: wire.Register, Transport: socket(t), Servers: []actor.ID{id}, Timeout: time.Minute}, nil
	})
	if err != nil || o.Writes+o.Reads != 200 || o.Writes != len(stored) || o.Reads < 50 || o.Unknown+o.Unanswered+o.Failed != 0 {
		t.Errorf("%d puts, %d of them arrived, %d gets, %v", o.Writes, len(stored), o.Reads, err)
	}
	if p := o.Latency.Quantile(0.5); p <= 0 || p > o.Latency.Max() || o.PerSecond() <= 0 {
		t.Errorf("half of the operations took %v, the longest %v", p, o.Latency.Max())
	}
}

// TestHistogram compares quantiles with sorted durations.
func TestHistogram(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	var h Histogram
	for i := range 10_000 {
		h.Add(time.Duration(i+1) * time.Microsecond)
	}
	for _, share := range []float64{0.001, 0.5, 0.99, 0.999, 1} {
		want := time.Duration(share*10_000) * time.Microsecond
		if got := h.Quantile(share); got < want || got > want+want/30 {
			t.Errorf("quantile %g is %v, want %v", share, got, want)
		}
	}
	for range 10_000 {
		d := time.Duration(random.Int64() >> random.IntN(63))
		if b := bucket(d); upper(b) < d || b > 0 && upper(b-1) >= d {
			t.Fatalf("%d is in the bucket up to %d, after one up to %d", d, upper(b), upper(b-1))
		}
	}
	var none Histogram
	if none.Quantile(0.5) != 0 {
		t.Error("a quantile of nothing")
	}
	none.Add(-5)
	if none.Quantile(1) != 0 {
		t.Error("a negative duration counts as more than 0")
	}
}
