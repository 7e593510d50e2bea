package spawn_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"synod/actor"
	"synod/examples/catalog"
	"synod/spawn"
	"synod/spawn/machine"
	"synod/storage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAddresses(t *testing.T) {
	for _, tt := range []struct {
		addr string
		id   actor.ID
	}{
		{"127.0.0.1:3000", 139637976796088},
		{"127.0.0.1:4000", 139637976797088},
		{"0.0.0.0:0", 0},
		{"255.255.255.255:65535", 1<<48 - 1},
		{"1.2.3.4:5", 0x0102_0304_0005},
	} {
		addr := netip.MustParseAddrPort(tt.addr)
		id, err := spawn.IDOf(addr)
		if err != nil || id != tt.id {
			t.Errorf("%v has the id %v, %v; want %v", addr, id, err, tt.id)
		}
		if back, ok := spawn.AddressOf(tt.id); !ok || back != addr {
			t.Errorf("%v is the address %v, %v; want %v", tt.id, back, ok, addr)
		}
	}
	if id, err := spawn.IDOf(netip.MustParseAddrPort("[::ffff:127.0.0.1]:3000")); err != nil || id != 139637976796088 {
		t.Errorf("a mapped address has the id %v, %v", id, err)
	}
	if id, err := spawn.IDOf(netip.MustParseAddrPort("[::1]:3000")); err == nil {
		t.Errorf("an IPv6 address has the id %v", id)
	}
	if addr, ok := spawn.AddressOf(1 << 48); ok || spawn.Describe(1<<48) != "281474976710656" {
		t.Errorf("2^48 is the address %v", addr)
	}
}

// ticker sets a timer that sets itself again, and another that is cancelled by a message.
type ticker struct{}

func (ticker) Start(_ actor.ID, out *actor.Out[string]) int {
	out.SetTimer("tick", 10*time.Second, 20*time.Second)
	out.SetTimer("once", time.Minute, time.Minute)
	out.Choose("heads", "tails")
	return 0
}

func (ticker) Receive(_ actor.ID, n int, _ actor.ID, m string, out *actor.Out[string]) int {
	if m == "cancel" {
		out.CancelTimer("once")
	}
	return n
}

func (ticker) Timeout(_ actor.ID, n int, timer actor.Timer, out *actor.Out[string]) int {
	out.Send(client, timer.(string))
	if timer == "tick" {
		out.SetTimer("tick", 10*time.Second, 20*time.Second)
	}
	return n + 1
}

func (ticker) Chosen(_ actor.ID, n int, o actor.Option, out *actor.Out[string]) int {
	out.Send(client, o.(string))
	return n
}

// words is the form of messages that are texts.
type words struct{}

func (words) Append(dst []byte, m string) ([]byte, error) { return append(dst, m...), nil }
func (words) Decode(data []byte) (string, error)          { return string(data), nil }
func (words) Open(string) bool                            { return true }

func tickers() spawn.Machine {
	return machine.New(machine.Config[int, string]{
		Self: 1, Servers: []actor.ID{1}, Wire: words{}, Random: rand.NewPCG(1, 1),
		Actor: actor.New[int, string](ticker{}, actor.Timers(ticker{}.Timeout), actor.Choices(ticker{}.Chosen)),
	})
}

