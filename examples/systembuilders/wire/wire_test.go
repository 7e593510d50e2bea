package wire_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"synod/actor"
	"synod/examples/systembuilders/wire"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
	"synod/storage"
)

type (
	batch   = systembuilders.Batch[rsm.StoreOp]
	known   = systembuilders.Known[rsm.StoreOp]
	pending = systembuilders.Pending[rsm.StoreOp]
	durable = systembuilders.Durable[rsm.StoreOp]
)

func batches() *rapid.Generator[batch] {
	return rapid.Custom(func(t *rapid.T) batch {
		var b []systembuilders.Update[rsm.StoreOp]
		for range rapid.IntRange(0, 3).Draw(t, "updates") {
			text := rapid.SampledFrom([]string{"", "a", "\"\n", "é"})
			b = append(b, systembuilders.Update[rsm.StoreOp]{
				Node: actor.ID(rapid.Uint64().Draw(t, "node")),
				Command: rsm.Command[rsm.StoreOp]{
					ID: rsm.ID{
						Client: rsm.Client(rapid.Uint64().Draw(t, "client")), Local: rsm.Local(rapid.Uint64().Draw(t, "local")),
					},
					Op: rsm.StoreOp{
						Kind: rsm.StoreKind(rapid.IntRange(0, 3).Draw(t, "kind")), Key: text.Draw(t, "key"),
						Value: text.Draw(t, "value"), Old: text.Draw(t, "old"),
					},
					End: rapid.Bool().Draw(t, "end"), Floor: rsm.Local(rapid.Uint64().Draw(t, "floor")),
				},
			})
		}
		return systembuilders.BatchOf(b...)
	})
}

// What is kept comes back from its records, which ascend.
func TestRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kept := durables().Draw(t, "kept")
		records, err := wire.Records.Split(kept)
		if err != nil {
			t.Fatal(err)
		}
		names := func(a, b storage.Record) int { return strings.Compare(a.Name, b.Name) }
		if !slices.IsSortedFunc(records, names) {
			t.Fatalf("the records do not ascend: %v", records)
		}
		back, err := wire.Records.Join(records)
		if err != nil || !reflect.DeepEqual(back, kept) {
			t.Fatalf("%+v became %+v, %v", kept, back, err)
		}

		// What changed between two is what changed between their records.
		other := durables().Draw(t, "other")
		if rapid.Bool().Draw(t, "alike") {
			other.Log, other.Snapshot = kept.Log, kept.Snapshot
		}
		after, err := wire.Records.Split(other)
		if err != nil {
			t.Fatal(err)
		}
		changes, err := wire.Records.Changes(kept, other)
		if err != nil {
			t.Fatal(err)
		}
		if want := storage.Changes(records, after); !reflect.DeepEqual(changes, want) && len(changes)+len(want) > 0 {
			t.Fatalf("the changes are %v: want %v", changes, want)
		}
	})
}

func durables() *rapid.Generator[durable] {
	return rapid.Custom(func(t *rapid.T) durable {
		kept := durable{Installed: systembuilders.View(rapid.Uint64().Draw(t, "view"))}
		kept.Lost = rapid.SampledFrom([]uint64{0, 1, 1<<64 - 1}).Draw(t, "nonce")
		kept.Highest = systembuilders.View(rapid.SampledFrom([]uint64{0, 7, 1<<64 - 1}).Draw(t, "highest view"))
		if rapid.Bool().Draw(t, "has a snapshot") {
			data, err := rsm.Save(rsm.Store{}, rsm.Replica[map[string]string, rsm.StoreResult]{})
			if err != nil {
				t.Fatal(err)
			}
			kept.Snapshot = systembuilders.Snapshot{Seq: rsm.Slot(rapid.Uint64Range(1, 9).Draw(t, "of")), Data: string(data)}
		}
		for i := range rapid.IntRange(0, 12).Draw(t, "slots") {
			kept.Log = kept.Log.With(kept.Snapshot.Seq+rsm.Slot(i+1), batches().Draw(t, "ordered"))
		}
		for range rapid.IntRange(0, 3).Draw(t, "more slots") {
			if kept.History == nil {
				kept.History = map[rsm.Slot]known{}
			}
			kept.History[rsm.Slot(rapid.Uint64Range(1, 1<<64-1).Draw(t, "slot"))] = known{
				View: systembuilders.View(rapid.Uint64().Draw(t, "proposed")), Batch: batches().Draw(t, "known"),
				Ordered: rapid.Bool().Draw(t, "is ordered"),
			}
		}
		for _, u := range batches().Draw(t, "pending").All() {
			kept.Pending = kept.Pending.With(u.Command.ID, pending{Client: u.Node, Command: u.Command})
		}
		return kept
	})
}

// Records of other names or contents are refused.
func TestRecordsRefused(t *testing.T) {
	for _, r := range []storage.Record{
		{Name: "ballot", Data: []byte("{}")},
		{Name: "view", Data: []byte("{}")},
		{Name: "highest", Data: []byte("{}")},
		{Name: "lost", Data: []byte("-1")},
		{Name: "known 7", Data: []byte("{}")},
		{Name: "known 00000000000000000000", Data: []byte("{}")},
		{Name: "ordered 00000000000000000002", Data: []byte("[]")},
		{Name: "ordered 00000000000000000001", Data: []byte("7")},
		{Name: "snapshot", Data: []byte("{}")},
		{Name: "snapshot", Data: []byte(`{"seq":7,"data":""}`)},
		{Name: "pending 00000000000000000001.00000000000000000001", Data: []byte("{}")},
	} {
		if kept, err := wire.Records.Join([]storage.Record{r}); err == nil {
			t.Errorf("%s %s was read as %+v", r.Name, r.Data, kept)
		}
	}
	if _, err := wire.Records.Split(7); err == nil {
		t.Error("7 was taken for what a server keeps")
	}
}
