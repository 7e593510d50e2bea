package paxospb_test

import (
	"bufio"
	"encoding/hex"
	"math"
	"os"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
	"synod/paxos/systembuilders/node"
	"synod/paxos/systembuilders/paxospb"
)

// golden reads the messages that another implementation of protobuf has encoded, by name, with their names in order.
func golden(t *testing.T) (names []string, data map[string][]byte) {
	t.Helper()
	file, err := os.Open("testdata/golden.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	data = make(map[string][]byte)
	for s := bufio.NewScanner(file); s.Scan(); {
		words := strings.Fields(s.Text())
		if len(words) < 2 || words[0] == "#" {
			continue
		}
		if data[words[0]], err = hex.DecodeString(words[1]); err != nil {
			t.Fatal(err)
		}
		names = append(names, words[0])
	}
	return names, data
}

// said are the same messages as a node says them, of three.
var said = map[string]node.Message{
	"view-change":       {From: 1, To: 2, Message: systembuilders.ViewChange{Attempted: 7}},
	"view-change-proof": {From: 2, To: 0, Message: systembuilders.VCProof{Installed: 300}},
	"prepare":           {From: 2, To: 1, Message: systembuilders.Prepare{View: 5, Aru: 9}},
	"prepare-ok": {From: 1, To: 2, Message: prepareOK{View: 5, Data: dataList{
		Ordered:   []ordered{{Seq: 1, Batch: slot(one)}},
		Proposals: []proposal{{View: 4, Seq: 2, Batch: slot(one)}},
	}}},
	"prepare-ok-empty":        {From: 1, To: 2, Message: prepareOK{View: 5}},
	"proposal":                {From: 1, To: 2, Message: proposal{View: 4, Seq: 3, Batch: slot(one)}},
	"proposal-of-nothing":     {From: 1, To: 2, Message: proposal{View: 4, Seq: 3}},
	"accept":                  {From: 2, To: 1, Message: systembuilders.Accept{View: 4, Seq: 3}},
	"globally-ordered-update": {From: 1, To: 2, Message: ordered{Seq: 3, Batch: slot(one)}},
	"client-update":           {From: 1, To: 2, Message: systembuilders.ClientUpdate[string]{Update: one}},

	"view-change-proof-aru": {From: 2, To: 1, Message: systembuilders.VCProof{Installed: 3, Aru: 9}},
	"prepare-ok-through": {From: 1, To: 2, Message: prepareOK{View: 5, Data: dataList{
		Ordered: []ordered{{Seq: 1}}, Through: 70,
	}}},
	"prepare-after": {From: 2, To: 1, Message: systembuilders.Prepare{View: 5, Aru: 9, After: 11}},
	"prepare-ok-cut": {From: 1, To: 2, Message: prepareOK{View: 5, Data: dataList{
		Proposals: []proposal{{View: 4, Seq: 3}}, Cut: 3,
	}}},
	"proposal-of-two": {From: 1, To: 2, Message: proposal{View: 4, Seq: 3, Batch: slot(
		systembuilders.Update[string]{Node: 1, Command: command(1, 2, "a")},
		systembuilders.Update[string]{Node: 2, Command: command(1, 3, "b")},
	)}},
	"client-update-end": {From: 1, To: 0, Message: systembuilders.ClientUpdate[string]{Update: update{
		Node: 1, Command: rsm.Command[string]{ID: rsm.ID{Client: 5, Local: 6}, End: true, Floor: 4},
	}}},
	"snapshot": {From: 1, To: 0, Message: systembuilders.Snapshot{Seq: 128, Data: "\x00x"}},
	"recover":  {From: 1, To: 2, Message: systembuilders.Recover{Nonce: 7, View: 3}},
	"recovered": {From: 1, To: 2, Message: systembuilders.Recovered{
		Nonce: 7, Attempted: 5, Installed: 4, Recovering: true, Leads: true, Aru: 9, Last: 10,
	}},
	"snapshot-part": {From: 1, To: 0, Message: systembuilders.SnapshotPart{
		Seq: 128, Sum: 7, From: 2, Data: "x", Last: true,
	}},
	"learn-part": {From: 2, To: 1, Message: systembuilders.LearnPart{Aru: 9, Seq: 128, Sum: 7, From: 2}},
	"learn":      {From: 2, To: 1, Message: systembuilders.Learn{Aru: 64}},
}

var one = systembuilders.Update[string]{Node: 1, Command: command(300, math.MaxUint64, "café\x00")}

func command(client, local uint64, op string) rsm.Command[string] {
	return rsm.Command[string]{ID: rsm.ID{Client: rsm.Client(client), Local: rsm.Local(local)}, Op: op}
}

// TestGolden encodes every message as another implementation does, and reads what that has encoded. A peer that has
// announced nothing gets what stands in the published schema alone, or nothing.
func TestGolden(t *testing.T) {
	names, data := golden(t)
	if len(names) != len(said) {
		t.Errorf("%d messages are encoded, want %d", len(names), len(said))
	}
	ours := false
	for _, name := range names {
		m := said[name]
		ours = ours || name == "view-change-proof-aru"
		dialect := paxospb.Published
		if ours {
			dialect = paxospb.Extended
		}
		p, err := paxospb.Encode(m, 3, dialect)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got, err := proto.Marshal(p); err != nil || string(got) != string(data[name]) {
			t.Errorf("%s is %x, %v; want %x", name, got, err, data[name])
		}
		q := new(paxospb.Message)
		if err := proto.Unmarshal(data[name], q); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if back, err := paxospb.Decode(q); err != nil || !reflect.DeepEqual(back, m) {
			t.Errorf("%s is read as %+v, %v; want %+v", name, back, err, m)
		}
	}
}
