package strictjson

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestUint(t *testing.T) {
	tests := []struct {
		text string
		want uint64
		kind Kind // 0 for no mistake
	}{
		{"0", 0, 0},
		{" 7\n", 7, 0},
		{"18446744073709551615", 1<<64 - 1, 0},
		{"18446744073709551616", 0, Unexpected},
		{"99999999999999999999999", 0, Unexpected},
		{"-1", 0, Unexpected},
		{"-0", 0, Unexpected},
		{"1.0", 0, Unexpected},
		{"1e2", 0, Unexpected},
		{"01", 0, Syntax},
		{"1x", 0, Syntax},
		{"1 2", 0, Syntax},
		{"", 0, Syntax},
		{`"1"`, 0, Unexpected},
		{"null", 0, Unexpected},
		{"[1]", 0, Unexpected},
		{"+1", 0, Syntax},
	}
	for _, tt := range tests {
		r := NewReader([]byte(tt.text))
		got := r.Uint64()
		if kind := kindOf(t, r.End()); kind != tt.kind || kind == 0 && got != tt.want {
			t.Errorf("%q: %d, kind %d; want %d, kind %d", tt.text, got, kind, tt.want, tt.kind)
		}
	}
	r := NewReader([]byte("[4294967295,4294967296]"))
	r.Open()
	first := r.Uint32()
	r.Comma()
	r.Uint32()
	if first != 1<<32-1 || kindOf(t, r.End()) != Unexpected {
		t.Errorf("32 bits: %d, %v", first, r.End())
	}
}

func kindOf(t *testing.T, err error) Kind {
	t.Helper()
	if err == nil {
		return 0
	}
	var wrong *Error
	if !errors.As(err, &wrong) || wrong.Expected == "" {
		t.Fatalf("error %v", err)
	}
	return wrong.Kind
}

func TestChar(t *testing.T) {
	tests := []struct {
		text string
		want rune
		kind Kind
	}{
		{`"X"`, 'X', 0},
		{`"é"`, 'é', 0},
		{`"😀"`, '😀', 0},
		{"\"\u2028\"", '\u2028', 0},
		{`"<"`, '<', 0},
		{`"\u0041"`, 'A', 0},
		{`"\ud83d\ude00"`, '😀', 0},
		{`"\uD83D\uDE00"`, '😀', 0},
		{`"\n"`, '\n', 0},
		{`"\/"`, '/', 0},
		{`"\u0000"`, 0, 0},
		{`"�"`, utf8.RuneError, 0},
		{`""`, 0, Unexpected},
		{`"XY"`, 0, Unexpected},
		{`"e\u0301"`, 0, Unexpected},
		{`"\ud83d"`, 0, Syntax},
		{`"\ud83dX"`, 0, Syntax},
		{`"\ud83d\ud83d"`, 0, Syntax},
		{`"\ude00"`, 0, Syntax},
		{`"\x"`, 0, Syntax},
		{`"\u12"`, 0, Syntax},
		{`"X`, 0, Syntax},
		{"\"\x01\"", 0, Syntax},
		{"\"\xff\"", 0, Syntax},
		{`1`, 0, Unexpected},
	}
	for _, tt := range tests {
		r := NewReader([]byte(tt.text))
		got := r.Char()
		if kind := kindOf(t, r.End()); kind != tt.kind || kind == 0 && got != tt.want {
			t.Errorf("%q: %q, kind %d; want %q, kind %d", tt.text, got, kind, tt.want, tt.kind)
		}
	}
}

func TestDepth(t *testing.T) {
	for _, tt := range []struct {
		text string
		want Kind
	}{
		{strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth), 0},
		{strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1), Depth},
		{strings.Repeat(`{"a":`, MaxDepth+1), Depth},
		{strings.Repeat("[", MaxDepth), Syntax},
	} {
		r := NewReader([]byte(tt.text))
		r.Skip()
		if kind := kindOf(t, r.End()); kind != tt.want {
			t.Errorf("%.20s…: kind %d, want %d", tt.text, kind, tt.want)
		}
	}
}

func TestFields(t *testing.T) {
	tests := []struct {
		text string
		want uint64
		kind Kind
	}{
		{`{"a":1,"b":2}`, 21, 0},
		{`{ "b" : 2 , "a" : 1 }`, 21, 0},
		{`{"x":{"a":[1,2,{}]},"\u0061":1,"y":-1.5e9,"z":"\n"}`, 1, 0},
		{`{}`, 0, 0},
		{`{"a":1,"a":1}`, 0, Unexpected},
		{`{"A":1}`, 0, 0},
		{`{"a":1,}`, 0, Syntax},
		{`{"a" 1}`, 0, Syntax},
		{`{"a":1`, 0, Syntax},
		{`{a:1}`, 0, Syntax},
		{`{"x":01}`, 0, Syntax},
		{`{"x":[1,]}`, 0, Syntax},
		{`[]`, 0, Unexpected},
		{`{"a":[]}`, 0, Unexpected},
	}
	for _, tt := range tests {
		r := NewReader([]byte(tt.text))
		var got uint64
		var seen uint8
		r.Fields(func(name []byte) bool {
			switch string(name) {
			case "a":
				r.Once(&seen, 1)
				got += r.Uint64()
			case "b":
				r.Once(&seen, 2)
				got += 10 * r.Uint64()
			default:
				return false
			}
			return true
		})
		if kind := kindOf(t, r.End()); kind != tt.kind || kind == 0 && got != tt.want {
			t.Errorf("%s: %d, kind %d; want %d, kind %d", tt.text, got, kind, tt.want, tt.kind)
		}
	}
}

// FuzzSkip compares what is JSON with the standard library. That has no UTF-8 to check and another limit of nesting, and
// half a surrogate pair is a character to it.
func FuzzSkip(f *testing.F) {
	for _, s := range []string{`{"a":[1,-2.5e+3,"x\u00e9\n",true,false,null,{}]}`, "[1,]", "1.", "-", `"\ud800"`, "\x00", " ", "tru"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewReader(data)
		r.Skip()
		err := r.End()
		want := json.Valid(data)
		switch {
		case err == nil && !want:
			t.Errorf("%q is no JSON, but was read", data)
		case err != nil && want && kindOf(t, err) != Depth && utf8.Valid(data) && !strings.Contains(string(data), `\u`):
			t.Errorf("%q: %v", data, err)
		}
	})
}

// FuzzChar holds AppendChar to Char, and to the standard library.
func FuzzChar(f *testing.F) {
	for _, c := range "\x00\x1f\"\\<\u2028é😀\x7f\b\f\n\r\t" {
		f.Add(c)
	}
	f.Fuzz(func(t *testing.T, c rune) {
		data := AppendChar(nil, c)
		want := c
		if !utf8.ValidRune(c) {
			want = utf8.RuneError
		}
		r := NewReader(data)
		if got := r.Char(); got != want || r.End() != nil {
			t.Errorf("%q was written as %s and read as %q, %v", c, data, got, r.End())
		}
		var s string
		if err := json.Unmarshal(data, &s); err != nil || s != string(want) {
			t.Errorf("%q was written as %s, which is %q, %v", c, data, s, err)
		}
	})
}
