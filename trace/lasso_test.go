package trace_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
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

// whole is a light that cannot break.
type whole struct{ ring }

func (whole) Actions(int) []string { return []string{"on"} }

// A page frames the steps that repeat for ever, with the way back beside the frame, and says so in the list as well.
func TestHTMLFramesLoop(t *testing.T) {
	var traces []trace.Trace
	for _, p := range []*model.Plain[int, string]{model.NewPlain(ring{}), model.NewPlain(whole{})} {
		p.Eventually("seven", func(n int) bool { return n == 7 })
		r := checker.BFS(t.Context(), p, checker.Options{})
		defer r.Close()
		traces = append(traces, r.Traces()...)
	}
	if len(traces) != 2 || !traces[0].Maximal || traces[1].Loop != 2 || len(traces[1].Steps) != 4 {
		t.Fatalf("expected a path to an end, and four steps of which three repeat: %+v", traces)
	}
	page := func(tr trace.Trace) string {
		var b strings.Builder
		if err := trace.WriteHTML(&b, trace.Document{Model: "ring", Traces: []trace.Trace{tr}}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	for _, tr := range traces {
		html := page(tr)
		if !strings.Contains(html, "<p>… "+tr.End()+".</p>") {
			t.Errorf("%q: the list does not say that %s", tr.Property, tr.End())
		}
		if tr.Loop == 0 {
			if strings.Contains(html, `class="loop"`) {
				t.Errorf("%q has a frame", tr.Property)
			}
			continue
		}
		for steps, first := range map[int]int{4: 2, 10: 2, 11: 9} {
			long := tr
			for len(long.Steps) < steps {
				long.Steps = append(long.Steps[:len(long.Steps):len(long.Steps)], tr.Steps[1])
			}
			long.Loop = first
			html := page(long)
			frame := regexp.MustCompile(`<g class="loop"><title>([^<]*)</title><rect x="\d+" y="(\d+)" width="\d+" height="(\d+)"`).
				FindStringSubmatch(html)
			if frame == nil {
				t.Fatalf("no frame in\n%s", html)
			}
			if want := fmt.Sprintf("↻ steps %d to %d repeat for ever", first, steps); frame[1] != want {
				t.Errorf("the frame says %q, expected %q", frame[1], want)
			}
			inside := 0
			top, _ := strconv.Atoi(frame[2])
			height, _ := strconv.Atoi(frame[3])
			for _, m := range regexp.MustCompile(`<text class="number" x="\d+" y="(\d+)"`).FindAllStringSubmatch(html, -1) {
				if y, _ := strconv.Atoi(m[1]); y > top && y < top+height {
					inside++
				}
			}
			if inside != steps-first+1 {
				t.Errorf("%d steps in the frame of steps %d to %d", inside, first, steps)
			}
		}
	}
}
