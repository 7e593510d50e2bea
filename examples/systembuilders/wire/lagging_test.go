package wire_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"synod/actor"
	"synod/examples/systembuilders/wire"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
	"synod/spawn"
	"synod/spawn/machine"
	"synod/spawn/udp"
	"synod/storage"
)

// loaded is a store with some records, which notes how many there are in all after each save.
type loaded struct {
	mu    sync.Mutex
	names map[string]bool
	all   []storage.Record
	most  int
}

func (l *loaded) Load() ([]storage.Record, error) { return l.all, nil }

func (l *loaded) Save(changed []storage.Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.names == nil {
		l.names = map[string]bool{}
	}
	for _, r := range changed {
		if r.Data == nil {
			delete(l.names, r.Name)
		} else {
			l.names[r.Name] = true
		}
	}
	l.most = max(l.most, len(l.names))
	return nil
}

// host is a socket with its id.
type host struct {
	*udp.Socket
	id actor.ID
}

// Send makes sure that no message is too large to be taken.
func (h host) Send(to actor.ID, data []byte) error {
	if len(data) > machine.MaxMessage {
		panic(fmt.Sprintf("a message of %d bytes: %.200s", len(data), data))
	}
	return h.Socket.Send(to, data)
}

func newHost(t *testing.T) host {
	t.Helper()
	return hostAt(t, netip.MustParseAddrPort("127.0.0.1:0"))
}

