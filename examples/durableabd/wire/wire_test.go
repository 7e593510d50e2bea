package wire_test

import (
	"reflect"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"synod/actor"
	"synod/examples/durableabd"
	"synod/examples/durableabd/wire"
	"synod/internal/wiretest"
	"synod/register"
	"synod/storage"
)

func inner(m durableabd.Message) register.Message {
	return register.Internal[durableabd.Message]{Message: m}
}

var (
	operation = durableabd.Operation{Run: 3, Count: 1<<64 - 1}
	copied    = durableabd.Copy{Sequence: durableabd.Sequence{Number: 1 << 40, Writer: 139637976796088}, Value: '\u2028'}
)

var golden = []wiretest.Golden{
	{`{"Internal":{"Query":[3,18446744073709551615]}}`, inner(durableabd.Query{Operation: operation})},
	{
		"{\"Internal\":{\"AckQuery\":[[3,18446744073709551615],[1099511627776,139637976796088],\"\u2028\"]}}",
		inner(durableabd.AckQuery{Operation: operation, Copy: copied}),
	},
	{`{"Internal":{"Record":[[0,0],[0,0],"\u0000"]}}`, inner(durableabd.Record{})},
	{`{"Internal":{"AckRecord":[3,18446744073709551615]}}`, inner(durableabd.AckRecord{Operation: operation})},
}

func TestGolden(t *testing.T) { wiretest.Examples(t, wire.Messages, golden) }

func TestRefused(t *testing.T) {
	wiretest.Refused(t, wire.Messages,
		`{"Internal":{"Query":7}}`, `{"Internal":{"Query":[4294967296,1]}}`, `{"Internal":{"Record":[[7,1],[2,1]]}}`)
}

func FuzzDecode(f *testing.F) { wiretest.Decode(f, wire.Messages, golden) }

// TestRecords keeps random states and gets them back.
func TestRecords(t *testing.T) {
	sequences := rapid.Custom(func(r *rapid.T) durableabd.Sequence {
		return durableabd.Sequence{Number: rapid.Uint64().Draw(r, "number"), Writer: actor.ID(rapid.Uint64().Draw(r, "writer"))}
	})
	rapid.Check(t, func(r *rapid.T) {
		d := durableabd.Durable{
			Run: rapid.Uint32().Draw(r, "run"),
			Copy: durableabd.Copy{
				Sequence: sequences.Draw(r, "sequence"), Value: register.Value(rapid.Rune().Draw(r, "value")),
			},
			Writes: make(map[actor.ID]durableabd.Write),
		}
		for range rapid.IntRange(0, 5).Draw(r, "clients") {
			d.Writes[actor.ID(rapid.Uint64().Draw(r, "client"))] = durableabd.Write{
				Request: register.Request(rapid.Uint64().Draw(r, "request")), Sequence: sequences.Draw(r, "sequence"),
			}
		}
		records, err := wire.Records.Split(d)
		if err != nil {
			r.Fatal(err)
		}
		back, err := wire.Records.Join(records)
		if err != nil || !reflect.DeepEqual(back, d) {
			r.Fatalf("%v is kept as %v and comes back as %v, %v", d, records, back, err)
		}
		for i, record := range records {
			if i > 0 && record.Name <= records[i-1].Name {
				r.Fatalf("records out of order: %v", records)
			}
		}
	})
}

// TestOddRecords refuses what no server has kept.
func TestOddRecords(t *testing.T) {
	sound := []storage.Record{{Name: "copy", Data: []byte(`[[2,5],"X"]`)}, {Name: "run", Data: []byte(`3`)}}
	for i, more := range []storage.Record{
		{Name: "more", Data: []byte(`1`)},
		{Name: "run", Data: []byte(`3`)},
		{Name: "write 9", Data: []byte(`[7,[2,5]]`)},
		{Name: "write " + strconv.Itoa(1<<62) + "x", Data: []byte(`[7,[2,5]]`)},
		{Name: "write 00000000000000000009", Data: []byte(`[7]`)},
	} {
		if d, err := wire.Records.Join(append(sound[:2:2], more)); err == nil {
			t.Errorf("%d: came back as %v", i, d)
		}
	}
	if d, err := wire.Records.Join(sound[:1]); err == nil {
		t.Errorf("without the number of runs: %v", d)
	}
}
