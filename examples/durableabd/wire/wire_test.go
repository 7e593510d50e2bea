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
	{`{"Expired":[7,18446744073709551615]}`, register.Expired{Request: 7, Floor: 1<<64 - 1}},
}

func TestGolden(t *testing.T) { wiretest.Examples(t, wire.Messages, golden) }

func TestRefused(t *testing.T) {
	wiretest.Refused(t, wire.Messages,
		`{"Internal":{"Query":7}}`, `{"Internal":{"Query":[4294967296,1]}}`, `{"Internal":{"Record":[[7,1],[2,1]]}}`,
		`{"Expired":7}`, `{"Expired":[7]}`)
}

func FuzzDecode(f *testing.F) { wiretest.Decode(f, wire.Messages, golden) }

// TestRecords keeps random states and gets them back.
func TestRecords(t *testing.T) {
	sequences := rapid.Custom(func(r *rapid.T) durableabd.Sequence {
		return durableabd.Sequence{Number: rapid.Uint64().Draw(r, "number"), Writer: actor.ID(rapid.Uint64().Draw(r, "writer"))}
	})
	draw := func(r *rapid.T) durableabd.Durable {
		d := durableabd.Durable{
			Run:   rapid.Uint32().Draw(r, "run"),
			Floor: register.Request(rapid.Uint64Range(0, 1).Draw(r, "floor") * rapid.Uint64().Draw(r, "height")),
			Copy: durableabd.Copy{
				Sequence: sequences.Draw(r, "sequence"), Value: register.Value(rapid.Rune().Draw(r, "value")),
			},
		}
		for range rapid.IntRange(0, 5).Draw(r, "clients") {
			client := rapid.OneOf(rapid.Uint64Range(0, 3), rapid.Uint64()).Draw(r, "client")
			d.Writes = d.Writes.With(actor.ID(client), durableabd.Write{
				Request: register.Request(rapid.Uint64Range(0, 1).Draw(r, "request")), Sequence: sequences.Draw(r, "sequence"),
			})
		}
		return d
	}
	rapid.Check(t, func(r *rapid.T) {
		d := draw(r)
		records, err := wire.Records.Split(d)
		if err != nil {
			r.Fatal(err)
		}
		back, err := wire.Records.Join(records)
		if err != nil || !same(back.(durableabd.Durable), d) {
			r.Fatalf("%v is kept as %v and comes back as %v, %v", d, records, back, err)
		}
		for i, record := range records {
			if i > 0 && record.Name <= records[i-1].Name {
				r.Fatalf("records out of order: %v", records)
			}
		}
		// What changed is found without looking at what did not, and is the same.
		other := draw(r)
		if rapid.Bool().Draw(r, "related") {
			other.Writes = d.Writes.With(2, durableabd.Write{Request: 9}).Without(3)
		}
		after, err := wire.Records.Split(other)
		if err != nil {
			r.Fatal(err)
		}
		changes, err := wire.Records.Changes(d, other)
		if want := storage.Changes(records, after); err != nil || !reflect.DeepEqual(changes, want) {
			r.Fatalf("from %v to %v: %v, %v; want %v", records, after, changes, err, want)
		}
	})
}

// same compares what is kept; tables that are equal may be different Go values.
func same(a, b durableabd.Durable) bool {
	writes := a.Writes
	a.Writes = b.Writes
	for range writes.Changes(b.Writes) {
		return false
	}
	return a == b
}

// TestOddRecords refuses what no server has kept.
func TestOddRecords(t *testing.T) {
	sound := []storage.Record{{Name: "copy", Data: []byte(`[[2,5],"X"]`)}, {Name: "run", Data: []byte(`3`)}}
	for i, more := range []storage.Record{
		{Name: "more", Data: []byte(`1`)},
		{Name: "run", Data: []byte(`3`)},
		{Name: "floor", Data: []byte(`x`)},
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
