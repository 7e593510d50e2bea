// Package wiretest tests message encodings with examples and by round trips. Only tests import it.
package wiretest

import (
	"encoding/json"
	"errors"
	"testing"

	"synod/internal/strictjson"
	"synod/register"
)

// Codec encodes and decodes messages.
type Codec interface {
	Append(dst []byte, m register.Message) ([]byte, error)
	Decode(data []byte) (register.Message, error)
}

// Golden is a message, comparable with ==, and its bytes. The type is an alias so that tables may omit the field
// names.
type Golden = struct {
	Text string
	Msg  register.Message
}

// Examples checks that each message is appended as in its example, and that the bytes are decoded as the message.
func Examples(t *testing.T, c Codec, all []Golden) {
	t.Helper()
	for _, g := range all {
		data, err := c.Append([]byte("before"), g.Msg)
		if err != nil || string(data) != "before"+g.Text {
			t.Errorf("%v is written as %s, %v; want %s", g.Msg, data, err, g.Text)
		}
		msg, err := c.Decode([]byte(g.Text))
		if err != nil || msg != g.Msg {
			t.Errorf("%s is read as %v, %v; want %v", g.Text, msg, err, g.Msg)
		}
	}
}

// Refused checks that texts are rejected with the expected JSON error.
func Refused(t *testing.T, c Codec, texts ...string) {
	t.Helper()
	for _, text := range texts {
		msg, err := c.Decode([]byte(text))
		var wrong *strictjson.Error
		if msg != nil || !errors.As(err, &wrong) {
			t.Errorf("%.60s is read as %v, %v", text, msg, err)
		}
	}
}

// Decode fuzzes reading: what can be read is JSON, and is written as JSON that is read as the same. It stands in a line of a
// file as it is exactly if that was to be expected of anything that is known to be JSON.
func Decode(f *testing.F, c Codec, seeds []Golden) {
	f.Helper()
	for _, g := range seeds {
		f.Add([]byte(g.Text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		msg, err := c.Decode(data)
		if err != nil {
			return
		}
		if !json.Valid(data) {
			t.Fatalf("%q is no JSON, and read as %v", data, msg)
		}
		if known, fits := strictjson.FitsKnown(data), strictjson.Fits(data); known != fits {
			t.Fatalf("%q is read; that it fits into a line, which is %v, is taken for %v", data, fits, known)
		}
		text, err := c.Append(nil, msg)
		if err != nil || !json.Valid(text) {
			t.Fatalf("%v is written as %s, %v", msg, text, err)
		}
		if !strictjson.Fits(text) {
			t.Fatalf("%v is written as %s, which does not fit into a line", msg, text)
		}
		again, err := c.Decode(text)
		if err != nil || again != msg {
			t.Fatalf("%s is read as %v, %v; want %v", text, again, err, msg)
		}
	})
}
