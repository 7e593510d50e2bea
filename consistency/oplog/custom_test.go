package oplog

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"synod/consistency"
)

// lock is a custom object: who has it, by the number in the call.
type lock struct{}

func (lock) Init() any          { return Value("0") }
func (lock) Same(a, b any) bool { return a == b }
func (lock) Pure(in Value) bool { return in == Text("look") }

func (lock) Step(state any, in Value) (any, Value, error) {
	held := state.(Value)
	switch {
	case in == Text("look"):
		return held, held, nil
	case !strings.HasPrefix(string(in), `{"take":`):
		return held, None, errors.New("expected look or take")
	case held == "0":
		return Value(strings.Trim(string(in)[8:], "}")), Truth(true), nil
	}
	return held, Truth(false), nil
}

// TestCustom checks histories of a custom object, as they stand in a file.
func TestCustom(t *testing.T) {
	const first = `{"format":"synod.history/1","spec":"custom"}
`
	const head = first + `{"type":"invoke","process":0,"time":1,"op":"call","value":{"take": 7}}
{"type":"invoke","process":1,"time":2,"op":"call","value":{"take":8}}
`
	for _, tt := range []struct {
		text string
		want consistency.Outcome
	}{
		{`{"type":"ok","process":0,"time":3,"value":true}
{"type":"ok","process":1,"time":4,"value":false}
`, consistency.Holds},
		{`{"type":"ok","process":0,"time":3,"value":true}
{"type":"ok","process":1,"time":4,"value":true}
`, consistency.Violated},
		{`{"type":"unknown","process":0,"time":3}
{"type":"ok","process":1,"time":4,"value":false}
{"type":"invoke","process":1,"time":5,"op":"call","value":"look"}
{"type":"ok","process":1,"time":6,"value":7}
`, consistency.Holds},
		{`{"type":"fail","process":0,"time":3}
{"type":"ok","process":1,"time":4,"value":true}
{"type":"invoke","process":1,"time":5,"op":"call","value":"look"}
{"type":"ok","process":1,"time":6,"value":7}
`, consistency.Violated},
	} {
		h, err := Load(strings.NewReader(head+tt.text), ReadConfig{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := Check(t.Context(), h, Config{Spec: Custom, Object: lock{}})
		if err != nil || r.Outcome != tt.want {
			t.Errorf("%s%v, %v; want %v", tt.text, r.Outcome, err, tt.want)
		}
		if r.Outcome == consistency.Violated {
			var page bytes.Buffer
			if err := r.Findings[0].Page(t.Context(), &page); err != nil || page.Len() == 0 {
				t.Errorf("a page of %d bytes, %v", page.Len(), err)
			}
		}
		var again bytes.Buffer
		w, err := NewWriter(&again, h.Header, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range h.Events {
			if err := w.Write(e); err != nil {
				t.Fatal(err)
			}
		}
		if want := strings.ReplaceAll(head, ": 7", ":7") + tt.text; again.String() != want {
			t.Errorf("written again:\n%swant\n%s", &again, want)
		}
	}
	for _, wrong := range []string{
		`{"type":"invoke","process":0,"time":1,"op":"call","value":"leave"}`,
		`{"type":"invoke","process":0,"time":1,"op":"read"}`,
	} {
		h, err := Load(strings.NewReader(first+wrong+"\n"), ReadConfig{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Check(t.Context(), h, Config{Spec: Custom, Object: lock{}}); err == nil {
			t.Errorf("%s is no call, and checked", wrong)
		}
	}
	for _, c := range []Config{{Spec: Custom}, {Spec: Register, Object: lock{}}} {
		if _, err := NewChecker(c); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
}
