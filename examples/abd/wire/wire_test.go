package wire_test

import (
	"testing"

	"synod/examples/abd"
	"synod/examples/abd/wire"
	"synod/register"
)

type inner = register.Internal[abd.Message]

var golden = []struct {
	text string
	msg  register.Message
}{
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

func TestGolden(t *testing.T) {
	for _, tt := range golden {
		data, err := wire.Messages.Append(nil, tt.msg)
		if err != nil || string(data) != tt.text {
			t.Errorf("%v is written as %s, %v; want %s", tt.msg, data, err, tt.text)
		}
		msg, err := wire.Messages.Decode([]byte(tt.text))
		if err != nil || msg != tt.msg {
			t.Errorf("%s is read as %v, %v; want %v", tt.text, msg, err, tt.msg)
		}
	}
	for _, text := range []string{`{"Internal":{"Query":[7]}}`, `{"Internal":{"Record":[7,[2,1]]}}`, `{"Internal":{"Ask":7}}`} {
		if msg, err := wire.Messages.Decode([]byte(text)); err == nil {
			t.Errorf("%s is read as %v", text, msg)
		}
	}
}

// FuzzDecode holds that what can be read is written in a form that is read as the same.
func FuzzDecode(f *testing.F) {
	for _, tt := range golden {
		f.Add([]byte(tt.text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		msg, err := wire.Messages.Decode(data)
		if err != nil {
			return
		}
		text, err := wire.Messages.Append(nil, msg)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := wire.Messages.Decode(text); err != nil || again != msg {
			t.Fatalf("%s is read as %v, %v; want %v", text, again, err, msg)
		}
	})
}
