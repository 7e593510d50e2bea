package server

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"synod/actor"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
	"synod/paxos/systembuilders/node"
	"synod/paxos/systembuilders/paxospb"
	"synod/paxos/systembuilders/transportpb"
	"synod/spawn/grpc"
)

// TestBounded has so many updates ordered that a file with all of them would be too long. The file, and a server that is
// started with it, have what is needed for a client that asks again soon, and know that the others were ordered.
func TestBounded(t *testing.T) {
	all := places(t, 1)
	r := start(t, Member{ID: 0, Hosts: all})
	conn, err := grpc.Connect(all[0].String(), plain, grpc.Anybodys)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { conn.Close() }()
	ask := func(client, timestamp int) (*paxospb.GloballyOrderedUpdate, error) {
		return transportpb.NewClientServiceClient(conn).ClientUpdate(t.Context(), &paxospb.ClientUpdate{
			ClientId: uint64(client), Timestamp: uint64(timestamp), Update: make([]byte, MaxUpdate),
		})
	}
	const clients, each = 8, 150
	const most = 24 << 20
	if clients*each*MaxUpdate < 3*most/2 {
		t.Fatal("the updates do not have enough bytes")
	}
	slots := make([]uint64, clients)
	var done sync.WaitGroup
	for c := range clients {
		done.Go(func() {
			for n := range each {
				o, err := ask(c+1, n+1)
				if err != nil {
					t.Error(err)
					return
				}
				slots[c] = o.GetSeq()
			}
		})
	}
	done.Wait()
	size := func() int64 {
		info, err := os.Stat(filepath.Join(r.dir, "0.paxos"))
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	if n := size(); n > most {
		t.Errorf("the file has %d bytes: must have at most %d, as it has %d of updates", n, most, clients*each*MaxUpdate)
	}
	for _, when := range []string{"before", "after"} {
		last := slices.Max(slots)
		if o, err := ask(slices.Index(slots, last)+1, each); err != nil || o.GetSeq() != last {
			t.Errorf("%s it is started again: the last update is in slot %d, %v: want %d", when, o.GetSeq(), err, last)
		}
		for c := range clients {
			if _, err := ask(c+1, 1); status.Code(err) != codes.AlreadyExists {
				t.Errorf("%s it is started again: the first update of client %d: %v", when, c+1, err)
			}
		}
		r.stop()
		r = start(t, Member{ID: 0, Hosts: all, Dir: r.dir})
		conn.Close()
		if conn, err = grpc.Connect(all[0].String(), plain, grpc.Anybodys); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPrepareOKSize has a leader ask a server that misses one slot, and knows so many before and after it that they do
// not fit in one answer, with slots of several updates too. Each part of the answer stays below 3 MiB, and together they
// have all that the server knows of the slots that it has not executed.
func TestPrepareOKSize(t *testing.T) {
	const executed, first, last = 100, 102, 400
	number := uint64(math.MaxUint64)
	longest := func(n, client, bytes int) systembuilders.Batch[string] {
		var all []systembuilders.Update[string]
		for i := range n {
			all = append(all, systembuilders.Update[string]{Node: actor.ID(number), Command: rsm.Command[string]{
				ID: rsm.ID{Client: node.OwnClients - rsm.Client(client), Local: rsm.Local(number - uint64(i))},
				Op: strings.Repeat("x", bytes),
			}})
		}
		return systembuilders.BatchOf(all...)
	}
	for _, of := range []struct{ updates, bytes int }{
		{1, MaxUpdate}, {slotUpdates, MaxUpdate / slotUpdates}, {slotUpdates, 0}, {1, 0}, {0, 0},
	} {
		state := node.PersistentState{NodeID: 0, NodeCount: 3}
		state.Installed, state.Highest = 1, 1
		state.History = map[rsm.Slot]systembuilders.Known[string]{}
		for seq := range last + 1 {
			b := longest(of.updates, seq+1, of.bytes)
			switch {
			case seq > 0 && seq <= executed:
				state.Log = state.Log.With(rsm.Slot(seq), b)
			case seq >= first:
				state.History[rsm.Slot(seq)] = systembuilders.Known[string]{Batch: b, Ordered: seq%2 == 0}
			}
		}
		n, err := node.RestartNode(quick(node.Config{NodeCount: 3, Applied: executed}), state)
		if err != nil {
			t.Fatal(err)
		}
		told := map[rsm.Slot]bool{}
		for ask, asked := (systembuilders.Prepare{View: 1}), 0; asked == 0 || ask.After > 0; asked++ {
			if err := n.Step(t.Context(), node.Message{From: 1, To: 0, Message: ask}); err != nil || asked > last {
				t.Fatalf("%v, after %d parts", err, asked)
			}
			for answered := false; !answered; {
				for _, m := range (<-n.Ready()).Messages {
					ok, is := m.Message.(systembuilders.PrepareOK[string])
					if !is {
						continue
					}
					answered, ask.After = true, ok.Data.Cut
					p, err := paxospb.Encode(m, 3, paxospb.Extended)
					if err != nil {
						t.Fatal(err)
					}
					if size := proto.Size(p); size >= 3<<20 {
						t.Errorf("%d bytes with slots of %d updates: must be below 3 MiB", size, of.updates)
					}
					for _, o := range ok.Data.Ordered {
						told[o.Seq] = true
					}
					for _, p := range ok.Data.Proposals {
						told[p.Seq] = true
					}
				}
			}
		}
		n.Stop()
		for seq := rsm.Slot(first); seq <= last; seq++ {
			if !told[seq] {
				t.Fatalf("slots of %d updates with %d bytes: slot %v is not told", of.updates, of.bytes, seq)
			}
		}
	}
}
