package paxospb_test

import (
	"errors"
	"maps"
	"reflect"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"pgregory.net/rapid"

	"synod/actor"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
	"synod/paxos/systembuilders/node"
	"synod/paxos/systembuilders/paxospb"
)

type (
	update    = systembuilders.Update[string]
	batch     = systembuilders.Batch[string]
	proposal  = systembuilders.Proposal[string]
	ordered   = systembuilders.GloballyOrderedUpdate[string]
	prepareOK = systembuilders.PrepareOK[string]
	dataList  = systembuilders.DataList[string]
)

// slot returns a batch of updates.
func slot(updates ...update) batch { return systembuilders.BatchOf(updates...) }

// published are the numbers of the published schema: its messages, their fields, and these fields' numbers.
var published = map[protoreflect.Name]map[protoreflect.Name]protoreflect.FieldNumber{
	"ClientUpdate":          {"client_id": 1, "node_id": 2, "timestamp": 3, "update": 4},
	"ViewChange":            {"node_id": 1, "attempted_view": 2},
	"ViewChangeProof":       {"node_id": 1, "installed_view": 2},
	"Prepare":               {"node_id": 1, "view": 2, "local_aru": 3},
	"PrepareOK":             {"node_id": 1, "view": 2, "data_list": 3},
	"Proposal":              {"node_id": 1, "view": 2, "seq": 3, "update": 4},
	"Accept":                {"node_id": 1, "view": 2, "seq": 3},
	"GloballyOrderedUpdate": {"node_id": 1, "seq": 2, "update": 3},
	"Message": {
		"to": 1, "view_change": 2, "view_change_proof": 3, "prepare": 4, "prepare_ok": 5, "proposal": 6, "accept": 7,
		"globally_ordered_update": 8, "client_update": 9,
	},
	"PersistentState": {"node_id": 1, "node_count": 2, "last_installed": 3, "prepare": 4, "proposal": 5},
}

// TestPublished compares the schema with the published one: its fields are there, and no others have numbers below 100.
func TestPublished(t *testing.T) {
	messages := paxospb.File_paxospb_paxos_proto.Messages()
	for name, fields := range published {
		fields = maps.Clone(fields)
		m := messages.ByName(name)
		if m == nil {
			t.Errorf("no message is named %s", name)
			continue
		}
		for i := range m.Fields().Len() {
			f := m.Fields().Get(i)
			number, ok := fields[f.Name()]
			if ok != (f.Number() < 100) || ok && number != f.Number() {
				t.Errorf("%s has the number %d, want %d", f.FullName(), f.Number(), number)
			}
			delete(fields, f.Name())
			scalar := f.Kind() == protoreflect.Uint64Kind || f.Kind() == protoreflect.BytesKind && f.Name() == "update"
			if ok && f.Kind() != protoreflect.MessageKind && !scalar {
				t.Errorf("%s is of kind %v", f.FullName(), f.Kind())
			}
		}
		if len(fields) > 0 {
			t.Errorf("%s has no %v", name, fields)
		}
	}
}

