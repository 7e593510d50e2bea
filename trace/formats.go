package trace

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
)

// Format is a file format for traces.
type Format struct {
	Name       string   // one word in lower case, used by commands and pages
	Summary    string   // a noun phrase
	Extensions []string // file name extensions, the usual one first; each begins with a dot or with _test
	MediaType  string
	Single     bool // holds only one trace (see Primary)

	write func(w io.Writer, d Document) error
}

// ErrNoTrace reports that a document has no trace, but the format requires one.
var ErrNoTrace = errors.New("there is no trace to write")

// Write writes a document. It returns ErrNoTrace for a document without traces if the format requires one.
func (f Format) Write(w io.Writer, d Document) error { return f.write(w, d) }

// formats are all formats; the first is the default.
var formats = []Format{
	{
		Name: "json", Summary: "all paths, for programs", Extensions: []string{".json"},
		MediaType: "application/json", write: WriteJSON,
	},
	{
		Name: "text", Summary: "all paths, explained", Extensions: []string{".txt"},
		MediaType: "text/plain; charset=utf-8", write: every(Explain),
	},
	{
		Name: "markdown", Summary: "all paths as Mermaid diagrams", Extensions: []string{".md"},
		MediaType: "text/markdown; charset=utf-8", write: every(writeMarkdown),
	},
	{
		Name: "mermaid", Summary: "a sequence diagram", Extensions: []string{".mmd", ".mermaid"},
		MediaType: "text/vnd.mermaid; charset=utf-8", Single: true, write: single(WriteMermaid),
	},
	{
		Name: "html", Summary: "a page with space-time diagrams of all paths", Extensions: []string{".html"},
		MediaType: "text/html; charset=utf-8", write: WriteHTML,
	},
	{
		Name: "shiviz", Summary: "a log of all paths for ShiViz", Extensions: []string{".shiviz", ".log"},
		MediaType: "text/plain; charset=utf-8",
		write:     func(w io.Writer, d Document) error { return WriteShiViz(w, d.Traces...) },
	},
	{
		Name: "itf", Summary: "a path for the TLA+ tools", Extensions: []string{".itf.json"},
		MediaType: "application/json", Single: true, write: single(WriteITF),
	},
	{
		Name: "go", Summary: "a Go test that walks all paths again", Extensions: []string{"_test.go"},
		MediaType: "text/x-go; charset=utf-8", write: WriteGoTest,
	},
}

// Formats returns all formats, trace files first. The extensions are shared: they must not be changed.
func Formats() []Format { return slices.Clone(formats) }

// FormatOf returns the format for a file name by its longest matching extension, ignoring case. A name without an
// extension means JSON. For another extension it returns an error that lists the valid ones.
func FormatOf(file string) (Format, error) {
	base := strings.ToLower(filepath.Base(file))
	if !strings.Contains(base, ".") {
		return formats[0], nil
	}
	var best Format
	length := 0
	for _, f := range formats {
		for _, ext := range f.Extensions {
			if strings.HasSuffix(base, ext) && len(ext) > length {
				best, length = f, len(ext)
			}
		}
	}
	if length == 0 {
		return best, fmt.Errorf("unknown extension; use a file name that ends in %s", extensions())
	}
	return best, nil
}

// FormatNamed returns the format with the given name.
func FormatNamed(name string) (Format, error) {
	var names []string
	for _, f := range formats {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return Format{}, fmt.Errorf("unknown format %q: expected one of %s", name, strings.Join(names, ", "))
}

func extensions() string {
	var all []string
	for _, f := range formats {
		all = append(all, f.Extensions...)
	}
	return strings.Join(all[:len(all)-1], ", ") + " or " + all[len(all)-1]
}

// Primary returns the trace that single-trace formats write: the first violation, or else the first trace. It returns
// false if there is none.
func (d Document) Primary() (Trace, bool) {
	for _, t := range d.Traces {
		if t.Kind == Violation {
			return t, true
		}
	}
	if len(d.Traces) == 0 {
		return Trace{}, false
	}
	return d.Traces[0], true
}

// single returns a document writer from one that writes a single trace.
func single(write func(io.Writer, Trace) error) func(io.Writer, Document) error {
	return func(w io.Writer, d Document) error {
		t, ok := d.Primary()
		if !ok {
			return ErrNoTrace
		}
		return write(w, t)
	}
}

// every returns a document writer that writes each trace in turn.
func every(write func(io.Writer, Trace) error) func(io.Writer, Document) error {
	return func(w io.Writer, d Document) error {
		for _, t := range d.Traces {
			if err := write(w, t); err != nil {
				return err
			}
		}
		return nil
	}
}

// writeMarkdown writes a heading and a diagram.
func writeMarkdown(w io.Writer, t Trace) error {
	heading := Printable(strings.Join(strings.Fields(t.Property), " "))
	if heading == "" {
		heading = string(Walked)
	}
	if _, err := fmt.Fprintf(w, "## %s\n\n```mermaid\n", heading); err != nil {
		return err
	}
	if err := WriteMermaid(w, t); err != nil {
		return err
	}
	_, err := io.WriteString(w, "```\n\n")
	return err
}
