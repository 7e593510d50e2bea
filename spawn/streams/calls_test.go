package streams_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"

	"synod/actor"
	"synod/spawn/streams"
)

// echo is a connection whose other side answers with what it is sent, until it is told to break.
type echo struct {
	answers chan []byte
	once    sync.Once
	closed  chan struct{}
}

func newEcho() *echo { return &echo{answers: make(chan []byte, 1), closed: make(chan struct{})} }

func (e *echo) Send(data []byte) error {
	select {
	case <-e.closed:
		return io.ErrClosedPipe
	default:
	}
	e.answers <- data
	return nil
}

func (e *echo) Receive() ([]byte, error) {
	select {
	case data := <-e.answers:
		return data, nil
	case <-e.closed:
		return nil, io.EOF
	}
}

func (e *echo) Close() error {
	e.once.Do(func() { close(e.closed) })
	return nil
}

// TestCalls requires one connection a server, one error after it broke, and a new connection after that.
func TestCalls(t *testing.T) {
	errBroke := errors.New("it broke")
	var dialled []*echo
	calls := streams.NewCalls(func(_ context.Context, to actor.ID) (streams.Connection, error) {
		if to == 9 {
			return nil, os.ErrNotExist
		}
		dialled = append(dialled, newEcho())
		return dialled[len(dialled)-1], nil
	}, errBroke)
	ask := func(to actor.ID, text string) {
		t.Helper()
		if err := calls.Send(to, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if from, data, err := calls.Receive(-1); err != nil || from != to || string(data) != text {
			t.Fatalf("%v, %q, %v", from, data, err)
		}
	}
	ask(1, "a")
	ask(1, "b")
	ask(2, "c")
	if len(dialled) != 2 {
		t.Errorf("%d connections to two servers", len(dialled))
	}
	if err := calls.Send(9, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a server that is not there: %v", err)
	}
	dialled[0].Close()
	// The reader notes that it broke. Until then it is an error of the connection, which is told in the same way.
	for {
		err := calls.Send(1, []byte("d"))
		if !errors.Is(err, errBroke) {
			t.Fatalf("after the connection broke: %v", err)
		}
		if errors.Is(err, io.ErrClosedPipe) {
			continue
		}
		break
	}
	ask(1, "e")
	if len(dialled) != 3 {
		t.Errorf("%d connections after one broke", len(dialled))
	}
	calls.Close()
	if _, _, err := calls.Receive(-1); !errors.Is(err, net.ErrClosed) {
		t.Errorf("received after Close: %v", err)
	}
	if err := calls.Send(3, nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("sent after Close: %v", err)
	}
}

// TestUrgent requires urgent messages to come first, and to have room when there is none for others.
func TestUrgent(t *testing.T) {
	b := streams.NewInboxOf(1)
	if !b.Put(1, nil) || !errors.Is(b.Offer(1, nil), streams.ErrFull) {
		t.Fatal("an inbox of one message does not hold one")
	}
	if err := b.OfferUrgent(2, nil); err != nil {
		t.Fatal(err)
	}
	for _, want := range []actor.ID{2, 1} {
		if from, _, err := b.Receive(0); err != nil || from != want {
			t.Errorf("received from %v, %v, want %v", from, err, want)
		}
	}
	if _, _, err := b.Receive(0); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("received from an empty inbox: %v", err)
	}
	b.Close()
	first, second := b.PutUrgent(1, nil), b.PutUrgent(1, nil)
	if first && second {
		t.Error("a closed inbox takes two messages")
	}
}
