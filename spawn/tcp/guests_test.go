//go:build unix

package tcp

import (
	"fmt"
	"net"
	"syscall"
	"testing"
	"time"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/streams"
)

// dial connects to a server.
func dial(t *testing.T, tr *Transport) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp4", tr.listener.Address().String())
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// asked lets a client ask a server, and answers it.
func asked(t *testing.T, tr *Transport, client net.Conn, text string) {
	t.Helper()
	if err := WriteFrame(client, []byte(text)); err != nil {
		t.Fatal(err)
	}
	from, data, err := tr.Receive(time.Minute)
	if err != nil || string(data) != text {
		t.Fatalf("received %q, %v; want %q", data, err, text)
	}
	if err := tr.Send(from, data); err != nil {
		t.Fatal(err)
	}
	if data, err := ReadFrame(client); err != nil || string(data) != text {
		t.Fatalf("answered %q, %v; want %q", data, err, text)
	}
}

// ended waits for the other side to end a connection.
func ended(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if data, err := ReadFrame(conn); err == nil || slow(err, streams.Late) == streams.Late {
		t.Fatalf("read %q, %v; want the end of the connection", data, err)
	}
	conn.Close()
}

// TestCrowded opens 5,000 connections that say nothing and 400 that never come to the end of their first message: clients
// and servers that are there, and such that come, are served.
func TestCrowded(t *testing.T) {
	idle, slow := 5000, 400
	if testing.Short() {
		idle = 1000
	}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if most := int(limit.Cur) / 2; idle+slow+100 > most { // The test has both ends of each.
		idle = most - slow - 100
		t.Logf("only %d idle connections, as the system allows %d open files", idle, limit.Cur)
	}
	la, lb := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	ids := []actor.ID{idOf(t, la), idOf(t, lb)}
	a, b := Serve(la, ids[0], ids), Serve(lb, ids[1], ids)
	if err := b.Send(ids[0], []byte("before")); err != nil {
		t.Fatal(err)
	}
	want(t, a, ids[1], "before")
	client := dial(t, a)
	asked(t, a, client, "first")

	var crowd []net.Conn
	for i := range idle + slow {
		conn := dial(t, a)
		if i >= idle {
			if _, err := conn.Write([]byte{0, 0, 0, 100, '{'}); err != nil {
				t.Logf("slow connection %d: %v", i-idle, err)
			}
		}
		crowd = append(crowd, conn)
		if i%1000 == 999 {
			asked(t, a, client, fmt.Sprint("among ", i))
		}
	}
	asked(t, a, client, "second")
	newcomer := dial(t, a)
	asked(t, a, newcomer, "third")
	if err := b.Send(ids[0], []byte("after")); err != nil {
		t.Fatal(err)
	}
	want(t, a, ids[1], "after")
	closed(t, b)
	b = Serve(listen(t, lb.Address().String()), ids[1], ids)
	if err := b.Send(ids[0], []byte("again")); err != nil {
		t.Fatal(err)
	}
	want(t, a, ids[1], "again")

	c := a.Connections()
	if c.Strangers > streams.MaxStrangers || c.Clients != 2 || c.Peers == 0 || c.Evicted+c.Late == 0 || c.Refused != 0 {
		t.Errorf("%+v", c)
	}
	closed(t, client, newcomer, a, b)
	for _, conn := range crowd {
		conn.Close()
	}
}

// TestSlow makes sure that connections end whose first message, or whose next one, takes too long, and those of clients that
// say nothing, but not those of servers.
func TestSlow(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*streams.Limits)
		said   []byte // after one message, if it is a client
		client bool
		count  func(spawn.Connections) uint64
	}{
		"silent":  {func(l *streams.Limits) { l.First = time.Millisecond }, nil, false, func(c spawn.Connections) uint64 { return c.Late }},
		"slow":    {func(l *streams.Limits) { l.First = time.Millisecond }, []byte{0, 0, 0, 9}, false, func(c spawn.Connections) uint64 { return c.Late }},
		"slower":  {func(l *streams.Limits) { l.Whole = time.Millisecond }, []byte{0, 0, 0, 9}, true, func(c spawn.Connections) uint64 { return c.Late }},
		"at rest": {func(l *streams.Limits) { l.Idle = time.Millisecond }, nil, true, func(c spawn.Connections) uint64 { return c.Idle }},
	} {
		bounds := streams.Usual
		tt.change(&bounds)
		l, peer := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
		ids := []actor.ID{idOf(t, l), idOf(t, peer)}
		closed(t, peer)
		a := serve(l, ids[0], ids, Config{}, bounds)
		conn := dial(t, a)
		if tt.client {
			if err := WriteFrame(conn, []byte("hello")); err != nil {
				t.Fatal(err)
			}
			if _, _, err := a.Receive(time.Minute); err != nil {
				t.Fatal(err)
			}
		}
		_, _ = conn.Write(tt.said) // It may have ended already.
		ended(t, conn)
		for tt.count(a.Connections()) != 1 { // The other side notes it after it has closed the connection.
			time.Sleep(time.Millisecond)
		}
		if c := a.Connections(); c.Clients+c.Strangers != 0 {
			t.Errorf("%s: %+v", name, c)
		}
		if name == "at rest" {
			server := dial(t, a)
			for _, text := range []string{string(hello(ids[1])), "a", "b"} {
				if err := WriteFrame(server, []byte(text)); err != nil {
					t.Fatal(err)
				}
			}
			want(t, a, ids[1], "a")
			want(t, a, ids[1], "b")
			if c := a.Connections(); c.Peers != 1 || c.Idle != 1 {
				t.Errorf("%s: %+v", name, c)
			}
			closed(t, server)
		}
		closed(t, a)
	}
}

// TestPlaces fills the places of clients: one that was silent gives its place away, and busy ones keep theirs.
func TestPlaces(t *testing.T) {
	bounds := streams.Usual
	bounds.Clients, bounds.Restless = 2, 0
	l := listen(t, "127.0.0.1:0")
	a := serve(l, idOf(t, l), []actor.ID{idOf(t, l)}, Config{}, bounds)
	first, second, third := dial(t, a), dial(t, a), dial(t, a)
	for _, c := range []net.Conn{first, second, first, third} {
		asked(t, a, c, "x")
	}
	ended(t, second)
	asked(t, a, first, "x")
	asked(t, a, third, "x")
	if c := a.Connections(); c.Clients != 2 || c.Evicted != 1 || c.Refused != 0 || c.Accepted != 3 {
		t.Errorf("%+v", c)
	}
	closed(t, a, first, third)

	bounds.Restless = time.Hour
	l = listen(t, "127.0.0.1:0")
	a = serve(l, idOf(t, l), []actor.ID{idOf(t, l)}, Config{}, bounds)
	first, second, third = dial(t, a), dial(t, a), dial(t, a)
	asked(t, a, first, "x")
	asked(t, a, second, "x")
	if err := WriteFrame(third, []byte("x")); err != nil {
		t.Fatal(err)
	}
	ended(t, third)
	asked(t, a, first, "x")
	if c := a.Connections(); c.Clients != 2 || c.Evicted != 0 || c.Refused != 1 {
		t.Errorf("%+v", c)
	}
	closed(t, a, first, second)
}
