package transports_test

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"

	"synod/actor"
	"synod/spawn"
	"synod/spawn/transports"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var here = netip.MustParseAddrPort("127.0.0.1:0")

// TestCarries sends a message from a client to a server and back, and from one server to another, over each transport.
func TestCarries(t *testing.T) {
	for _, tr := range transports.All() {
		var ids []actor.ID
		var endpoints []transports.Endpoint
		for range 2 {
			e, err := tr.Listen(here, nil)
			if err != nil {
				t.Fatal(err)
			}
			id, err := spawn.IDOf(e.Address)
			if err != nil {
				t.Fatal(err)
			}
			ids, endpoints = append(ids, id), append(endpoints, e)
		}
		first, second := endpoints[0].Serve(ids[0], ids), endpoints[1].Serve(ids[1], ids)
		client, err := tr.Dial(here, nil)
		if err != nil {
			t.Fatal(err)
		}
		expect := func(from spawn.Transport, want string) actor.ID {
			t.Helper()
			sender, data, err := from.Receive(time.Minute)
			if err != nil || string(data) != want {
				t.Fatalf("%s: %q, %v; want %q", tr.Name, data, err, want)
			}
			return sender
		}
		if err := client.Send(ids[0], []byte("ask")); err != nil {
			t.Fatal(err)
		}
		sender := expect(first, "ask")
		if err := errors.Join(first.Send(sender, []byte("answer")), second.Send(ids[0], []byte("hello"))); err != nil {
			t.Fatal(err)
		}
		expect(client, "answer")
		if from := expect(first, "hello"); from != ids[1] {
			t.Errorf("%s: a message of %v, want one of %v", tr.Name, from, ids[1])
		}
		if err := errors.Join(client.Close(), first.Close(), second.Close()); err != nil {
			t.Errorf("%s: %v", tr.Name, err)
		}
	}
}

func TestFind(t *testing.T) {
	for i, name := range transports.Names() {
		tr, err := transports.Find(name)
		if err != nil || tr.Name != name || tr.Ordered != transports.All()[i].Ordered || transports.Ordered(name) != tr.Ordered {
			t.Errorf("%q is %+v, %v", name, tr, err)
		}
	}
	if tr, err := transports.Find("sctp"); err == nil || transports.Ordered("sctp") {
		t.Errorf("sctp is %+v", tr)
	}
	if !transports.Ordered(transports.Like(true)) || transports.Ordered(transports.Like(false)) {
		t.Error("a transport that keeps order does not")
	}
}