// draw returns a message of a node of three.
func draw(t *rapid.T) node.Message {
	number := rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 3))
	drawUpdate := func(node actor.ID) update {
		return update{Node: node, Command: rsm.Command[string]{
			ID: rsm.ID{
				Client: rsm.Client(min(number.Draw(t, "client"), paxospb.Nobody-1)), Local: rsm.Local(number.Draw(t, "local")),
			},
			Op:    string(rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "op")),
			End:   rapid.IntRange(0, 9).Draw(t, "end") == 0,
			Floor: rsm.Local(rapid.SampledFrom([]uint64{0, 0, 0, 7}).Draw(t, "floor")),
		}}
	}
	drawBatch := func() batch {
		var all []update
		for range rapid.SampledFrom([]int{1, 1, 1, 0, 2, 3}).Draw(t, "updates") {
			all = append(all, drawUpdate(actor.ID(number.Draw(t, "node"))))
		}
		return slot(all...)
	}
	var m node.Message
	m.From, m.To = actor.ID(rapid.Uint64Range(0, 2).Draw(t, "from")), actor.ID(rapid.Uint64Range(0, 2).Draw(t, "to"))
	view, seq := systembuilders.View(number.Draw(t, "view")), rsm.Slot(number.Draw(t, "seq"))
	switch rapid.IntRange(0, 13).Draw(t, "kind") {
	case 0:
		m.Message = systembuilders.ViewChange{Attempted: view}
	case 1:
		m.Message = systembuilders.VCProof{Installed: view, Aru: seq}
	case 2:
		after := rsm.Slot(rapid.SampledFrom([]uint64{0, 0, 70}).Draw(t, "after"))
		m.Message = systembuilders.Prepare{View: view, Aru: seq, After: after}
	case 3:
		ok := prepareOK{View: view}
		for i := range rapid.IntRange(0, 3).Draw(t, "ordered") {
			ok.Data.Ordered = append(ok.Data.Ordered, ordered{Seq: rsm.Slot(2*i + 1), Batch: drawBatch()})
		}
		for i := range rapid.IntRange(0, 3).Draw(t, "proposals") {
			ok.Data.Proposals = append(ok.Data.Proposals, proposal{View: view, Seq: rsm.Slot(2*i + 2), Batch: drawBatch()})
		}
		ok.Data.Through = rsm.Slot(rapid.SampledFrom([]uint64{0, 0, 70}).Draw(t, "through"))
		ok.Data.Cut = rsm.Slot(rapid.SampledFrom([]uint64{0, 0, 9}).Draw(t, "cut"))
		m.Message = ok
	case 4:
		m.Message = proposal{View: view, Seq: seq, Batch: drawBatch()}
	case 5:
		m.Message = systembuilders.Accept{View: view, Seq: seq}
	case 6:
		m.Message = ordered{Seq: seq, Batch: drawBatch()}
	case 7:
		m.Message = systembuilders.ClientUpdate[string]{Update: drawUpdate(m.From)}
	case 8:
		m.Message = systembuilders.Learn{Aru: seq}
	case 9:
		m.Message = systembuilders.Snapshot{Seq: seq, Data: string(rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "data"))}
	case 10:
		m.Message = systembuilders.Recover{Nonce: number.Draw(t, "nonce"), View: view}
	case 11:
		m.Message = systembuilders.Recovered{
			Nonce: number.Draw(t, "nonce"), Attempted: systembuilders.View(number.Draw(t, "attempted")), Installed: view,
			Recovering: rapid.Bool().Draw(t, "recovering"), Leads: rapid.Bool().Draw(t, "leads"), Aru: seq,
			Last: rsm.Slot(number.Draw(t, "last")),
		}
	case 12:
		m.Message = systembuilders.SnapshotPart{
			Seq: seq, Sum: number.Draw(t, "sum"), From: rapid.IntRange(0, 300).Draw(t, "from"),
			Data: string(rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "data")), Last: rapid.Bool().Draw(t, "last"),
		}
	case 13:
		m.Message = systembuilders.LearnPart{
			Aru: rsm.Slot(number.Draw(t, "aru")), Seq: seq, Sum: number.Draw(t, "sum"),
			From: rapid.IntRange(0, 300).Draw(t, "from"),
		}
	}
	return m
}

// newer reports whether an encoded message, or one inside it, has a field that is not published.
func newer(data []byte, m protoreflect.MessageDescriptor) bool {
	for len(data) > 0 {
		number, kind, n := protowire.ConsumeTag(data)
		size := protowire.ConsumeFieldValue(number, kind, data[n:])
		if n < 0 || size < 0 {
			return true
		}
		f := m.Fields().ByNumber(number)
		if f == nil || number >= 100 {
			return true
		}
		if f.Kind() == protoreflect.MessageKind {
			inner, _ := protowire.ConsumeBytes(data[n:])
			if newer(inner, f.Message()) {
				return true
			}
		}
		data = data[n+size:]
	}
	return false
}

