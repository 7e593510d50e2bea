package wire

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"synod/actor"
	"synod/internal/strictjson"
	"synod/internal/wiretest"
	"synod/paxos/singledecree"
	"synod/register"
	"synod/storage"
)

func inner(m singledecree.Message) register.Message {
	return register.Internal[singledecree.Message]{Message: m}
}

func bal(round uint32, leader actor.ID) singledecree.Ballot {
	return singledecree.Ballot{Round: round, Leader: leader}
}

func prop(r register.Request, requester actor.ID, v register.Value) singledecree.Proposal {
	return singledecree.Proposal{Request: r, Requester: requester, Value: v}
}

func vote(b singledecree.Ballot, p singledecree.Proposal) singledecree.Vote {
	return singledecree.Vote{Ballot: b, Proposal: p}
}

// golden are messages and their bytes, as Stateright's servers write them.
var golden = []wiretest.Golden{
	{`{"Put":[2,"X"]}`, register.Put{Request: 2, Value: 'X'}},
	{`{"Get":3}`, register.Get{Request: 3}},
	{`{"PutOk":2}`, register.PutOk{Request: 2}},
	{`{"GetOk":[3,"X"]}`, register.GetOk{Request: 3, Value: 'X'}},
	{`{"Internal":{"Prepare":{"ballot":[1,139637976796088]}}}`, inner(singledecree.Prepare{Ballot: bal(1, 139637976796088)})},
	{
		`{"Internal":{"Prepared":{"ballot":[1,139637976796088],"last_accepted":null}}}`,
		inner(singledecree.Prepared{Ballot: bal(1, 139637976796088)}),
	},
	{
		`{"Internal":{"Prepared":{"ballot":[1,139637976796088],"last_accepted":` +
			`[[1,139637976796090],[9,139637976797088,"X"]]}}}`,
		inner(singledecree.Prepared{
			Ballot:   bal(1, 139637976796088),
			Accepted: vote(bal(1, 139637976796090), prop(9, 139637976797088, 'X')),
		}),
	},
	{
		`{"Internal":{"Accept":{"ballot":[1,139637976796088],"proposal":[2,139637976797088,"X"]}}}`,
		inner(singledecree.Accept{Ballot: bal(1, 139637976796088), Proposal: prop(2, 139637976797088, 'X')}),
	},
	{
		`{"Internal":{"Accepted":{"ballot":[1,139637976796088]}}}`,
		inner(singledecree.Accepted{Ballot: bal(1, 139637976796088)}),
	},
	{
		`{"Internal":{"Decided":{"ballot":[1,139637976796088],"proposal":[2,139637976797088,"X"]}}}`,
		inner(singledecree.Decided{Ballot: bal(1, 139637976796088), Proposal: prop(2, 139637976797088, 'X')}),
	},
	// Of Stateright's register that is written once.
	{`{"PutFail":2}`, register.PutFail{Request: 2}},
	// What servers that learn say besides.
	{
		`{"Internal":{"Query":{"reader":139637976797088,"request":3}}}`,
		inner(singledecree.Query{Reader: 139637976797088, Request: 3}),
	},
	{
		`{"Internal":{"Report":{"reader":139637976797088,"request":3,"last_accepted":null}}}`,
		inner(singledecree.Report{Query: singledecree.Query{Reader: 139637976797088, Request: 3}}),
	},
	{
		`{"Internal":{"Report":{"reader":5,"request":0,"last_accepted":[[1,8],[2,7,"X"]]}}}`,
		inner(singledecree.Report{Query: singledecree.Query{Reader: 5}, Accepted: vote(bal(1, 8), prop(2, 7, 'X'))}),
	},
	{`{"Put":[18446744073709551615,"<"]}`, register.Put{Request: 1<<64 - 1, Value: '<'}},
	{`{"Put":[0,"&"]}`, register.Put{Value: '&'}},
	{"{\"Put\":[0,\"\u2028\"]}", register.Put{Value: '\u2028'}},
	{`{"Put":[0,"\""]}`, register.Put{Value: '"'}},
	{`{"Put":[0,"\n"]}`, register.Put{Value: '\n'}},
	{`{"Put":[0,"\u001f"]}`, register.Put{Value: '\x1f'}},
	{`{"GetOk":[0,"\u0000"]}`, register.GetOk{}},
	{`{"Put":[0,"😀"]}`, register.Put{Value: '😀'}},
	{
		`{"Internal":{"Prepared":{"ballot":[4294967295,18446744073709551615],"last_accepted":[[0,0],[0,0,"X"]]}}}`,
		inner(singledecree.Prepared{Ballot: bal(1<<32-1, 1<<64-1), Accepted: vote(bal(0, 0), prop(0, 0, 'X'))}),
	},
}

