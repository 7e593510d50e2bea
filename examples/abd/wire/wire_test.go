package wire_test

import (
	"testing"

	"synod/examples/abd"
	"synod/examples/abd/wire"
	"synod/internal/wiretest"
	"synod/register"
)

type inner = register.Internal[abd.Message]

var golden = []wiretest.Golden{
	{`{"Internal":{"Query":7}}`, inner{Message: abd.Query{Request: 7}}},
	{
		`{"Internal":{"AckQuery":[7,[2,139637976796088],"X"]}}`,
		inner{Message: abd.AckQuery{Request: 7, Copy: abd.Copy{Sequence: abd.Sequence{Number: 2, Writer: 139637976796088}, Value: 'X'}}},
	},
	{
		`{"Internal":{"Record":[7,[2,139637976796088],"\u0000"]}}`,
		inner{Message: abd.Record{Request: 7, Copy: abd.Copy{Sequence: abd.Sequence{Number: 2, Writer: 139637976796088}}}},
	},
	{`{"Internal":{"AckRecord":7}}`, inner{Message: abd.AckRecord{Request: 7}}},
}

func TestGolden(t *testing.T) { wiretest.Examples(t, wire.Messages, golden) }

func TestRefused(t *testing.T) {
	wiretest.Refused(t, wire.Messages,
		`{"Internal":{"Query":[7]}}`, `{"Internal":{"Record":[7,[2,1]]}}`, `{"Internal":{"Ask":7}}`)
}

func FuzzDecode(f *testing.F) { wiretest.Decode(f, wire.Messages, golden) }
