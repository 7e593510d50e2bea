package tcp

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/machine"
	"synod/spawn/streams"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func listen(t *testing.T, at string) *Listener {
	t.Helper()
	var l *Listener
	var err error
	for range 1000 { // The port of a closed listener may take a moment.
		if l, err = Listen(netip.MustParseAddrPort(at)); err == nil {
			return l
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal(err)
	return nil
}

func idOf(t *testing.T, l *Listener) actor.ID {
	t.Helper()
	id, err := spawn.IDOf(l.Address())
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func closed(t *testing.T, all ...interface{ Close() error }) {
	t.Helper()
	for _, c := range all {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

func want(t *testing.T, tr *Transport, from actor.ID, text string) {
	t.Helper()
	got, data, err := tr.Receive(time.Minute)
	if err != nil || got != from || string(data) != text {
		t.Fatalf("received %q of %v, %v; want %q of %v", data, got, err, text, from)
	}
}

// TestServers lets two servers talk, in order, and over the death of one of them.
func TestServers(t *testing.T) {
	la, lb := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	ids := []actor.ID{idOf(t, la), idOf(t, lb)}
	a, b := Serve(la, ids[0], ids), Serve(lb, ids[1], ids)
	for i := range 500 {
		if err := a.Send(ids[1], fmt.Appendf(nil, "m%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 500 {
		want(t, b, ids[0], fmt.Sprintf("m%d", i))
	}
	if err := b.Send(ids[0], []byte("back")); err != nil {
		t.Fatal(err)
	}
	want(t, a, ids[1], "back")
	if err := a.Send(ids[0], []byte("self")); err != nil {
		t.Fatal(err)
	}
	// What is there is taken without waiting, every time.
	for range 50 {
		if err := a.Send(ids[0], []byte("self")); err != nil {
			t.Fatal(err)
		}
		if _, data, err := a.Receive(0); err != nil || string(data) != "self" {
			t.Fatalf("%q, %v", data, err)
		}
	}
	want(t, a, ids[0], "self")

	closed(t, b)
	if _, _, err := b.Receive(-1); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	// A message is kept for who is away, once the link has read the end of its connection, which nobody can see here.
	for away := 250 * time.Millisecond; ; away *= 2 {
		time.Sleep(away)
		if err := a.Send(ids[1], []byte("kept")); err != nil {
			t.Fatal(err)
		}
		b = Serve(listen(t, lb.Address().String()), ids[1], ids)
		from, data, err := b.Receive(10 * time.Second)
		closed(t, b)
		if err == nil && from == ids[0] && string(data) == "kept" {
			break
		}
		if err == nil || away > 8*time.Second {
			t.Fatalf("%v after a server was gone, it received %q of %v, %v", away, data, from, err)
		}
	}
	closed(t, a)
}

// TestBounded sends to a server that is away: what is beyond the queue is lost, with an error.
func TestBounded(t *testing.T) {
	l, away := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	ids := []actor.ID{idOf(t, l), idOf(t, away)}
	closed(t, away)
	a := Serve(l, ids[0], ids)
	for i := range streams.MaxQueue + 10 {
		err := a.Send(ids[1], []byte("x"))
		if i < streams.MaxQueue && err != nil || i >= streams.MaxQueue && !errors.Is(err, streams.ErrFull) {
			t.Fatalf("message %d: %v", i, err)
		}
	}
	if err := a.Send(12345, []byte("x")); err == nil {
		t.Error("sent to nobody")
	}
	if _, _, err := a.Receive(time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("received %v", err)
	}
	closed(t, a)
}

// TestImpostor makes sure that who says to be a server, and is at another address or none, is not taken for it.
func TestImpostor(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	self := idOf(t, l)
	elsewhere, err := spawn.IDOf(netip.MustParseAddrPort("127.0.0.2:3000"))
	if err != nil {
		t.Fatal(err)
	}
	a := Serve(l, self, []actor.ID{self, elsewhere})
	for _, id := range []actor.ID{elsewhere, 99, 1 << 60} {
		conn, err := net.Dial("tcp4", l.Address().String())
		if err != nil {
			t.Fatal(err)
		}
		if err := WriteFrame(conn, hello(id)); err != nil {
			t.Fatal(err)
		}
		from, data, err := a.Receive(time.Minute)
		if err != nil || from == id || !bytes.Equal(data, hello(id)) {
			t.Errorf("received %q of %v, %v", data, from, err)
		}
		closed(t, conn)
	}
	closed(t, a)
}

// TestTooLarge makes sure that a length which no message has ends the connection, and is told.
func TestTooLarge(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	self := idOf(t, l)
	a := Serve(l, self, []actor.ID{self})
	conn, err := net.Dial("tcp4", l.Address().String())
	if err != nil {
		t.Fatal(err)
	}
	if err := WriteFrame(conn, bytes.Repeat([]byte("x"), machine.MaxMessage)); err != nil {
		t.Fatal(err)
	}
	if _, data, err := a.Receive(time.Minute); err != nil || len(data) != machine.MaxMessage {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if _, err := conn.Write([]byte{255, 255, 255, 255, 1}); err != nil {
		t.Fatal(err)
	}
	if _, data, err := a.Receive(time.Minute); err != nil || len(data) != machine.MaxMessage+1 {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	if _, err := ReadFrame(conn); err == nil {
		t.Error("the connection is still open")
	}
	closed(t, conn, a)
}

// FuzzReadFrame reads what is no frame.
func FuzzReadFrame(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 'x'})
	f.Add([]byte{255, 255, 255, 255})
	f.Add(hello(5))
	f.Fuzz(func(t *testing.T, data []byte) {
		if id, ok := readHello(data); ok {
			if back, ok := readHello(hello(id)); !ok || back != id {
				t.Errorf("%q is the hello of %v, which is not read back", data, id)
			}
		}
		r := bytes.NewReader(data)
		got, err := ReadFrame(r)
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := WriteFrame(&again, got); err != nil || !bytes.HasPrefix(data, again.Bytes()) {
			t.Errorf("%q is read as %q, which is written as %q", data, got, again.Bytes())
		}
	})
}

// TestAddresses lets servers with ids of their own exchange a large message, and turn a client away.
func TestAddresses(t *testing.T) {
	first, second := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	ids := []actor.ID{0, 1}
	c := Config{
		Addresses:  map[actor.ID]netip.AddrPort{0: first.Address(), 1: second.Address()},
		MaxMessage: 1 << 20, Private: true,
	}
	a, b := c.Serve(first, 0, ids), c.Serve(second, 1, ids)
	defer closed(t, a, b)
	client, err := net.Dial("tcp4", first.Address().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := WriteFrame(client, []byte("{}")); err != nil {
		t.Fatal(err)
	}
	if n, err := client.Read(make([]byte, 1)); err == nil {
		t.Fatalf("a client of a private transport read %d bytes", n)
	}
	large := bytes.Repeat([]byte("x"), 1<<20)
	if err := a.Send(1, large); err != nil {
		t.Fatal(err)
	}
	want(t, b, 0, string(large))
	// More than the other side takes is refused by its machine, as it comes.
	if err := b.Send(0, append(large, 'x')); err != nil {
		t.Fatal(err)
	}
	if _, data, err := a.Receive(time.Minute); err != nil || len(data) != len(streams.Oversized) {
		t.Fatalf("received %d bytes, %v", len(data), err)
	}
}
