package wire_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"synod/actor"
	"synod/examples/multipaxos/wire"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
	"synod/spawn/machine"
	"synod/storage"
)

func batches() *rapid.Generator[rsm.Batch[rsm.StoreOp]] {
	return rapid.Custom(func(t *rapid.T) rsm.Batch[rsm.StoreOp] {
		var commands []rsm.Command[rsm.StoreOp]
		for range rapid.IntRange(0, 3).Draw(t, "commands") {
			text := rapid.SampledFrom([]string{"", "a", "\"\n", "é"})
			commands = append(commands, rsm.Command[rsm.StoreOp]{
				ID: rsm.ID{Client: rsm.Client(rapid.Uint64().Draw(t, "client")), Local: rsm.Local(rapid.Uint64().Draw(t, "local"))},
				Op: rsm.StoreOp{
					Kind: rsm.StoreKind(rapid.IntRange(0, 3).Draw(t, "kind")), Key: text.Draw(t, "key"),
					Value: text.Draw(t, "value"), Old: text.Draw(t, "old"),
				},
				End: rapid.Bool().Draw(t, "end"), Floor: rsm.Local(rapid.Uint64().Draw(t, "floor")),
			})
		}
		return rsm.BatchOf(commands...)
	})
}

func ballots() *rapid.Generator[multipaxos.Ballot] {
	return rapid.Custom(func(t *rapid.T) multipaxos.Ballot {
		return multipaxos.Ballot{
			Round: rapid.Uint64Range(1, 9).Draw(t, "round"), Leader: actor.ID(rapid.IntRange(0, 4).Draw(t, "leader")),
		}
	})
}

// durables draws what servers keep, which may differ from another one in everything.
func durables(t *rapid.T, kept multipaxos.Durable[rsm.StoreOp]) multipaxos.Durable[rsm.StoreOp] {
	kept.Acceptor.Ballot = ballots().Draw(t, "promise")
	slots := rapid.SliceOfNDistinct(rapid.OneOf(rapid.Uint64Range(1, 9), rapid.Uint64Range(1, 1<<64-1)), 0, 4, rapid.ID[uint64])
	for _, slot := range slots.Draw(t, "decided") {
		kept.Decisions = kept.Decisions.With(rsm.Slot(slot), batches().Draw(t, "batch"))
	}
	for _, slot := range slots.Draw(t, "voted") {
		votes := actor.ListOf(multipaxos.Vote[rsm.StoreOp]{
			Ballot: ballots().Draw(t, "ballot"), Batch: batches().Draw(t, "batch"),
		})
		kept.Acceptor.Accepted.Map = kept.Acceptor.Accepted.With(rsm.Slot(slot), votes)
	}
	for _, slot := range slots.Draw(t, "forgotten") {
		kept.Decisions = kept.Decisions.Without(rsm.Slot(slot))
	}
	return kept
}

// What is kept comes back from its records, which ascend, and what changes is what changes of all records.
func TestRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := durables(t, multipaxos.Durable[rsm.StoreOp]{})
		kept := durables(t, before)
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
		old, err := wire.Records.Split(before)
		if err != nil {
			t.Fatal(err)
		}
		changes, err := wire.Records.Changes(before, kept)
		if want := storage.Changes(old, records); err != nil || !reflect.DeepEqual(changes, want) {
			t.Fatalf("changes %v, %v; want %v", changes, err, want)
		}
	})
}

// longest returns a put that is as long as it may be, of so many bytes.
func longest(bytes int) rsm.Command[rsm.StoreOp] {
	command := rsm.Command[rsm.StoreOp]{ID: rsm.ID{Client: 1<<64 - 1, Local: 1<<64 - 1}, Floor: 1<<64 - 1}
	command.Op = rsm.StoreOp{Kind: rsm.Put, Key: "k"}
	for wire.Size(command) < bytes {
		command.Op.Value += "v"
	}
	return command
}

// The largest messages that there are fit into a datagram: those of an acceptor that tells of its votes, in as many slots as
// it may, or in a few with commands that are as long as they may be.
func TestFits(t *testing.T) {
	command := longest(wire.SlotBytes)
	highest := multipaxos.Ballot{Round: 1<<64 - 1, Leader: 1<<48 - 1}
	for _, c := range []struct {
		slots   int
		command rsm.Command[rsm.StoreOp]
	}{
		{wire.Part, longest(wire.PartBytes / wire.Part)}, {wire.PartBytes / wire.SlotBytes, command}, {1, command},
	} {
		m := multipaxos.P1b[rsm.StoreOp]{Scout: highest, Ballot: highest, First: 1<<64 - 1, Next: 1<<64 - 1}
		for i := range rsm.Slot(c.slots) {
			m.Accepted.Map = m.Accepted.With(1<<64-1-i, actor.ListOf(
				multipaxos.Vote[rsm.StoreOp]{Ballot: highest, Batch: rsm.BatchOf(c.command)},
			))
		}
		data, err := wire.Messages.Append(nil, rsm.Internal[multipaxos.Message]{Message: m})
		if err != nil || len(data) > machine.MaxMessage {
			t.Errorf("%d slots: %d bytes, %v; a message has %d at most", c.slots, len(data), err, machine.MaxMessage)
		}
	}
	if _, err := wire.Store.Parse("put", []string{"k", command.Op.Value}); err != nil {
		t.Errorf("the longest value: %v", err)
	}
	if _, err := wire.Store.Parse("put", []string{"k", command.Op.Value + "v"}); err == nil {
		t.Error("a longer value is accepted")
	}
}

// Records of other names or contents are refused.
func TestRecordsRefused(t *testing.T) {
	for _, r := range []storage.Record{
		{Name: "promise", Data: []byte("{}")},
		{Name: "ballot", Data: []byte("{}")},
		{Name: "vote 7", Data: []byte("[]")},
		{Name: "vote 00000000000000000000", Data: []byte("[]")},
		{Name: "decision 0000000000000000000x", Data: []byte("[]")},
		{Name: "decision 00000000000000000001", Data: []byte("7")},
	} {
		if kept, err := wire.Records.Join([]storage.Record{r}); err == nil {
			t.Errorf("%s %s was read as %+v", r.Name, r.Data, kept)
		}
	}
}

// What a stranger sends is refused or is a message that is written as it was meant.
func FuzzMessages(f *testing.F) {
	var accepted multipaxos.PValues[rsm.StoreOp]
	accepted.Map = accepted.With(3, actor.ListOf(multipaxos.Vote[rsm.StoreOp]{Ballot: multipaxos.Ballot{Round: 1}}))
	for _, m := range []rsm.Message{
		rsm.Request[rsm.StoreOp]{Command: rsm.Command[rsm.StoreOp]{Op: rsm.StoreOp{Kind: rsm.Put, Key: "k", Value: "v"}}},
		rsm.Reply[rsm.StoreResult]{Answer: rsm.Answer[rsm.StoreResult]{Status: rsm.Executed}},
		rsm.Internal[multipaxos.Message]{Message: multipaxos.P1b[rsm.StoreOp]{Accepted: accepted}},
	} {
		data, err := wire.Messages.Append(nil, m)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := wire.Messages.Decode(data)
		if err != nil {
			return
		}
		written, err := wire.Messages.Append(nil, m)
		if err != nil {
			t.Fatalf("%+v cannot be written: %v", m, err)
		}
		again, err := wire.Messages.Decode(written)
		if err != nil || !reflect.DeepEqual(again, m) {
			t.Errorf("%+v became %+v, %v", m, again, err)
		}
	})
}
