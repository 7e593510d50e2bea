package trace_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"

	"synod/model/statespace"
	"synod/trace"
)

// small is the least document with a step, as it is written.
const small = `{
  "schema": "synod.trace/1",
  "model": "m",
  "config": {
    "clients": "2",
    "Clients": "3"
  },
  "traces": [
    {
      "property": "p",
      "kind": "violation",
      "initial": {
        "fingerprint": "0123456789abcdef",
        "slots": [
          {
            "name": "7",
            "text": ""
          }
        ]
      },
      "steps": [
        {
          "key": "k",
          "text": "t",
          "kind": "act",
          "actor": "7",
          "changes": [
            {
              "path": "7.x",
              "new": "1"
            }
          ],
          "fingerprint": "0123456789abcdef"
        }
      ]
    }
  ]
}
`

func TestReadJSONIsStrict(t *testing.T) {
	if _, err := trace.ReadJSON(strings.NewReader(small)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ old, new, err string }{
		{`"synod.trace/1"`, `"synod.trace/2"`, `unknown schema "synod.trace/2": expected "synod.trace/1"`},
		{`"synod.trace/1"`, `1`, "schema is of type number: expected a string"},
		{`"schema": "synod.trace/1",`, ``, `the schema is missing; it must be "synod.trace/1"`},
		{`"schema": "synod.trace/1"`, `"Schema": "synod.trace/1"`, `unknown name "Schema"`},
		{`"key": "k"`, `"key": "k", "key": "l"`, `the name "key" occurs twice`},
		{`"Clients": "3"`, `"clients": "3"`, `the name "clients" occurs twice`},
		{`"key": "k"`, `"Key": "k"`, `unknown name "Key"`},
		{`"key": "k"`, `"key": "k", "path": "x"`, `unknown field "path"`},
		{`"key": "k"`, `"keys": "k"`, `unknown name "keys"`},
		{`"key": "k",`, ``, "trace 1: step 1: no key"},
		{`"key": "k"`, `"key": null`, "null is not allowed"},
		{`"key": "k"`, `"key": "` + "\xff" + `"`, "not valid UTF-8"},
		{`"act"`, `"jump"`, `kind "jump": expected one of act, deliver`},
		{`"violation"`, `"bug"`, `kind "bug": expected "violation", "example" or "path"`},
		{`"actor": "7",`, ``, "no actor"},
		{`"model": "m",`, ``, "the model's name is missing"},
		{`"property": "p",`, ``, "the property's name is missing"},
		{`0123456789abcdef`, `0123456789ABCDEF`, "16 lower-case hexadecimal digits"},
		{`"name": "7"`, `"name": ""`, "a slot has no name"},
		{`"text": "t"`, `"text": [[{"text": [[]]}]]`, "nested deeper than 7 levels"},
		{`"text": "t"`, `"text": []`, ": traces.steps.text is of type array: expected a string"},
		{small, ``, "unexpected end"},
		{small, `null`, "the schema is missing"},
		{small, `[]`, "at byte 1: the document is of type array: expected an object"},
		{small, small[:100], "at byte 100"},
		{small, small + "{}", "after top-level value"},
	} {
		document := strings.Replace(small, c.old, c.new, 1)
		if document == small {
			t.Fatalf("%q does not occur", c.old)
		}
		if _, err := trace.ReadJSON(strings.NewReader(document)); err == nil || !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s for %s: got the error %v, expected %q", c.new, c.old, err, c.err)
		}
	}
}

// endless gives spaces for ever, and counts them.
type endless struct{ given int }

func (e *endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = ' '
	}
	e.given += len(b)
	return len(b), nil
}

func TestReadJSONIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 64 MiB")
	}
	var r endless
	_, err := trace.ReadJSON(&r)
	if err == nil || !strings.Contains(err.Error(), "exceeds the limit of 67108864 bytes") {
		t.Errorf("got the error %v", err)
	}
	if r.given > 2*trace.MaxBytes {
		t.Errorf("read %d bytes", r.given)
	}
	many := strings.Replace(small, `"changes": [`, `"changes": [`+strings.Repeat("{},", 1<<20), 1)
	if _, err := trace.ReadJSON(strings.NewReader(many)); err == nil ||
		!strings.Contains(err.Error(), "exceeds the limit of 1048576 objects") {
		t.Errorf("got the error %v", err)
	}
}

