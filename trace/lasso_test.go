package trace_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"synod/checker"
	"synod/model"
	"synod/trace"
)

// ring is a light that goes round for ever, if it does not break.
type ring struct{}

func (ring) Initial() []int { return []int{0} }
func (ring) Actions(n int) []string {
	if n == 9 {
		return nil
	}
	return []string{"on", "break"}
}

func (ring) Next(n int, a string) (int, bool) {
	switch {
	case a == "on":
		return n%3 + 1, true
	case n == 2:
		return 9, true
	}
	return n, false
}

// Every kind of property is shown by the path that a check finds, and by no path that ends too early.
func TestReproduceEveryKind(t *testing.T) {
	abstract := model.NewPlain(light{})
	p := model.NewPlain(ring{})
	p.Eventually("seven", func(n int) bool { return n == 7 })
	p.LeadsTo("three, then zero", func(n int) bool { return n == 3 }, func(n int) bool { return n == 0 })
	p.Quiescent("ends whole", func(n int) bool { return n != 9 })
	p.Always("no nine", func(n int) bool { return n != 9 })
	p.Sometimes("two", func(n int) bool { return n == 2 })
	model.RefinePlain(p, "a light", abstract, func(n int) string {
		return []string{"red", "red", "green", "red", "", "", "", "", "", "amber"}[n]
	})
	r := checker.BFS(t.Context(), p, checker.Options{})
	defer r.Close()
	traces := r.Traces()
	if len(traces) != 6 {
		t.Fatalf("%d traces", len(traces))
	}
	for _, tr := range traces {
		if err := trace.Reproduce(p, tr); err != nil {
			t.Errorf("%q: %v", tr.Property, err)
		}
		short := tr
		short.Steps, short.Loop, short.Maximal = tr.Steps[:len(tr.Steps)-1], 0, false
		if err := trace.Reproduce(p, short); err == nil {
			t.Errorf("%q is shown by %d of %d steps", tr.Property, len(short.Steps), len(tr.Steps))
		}
		for _, f := range trace.Formats() {
			var b bytes.Buffer
			if err := f.Write(&b, trace.Document{Model: "ring", Traces: []trace.Trace{tr}}); err != nil {
				t.Errorf("%q as %s: %v", tr.Property, f.Name, err)
			}
			switch f.Name {
			case "go":
				if tr.Loop > 0 != strings.Contains(b.String(), "Loop:") || tr.Maximal != strings.Contains(b.String(), "Maximal:") {
					t.Errorf("%q as a Go test:\n%s", tr.Property, b.String())
				}
			case "itf":
				var doc struct {
					Loop   *int
					States []any
				}
				if err := json.Unmarshal(b.Bytes(), &doc); err != nil {
					t.Fatal(err)
				}
				if (doc.Loop != nil) != (tr.Loop > 0) || doc.Loop != nil && *doc.Loop >= len(doc.States) {
					t.Errorf("%q loops %v of %d states", tr.Property, doc.Loop, len(doc.States))
				}
			}
		}
	}
}
