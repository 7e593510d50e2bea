package trace_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"synod/examples/catalog"
	"synod/model"
	"synod/trace"
)

func TestFormatOf(t *testing.T) {
	for file, want := range map[string]string{
		"a.json": "json", "a.itf.json": "itf", "A.ITF.JSON": "itf", "a.md": "markdown", "a.mmd": "mermaid",
		"a.mermaid": "mermaid", "dir.html/a_test.go": "go", "a.html": "html", "a.log": "shiviz", "a.shiviz": "shiviz",
		"a.txt": "text", "/dev/null": "json", "dir.html/a": "json",
	} {
		f, err := trace.FormatOf(file)
		if err != nil || f.Name != want {
			t.Errorf("%s: format %q, %v; expected %q", file, f.Name, err, want)
		}
	}
	for _, file := range []string{"a.go", "a.jsonl", "a.", ".hidden"} {
		if _, err := trace.FormatOf(file); err == nil || !strings.Contains(err.Error(), ".itf.json") {
			t.Errorf("%s: error %v", file, err)
		}
	}
	for _, f := range trace.Formats() {
		if again, err := trace.FormatNamed(f.Name); err != nil || again.MediaType != f.MediaType {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
	if _, err := trace.FormatNamed("pdf"); err == nil || !strings.Contains(err.Error(), "json, text") {
		t.Errorf("error %v", err)
	}
}

// Without a trace, a format of one trace says so, and the others write a file that says so.
func TestFormatsWithoutTraces(t *testing.T) {
	for _, f := range trace.Formats() {
		err := f.Write(io.Discard, trace.Document{Model: "m"})
		if f.Single != errors.Is(err, trace.ErrNoTrace) || !f.Single && err != nil {
			t.Errorf("%s: error %v", f.Name, err)
		}
	}
}

// Every format writes every path, and the strict readers below accept what is written.
func TestFormatsWriteEveryPath(t *testing.T) {
	all := sources()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			space := open(t, all[name])
			rapid.Check(t, func(rt *rapid.T) {
				p := walk(rt, space)
				d := trace.Document{Model: name, Config: map[string]string{"a<b": `"&`}, Traces: []trace.Trace{
					trace.New(space, "a property", trace.Violation, p), trace.New(space, "", trace.Walked, p),
				}}
				f := rapid.SampledFrom(trace.Formats()).Draw(rt, "format")
				var b bytes.Buffer
				if err := f.Write(&b, d); err != nil {
					rt.Fatalf("%s: %v", f.Name, err)
				}
				if err := readers[f.Name](b.String(), d); err != nil {
					rt.Fatalf("%s: %v", f.Name, err)
				}
			})
		})
	}
}

// readers check what is written in each format.
var readers = map[string]func(string, trace.Document) error{
	"json": func(s string, _ trace.Document) error {
		_, err := trace.ReadJSON(strings.NewReader(s))
		return err
	},
	"text":     func(string, trace.Document) error { return nil },
	"markdown": func(string, trace.Document) error { return nil },
	"mermaid":  func(string, trace.Document) error { return nil }, // see checkMermaid
	"html":     readHTML,
	"shiviz":   readShiViz,
	"itf":      readITF,
	"go":       func(string, trace.Document) error { return nil }, // The writer parses it.
}

// TestFormatsPrint makes sure that no format lets through what would move the cursor of who looks at it.
func TestFormatsPrint(t *testing.T) {
	const odd = "a\x1b[31m\u202eb"
	d := trace.Document{
		Model: odd, Config: map[string]string{odd: odd},
		Traces: []trace.Trace{{
			Property: odd, Kind: trace.Violation, Steps: []trace.Step{},
			Initial: trace.Initial{Fingerprint: "0123456789abcdef", Slots: []trace.Slot{{Name: odd, Text: odd}}},
		}},
	}
	for _, f := range trace.Formats() {
		var b strings.Builder
		if err := f.Write(&b, d); err != nil {
			t.Errorf("%s: %v", f.Name, err)
		}
		if strings.Contains(b.String(), "\x1b") || f.MediaType != "application/json" && strings.Contains(b.String(), "\u202e") {
			t.Errorf("%s: it holds control characters:\n%s", f.Name, strconv.QuoteToASCII(b.String()))
		}
	}
}

// readHTML requires a page that is well-formed and loads nothing.
func readHTML(s string, d trace.Document) error {
	body := strings.TrimPrefix(s, "<!doctype html>\n")
	body = regexp.MustCompile(`<meta [^>]*>`).ReplaceAllString(body, "") // has no end tag
	if i := regexp.MustCompile(`(?i)<script|<img|<link|url\(h|src=|@import|onload`).FindString(body); i != "" {
		return fmt.Errorf("the page holds %q", i)
	}
	dec := xml.NewDecoder(strings.NewReader(body))
	steps := 0
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "li" {
			for _, a := range e.Attr {
				if a.Name.Local == "value" {
					steps++
				}
			}
		}
	}
	want := 0
	for _, t := range d.Traces {
		want += len(t.Steps)
	}
	if steps != want {
		return fmt.Errorf("%d steps listed, expected %d", steps, want)
	}
	return nil
}