// TestTimers runs timers for an hour on virtual time.
func TestTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := newWires(1, client)
		done := make(chan error)
		go func() { done <- spawn.Run(ctx, spawn.Config{Machine: tickers(), Transport: w.end(1)}) }()
		time.Sleep(time.Hour)
		synctest.Wait()
		got := w.inbox(client)
		if len(got) == 0 || got[0] != "1: heads" && got[0] != "1: tails" {
			t.Errorf("the first message is %q", got[:min(1, len(got))])
		}
		ticks, once := 0, slices.Index(got, "1: once")
		for _, m := range got {
			if m == "1: tick" {
				ticks++
			}
		}
		if ticks < 180 || ticks > 360 || len(got) != ticks+2 || once < 4 || once > 7 {
			t.Errorf("%d ticks in an hour, %d messages, the other timer was number %d", ticks, len(got), once)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := newWires(1, client)
		done := make(chan error)
		go func() { done <- spawn.Run(ctx, spawn.Config{Machine: tickers(), Transport: w.end(1)}) }()
		w.send(client, 1, []byte("cancel"))
		time.Sleep(2 * time.Minute)
		if got := w.inbox(client); slices.Contains(got, "1: once") {
			t.Errorf("a timer that was cancelled fired: %q", got)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// TestUnsaved makes sure that nothing is sent if the save fails, at any of its points, and that the server stops.
func TestUnsaved(t *testing.T) {
	broken := errors.New("the disk is broken")
	for _, at := range []storage.Point{storage.BeforeWrite, storage.BeforeSync, storage.AfterSync} {
		synctest.Test(t, func(t *testing.T) {
			program, err := catalog.Program("single-decree", nil)
			if err != nil {
				t.Fatal(err)
			}
			ids := []actor.ID{1, 2, 3}
			w := newWires(1, 2, 3, client)
			store := &storage.Memory{}
			done := make(chan error, 1)
			go func() {
				done <- spawn.Run(t.Context(), spawn.Config{
					Machine: program.New(1, ids, true, random()), Transport: w.end(1), Store: store,
				})
			}()
			synctest.Wait()
			store.At = func(p storage.Point) error {
				if p == at {
					return broken
				}
				return nil
			}
			w.send(client, 1, []byte(`{"Put":[1,"X"]}`))
			if err := <-done; !errors.Is(err, broken) {
				t.Errorf("the server ended with %v", err)
			}
			if got := append(w.inbox(2), w.inbox(3)...); len(got) > 0 {
				t.Errorf("sent without a save: %q", got)
			}
		})
	}
}

// TestUnreadable makes sure that a server does not start from records that are none of its own.
func TestUnreadable(t *testing.T) {
	program, err := catalog.Program("single-decree", nil)
	if err != nil {
		t.Fatal(err)
	}
	store := &storage.Memory{}
	if err := store.Save([]storage.Record{{Name: "ballot", Data: []byte("no ballot")}}); err != nil {
		t.Fatal(err)
	}
	w := newWires(1)
	err = spawn.Run(t.Context(), spawn.Config{
		Machine: program.New(1, []actor.ID{1, 2, 3}, true, random()), Transport: w.end(1), Store: store,
	})
	if err == nil || !strings.Contains(err.Error(), "ballot") {
		t.Errorf("the server ended with %v", err)
	}
}

// TestRejected sends much that is no message: it is counted, one line of the log tells, and the server goes on.
func TestRejected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		program, err := catalog.Program("single-decree", nil)
		if err != nil {
			t.Fatal(err)
		}
		w := newWires(1, 2, 3, client)
		var log bytes.Buffer
		var metrics spawn.Metrics
		done := make(chan error)
		go func() {
			done <- spawn.Run(ctx, spawn.Config{
				Machine: program.New(1, []actor.ID{1, 2, 3}, false, random()), Transport: w.end(1),
				Metrics: &metrics, Log: slog.New(slog.NewTextHandler(&log, nil)),
			})
		}()
		for _, text := range []string{
			"hello", `{"Put":[1,"XY"]}`, `{"Internal":{"Prepare":{"ballot":[9,2]}}}`, strings.Repeat("[", 500),
			strings.Repeat(" ", machine.MaxMessage+1),
		} {
			for range 100 {
				w.send(client, 1, []byte(text))
			}
			synctest.Wait()
		}
		time.Sleep(2 * time.Second)
		w.send(client, 1, []byte("again"))
		w.send(client, 1, []byte(`{"Put":[1,"X"]}`))
		synctest.Wait()
		if got := w.inbox(2); len(got) != 1 || got[0] != `1: {"Internal":{"Prepare":{"ballot":[1,1]}}}` {
			t.Errorf("afterwards it sent %q", got)
		}
		for r := range machine.Reasons {
			want := uint64(100)
			if r == machine.NotJSON {
				want++
			}
			if n := metrics.Rejected[r].Load(); n != want {
				t.Errorf("%v: %d, want %d", r, n, want)
			}
		}
		if lines := strings.Count(log.String(), "was dropped"); lines != 2 || !strings.Contains(log.String(), "more=499") {
			t.Errorf("the log has %d lines:\n%s", lines, log.String())
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		var text bytes.Buffer
		if err := spawn.WriteMetrics(&text, []spawn.Labelled{{Server: "127.0.0.1:3000", Metrics: &metrics}}); err != nil {
			t.Fatal(err)
		}
		for _, line := range []string{
			`synod_messages_received_total{server="127.0.0.1:3000"} 502`,
			`synod_messages_rejected_total{server="127.0.0.1:3000",reason="too_deep"} 100`,
			`synod_messages_sent_total{server="127.0.0.1:3000"} 2`,
			`synod_save_seconds_bucket{server="127.0.0.1:3000",le="+Inf"} 0`,
			"# TYPE synod_save_seconds histogram",
		} {
			if !strings.Contains(text.String(), line+"\n") {
				t.Errorf("no line %s in\n%s", line, text.String())
			}
		}
	})
}