// TestMessages lets every message come back from what it is encoded as. In the published dialect nothing is told that
// is not published: a message comes back but for what it has no words for, or it is not sent.
func TestMessages(t *testing.T) {
	unsayable := 0
	rapid.Check(t, func(t *rapid.T) {
		m := draw(t)
		for _, d := range []paxospb.Dialect{paxospb.Extended, paxospb.Published} {
			p, err := paxospb.Encode(m, 3, d)
			if d == paxospb.Published && errors.Is(err, paxospb.ErrUnsayable) {
				unsayable++
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			data, err := proto.Marshal(p)
			if err != nil {
				t.Fatal(err)
			}
			if d == paxospb.Published && newer(data, p.ProtoReflect().Descriptor()) {
				t.Fatalf("%+v is told by what is not published: %v", m, p)
			}
			q := new(paxospb.Message)
			if err := proto.Unmarshal(data, q); err != nil {
				t.Fatal(err)
			}
			want := m
			if proof, ok := m.Message.(systembuilders.VCProof); ok && d == paxospb.Published {
				want.Message = systembuilders.VCProof{Installed: proof.Installed}
			}
			if back, err := paxospb.Decode(q); err != nil || !reflect.DeepEqual(back, want) {
				t.Fatalf("%+v is read as %+v, %v", want, back, err)
			}
		}
	})
	if unsayable == 0 && !testing.Short() {
		t.Error("the published schema had words for everything")
	}
}

// TestUnsayable names all that the published schema has no words for.
func TestUnsayable(t *testing.T) {
	u := update{Node: 1, Command: command(1, 2, "x")}
	end, floor := u, u
	end.Command.End, floor.Command.Floor = true, 1
	for _, m := range []systembuilders.Message{
		systembuilders.Learn{},
		systembuilders.SnapshotPart{},
		systembuilders.LearnPart{},
		systembuilders.Recover{},
		systembuilders.Recovered{},
		proposal{Batch: slot(u, u)},
		ordered{Batch: slot(u, u)},
		proposal{Batch: slot(end)},
		systembuilders.ClientUpdate[string]{Update: end},
		systembuilders.ClientUpdate[string]{Update: floor},
		prepareOK{Data: dataList{Through: 1}},
		prepareOK{Data: dataList{Cut: 1}},
		systembuilders.Prepare{After: 1},
		prepareOK{Data: dataList{Ordered: []ordered{{Batch: slot(u, u)}}}},
		prepareOK{Data: dataList{Proposals: []proposal{{Batch: slot(floor)}}}},
	} {
		if p, err := paxospb.Encode(node.Message{Message: m}, 3, paxospb.Published); !errors.Is(err, paxospb.ErrUnsayable) {
			t.Errorf("%+v is told as %v, %v", m, p, err)
		}
	}
}

// TestRefused reads messages that say nothing.
func TestRefused(t *testing.T) {
	nobody := &paxospb.ClientUpdate{ClientId: paxospb.Nobody, Update: []byte("x")}
	item := func(m *paxospb.Message) *paxospb.Message {
		ok := &paxospb.PrepareOK{DataList: []*paxospb.Message{m}}
		return &paxospb.Message{Type: &paxospb.Message_PrepareOk{PrepareOk: ok}}
	}
	proposalOf := func(u *paxospb.ClientUpdate, b *paxospb.Batch) *paxospb.Message {
		return &paxospb.Message{Type: &paxospb.Message_Proposal{Proposal: &paxospb.Proposal{Update: u, Batch: b}}}
	}
	for _, p := range []*paxospb.Message{
		nil,
		{},
		{Type: &paxospb.Message_SnapshotPart{SnapshotPart: &paxospb.SnapshotPart{Offset: 1 << 63}}},
		{Type: &paxospb.Message_LearnPart{LearnPart: &paxospb.LearnPart{Offset: 1 << 63}}},
		item(nil), item(&paxospb.Message{Type: &paxospb.Message_Learn{}}), proposalOf(nobody, nil),
		proposalOf(new(paxospb.ClientUpdate), new(paxospb.Batch)),
		proposalOf(nil, &paxospb.Batch{Updates: []*paxospb.ClientUpdate{nobody}}), item(proposalOf(nobody, nil)),
		{Type: &paxospb.Message_ClientUpdate{ClientUpdate: nobody}},
	} {
		if m, err := paxospb.Decode(p); err == nil {
			t.Errorf("%v is read as %+v", p, m)
		}
	}
	// A slot without an update is one without any, whichever way it is told.
	for _, p := range []*paxospb.Message{
		proposalOf(nil, nil), proposalOf(nil, new(paxospb.Batch)),
		proposalOf(&paxospb.ClientUpdate{ClientId: paxospb.Nobody}, nil),
	} {
		if m, err := paxospb.Decode(p); err != nil || !reflect.DeepEqual(m.Message, proposal{}) {
			t.Errorf("%v is read as %+v, %v", p, m, err)
		}
	}
}

// FuzzDecode reads any bytes: what they say is said again by what it is encoded as.
func FuzzDecode(f *testing.F) {
	for _, m := range said {
		p, err := paxospb.Encode(m, 3, paxospb.Extended)
		if err != nil {
			f.Fatal(err)
		}
		data, err := proto.Marshal(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p := new(paxospb.Message)
		if proto.Unmarshal(data, p) != nil {
			return
		}
		m, err := paxospb.Decode(p)
		if err != nil {
			return
		}
		again, err := paxospb.Encode(m, 3, paxospb.Extended)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := paxospb.Decode(again); err != nil || !reflect.DeepEqual(back, m) {
			t.Errorf("%+v became %+v, %v", m, back, err)
		}
		if q, err := paxospb.Encode(m, 3, paxospb.Published); err == nil {
			if data, err := proto.Marshal(q); err != nil || newer(data, q.ProtoReflect().Descriptor()) {
				t.Errorf("%+v is told by what is not published: %v, %v", m, q, err)
			}
		}
	})
}