func TestGolden(t *testing.T) { wiretest.Examples(t, Messages, golden) }

// TestEquivalent reads forms that nobody of us writes.
func TestEquivalent(t *testing.T) {
	tests := []struct{ text, means string }{
		{" { \"Put\" : [ 2 ,\t\"X\" ] } \r\n", `{"Put":[2,"X"]}`},
		{`{"P\u0075t":[2,"\u0058"]}`, `{"Put":[2,"X"]}`},
		{
			`{"Internal":{"Accept":{"proposal":[2,7,"X"],"new":{"ballot":[[]]},"ballot":[1,8]}}}`,
			`{"Internal":{"Accept":{"ballot":[1,8],"proposal":[2,7,"X"]}}}`,
		},
		{
			`{"Internal":{"Prepared":{"ballot":[1,8]}}}`,
			`{"Internal":{"Prepared":{"ballot":[1,8],"last_accepted":null}}}`,
		},
	}
	for _, tt := range tests {
		msg, err := Messages.Decode([]byte(tt.text))
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
			continue
		}
		if data, err := Messages.Append(nil, msg); err != nil || string(data) != tt.means {
			t.Errorf("%s is read as %s, %v; want %s", tt.text, data, err, tt.means)
		}
	}
}

func TestRefused(t *testing.T) {
	wiretest.Refused(t, Messages,
		``, `null`, `{}`, `[]`, `"Put"`, `{"Put":[2,"X"]}{`, `{"Put":[2,"X"],"Get":3}`, `{"put":[2,"X"]}`, `{"Put":[2]}`,
		`{"Put":[2,"X",3]}`, `{"Put":{"0":2}}`, `{"Put":[-2,"X"]}`, `{"Put":[2.0,"X"]}`, `{"Put":[18446744073709551616,"X"]}`,
		`{"Put":[2,""]}`, `{"Put":[2,"XY"]}`, `{"Put":[2,5]}`, `{"Put":[2,null]}`, `{"Get":"3"}`, `{"Get":[3]}`, `{"Nop":1}`,
		`{"Internal":null}`, `{"Internal":{}}`, `{"Internal":{"Prepare":{}}}`, `{"Internal":{"Prepare":{"ballot":[1]}}}`,
		`{"Internal":{"Prepare":{"ballot":[4294967296,1]}}}`, `{"Internal":{"Prepare":{"Ballot":[1,1]}}}`,
		`{"Internal":{"Prepare":{"ballot":[1,1],"ballot":[1,1]}}}`, `{"Internal":{"Prepare":{"ballot":null}}}`,
		`{"Internal":{"Accept":{"ballot":[1,1]}}}`, `{"Internal":{"Accept":{"proposal":[1,1,"X"]}}}`,
		`{"Internal":{"Accept":{"ballot":[1,1],"proposal":null}}}`, `{"Internal":{"Prepared":{"last_accepted":null}}}`,
		`{"Internal":{"Prepared":{"ballot":[1,1],"last_accepted":[]}}}`, `{"Internal":{"Promise":{}}}`,
		`{"Put":[2,"\ud800"]}`, "{\"Put\":[2,\"\xff\"]}", strings.Repeat("[", 1000),
	)
}

// TestForeign refuses to write what is no message of this protocol.
func TestForeign(t *testing.T) {
	if data, err := Messages.Append(nil, register.Internal[int]{Message: 1}); err == nil {
		t.Errorf("written as %s", data)
	}
}

func TestOpen(t *testing.T) {
	for _, tt := range golden {
		want := strings.HasPrefix(tt.Text, `{"Put":`) || strings.HasPrefix(tt.Text, `{"Get":`)
		if got := Messages.Open(tt.Msg); got != want {
			t.Errorf("%s is open: %v", tt.Text, got)
		}
	}
}

func TestRecords(t *testing.T) {
	for _, d := range []singledecree.Durable{
		{},
		{Ballot: bal(1, 2)},
		{Ballot: bal(1<<32-1, 1<<64-1), Accepted: vote(bal(3, 4), prop(5, 6, '\u2028')), Decided: true},
	} {
		records, err := Records.Split(d)
		if err != nil {
			t.Fatal(err)
		}
		back, err := Records.Join(records)
		if err != nil || back != d {
			t.Errorf("%v is kept as %v and comes back as %v, %v", d, records, back, err)
		}
		for i, r := range records {
			if i > 0 && r.Name <= records[i-1].Name {
				t.Errorf("records out of order: %v", records)
			}
			var less []storage.Record
			less = append(append(less, records[:i]...), records[i+1:]...)
			if back, err := Records.Join(less); err == nil {
				t.Errorf("without %s it comes back as %v", r.Name, back)
			}
		}
		if back, err := Records.Join(append(records, storage.Record{Name: "more", Data: []byte("1")})); err == nil {
			t.Errorf("with an unknown record it comes back as %v", back)
		}
	}
	if records, err := Records.Split(1); err == nil {
		t.Errorf("a number is kept as %v", records)
	}
}

