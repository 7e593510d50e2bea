package wire_test

import (
	"strings"
	"testing"

	"synod/actor"
	multipaxoswire "synod/examples/multipaxos/wire"
	"synod/examples/systembuilders/wire"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
	"synod/spawn/machine"
)

// longest returns a put of the maximum length, with a value of some character.
func longest(t *testing.T, client rsm.Client, char string) rsm.Command[rsm.StoreOp] {
	t.Helper()
	command := rsm.Command[rsm.StoreOp]{ID: rsm.ID{Client: client, Local: 1<<64 - 1}, Floor: 1<<64 - 1}
	command.Op = rsm.StoreOp{Kind: rsm.Put, Key: "k"}
	one := command
	one.Op.Value = char
	each := multipaxoswire.Size(one) - multipaxoswire.Size(command)
	command.Op.Value = strings.Repeat(char, (multipaxoswire.SlotBytes-multipaxoswire.Size(command))/each)
	return command
}

// sends returns what a server sends to another one, and makes sure that all its messages fit.
func sends(t *testing.T, out *actor.Out[rsm.Message], to actor.ID) (all []systembuilders.Message) {
	t.Helper()
	for _, c := range out.Commands() {
		if c.Kind != actor.Send {
			continue
		}
		data, err := wire.Messages.Append(nil, c.Message)
		if err != nil || len(data) > machine.MaxMessage {
			t.Errorf("a message of %d bytes, %v: must be at most %d: %.200s", len(data), err, machine.MaxMessage, data)
		}
		if m, internal := c.Message.(rsm.Internal[systembuilders.Message]); internal && c.To == to {
			all = append(all, m.Message)
		}
	}
	return all
}

// TestFits has a leader ask a server that lacks one slot and knows many after it, with the largest updates that clients
// may send, with updates whose characters take six bytes each, and with many small ones or none. Whatever it knows,
// its answers fit in messages, and they have all of it.
func TestFits(t *testing.T) {
	const (
		self, leader, other = 1<<48 - 3, 1<<48 - 2, 1<<48 - 1
		view                = 1<<40 - 3 // whose leader is the second of three
		executed            = 40
	)
	var others []rsm.Command[rsm.StoreOp]
	for i := range rsm.Client(64) {
		others = append(others, rsm.Command[rsm.StoreOp]{
			ID: rsm.ID{Client: 1<<64 - 1 - i, Local: 1<<64 - 1}, Op: rsm.StoreOp{Kind: rsm.Get}, Floor: 1<<64 - 1,
		})
	}
	server := wire.NewServer([]actor.ID{leader, other})
	for name, commands := range map[string][]rsm.Command[rsm.StoreOp]{
		"letters": {longest(t, 1<<64-1, "v")}, "control characters": {longest(t, 1<<64-1, "\x00")},
		"quotes": {longest(t, 1<<64-1, `"`)}, "short": others[:1], "many": others[:16], "none": nil,
	} {
		t.Run(name, func(t *testing.T) {
			var updates []systembuilders.Update[rsm.StoreOp]
			for _, c := range commands {
				updates = append(updates, systembuilders.Update[rsm.StoreOp]{Node: other, Command: c})
			}
			batch := systembuilders.BatchOf(updates...)
			for _, ordered := range []bool{true, false} {
				kept := durable{Installed: view, Highest: view, History: map[rsm.Slot]known{}}
				for seq := range rsm.Slot(executed) {
					kept.Log = kept.Log.With(seq+1, batch)
				}
				const first, last = executed + 2, executed + 100
				for seq := rsm.Slot(first); seq <= last; seq++ {
					kept.History[seq] = known{View: view - 3, Batch: batch, Ordered: ordered}
				}
				a := server.New()
				var out actor.Out[rsm.Message]
				st := a.Recover(self, kept, &out)
				out.Reset()
				told := map[rsm.Slot]bool{}
				asks := []systembuilders.Prepare{{View: view, Aru: 1}}
				for n := 0; len(asks) > 0; n++ {
					if n > last {
						t.Fatalf("%d answers to one leader", n)
					}
					st = a.Receive(self, st, leader, rsm.Internal[systembuilders.Message]{Message: asks[0]}, &out)
					asks = asks[1:]
					for _, m := range sends(t, &out, leader) {
						ok, answer := m.(systembuilders.PrepareOK[rsm.StoreOp])
						if !answer {
							continue
						}
						for seq := rsm.Slot(2); seq <= ok.Data.Through; seq++ {
							told[seq] = true
						}
						for _, o := range ok.Data.Ordered {
							told[o.Seq] = true
						}
						for _, p := range ok.Data.Proposals {
							told[p.Seq] = true
						}
						if ok.Data.Cut > 0 {
							asks = append(asks, systembuilders.Prepare{View: view, Aru: 1, After: ok.Data.Cut})
						}
					}
					out.Reset()
				}
				for seq := rsm.Slot(2); seq <= last; seq++ {
					if told[seq] == (seq == executed+1) {
						t.Fatalf("slot %v is told: %v", seq, told[seq])
					}
				}
			}
		})
	}
}

// TestFitsSnapshot has a server send a snapshot most of whose characters take two bytes in a message.
func TestFitsSnapshot(t *testing.T) {
	replica := rsm.Replica[map[string]string, rsm.StoreResult]{State: map[string]string{"k": strings.Repeat("v", 1<<16)}}
	replica.Sessions = map[rsm.Client]rsm.Session[rsm.StoreResult]{1<<64 - 1: {
		Answers: map[rsm.Local]rsm.StoreResult{1: {Found: true, Value: strings.Repeat(`"\`, 1<<14)}},
	}}
	data, err := rsm.Save(rsm.Store{}, replica)
	if err != nil {
		t.Fatal(err)
	}
	a := wire.NewServer([]actor.ID{1, 2}).New()
	var out actor.Out[rsm.Message]
	kept := durable{Installed: 1, Snapshot: systembuilders.Snapshot{Seq: 1<<64 - 2, Data: string(data)}}
	st := a.Recover(0, kept, &out)
	out.Reset()
	var learned strings.Builder
	var ask systembuilders.Message = systembuilders.Learn{}
	for ask != nil {
		st = a.Receive(0, st, 1, rsm.Internal[systembuilders.Message]{Message: ask}, &out)
		ask = nil
		for _, m := range sends(t, &out, 1) {
			if p, ok := m.(systembuilders.SnapshotPart); ok {
				learned.WriteString(p.Data)
				ask = systembuilders.LearnPart{Seq: p.Seq, Sum: p.Sum, From: learned.Len()}
				if p.Last {
					ask = nil
				}
			}
		}
		out.Reset()
	}
	if learned.String() != string(data) {
		t.Errorf("%d bytes were sent of a snapshot with %d", learned.Len(), len(data))
	}
}

// TestFitsRequest has a server ignore an update that is longer than clients may send, as no message with it would
// arrive.
func TestFitsRequest(t *testing.T) {
	for _, more := range []string{"", "v"} {
		a := wire.NewServer([]actor.ID{1, 2}).New()
		var out actor.Out[rsm.Message]
		st := a.Recover(0, durable{Installed: 1}, &out)
		out.Reset()
		command := longest(t, 7, "v")
		command.Op.Value += more
		_ = a.Receive(0, st, 7, rsm.Request[rsm.StoreOp]{Command: command}, &out)
		if forwarded := len(sends(t, &out, 1)); forwarded != 1-len(more) {
			t.Errorf("%d bytes more than a client may send: %d messages to the leader", len(more), forwarded)
		}
	}
}
