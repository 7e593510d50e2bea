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

// TestPrepareOKSize makes sure that the longest answer to a Prepare is below 3 MiB, with slots of several updates too: there
// are at most 64 slots that are ordered in it, and as many that are not as a leader proposes for at once.
func TestPrepareOKSize(t *testing.T) {
	number := uint64(math.MaxUint64)
	longest := func(n int) systembuilders.Batch[string] {
		var all []systembuilders.Update[string]
		for range n {
			all = append(all, systembuilders.Update[string]{Node: actor.ID(number), Command: rsm.Command[string]{
				ID: rsm.ID{Client: rsm.Client(number - 1), Local: rsm.Local(number)}, Op: strings.Repeat("x", MaxUpdate/n),
			}})
		}
		return systembuilders.BatchOf(all...)
	}
	for _, n := range []int{1, slotUpdates} {
		ok := systembuilders.PrepareOK[string]{View: systembuilders.View(number)}
		for range 64 {
			ok.Data.Ordered = append(ok.Data.Ordered, systembuilders.GloballyOrderedUpdate[string]{
				Seq: rsm.Slot(number), Batch: longest(n),
			})
		}
		for range window {
			ok.Data.Proposals = append(ok.Data.Proposals, systembuilders.Proposal[string]{
				View: ok.View, Seq: rsm.Slot(number), Batch: longest(n),
			})
		}
		p, err := paxospb.Encode(node.Message{Message: ok}, 0, paxospb.Extended)
		if err != nil {
			t.Fatal(err)
		}
		if size := proto.Size(p); size >= 3<<20 {
			t.Errorf("%d bytes with slots of %d updates: must be below 3 MiB", size, n)
		}
	}
}