func FuzzDecode(f *testing.F) { wiretest.Decode(f, Messages, golden) }

// FuzzAppend makes messages of every kind and holds the form to a plain one by fmt, and reading to writing.
func FuzzAppend(f *testing.F) {
	f.Add(uint32(1), uint64(2), uint32(3), uint64(4), uint64(5), uint64(6), 'X')
	f.Add(uint32(0), uint64(0), uint32(0), uint64(0), uint64(0), uint64(0), '\u2028')
	f.Fuzz(func(t *testing.T, r1 uint32, l1 uint64, r2 uint32, l2, request, requester uint64, value rune) {
		if !utf8.ValidRune(value) {
			return
		}
		b1, b2 := bal(r1, actor.ID(l1)), bal(r2, actor.ID(l2))
		p := prop(register.Request(request), actor.ID(requester), register.Value(value))
		char := string(strictjson.AppendChar(nil, value)) // held to the standard library in its own package
		ballot := fmt.Sprintf(`{"ballot":[%d,%d]`, r1, l1)
		proposal := fmt.Sprintf(`[%d,%d,%s]`, request, requester, char)
		last := fmt.Sprintf(`[[%d,%d],%s]`, r2, l2, proposal)
		earlier := vote(b2, p)
		if earlier == (singledecree.Vote{}) {
			last = "null"
		}
		for _, tt := range []struct {
			text string
			msg  register.Message
		}{
			{fmt.Sprintf(`{"Put":[%d,%s]}`, request, char), register.Put{Request: p.Request, Value: p.Value}},
			{fmt.Sprintf(`{"GetOk":[%d,%s]}`, request, char), register.GetOk{Request: p.Request, Value: p.Value}},
			{fmt.Sprintf(`{"Internal":{"Prepare":%s}}}`, ballot), inner(singledecree.Prepare{Ballot: b1})},
			{
				fmt.Sprintf(`{"Internal":{"Prepared":%s,"last_accepted":%s}}}`, ballot, last),
				inner(singledecree.Prepared{Ballot: b1, Accepted: earlier}),
			},
			{
				fmt.Sprintf(`{"Internal":{"Report":{"reader":%d,"request":%d,"last_accepted":%s}}}`, l1, request, last),
				inner(singledecree.Report{
					Query: singledecree.Query{Reader: actor.ID(l1), Request: p.Request}, Accepted: earlier,
				}),
			},
			{
				fmt.Sprintf(`{"Internal":{"Accept":%s,"proposal":%s}}}`, ballot, proposal),
				inner(singledecree.Accept{Ballot: b1, Proposal: p}),
			},
			{
				fmt.Sprintf(`{"Internal":{"Decided":%s,"proposal":%s}}}`, ballot, proposal),
				inner(singledecree.Decided{Ballot: b1, Proposal: p}),
			},
		} {
			data, err := Messages.Append(nil, tt.msg)
			if err != nil || string(data) != tt.text {
				t.Fatalf("%v is written as %s, %v; want %s", tt.msg, data, err, tt.text)
			}
			if back, err := Messages.Decode(data); err != nil || back != tt.msg {
				t.Fatalf("%s is read as %v, %v; want %v", data, back, err, tt.msg)
			}
		}
	})
}

// FuzzJoin reads records that a disk made up.
func FuzzJoin(f *testing.F) {
	f.Add([]byte(`[[1,2],[3,4,"X"]]`), []byte(`[1,2]`), []byte(`true`))
	f.Add([]byte(`null`), []byte(`[0,0]`), []byte(`false`))
	f.Fuzz(func(t *testing.T, vote, ballot, decided []byte) {
		kept, err := Records.Join([]storage.Record{
			{Name: recordAccepted, Data: vote}, {Name: recordBallot, Data: ballot}, {Name: recordDecided, Data: decided},
		})
		if err != nil {
			return
		}
		again, err := Records.Split(kept)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := Records.Join(again); err != nil || back != kept {
			t.Fatalf("%v is kept as %v and comes back as %v, %v", kept, again, back, err)
		}
	})
}
