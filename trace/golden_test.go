package trace_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"synod/model/statespace"
	"synod/trace"
)

// TestGolden shows traces in every format. The scripts in testdata have the commands
//
//	discover model=singledecree property=(value chosen)   the trace that a breadth-first search finds
//	follow model=telephone                                the trace of the actions whose texts follow, one a line
//	text | explain | mermaid | shiviz | itf | diagram | go | html | json    the trace in a format
//
// A line of follow names an action by the beginning of its text. Rewrite the expected output
// with go test ./trace -run TestGolden -rewrite, and read the difference.
func TestGolden(t *testing.T) {
	datadriven.Walk(t, "testdata/golden", func(t *testing.T, path string) {
		var of trace.Trace
		var name string
		datadriven.RunTest(t, path, func(t *testing.T, td *datadriven.TestData) string {
			var b strings.Builder
			var err error
			switch td.Cmd {
			case "discover":
				var property string
				td.ScanArgs(t, "model", &name)
				td.ScanArgs(t, "property", &property)
				space := open(t, sources()[name])
				of = trace.New(space, property, trace.Example, discover(t, space, property))
			case "follow":
				td.ScanArgs(t, "model", &name)
				space := open(t, sources()[name])
				of = trace.New(space, "followed", trace.Violation, follow(t, space, strings.Split(td.Input, "\n")))
			case "text":
				err = trace.Text(&b, of)
			case "explain":
				err = trace.Explain(&b, of)
			case "shiviz":
				err = trace.WriteShiViz(&b, of)
			case "itf":
				err = trace.WriteITF(&b, of)
			case "go":
				err = trace.WriteGoTest(&b, trace.Document{Model: name, Package: "synod/examples/catalog", Traces: []trace.Trace{of}})
			case "html":
				err = trace.WriteHTML(&b, trace.Document{Model: name, Traces: []trace.Trace{of}})
			case "diagram":
				e := json.NewEncoder(&b)
				e.SetEscapeHTML(false)
				for _, part := range []any{of.Diagram().Lanes} {
					err = e.Encode(part)
				}
				for _, r := range of.Diagram().Rows {
					err = errors.Join(err, e.Encode(r))
				}
				for _, a := range of.Diagram().Arrows {
					err = errors.Join(err, e.Encode(a))
				}
			case "mermaid":
				err = trace.WriteMermaid(&b, of)
				checkMermaid(t, b.String())
			case "json":
				err = trace.WriteJSON(&b, trace.Document{Model: name, Traces: []trace.Trace{of}})
			default:
				td.Fatalf(t, "unknown command %q", td.Cmd)
			}
			if err != nil {
				td.Fatalf(t, "%v", err)
			}
			if b.Len() == 0 {
				return fmt.Sprintf("%d steps\n", len(of.Steps))
			}
			return b.String()
		})
	})
}

// discover returns the path of a plain breadth-first search: of the shortest the least in the order of keys, which is
// what package checker reports too.
func discover(t *testing.T, space statespace.Space, property string) statespace.Path {
	t.Helper()
	initials, err := statespace.Initials(space)
	if err != nil {
		t.Fatal(err)
	}
	var queue []statespace.Path
	for _, state := range initials {
		queue = append(queue, statespace.Path{Initial: state})
	}
	return search(t, space, property, queue)
}

// search extends paths until one shows a property: a violation of one that must always hold.
func search(t *testing.T, space statespace.Space, property string, queue []statespace.Path) statespace.Path {
	t.Helper()
	properties := space.Properties()
	i := slices.IndexFunc(properties, func(p statespace.Property) bool { return p.Name == property })
	if i < 0 {
		t.Fatalf("no property %q", property)
	}
	reading := statespace.NewReading(space)
	seen := make(map[string]bool)
	for len(queue) > 0 {
		p := queue[0]
		queue = queue[1:]
		if shown, _ := reading.Judge(properties[i].Holds, p.Last()); shown == (properties[i].Expect == statespace.Sometimes) {
			return p
		}
		transitions, err := statespace.Transitions(space, p.Last())
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range transitions {
			if content := string(statespace.Content(space, x.State)); x.Ignored == statespace.Counts && !seen[content] {
				seen[content] = true
				queue = append(queue, statespace.Path{Initial: p.Initial, Steps: append(slices.Clone(p.Steps), x)})
			}
		}
	}
	t.Fatalf("%q never happens", property)
	return statespace.Path{}
}

// follow returns the path along the actions whose texts begin as told.
func follow(t *testing.T, space statespace.Space, texts []string) statespace.Path {
	t.Helper()
	initials, err := statespace.Initials(space)
	if err != nil {
		t.Fatal(err)
	}
	p := statespace.Path{Initial: initials[0]}
	for _, text := range texts {
		transitions, err := statespace.Transitions(space, p.Last())
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(transitions, func(x statespace.Transition) bool {
			return x.Ignored == statespace.Counts && strings.HasPrefix(x.Action.Text, text)
		})
		if i < 0 {
			var all []string
			for _, x := range transitions {
				all = append(all, x.Action.Text)
			}
			t.Fatalf("no action %q; there are %q", text, all)
		}
		p.Steps = append(p.Steps, transitions[i])
	}
	return p
}