func TestReadJSONPassesErrorsOn(t *testing.T) {
	broken := errors.New("broken")
	if _, err := trace.ReadJSON(io.MultiReader(strings.NewReader(small), failing{broken})); !errors.Is(err, broken) {
		t.Errorf("got the error %v", err)
	}
	d := trace.Document{Model: "m", Traces: []trace.Trace{simple("act", "")}}
	for name, err := range map[string]error{
		"json":    trace.WriteJSON(failing{broken}, d),
		"mermaid": trace.WriteMermaid(failing{broken}, d.Traces[0]),
		"text":    trace.Text(failing{broken}, d.Traces[0]),
	} {
		if !errors.Is(err, broken) {
			t.Errorf("%s: got the error %v", name, err)
		}
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error)  { return 0, f.err }
func (f failing) Write([]byte) (int, error) { return 0, f.err }

// What cannot be read is not written.
func TestWriteJSONRefuses(t *testing.T) {
	for _, d := range []trace.Document{
		{},
		{Model: "\xff"},
		{Model: "m", Config: map[string]string{"a": "\xff"}},
		{Model: "m", Traces: []trace.Trace{{}}},
		{Model: "m", Traces: []trace.Trace{simple("act", "\xff")}},
		{Model: "m", Traces: []trace.Trace{simple("jump", "")}},
	} {
		var b bytes.Buffer
		if err := trace.WriteJSON(&b, d); err == nil || b.Len() > 0 {
			t.Errorf("%+v was written: %v", d, err)
		}
	}
}

func TestEmptyDocument(t *testing.T) {
	var b bytes.Buffer
	if err := trace.WriteJSON(&b, trace.Document{Model: "m"}); err != nil {
		t.Fatal(err)
	}
	const want = "{\n  \"schema\": \"synod.trace/1\",\n  \"model\": \"m\",\n  \"traces\": []\n}\n"
	if b.String() != want {
		t.Errorf("got %s", b.String())
	}
}

// The schema knows every kind of action that a model has.
func TestKindsOfActions(t *testing.T) {
	for k, more := statespace.Kind(0), true; more; k++ {
		func() {
			defer func() { more = recover() == nil }() // There is no list of kinds; their names end in a panic.
			name := k.String()
			d := trace.Document{Model: "m", Traces: []trace.Trace{simple(name, "")}}
			if err := trace.WriteJSON(io.Discard, d); err != nil {
				t.Error(err)
			}
		}()
		if k > 100 {
			break
		}
	}
}

// The example in the documentation is a document that is written just so.
func TestDocumentation(t *testing.T) {
	page, err := os.ReadFile("../docs/trace-json.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(page), "```json\n")
	example, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatal("the page has no example")
	}
	d, err := trace.ReadJSON(strings.NewReader(example))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := trace.WriteJSON(&b, d); err != nil || b.String() != example {
		t.Errorf("the example is written as\n%s", b.String())
	}
	if !strings.Contains(string(page), fmt.Sprintf("%d MiB", trace.MaxBytes>>20)) {
		t.Error("the page does not tell the greatest size")
	}
}

// Whatever is accepted can be written and shown, and reads back as the same.
func FuzzReadJSON(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte(strings.Replace(small, "/1", "/2", 1)))
	f.Add([]byte(strings.Replace(small, `"t"`, `"\u001b\ud800 → ; #"`, 1)))
	f.Add([]byte(`{"schema":"synod.trace/1","model":"m","config":{},"traces":[]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := trace.ReadJSON(bytes.NewReader(data))
		if err != nil {
			return
		}
		var first, second bytes.Buffer
		if err := trace.WriteJSON(&first, d); err != nil {
			t.Fatalf("accepted, but not written: %v", err)
		}
		again, err := trace.ReadJSON(bytes.NewReader(first.Bytes()))
		if err != nil || !reflect.DeepEqual(again, d) {
			t.Fatalf("read %+v, then %+v, %v", d, again, err)
		}
		if err := trace.WriteJSON(&second, again); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
			t.Fatalf("written as %s, then as %s, %v", &first, &second, err)
		}
		for _, one := range d.Traces {
			checkMermaid(t, mermaid(t, one))
			var text strings.Builder
			if err := trace.Text(&text, one); err != nil {
				t.Fatal(err)
			}
			lines := 1 + len(one.Steps) + min(1, len(one.Initial.Slots))
			for _, s := range one.Initial.Slots {
				if s.Text != "" && s.Text != "[]" {
					lines += 1 + strings.Count(s.Text, "\n")
				}
			}
			for _, s := range one.Steps {
				lines += len(s.Changes)
			}
			if got := strings.Count(text.String(), "\n"); got != lines {
				t.Fatalf("%d lines of text, expected %d: %s", got, lines, &text)
			}
		}
	})
}