// The documented default of ShiViz has the event first; ours is the other order, given in the first line.
var shivizEvent = regexp.MustCompile(`(?P<host>\S*) (?P<clock>\{.*\})\n(?P<event>.*)`)

// readShiViz reads a log as ShiViz does: by the regular expression of its first line, executions apart. Clocks must be
// those of a log: a host counts its own events from 1, and knows of no event that was not written before.
func readShiViz(s string, d trace.Document) error {
	lines := strings.SplitN(s, "\n", 3)
	if first := strings.ReplaceAll(lines[0], "(?<", "(?P<"); first != shivizEvent.String() {
		return fmt.Errorf("the first line is %q", lines[0])
	}
	delimiter := regexp.MustCompile("(?m)" + lines[1])
	executions := delimiter.Split(lines[2], -1)[1:]
	if len(executions) != len(d.Traces) {
		return fmt.Errorf("%d executions of %d traces", len(executions), len(d.Traces))
	}
	for i, execution := range executions {
		events := shivizEvent.FindAllStringSubmatch(execution, -1)
		if lines := strings.Count(strings.Trim(execution, "\n"), "\n") + 1; len(events)*2 != lines && len(events) > 0 {
			return fmt.Errorf("%d events in %d lines", len(events), lines)
		}
		if len(events) < len(d.Traces[i].Steps) {
			return fmt.Errorf("%d events of %d steps", len(events), len(d.Traces[i].Steps))
		}
		seen := make(map[string]int)
		for _, e := range events {
			var clock map[string]int
			if err := json.Unmarshal([]byte(e[2]), &clock); err != nil {
				return err
			}
			seen[e[1]]++
			if clock[e[1]] != seen[e[1]] {
				return fmt.Errorf("event %q: own clock %d, expected %d", e[3], clock[e[1]], seen[e[1]])
			}
			for host, n := range clock {
				if n < 1 || n > seen[host] {
					return fmt.Errorf("event %q knows %d events of %s, of which there are %d", e[3], n, host, seen[host])
				}
			}
		}
	}
	return nil
}

var tlaIdentifier = regexp.MustCompile(`^[A-Za-z_]*[A-Za-z][A-Za-z0-9_]*$`)

// readITF checks what ADR-015 of Apalache demands: a state binds every variable and nothing else but #meta, integers are
// never numbers, and an object is a record unless its only field begins with #.
func readITF(s string, d trace.Document) error {
	var doc struct {
		Meta   map[string]any   `json:"#meta"`
		Vars   []string         `json:"vars"`
		States []map[string]any `json:"states"`
	}
	dec := json.NewDecoder(strings.NewReader(s))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&doc); err != nil {
		return err
	}
	first, _ := d.Primary()
	if doc.Meta["format"] != "ITF" || len(doc.States) != len(first.Steps)+1 {
		return fmt.Errorf("%d states of %d steps, meta %v", len(doc.States), len(first.Steps), doc.Meta)
	}
	for i, v := range doc.Vars {
		if !tlaIdentifier.MatchString(v) || slices.Contains(doc.Vars[:i], v) {
			return fmt.Errorf("variable %q", v)
		}
	}
	for i, state := range doc.States {
		if meta, ok := state["#meta"].(map[string]any); !ok || meta["index"] != float64(i) {
			return fmt.Errorf("state %d: meta %v", i, state["#meta"])
		}
		delete(state, "#meta")
		if got, want := slices.Sorted(maps.Keys(state)), slices.Sorted(slices.Values(doc.Vars)); !slices.Equal(got, want) {
			return fmt.Errorf("state %d binds %q, expected %q", i, got, want)
		}
		for name, value := range state {
			if err := checkITF(value); err != nil {
				return fmt.Errorf("state %d: %s: %w", i, name, err)
			}
		}
	}
	return nil
}

func checkITF(value any) error {
	switch v := value.(type) {
	case bool, string:
		return nil
	case []any:
		return checkAllITF(v)
	case map[string]any:
		for name, inner := range v {
			if !strings.HasPrefix(name, "#") {
				if err := checkITF(inner); err != nil {
					return fmt.Errorf("%s: %w", name, err)
				}
				continue
			}
			if len(v) != 1 {
				return fmt.Errorf("%s beside other fields", name)
			}
			return checkSpecialITF(name, inner)
		}
		return nil
	}
	return fmt.Errorf("%v is no value of the format", value)
}

func checkAllITF(all []any) error {
	for _, v := range all {
		if err := checkITF(v); err != nil {
			return err
		}
	}
	return nil
}

