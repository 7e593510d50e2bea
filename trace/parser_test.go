package trace_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"synod/internal/needs"
	"synod/trace"
)

// titles are those of the diagrams that are parsed, as Mermaid has to read them.
var titles = []string{"Example of “value chosen”", "Example of “4 litres”", "Violation of “p”", "Violation of “a, ”b””"}

// TestShiVizReads gives a log to a reader that does with it what ShiViz does, and wants the steps back, and of them which
// comes before which: what a trace takes for the past of a step.
func TestShiVizReads(t *testing.T) {
	node := needs.Node(t)
	var traces []trace.Trace
	all := sources()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		space := open(t, all[name])
		property := "value chosen"
		switch name {
		case "telephone":
			p := follow(t, space, []string{"1: timeout", "1 → 20", "1: chooses tails", "lost: 20 → 1"})
			traces = append(traces, trace.New(space, "a === b", trace.Violation, p))
			continue
		case "puzzle":
			property = "4 litres"
		}
		tr := trace.New(space, property, trace.Example, discover(t, space, property))
		traces = append(traces, tr, tr) // Two of one name are told apart.
	}
	var log bytes.Buffer
	if err := trace.WriteShiViz(&log, traces...); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, "read-shiviz.mjs")
	cmd.Dir, cmd.Stdin = filepath.Join(moduleRoot(t), "tools", "node"), &log
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	type event struct {
		Host, Event string
		Before      []int // events of the execution, from 0, that come before this one
	}
	var executions map[string][]event
	if err := json.Unmarshal(out, &executions); err != nil {
		t.Fatal(err)
	}
	if len(executions) != len(traces) {
		t.Errorf("%d executions of %d traces", len(executions), len(traces))
	}
	for i, tr := range traces {
		label := "Example of " + strconv.Quote(tr.Property)
		if tr.Kind == trace.Violation {
			label = "Violation of " + strconv.Quote(tr.Property)
		}
		if n := len(executions[label]); n > 0 && slices.ContainsFunc(traces[:i], func(other trace.Trace) bool {
			return other.Property == tr.Property
		}) {
			label += " (2)"
		}
		compareExecution(t, label, tr, len(executions[label]), func(at int) (string, []int) {
			return executions[label][at].Event, executions[label][at].Before
		})
	}
}

// compareExecution holds the events of an execution, of which the first ones are starts, against the steps of its trace.
func compareExecution(t *testing.T, label string, tr trace.Trace, n int, event func(at int) (string, []int)) {
	t.Helper()
	starts := n - len(tr.Steps)
	if starts < 0 {
		t.Errorf("%s: %d events of %d steps", label, n, len(tr.Steps))
		return
	}
	for k, s := range tr.Steps {
		text, events := event(starts + k)
		if text != strings.TrimSpace(trace.Printable(s.Text)) {
			t.Errorf("%s: step %d is %q, expected %q", label, k+1, text, s.Text)
		}
		for before, is := range tr.Past(k + 1) {
			lost := tr.Steps[before].Kind == "drop" || s.Kind == "drop"
			if !lost && before != k && is != slices.Contains(events, starts+before) {
				t.Errorf("%s: step %d comes before step %d: %v, but not for ShiViz", label, before+1, k+1, is)
			}
		}
	}
}

// TestMermaidParses gives diagrams to Mermaid's own parser: of every model, and with texts that it could take for syntax.
// It needs Node, and the packages that npm ci puts into tools/node.
func TestMermaidParses(t *testing.T) {
	folder := filepath.Join(moduleRoot(t), "tools", "node")
	node := needs.Node(t)
	_, err := os.Stat(filepath.Join(folder, "node_modules", "mermaid"))
	needs.That(t, err == nil, "there is no tools/node/node_modules/mermaid: run npm ci in tools/node")
	diagrams := []string{"sequenceDiagram\n  Note over: nothing\n"} // which is no diagram
	all := sources()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		space := open(t, all[name])
		if name == "telephone" {
			p := follow(t, space, []string{"1: timeout", "1 → 20", "1: chooses tails", "lost: 20 → 1"})
			diagrams = append(diagrams, mermaid(t, trace.New(space, "a, \"b\"", trace.Violation, p)))
			continue
		}
		property := "value chosen"
		if name == "puzzle" {
			property = "4 litres"
		}
		diagrams = append(diagrams, mermaid(t, trace.New(space, property, trace.Example, discover(t, space, property))))
	}
	for _, text := range []string{
		"a; b", "#35;", `say "end"`, "a: b", "two\nlines", "wrap: it", "%%{init: {}}%%", "<b>&amp;</b>", "$$x$$", `C:\n`,
		"ﬂ°°35¶ß", "→ ü 票", "\x1b[31m", "end", "loop", "", "()[]{},.'_+=*/!?|~^@-", "->>", "--x", "+p1", "@{ shape: x }",
	} {
		for _, kind := range []string{"deliver", "drop", "act"} {
			tr := simple(kind, text)
			tr.Steps[0].Notes = []string{text}
			diagrams = append(diagrams, mermaid(t, tr))
		}
	}
	input, err := json.Marshal(diagrams)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node, "parse-mermaid.mjs")
	cmd.Dir, cmd.Stdin = folder, bytes.NewReader(input)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var answers []struct{ Kind, Error, Title string }
	if err := json.Unmarshal(out, &answers); err != nil {
		t.Fatal(err)
	}
	if len(answers) != len(diagrams) || answers[0].Error == "" {
		t.Fatalf("%d answers of %d diagrams, the first one %+v", len(answers), len(diagrams), answers[0])
	}
	for i, a := range answers[1:] {
		if a.Kind != "sequence" {
			t.Errorf("%s\n%s", a.Error, diagrams[i+1])
		}
		// Entity codes in a title are decoded late, and by some viewers never.
		if !slices.Contains(titles, a.Title) {
			t.Errorf("the title is %q\n%s", a.Title, diagrams[i+1])
		}
	}
}
