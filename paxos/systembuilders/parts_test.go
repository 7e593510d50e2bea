package systembuilders_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"synod/actor"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
)

// TestParts has a server learn a snapshot of another one in parts of some bytes, of which each one is lost once: the
// rest is asked for again where it was. What follows the snapshot comes behind it.
func TestParts(t *testing.T) {
	type (
		server = systembuilders.Server[map[string]string, rsm.StoreOp, rsm.StoreResult]
		out    = actor.Out[rsm.Message]
	)
	for _, part := range []int{1, 2, 3, 7, 100, 1 << 20} {
		options := systembuilders.Options{Collect: 3, Part: part, Elected: true}
		alone := server{Options: options, Machine: rsm.Store{}}.New()
		var o out
		full := alone.Start(0, &o)
		for i := range 5 {
			c := rsm.Command[rsm.StoreOp]{
				ID: rsm.ID{Client: 9, Local: rsm.Local(i + 1)},
				Op: rsm.StoreOp{Kind: rsm.Put, Key: fmt.Sprint("k", i), Value: strings.Repeat("é€𝄞", i)},
			}
			full = alone.Receive(0, full, 9, rsm.Request[rsm.StoreOp]{Command: c}, &o)
		}
		if full.Snapshot.Seq != 3 || full.Aru != 5 {
			t.Fatalf("a snapshot of %v, and %v executed: want 3 and 5", full.Snapshot.Seq, full.Aru)
		}
		o.Reset()
		a := server{Options: options, Machine: rsm.Store{}, Peers: []actor.ID{1, 2}}.New()
		b := server{Options: options, Machine: rsm.Store{}, Peers: []actor.ID{0, 2}}.New()
		behind := b.Start(1, &out{})
		proof := rsm.Internal[systembuilders.Message]{Message: systembuilders.VCProof{Aru: full.Aru}}
		parts := 0
		for turn := 0; behind.Aru < full.Aru; turn++ {
			if turn > 10_000 {
				t.Fatalf("parts of %d bytes: %v executed, %+v", part, behind.Aru, behind.Incoming)
			}
			var asks, tells out
			behind = b.Receive(1, behind, 0, proof, &asks)
			for _, c := range asks.Commands() {
				if c.Kind == actor.Send && c.To == 0 {
					full = a.Receive(0, full, 1, c.Message, &tells)
				}
			}
			lost := turn%2 == 0
			for _, c := range tells.Commands() {
				if c.Kind != actor.Send || c.To != 1 {
					continue
				}
				m := c.Message.(rsm.Internal[systembuilders.Message]).Message
				if p, ok := m.(systembuilders.SnapshotPart); ok {
					parts++
					if !utf8.ValidString(p.Data) || p.Data == "" || len(p.Data) > max(part, utf8.UTFMax) {
						t.Fatalf("parts of %d bytes: %q", part, p.Data)
					}
				}
				if !lost {
					behind = b.Receive(1, behind, 0, c.Message, &out{})
				}
			}
		}
		whole := part > len(full.Snapshot.Data)
		if behind.Snapshot != full.Snapshot || behind.Incoming != (systembuilders.Incoming{}) || whole != (parts == 0) {
			t.Errorf("parts of %d bytes: %d came, the snapshot is %+v: want %+v", part, parts, behind.Snapshot, full.Snapshot)
		}
		if got, want := fmt.Sprint(behind.Machine), fmt.Sprint(full.Machine); got != want {
			t.Errorf("parts of %d bytes: the machine is %s, want %s", part, got, want)
		}
	}
}
