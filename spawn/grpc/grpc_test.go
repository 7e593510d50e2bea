package grpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
	rpc "google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/grpc/framepb"
	"synod/spawn/machine"
	"synod/spawn/streams"
)

var _, plain = Credentials(nil)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func listen(t *testing.T, at string) *Listener {
	t.Helper()
	l, err := Listen(netip.MustParseAddrPort(at))
	if err != nil {
		t.Fatal(err)
	}
	return l
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

func want(t *testing.T, tr spawn.Transport, from actor.ID, text string) {
	t.Helper()
	got, data, err := tr.Receive(time.Minute)
	if err != nil || got != from || string(data) != text {
		t.Fatalf("received %q of %v, %v; want %q of %v", data, got, err, text, from)
	}
}

// dialed connects to a server.
func dialed(t *testing.T, tr *Transport) *rpc.ClientConn {
	t.Helper()
	conn, err := Connect(tr.door.Addr().String(), plain, Ours)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// TestServers lets two servers talk, in order, and over the death of one of them.
func TestServers(t *testing.T) {
	la, lb := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	ids := []actor.ID{idOf(t, la), idOf(t, lb)}
	a, b := Serve(la, ids[0], ids, nil), Serve(lb, ids[1], ids, nil)
	for i := range 500 {
		if err := a.Send(ids[1], fmt.Appendf(nil, "m%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 500 {
		want(t, b, ids[0], fmt.Sprintf("m%d", i))
	}
	if err := errors.Join(b.Send(ids[0], []byte("back")), a.Send(ids[0], []byte("self"))); err != nil {
		t.Fatal(err)
	}
	got := make(map[string]actor.ID)
	for range 2 {
		from, data, err := a.Receive(time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		got[string(data)] = from
	}
	if got["back"] != ids[1] || got["self"] != ids[0] {
		t.Errorf("received %v", got)
	}
	if c := b.Connections(); c.Peers != 1 || c.Clients+c.Strangers != 0 {
		t.Errorf("%+v", c)
	}
	for _, c := range []struct {
		of   *Transport
		want spawn.Peer
	}{
		{a, spawn.Peer{Address: lb.Address().String(), Up: true, Sent: 500, Received: 1}},
		{b, spawn.Peer{Address: la.Address().String(), Up: true, Sent: 1, Received: 500}},
	} {
		got := c.of.Peers()
		// A message is counted after it was handed over, at both ends; failures are of the time before both listened.
		for len(got) == 1 && (got[0].Sent < c.want.Sent || got[0].Received < c.want.Received) {
			time.Sleep(time.Millisecond)
			got = c.of.Peers()
		}
		if len(got) == 1 {
			c.want.Failures = got[0].Failures
		}
		if len(got) != 1 || got[0] != c.want {
			t.Errorf("%+v: want %+v", got, c.want)
		}
	}

	closed(t, b)
	if _, _, err := b.Receive(-1); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	// A message is kept for who is away, once the link knows that its stream has ended.
	for a.links[ids[1]].Up() {
		time.Sleep(time.Millisecond)
	}
	if err := a.Send(ids[1], []byte("kept")); err != nil {
		t.Fatal(err)
	}
	b = Serve(listen(t, lb.Address().String()), ids[1], ids, nil)
	want(t, b, ids[0], "kept")
	closed(t, a, b)
}

// TestBounded sends to a server that is away: what is beyond the queue is lost, with an error.
func TestBounded(t *testing.T) {
	l, away := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	ids := []actor.ID{idOf(t, l), idOf(t, away)}
	closed(t, away)
	a := Serve(l, ids[0], ids, nil)
	for i := range streams.MaxQueue + 10 {
		err := a.Send(ids[1], []byte("x"))
		if i < streams.MaxQueue && err != nil || i >= streams.MaxQueue && !errors.Is(err, streams.ErrFull) {
			t.Fatalf("message %d: %v", i, err)
		}
	}
	if p := a.Peers()[0]; p.Waiting != streams.MaxQueue || p.Lost != 10 || p.Up || p.Sent != 0 {
		t.Errorf("%+v: want %d that wait, and 10 lost", p, streams.MaxQueue)
	}
	if err := a.Send(12345, []byte("x")); err == nil {
		t.Error("sent to nobody")
	}
	if _, _, err := a.Receive(time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("received %v", err)
	}
	closed(t, a)
}

// TestStopped has a server that lets others connect, and then says and takes nothing, as one that is stopped: the others go on,
// and what is sent to it is bounded.
func TestStopped(t *testing.T) {
	stopped := listen(t, "127.0.0.1:0")
	defer closed(t, stopped)
	la, lb := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	ids := []actor.ID{idOf(t, la), idOf(t, lb), idOf(t, stopped)}
	a, b := Serve(la, ids[0], ids, nil), Serve(lb, ids[1], ids, nil)
	large := bytes.Repeat([]byte("x"), machine.MaxMessage)
	lost := 0
	for i := range streams.MaxQueue + 500 {
		if err := a.Send(ids[2], large); err != nil {
			lost++
		}
		text := fmt.Sprint("m", i)
		if err := a.Send(ids[1], []byte(text)); err != nil {
			t.Fatal(err)
		}
		want(t, b, ids[0], text)
	}
	if lost == 0 || lost > 500 {
		t.Errorf("%d messages were lost, want up to 500", lost)
	}
	closed(t, a, b)
}

// TestImpostor makes sure that who says to be a server, and is at another address or none, is not taken for it.
func TestImpostor(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	self := idOf(t, l)
	elsewhere, err := spawn.IDOf(netip.MustParseAddrPort("127.0.0.2:3000"))
	if err != nil {
		t.Fatal(err)
	}
	a := Serve(l, self, []actor.ID{self, elsewhere}, nil)
	conn := dialed(t, a)
	for _, said := range [][]string{
		{},
		{serverKey, elsewhere.String()},
		{serverKey, "99"},
		{serverKey, "no number"},
		{serverKey, self.String()},
		{serverKey, elsewhere.String(), serverKey, elsewhere.String()},
	} {
		ctx := metadata.AppendToOutgoingContext(context.Background(), said...)
		s, err := framepb.NewCarrierClient(conn).Deliver(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.RecvMsg(new(framepb.Delivered)); status.Code(err) != codes.PermissionDenied {
			t.Errorf("%v: %v", said, err)
		}
	}
	if c := a.Connections(); c.Denied != 6 || c.Peers != 0 {
		t.Errorf("%+v", c)
	}
	closed(t, conn, a)
}

// TestLater opens two streams as one server: only the later one counts.
func TestLater(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	self, other := idOf(t, l), actor.ID(0)
	other, err := spawn.IDOf(netip.MustParseAddrPort("127.0.0.1:1"))
	if err != nil {
		t.Fatal(err)
	}
	a := Serve(l, self, []actor.ID{other, self}, nil)
	conn := dialed(t, a)
	open := func() rpc.ClientStreamingClient[framepb.Frame, framepb.Delivered] {
		ctx := metadata.AppendToOutgoingContext(context.Background(), serverKey, other.String())
		s, err := framepb.NewCarrierClient(conn).Deliver(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Header(); err != nil {
			t.Fatal(err)
		}
		return s
	}
	send := func(s rpc.ClientStreamingClient[framepb.Frame, framepb.Delivered], text string) {
		if err := s.Send(&framepb.Frame{Data: []byte(text)}); err != nil {
			t.Fatal(err)
		}
	}
	first := open()
	send(first, "one")
	want(t, a, other, "one")
	second := open()
	send(second, "two")
	want(t, a, other, "two") // so that the second stream is known
	send(first, "late")
	if err := first.RecvMsg(new(framepb.Delivered)); status.Code(err) != codes.Aborted {
		t.Errorf("the first stream: %v", err)
	}
	send(second, "three")
	want(t, a, other, "three")
	closed(t, conn, a)
}

// TestTooLarge makes sure that a message which is too large is told, and ends the stream.
func TestTooLarge(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	self := idOf(t, l)
	a := Serve(l, self, []actor.ID{self}, nil)
	client := NewClient(nil)
	for _, tt := range []struct{ size, received int }{
		{0, 0},
		{machine.MaxMessage, machine.MaxMessage},
		{machine.MaxMessage + 1, machine.MaxMessage + 1},
		{1 << 20, len(streams.Oversized)},
	} {
		if err := client.Send(self, make([]byte, tt.size)); err != nil {
			t.Fatal(err)
		}
		if _, data, err := a.Receive(time.Minute); err != nil || len(data) != tt.received {
			t.Errorf("received %d bytes, %v; want %d", len(data), err, tt.received)
		}
	}
	closed(t, client, a)
}

// TestClients fills the places of clients: one that was silent gives its place away, and busy ones keep theirs.
func TestClients(t *testing.T) {
	for _, restless := range []time.Duration{0, time.Hour} {
		limits := streams.Usual
		limits.Clients, limits.Restless = 2, restless
		l := listen(t, "127.0.0.1:0")
		self := idOf(t, l)
		a := serve(l, self, []actor.ID{self}, nil, limits)
		var clients []*Client
		for i := range 3 {
			c := NewClient(nil)
			clients = append(clients, c)
			text := fmt.Sprint("ask ", i)
			if err := c.Send(self, []byte(text)); err != nil {
				t.Fatal(err)
			}
			if i == 2 && restless > 0 {
				for a.Connections().Refused == 0 {
					time.Sleep(time.Millisecond)
				}
				break
			}
			from, data, err := a.Receive(time.Minute)
			if err != nil || string(data) != text {
				t.Fatalf("received %q, %v; want %q", data, err, text)
			}
			if err := a.Send(from, data); err != nil {
				t.Fatal(err)
			}
			want(t, c, self, text)
		}
		if n := a.Connections(); n.Evicted+n.Refused != 1 || (n.Refused == 1) != (restless > 0) {
			t.Errorf("restless for %v: %+v", restless, n)
		}
		for _, c := range clients {
			closed(t, c)
		}
		closed(t, a)
	}
}

// TestIdle ends the conversation of a client that says nothing.
func TestIdle(t *testing.T) {
	limits := streams.Usual
	limits.Idle = time.Millisecond
	l := listen(t, "127.0.0.1:0")
	self := idOf(t, l)
	a := serve(l, self, []actor.ID{self}, nil, limits)
	conn := dialed(t, a)
	s, err := framepb.NewCarrierClient(conn).Converse(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Recv(); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("a silent client: %v", err)
	}
	closed(t, conn, a)
}

// TestBroken tells a client once that a stream broke, and then uses a new one.
func TestBroken(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	self := idOf(t, l)
	a := Serve(l, self, []actor.ID{self}, nil)
	client := NewClient(nil)
	if err := client.Send(self, []byte("one")); err != nil {
		t.Fatal(err)
	}
	from, _, err := a.Receive(time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	closed(t, a)
	for { // until the client has read the end
		if err = client.Send(self, []byte("lost")); err != nil {
			break
		}
	}
	if !errors.Is(err, ErrBroken) {
		t.Errorf("the stream broke: %v", err)
	}
	a = Serve(listen(t, l.Address().String()), self, []actor.ID{self}, nil)
	for {
		if err = client.Send(self, []byte("two")); err == nil {
			break
		}
		if !errors.Is(err, ErrBroken) {
			t.Fatal(err)
		}
	}
	again, data, err := a.Receive(time.Minute)
	if err != nil || string(data) != "two" || again == from {
		t.Errorf("received %q of %v, %v", data, again, err)
	}
	if err := client.Send(1<<60, nil); err == nil {
		t.Error("sent to nobody")
	}
	closed(t, client, a)
	if err := client.Send(self, nil); err == nil {
		t.Error("a closed client sends")
	}
}

// TestServices asks a server what it has and how it is.
func TestServices(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	a := Serve(l, idOf(t, l), []actor.ID{idOf(t, l)}, nil)
	conn := dialed(t, a)
	ctx, cancel := context.WithCancel(context.Background())
	health, err := healthpb.NewHealthClient(conn).Check(ctx, new(healthpb.HealthCheckRequest))
	if err != nil || health.GetStatus() != healthpb.HealthCheckResponse_SERVING {
		t.Errorf("%v, %v", health, err)
	}
	s, err := reflectionpb.NewServerReflectionClient(conn).ServerReflectionInfo(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(&reflectionpb.ServerReflectionRequest{
		MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{},
	}); err != nil {
		t.Fatal(err)
	}
	r, err := s.Recv()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, service := range r.GetListServicesResponse().GetService() {
		names = append(names, service.GetName())
	}
	if fmt.Sprint(names) != "[framepb.Carrier grpc.health.v1.Health grpc.reflection.v1.ServerReflection grpc.reflection.v1alpha.ServerReflection]" {
		t.Errorf("services: %v", names)
	}
	cancel()
	closed(t, conn, a)
}
