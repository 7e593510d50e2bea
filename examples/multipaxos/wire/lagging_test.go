package wire_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"synod/actor"
	"synod/examples/multipaxos/wire"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
	"synod/spawn"
	"synod/spawn/machine"
	"synod/spawn/udp"
	"synod/storage"
)

// loaded is a store with some records, which forgets what is saved besides.
type loaded []storage.Record

func (l loaded) Load() ([]storage.Record, error) { return l, nil }
func (loaded) Save([]storage.Record) error       { return nil }

// host is a socket with its id.
type host struct {
	*udp.Socket
	id actor.ID
}

func newHost(t *testing.T) host {
	t.Helper()
	s, err := udp.Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	id, err := spawn.IDOf(s.Address())
	if err != nil {
		t.Fatal(err)
	}
	return host{s, id}
}

// serve runs a server of the store until the test ends.
func (h host) serve(t *testing.T, servers []actor.ID, o multipaxos.Options, records loaded) {
	t.Helper()
	o.Window, o.Batch, o.Bytes, o.Reduce = wire.Window, 1, wire.SlotBytes, true
	o.Part, o.PartBytes = wire.Part, wire.PartBytes
	server := multipaxos.Server[map[string]string, rsm.StoreOp, rsm.StoreResult]{
		Options: o, Machine: rsm.Store{}, Peers: actor.Others(servers, h.id), Size: wire.Size,
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- spawn.Run(ctx, spawn.Config{
			Machine: machine.New(machine.Config[storeState, rsm.Message]{
				Self: h.id, Servers: servers, Actor: server.New(), Wire: wire.Messages, Records: wire.Records,
				Random: rand.NewPCG(1, 1),
			}),
			Transport: h, Store: records,
		})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// ask sends a request to a server until it answers.
func (h host) ask(t *testing.T, to actor.ID, request string) string {
	t.Helper()
	for {
		if err := h.Send(to, []byte(request)); err != nil {
			t.Fatal(err)
		}
		if _, data, err := h.Receive(50 * time.Millisecond); err == nil {
			return string(data)
		}
	}
}

// A server that knows nothing becomes the leader, of another one that has voted for far more than a datagram holds and
// has forgotten the decisions: it learns of the votes in parts, and serves what they say.
func TestLaggingLeads(t *testing.T) {
	const slots = 100
	veteran, lagging, down, client := newHost(t), newHost(t), newHost(t), newHost(t)
	servers := []actor.ID{veteran.id, lagging.id, down.id}
	slices.Sort(servers)
	records := loaded{{Name: "ballot", Data: fmt.Appendf(nil, `{"round":1,"leader":%d}`, down.id)}}
	for slot := 1; slot <= slots; slot++ {
		records = append(records, storage.Record{Name: fmt.Sprintf("vote %020d", slot), Data: fmt.Appendf(nil,
			`[{"ballot":{"round":1,"leader":%d},"batch":[{"id":{"client":9,"local":%d},"op":{"kind":1,"key":"k","value":"%s%d",`+
				`"old":""},"end":false,"floor":%d}]}]`, down.id, slot, strings.Repeat("x", 3_000), slot, slot)})
	}
	veteran.serve(t, servers, multipaxos.Options{Patience: time.Hour, Resend: time.Hour}, records)
	lagging.serve(t, servers, multipaxos.Options{Patience: 20 * time.Millisecond, Resend: 10 * time.Millisecond}, nil)
	answer := client.ask(t, lagging.id, `{"Request":{"command":{"id":{"client":0,"local":1},`+
		`"op":{"kind":0,"key":"k","value":"","old":""},"end":false,"floor":0}}}`)
	if want := fmt.Sprintf(`x%d"`, slots); !strings.Contains(answer, want) {
		t.Errorf("answered %.80s…, must hold %s", answer, want)
	}
}
