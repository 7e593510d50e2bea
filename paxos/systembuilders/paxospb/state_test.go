package paxospb_test

import (
	"reflect"
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"synod/actor"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
	"synod/paxos/systembuilders/node"
	"synod/paxos/systembuilders/paxospb"
)

type known = systembuilders.Known[string]

// TestState lets what nodes keep come back.
func TestState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := node.PersistentState{NodeID: 1, NodeCount: 3}
		if rapid.Bool().Draw(t, "members change") {
			s.Delay, s.Members = 16, []actor.ID{0, 2}
		}
		s.Installed = systembuilders.View(rapid.Uint64().Draw(t, "view"))
		s.Lost = rapid.SampledFrom([]uint64{0, 7}).Draw(t, "lost")
		s.Highest = systembuilders.View(rapid.SampledFrom([]uint64{0, 7}).Draw(t, "highest"))
		drawn := func() batch {
			for {
				if m, ok := draw(t).Message.(proposal); ok {
					return m.Batch
				}
			}
		}
		if rapid.Bool().Draw(t, "snapshot") {
			s.Snapshot = systembuilders.Snapshot{Seq: 7, Data: "x"}
		}
		last := s.Snapshot.Seq
		for range rapid.IntRange(0, 3).Draw(t, "ordered") {
			last++
			s.Log = s.Log.With(last, drawn())
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "known") {
			if s.History == nil {
				s.History = make(map[rsm.Slot]known)
			}
			seq := last + rsm.Slot(2+i)
			s.History[seq] = known{View: 4, Batch: drawn()}
			if rapid.Bool().Draw(t, "is ordered") {
				s.History[seq] = known{Ordered: true, Batch: drawn()}
			}
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "pending") {
			c := command(7, uint64(i), "x")
			s.Pending = s.Pending.With(c.ID, systembuilders.Pending[string]{Client: 3, Command: c})
		}
		data, err := proto.Marshal(paxospb.EncodeState(s))
		if err != nil {
			t.Fatal(err)
		}
		p := new(paxospb.PersistentState)
		if err := proto.Unmarshal(data, p); err != nil {
			t.Fatal(err)
		}
		if back, err := paxospb.DecodeState(p); err != nil || !reflect.DeepEqual(back, s) {
			t.Fatalf("%+v is read as %+v, %v", s, back, err)
		}
	})
}

// TestStateGolden reads a state of members that change, as the schema encodes it, and encodes it again.
func TestStateGolden(t *testing.T) {
	want := node.PersistentState{NodeID: 2, NodeCount: 64, Delay: 16, Members: []actor.ID{0, 1, 300}}
	want.Installed = 1<<40 + 1
	// node_id: 2 node_count: 64 last_installed: 1099511627777 delay: 16 members: 0 members: 1 members: 300
	const golden = "\x08\x02" + "\x10\x40" + "\x18\x81\x80\x80\x80\x80\x20" + "\xd0\x06\x10" +
		"\xda\x06\x04\x00\x01\xac\x02"
	if data, err := proto.Marshal(paxospb.EncodeState(want)); err != nil || string(data) != golden {
		t.Errorf("encoded as %x, %v: want %x", data, err, golden)
	}
	p := new(paxospb.PersistentState)
	if err := proto.Unmarshal([]byte(golden), p); err != nil {
		t.Fatal(err)
	}
	if got, err := paxospb.DecodeState(p); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v: want %+v", got, err, want)
	}
}

// TestStatePublished reads a state of the published schema: the view, and the proposal that was accepted.
func TestStatePublished(t *testing.T) {
	s, err := paxospb.DecodeState(&paxospb.PersistentState{
		NodeId: 2, NodeCount: 3, LastInstalled: 5, Prepare: &paxospb.Prepare{NodeId: 2, View: 5},
		Proposal: &paxospb.Proposal{NodeId: 2, View: 5, Seq: 8, Update: &paxospb.ClientUpdate{ClientId: 1, Timestamp: 2}},
	})
	want := known{View: 5, Batch: slot(update{Command: command(1, 2, "")})}
	if err != nil || s.Installed != 5 || len(s.History) != 1 || !reflect.DeepEqual(s.History[8], want) {
		t.Errorf("%+v, %v", s, err)
	}
}

// TestStateRefused reads what no node kept.
func TestStateRefused(t *testing.T) {
	proposals := func(slots ...uint64) (all []*paxospb.Proposal) {
		for _, seq := range slots {
			all = append(all, &paxospb.Proposal{Seq: seq})
		}
		return all
	}
	ordered := func(slots ...uint64) (all []*paxospb.GloballyOrderedUpdate) {
		for _, seq := range slots {
			all = append(all, &paxospb.GloballyOrderedUpdate{Seq: seq})
		}
		return all
	}
	for name, p := range map[string]*paxospb.PersistentState{
		"no state":         nil,
		"another node":     {NodeId: 3, NodeCount: 3},
		"a great delay":    {NodeCount: 1, Delay: 1 << 40},
		"too many nodes":   {NodeId: 1, NodeCount: 1 << 40},
		"no slot":          {NodeCount: 1, Accepted: proposals(0)},
		"twice accepted":   {NodeCount: 1, Accepted: proposals(3, 3)},
		"twice ordered":    {NodeCount: 1, Ordered: ordered(1, 1)},
		"both":             {NodeCount: 1, Ordered: ordered(1), Accepted: proposals(1)},
		"an ordered zero":  {NodeCount: 1, Ordered: ordered(0)},
		"pending of other": {NodeCount: 2, Pending: []*paxospb.ClientUpdate{{NodeId: 1}}},
		"pending twice":    {NodeCount: 1, Pending: []*paxospb.ClientUpdate{{}, {}}},
		"before snapshot":  {NodeCount: 1, Snapshot: &paxospb.Snapshot{Seq: 3}, Ordered: ordered(3)},
		"nobody pending":   {NodeCount: 1, Pending: []*paxospb.ClientUpdate{{ClientId: paxospb.Nobody}}},
	} {
		if s, err := paxospb.DecodeState(p); err == nil {
			t.Errorf("%s is read as %+v", name, s)
		}
	}
}