func checkSpecialITF(name string, inner any) error {
	text, isText := inner.(string)
	list, isList := inner.([]any)
	switch name {
	case "#bigint":
		if !isText || !regexp.MustCompile(`^-?[0-9]+$`).MatchString(text) {
			return fmt.Errorf("#bigint %v", inner)
		}
		return nil
	case "#unserializable":
		if !isText {
			return fmt.Errorf("#unserializable %v", inner)
		}
		return nil
	case "#set", "#tup":
		if !isList {
			return fmt.Errorf("%s %v", name, inner)
		}
		return checkAllITF(list)
	case "#map":
		keys := make(map[string]bool)
		for _, pair := range list {
			p, ok := pair.([]any)
			if !ok || len(p) != 2 || keys[fmt.Sprint(p[0])] {
				return fmt.Errorf("#map with %v", pair)
			}
			keys[fmt.Sprint(p[0])] = true
			if err := checkAllITF(p); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("unknown %s", name)
}

// exported returns a document of a model of the catalogue, with a violation and an example.
func exported(t *testing.T) trace.Document {
	t.Helper()
	entry, err := catalog.Find("single-copy")
	if err != nil {
		t.Fatal(err)
	}
	config, source, err := entry.Open(map[string]string{"servers": "2"})
	if err != nil {
		t.Fatal(err)
	}
	space := open(t, source)
	d := trace.Document{Model: entry.Name, Config: config, Package: "synod/examples/catalog"}
	for _, p := range []struct {
		name string
		kind trace.Kind
	}{{"linearizable", trace.Violation}, {"value chosen", trace.Example}} {
		d.Traces = append(d.Traces, trace.New(space, p.name, p.kind, discover(t, space, p.name)))
	}
	return d
}

// sourceTag finds how the names in a file end.
var sourceTag = regexp.MustCompile(`var source([0-9a-f]{6}) func`)

const filledIn = `package regression

import (
	"synod/examples/catalog"
	"synod/model"
)

func init() {
	sourceTAG = func() model.Source {
		entry, err := catalog.Find("single-copy")
		if err != nil {
			panic(err)
		}
		_, source, err := entry.Open(map[string]string{"servers": "2"})
		if err != nil {
			panic(err)
		}
		return source
	}
}
`

// The exported test compiles and passes in a module of its own that requires this one, and fails if the model does
// not do any more what it did.
func TestGoTestInAnotherModule(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a module")
	}
	d := exported(t)
	dir, root := t.TempDir(), moduleRoot(t)
	// Another export stands in the same folder, and one for a model that no package makes, with what makes it filled in.
	other, own := d, d
	other.Traces, own.Package = d.Traces[:1], ""
	run := func() (string, error) {
		for name, d := range map[string]trace.Document{"paths_test.go": d, "other_test.go": other, "own_test.go": own} {
			var b bytes.Buffer
			if err := trace.WriteGoTest(&b, d); err != nil {
				t.Fatal(err)
			}
			files := map[string][]byte{name: b.Bytes()}
			if tag := sourceTag.FindStringSubmatch(b.String()); tag != nil {
				files["source_test.go"] = []byte(strings.Replace(filledIn, "TAG", tag[1], 1))
			}
			for name, content := range files {
				if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		cmd := exec.CommandContext(t.Context(), "go", "test", "-mod=mod", "-v", "./...")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false", "GOWORK=off", "GOPROXY=off")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	ours, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	// What this module requires is required there, too, so that no network is needed to find versions.
	_, requirements, _ := strings.Cut(string(ours), "\n")
	mod := "module elsewhere\n" + requirements + "\nrequire synod v0.0.0\n\nreplace synod => " + root + "\n"
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"go.mod": []byte(mod), "go.sum": sums} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := run()
	if err != nil || strings.Count(out, "--- PASS") != 5 {
		t.Fatalf("%v\n%s", err, out)
	}
	d.Traces[0].Steps = d.Traces[0].Steps[:len(d.Traces[0].Steps)-1]
	out, err = run()
	if err == nil || !strings.Contains(out, "the violation is gone") || strings.Count(out, "--- PASS") != 2 {
		t.Fatalf("%v\n%s", err, out)
	}
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Dir(dir)
}

func TestReproduce(t *testing.T) {
	d := exported(t)
	entry, err := catalog.Find(d.Model)
	if err != nil {
		t.Fatal(err)
	}
	_, source, err := entry.Open(d.Config)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		change func(*trace.Trace)
		err    string
	}{
		{func(*trace.Trace) {}, ""},
		{func(tr *trace.Trace) { tr.Kind = trace.Walked }, ""},
		{func(tr *trace.Trace) { tr.Steps[0].Fingerprint = "" }, ""},
		{func(tr *trace.Trace) { tr.Kind, tr.Steps = trace.Example, nil }, "no example"},
		{func(tr *trace.Trace) { tr.Property = "p" }, `no property "p"`},
		{func(tr *trace.Trace) { tr.Steps = tr.Steps[1:] }, "no action"},
		{func(tr *trace.Trace) { tr.Steps[1].Fingerprint = "0" }, "the model has changed"},
	} {
		tr := d.Traces[0]
		tr.Steps = slices.Clone(tr.Steps)
		c.change(&tr)
		err := trace.Reproduce(source, tr)
		if c.err == "" && err != nil || c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)) {
			t.Errorf("got the error %v, expected %q", err, c.err)
		}
	}
	broken := model.NewSystem[odd](model.Config{})
	if err := trace.Reproduce(broken, d.Traces[0]); err == nil {
		t.Error("a system without actors was walked")
	}
}
