package grpc

import (
	"context"
	"crypto/tls"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"synod/actor"
	"synod/internal/authority"
	"synod/spawn"
	"synod/spawn/grpc/framepb"
	"synod/spawn/secure"
)

// identity returns one of an authority, for an address.
func identity(t *testing.T, a *authority.Authority, address string, valid time.Duration) *secure.Identity {
	t.Helper()
	cert, key := a.Issue(address, valid)
	i, err := secure.Files{Cert: cert, Key: key, CA: a.CA}.Load()
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// withoutCertificate returns the side that connects without saying who it is.
func withoutCertificate(i *secure.Identity) *tls.Config {
	c := i.Client()
	c.Certificates = nil
	return c
}

// TestSecure lets servers and a client with certificates of one authority talk.
func TestSecure(t *testing.T) {
	i := identity(t, authority.New(t), "127.0.0.1", time.Hour)
	la, lb := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	ids := []actor.ID{idOf(t, la), idOf(t, lb)}
	a, b, client := Serve(la, ids[0], ids, i), Serve(lb, ids[1], ids, i), NewClient(i)
	if err := a.Send(ids[1], []byte("hello")); err != nil {
		t.Fatal(err)
	}
	want(t, b, ids[0], "hello")
	if err := client.Send(ids[1], []byte("ask")); err != nil {
		t.Fatal(err)
	}
	from, _, err := b.Receive(time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Send(from, []byte("answer")); err != nil {
		t.Fatal(err)
	}
	want(t, client, ids[1], "answer")
	if c := b.Connections(); c.Denied != 0 {
		t.Errorf("%+v", c)
	}
	closed(t, client, a, b)
}

// TestDenied refuses certificates that are of another authority, have ended or are missing, and counts that; and those of
// others are not taken for a server.
func TestDenied(t *testing.T) {
	ours, theirs := authority.New(t), authority.New(t)
	good := identity(t, ours, "127.0.0.1", time.Hour)
	cert, key := theirs.Issue("127.0.0.1", time.Hour)
	wrong, err := secure.Files{Cert: cert, Key: key, CA: ours.CA}.Load() // It trusts the server.
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		dials  credentials.TransportCredentials
		denied uint64
	}{
		"of another authority":  {credentials.NewTLS(wrong.Client()), 1},
		"that has ended":        {credentials.NewTLS(identity(t, ours, "127.0.0.1", -time.Minute).Client()), 1},
		"that is missing":       {credentials.NewTLS(withoutCertificate(good)), 1},
		"without encryption":    {plain, 1},
		"of an unknown server":  {credentials.NewTLS(identity(t, theirs, "127.0.0.1", time.Hour).Client()), 1},
		"that is fine":          {credentials.NewTLS(good.Client()), 0},
		"of a client elsewhere": {credentials.NewTLS(identity(t, ours, "192.0.2.1", time.Hour).Client()), 0},
	} {
		l := listen(t, "127.0.0.1:0")
		self := idOf(t, l)
		a := Serve(l, self, []actor.ID{self}, good)
		conn, err := Connect(l.Address().String(), tt.dials, Ours)
		if err != nil {
			t.Fatal(err)
		}
		s, err := framepb.NewCarrierClient(conn).Converse(t.Context())
		if err == nil {
			if err = s.Send(&framepb.Frame{Data: []byte("x")}); err == nil && tt.denied > 0 {
				_, err = s.Recv()
			}
		}
		if (err != nil) != (tt.denied > 0) {
			t.Errorf("a certificate %s: %v", name, err)
		}
		if tt.denied == 0 {
			if _, _, err := a.Receive(time.Minute); err != nil {
				t.Errorf("a certificate %s: %v", name, err)
			}
		}
		for a.Connections().Denied < tt.denied { // The server notes it in its own time.
			time.Sleep(time.Millisecond)
		}
		closed(t, conn, a)
	}

	// A certificate of a client does not make a server of it.
	l := listen(t, "127.0.0.1:0")
	self := idOf(t, l)
	other, err := spawn.IDOf(l.Address())
	if err != nil {
		t.Fatal(err)
	}
	other++ // the next port
	a := Serve(l, self, []actor.ID{self, other}, good)
	conn, err := Connect(l.Address().String(), credentials.NewTLS(identity(t, ours, "192.0.2.1", time.Hour).Client()), Ours)
	if err != nil {
		t.Fatal(err)
	}
	ctx := metadata.AppendToOutgoingContext(context.Background(), serverKey, other.String())
	s, err := framepb.NewCarrierClient(conn).Deliver(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.RecvMsg(new(framepb.Delivered)); status.Code(err) != codes.PermissionDenied || a.Connections().Denied != 1 {
		t.Errorf("a client speaks as a server: %v, %+v", err, a.Connections())
	}
	closed(t, conn, a)
}
