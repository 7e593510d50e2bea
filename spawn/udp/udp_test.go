package udp

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"synod/spawn"
	"synod/spawn/machine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func listen(t *testing.T) *Socket {
	t.Helper()
	s, err := Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestSizes(t *testing.T) {
	a, b := listen(t), listen(t)
	to, err := spawn.IDOf(b.Address())
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{0, 1, machine.MaxMessage, machine.MaxMessage + 1, 60_000} {
		data := bytes.Repeat([]byte("x"), size)
		if err := a.Send(to, data); err != nil {
			t.Fatal(err)
		}
		_, got, err := b.Receive(time.Minute)
		if want := min(size, machine.MaxMessage+1); err != nil || len(got) != want {
			t.Errorf("of %d bytes came %d, %v; want %d", size, len(got), err, want)
		}
	}
	if err := a.Send(to, make([]byte, 70_000)); err == nil {
		t.Error("70,000 bytes were sent")
	}
	if err := a.Send(1<<48, nil); err == nil {
		t.Error("a message was sent to no address")
	}
}

func TestWaits(t *testing.T) {
	a, b := listen(t), listen(t)
	for _, wait := range []time.Duration{0, time.Millisecond} {
		if _, _, err := a.Receive(wait); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("after %v: %v", wait, err)
		}
	}
	// A deadline that is over must not hold for a later call that has none.
	to, err := spawn.IDOf(a.Address())
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, func() { _ = b.Send(to, []byte("x")) })
	if _, data, err := a.Receive(-1); err != nil || string(data) != "x" {
		t.Errorf("%q, %v", data, err)
	}
	time.AfterFunc(20*time.Millisecond, func() { _ = a.Close() })
	if _, _, err := a.Receive(-1); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

func TestBusy(t *testing.T) {
	if s, err := Listen(listen(t).Address()); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("opened twice: %v, %v", s, err)
	}
}

// TestPoll takes what is there without waiting, also after a deadline that is over.
func TestPoll(t *testing.T) {
	a, b := listen(t), listen(t)
	to, err := spawn.IDOf(a.Address())
	if err != nil {
		t.Fatal(err)
	}
	from, err := spawn.IDOf(b.Address())
	if err != nil {
		t.Fatal(err)
	}
	for round := range 2 {
		for _, text := range []string{"", "one", "two"} {
			if err := b.Send(to, []byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		if round == 0 {
			if _, data, err := a.Receive(-1); err != nil || len(data) > 0 {
				t.Errorf("%q, %v", data, err)
			}
		} else if _, data, err := a.Receive(0); err != nil || len(data) > 0 {
			t.Errorf("%q, %v", data, err)
		}
		for _, text := range []string{"one", "two"} {
			if got, data, err := a.Receive(0); err != nil || got != from || string(data) != text {
				t.Errorf("%q of %v, %v; want %q of %v", data, got, err, text, from)
			}
		}
		if _, _, err := a.Receive(0); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("nothing is there: %v", err)
		}
		if _, _, err := a.Receive(time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("nothing comes: %v", err)
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.Receive(0); !errors.Is(err, net.ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}