func hostAt(t *testing.T, a netip.AddrPort) host {
	t.Helper()
	s, err := udp.Listen(a)
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

// serve runs a server of the store until the test ends, or stop is called.
func (h host) serve(
	t *testing.T, servers []actor.ID, store *loaded, tune func(o *systembuilders.Options),
) (stop func()) {
	t.Helper()
	server := wire.NewServer(actor.Others(servers, h.id))
	tune(&server.Options)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- spawn.Run(ctx, spawn.Config{
			Machine: machine.New(machine.Config[
				systembuilders.State[map[string]string, rsm.StoreOp, rsm.StoreResult], rsm.Message,
			]{
				Self: h.id, Servers: servers, Actor: server.New(), Wire: wire.Messages, Records: wire.Records,
				Random: rand.NewPCG(1, 1),
			}),
			Transport: h, Store: store,
		})
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// ask sends a request to a server until it answers.
func (h host) ask(t *testing.T, to actor.ID, local int, kind rsm.StoreKind, key, value string) string {
	t.Helper()
	request := fmt.Sprintf(`{"Request":{"command":{"id":{"client":0,"local":%d},"op":{"kind":%d,"key":%q,"value":%q,"old":""},`+
		`"end":false,"floor":%d}}}`, local, kind, key, value, local-1)
	for {
		if err := h.Send(to, []byte(request)); err != nil {
			t.Fatal(err)
		}
		for {
			_, data, err := h.Receive(50 * time.Millisecond)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err == nil && strings.Contains(string(data), fmt.Sprintf(`"local":%d}`, local)) {
				return string(data)
			}
		}
	}
}

// veteran returns the records of a server that followed view 1, in which some slots of 3,000 bytes each are ordered above a
// snapshot of as many bytes.
func veteran(t *testing.T, snapshot, slots, bound int) []storage.Record {
	t.Helper()
	kept := durable{Installed: 1}
	replica := rsm.Start[map[string]string, rsm.StoreOp, rsm.StoreResult](rsm.Store{})
	batch := func(seq int) batch {
		return systembuilders.BatchOf(systembuilders.Update[rsm.StoreOp]{Command: rsm.Command[rsm.StoreOp]{
			ID: rsm.ID{Client: 9, Local: rsm.Local(seq)}, Floor: rsm.Local(seq - 1),
			Op: rsm.StoreOp{Kind: rsm.Put, Key: fmt.Sprint("k", seq), Value: strings.Repeat("\"", 1_500) + fmt.Sprint(seq)},
		}})
	}
	for seq := 1; seq <= snapshot; seq++ {
		for _, u := range batch(seq).All() {
			rsm.Execute(rsm.Store{}, rsm.Slot(seq), &replica, u.Command)
		}
	}
	if snapshot > 0 {
		data, err := rsm.Save(rsm.Store{}, replica)
		if err != nil {
			t.Fatal(err)
		}
		kept.Snapshot = systembuilders.Snapshot{Seq: rsm.Slot(snapshot), Data: string(data)}
	}
	for seq := snapshot + 1; seq <= snapshot+slots; seq++ {
		kept.Log = kept.Log.With(rsm.Slot(seq), batch(seq))
	}
	kept.History = map[rsm.Slot]known{}
	for seq := snapshot + slots + 1; seq <= snapshot+slots+bound; seq++ {
		kept.History[rsm.Slot(seq)] = known{View: 1, Batch: batch(seq)}
	}
	records, err := wire.Records.Split(kept)
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// TestLaggingLeads has a server that knows nothing become the leader, of another one that has executed and accepted far more
// than a datagram holds: it learns what it lacks, by updates or by a snapshot in parts, and goes on with what was accepted.
func TestLaggingLeads(t *testing.T) {
	for _, c := range []struct {
		name            string
		snapshot, slots int
	}{{"updates", 0, 200}, {"snapshot", 100, 100}} {
		t.Run(c.name, func(t *testing.T) {
			hosts := []host{newHost(t), newHost(t), newHost(t)}
			client := newHost(t)
			slices.SortFunc(hosts, func(a, b host) int { return strings.Compare(a.id.String(), b.id.String()) })
			servers := []actor.ID{hosts[0].id, hosts[1].id, hosts[2].id}
			slices.Sort(servers)
			at := func(i int) host {
				return hosts[slices.IndexFunc(hosts, func(h host) bool { return h.id == servers[i] })]
			}
			bound := int(wire.Served.Window)
			at(0).serve(t, servers, &loaded{all: veteran(t, c.snapshot, c.slots, bound)}, func(o *systembuilders.Options) {
				o.Progress = 20 * time.Millisecond
			})
			// Server 1 is down. Server 2 leads view 2.
			at(2).serve(t, servers, &loaded{}, func(o *systembuilders.Options) {
				o.Progress, o.Nonce = 20*time.Millisecond, 0 // It is new.
			})
			last := c.snapshot + c.slots + bound
			answer := client.ask(t, at(2).id, 1, rsm.Get, fmt.Sprint("k", last), "")
			if want := fmt.Sprintf(`"%d"`, last); !strings.Contains(answer, fmt.Sprint(last, `"`)) {
				t.Errorf("answered %.80s…, must hold %s", answer, want)
			}
		})
	}
}

// TestDiskLost has each server of three in turn lose what it kept, and another one be away after that: the others go on, and
// know what was put before.
func TestDiskLost(t *testing.T) {
	hosts := []host{newHost(t), newHost(t), newHost(t)}
	client := newHost(t)
	servers := []actor.ID{hosts[0].id, hosts[1].id, hosts[2].id}
	slices.SortFunc(hosts, func(a, b host) int { return cmp.Compare(a.id, b.id) })
	slices.Sort(servers)
	usual := func(o *systembuilders.Options) { o.Progress = 50 * time.Millisecond }
	stops, disks := make([]func(), 3), make([]*loaded, 3)
	begin := func(i int) {
		if stops[i] != nil { // Its socket is closed.
			hosts[i] = hostAt(t, hosts[i].Address())
		}
		disks[i] = &loaded{}
		stops[i] = hosts[i].serve(t, servers, disks[i], usual)
	}
	for i := range hosts {
		begin(i)
	}
	local := 0
	ask := func(i int, kind rsm.StoreKind, key, value string) string {
		local++
		return client.ask(t, hosts[i].id, local, kind, key, value)
	}
	for i := range hosts { // A new server that does not take part yet is like one that lost its disk.
		ask(i, rsm.Put, "k", "old")
	}
	for i := range hosts {
		stops[i]()
		begin(i)
		ask(i, rsm.Put, "k", fmt.Sprint("new", i)) // It answers for itself once it takes part.
		next := (i + 1) % len(hosts)
		stops[next]()
		last := (i + 2) % len(hosts)
		if answer := ask(last, rsm.Get, "k", ""); !strings.Contains(answer, fmt.Sprint("new", i)) {
			t.Errorf("after a loss of server %d: %s", i, answer)
		}
		begin(next)
		ask(next, rsm.Put, "x", "y")
	}
	for i, d := range disks {
		d.mu.Lock()
		if d.names["lost"] || !d.names["highest"] {
			t.Errorf("server %d keeps %v", i, d.names)
		}
		d.mu.Unlock()
	}
}

// TestCollects has a server keep a bounded number of records, however many updates it orders.
func TestCollects(t *testing.T) {
	h, client := newHost(t), newHost(t)
	kept := &loaded{}
	const collect, updates = 16, 500
	h.serve(t, []actor.ID{h.id}, kept, func(o *systembuilders.Options) { o.Collect = collect })
	for i := range updates {
		client.ask(t, h.id, i+1, rsm.Put, "k", fmt.Sprint(i))
	}
	kept.mu.Lock()
	defer kept.mu.Unlock()
	if most := collect + int(wire.Served.Window) + 4; kept.most > most {
		t.Errorf("%d records after %d updates: must be at most %d", kept.most, updates, most)
	}
	if !kept.names["snapshot"] {
		t.Errorf("records %v: must be one of a snapshot among them", kept.names)
	}
}
