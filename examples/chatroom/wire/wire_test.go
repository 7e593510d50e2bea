package wire_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"synod/examples/chatroom/wire"
)

// The bytes of the published programs, and those of the extensions.
var commands = []struct {
	command wire.Command
	frame   string
}{
	{wire.Command{Client: 1, Number: 2}, "00000014" + "0100000000000000" + "0200000000000000" + "00000000"},
	{
		wire.Command{Client: 0, Number: 258, Mode: wire.Put, Message: "hé"},
		"0000001f" + "0000000000000000" + "0201000000000000" + "01000000" + "0300000000000000" + "68c3a9",
	},
	{
		wire.Command{Client: 7, Number: 9, Mode: wire.AcknowledgedPut, Floor: 8, Message: "a"},
		"00000025" + "0700000000000000" + "0900000000000000" + "02000000" + "0800000000000000" + "0100000000000000" + "61",
	},
	{
		wire.Command{Client: 7, Number: 9, Mode: wire.Swap, Floor: 8, Count: 3},
		"0000002c" + "0700000000000000" + "0900000000000000" + "03000000" + "0800000000000000" + "0300000000000000" +
			"0000000000000000",
	},
}

var answers = []struct {
	answer wire.Answer
	frame  string
}{
	{wire.Answer{}, "0000000c" + "00000000" + "0000000000000000"},
	{
		wire.Answer{Messages: []string{"b", ""}},
		"0000001d" + "00000000" + "0200000000000000" + "0100000000000000" + "62" + "0000000000000000",
	},
	{wire.Answer{Kind: wire.Done, Number: 9, Count: 1}, "00000014" + "01000000" + "0900000000000000" + "0100000000000000"},
	{wire.Answer{Kind: wire.Differs, Number: 9, Count: 4}, "00000014" + "02000000" + "0900000000000000" + "0400000000000000"},
	{
		wire.Answer{Kind: wire.Refused, Number: 9, Reason: "no"},
		"00000016" + "03000000" + "0900000000000000" + "0200000000000000" + "6e6f",
	},
}

func TestBytes(t *testing.T) {
	for _, c := range commands {
		frame := wire.AppendCommand(nil, c.command)
		if got := hex.EncodeToString(frame); got != c.frame {
			t.Errorf("%+v is\n%s, want\n%s", c.command, got, c.frame)
		}
		body, err := wire.ReadFrame(bytes.NewReader(frame))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := wire.DecodeCommand(body); err != nil || got != c.command {
			t.Errorf("%+v became %+v, %v", c.command, got, err)
		}
	}
	for _, a := range answers {
		frame, err := wire.AppendAnswer(nil, a.answer)
		if got := hex.EncodeToString(frame); err != nil || got != a.frame {
			t.Errorf("%+v is\n%s, %v, want\n%s", a.answer, got, err, a.frame)
		}
		body, err := wire.ReadFrame(bytes.NewReader(frame))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := wire.DecodeAnswer(body); err != nil || !reflect.DeepEqual(got, a.answer) {
			t.Errorf("%+v became %+v, %v", a.answer, got, err)
		}
	}
}

// Every part of a command or an answer, and all of it with something behind, is refused.
func TestRefused(t *testing.T) {
	refused := func(body []byte, what string, decode func([]byte) error) {
		for n := range body {
			if decode(body[:n]) == nil {
				t.Errorf("%d bytes of %s are taken for all", n, what)
			}
		}
		if decode(append(body, 0)) == nil {
			t.Errorf("%s with a byte behind it is taken", what)
		}
	}
	command := func(body []byte) error { _, err := wire.DecodeCommand(body); return err }
	answer := func(body []byte) error { _, err := wire.DecodeAnswer(body); return err }
	for _, c := range commands {
		refused(wire.AppendCommand(nil, c.command)[4:], c.frame, command)
	}
	for _, a := range answers {
		frame, _ := wire.AppendAnswer(nil, a.answer)
		refused(frame[4:], a.frame, answer)
	}
	unknown := wire.AppendCommand(nil, wire.Command{Mode: wire.SetMembers + 1})[4:]
	if err := command(unknown); err == nil || !strings.Contains(err.Error(), "mode 5") {
		t.Errorf("a mode that is not known: %v", err)
	}
	if command(wire.AppendCommand(nil, wire.Command{Mode: wire.Put, Message: "\xff"})[4:]) == nil {
		t.Error("a message that is not UTF-8 is taken")
	}
}

// The largest frame is read, and what is larger is neither written nor read.
func TestLimit(t *testing.T) {
	message := strings.Repeat("x", wire.MaxMessage)
	body, err := wire.ReadFrame(bytes.NewReader(wire.AppendCommand(nil, wire.Command{Mode: wire.Swap, Message: message})))
	if err != nil || len(body) != wire.MaxFrame {
		t.Fatalf("%d bytes, %v", len(body), err)
	}
	if _, err := wire.ReadFrame(bytes.NewReader([]byte{0, 0x80, 0, 1})); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("a frame that is too large: %v", err)
	}
	for extra, want := range []error{nil, wire.ErrTooLarge} {
		a := wire.Answer{Messages: []string{strings.Repeat("x", wire.MaxFrame-20+extra)}}
		if frame, err := wire.AppendAnswer([]byte("x"), a); !errors.Is(err, want) || err != nil && len(frame) != 1 {
			t.Errorf("%d bytes: %d, %v", extra, len(frame), err)
		}
	}
	if _, err := wire.ReadFrame(bytes.NewReader([]byte{0, 0, 0, 2, 0})); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("half a frame: %v", err)
	}
}

// What is decoded is encoded as it was.
func FuzzCommand(f *testing.F) {
	for _, c := range commands {
		f.Add(wire.AppendCommand(nil, c.command)[4:])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := wire.DecodeCommand(body)
		if err != nil {
			return
		}
		if again := wire.AppendCommand(nil, c)[4:]; !bytes.Equal(again, body) {
			t.Errorf("%x became %x", body, again)
		}
	})
}

// What is decoded is encoded as it was.
func FuzzAnswer(f *testing.F) {
	for _, a := range answers {
		frame, _ := wire.AppendAnswer(nil, a.answer)
		f.Add(frame[4:])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := wire.DecodeAnswer(body)
		if err != nil {
			return
		}
		if again, err := wire.AppendAnswer(nil, a); err != nil || !bytes.Equal(again[4:], body) {
			t.Errorf("%x became %x, %v", body, again, err)
		}
	})
}
