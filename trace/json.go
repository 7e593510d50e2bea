package trace

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"
)

// Schema names the version of the format that WriteJSON writes and ReadJSON reads; docs/trace-json.md describes it. A
// change that an older reader would not understand gets a new number.
const Schema = "synod.trace/1"

// MaxBytes is the maximum size of a document, in bytes.
const MaxBytes = 64 << 20

// maxObjects bounds the JSON objects in a document, and so the memory that reading a small but dense one can take to
// some hundred megabytes.
const maxObjects = 1 << 20

// Document is the content of a trace file: the traces of one check, and the model and configuration needed to replay
// them.
type Document struct {
	Model  string            `json:"model"`            // the model's name, as known to the caller that builds models
	Config map[string]string `json:"config,omitempty"` // its configuration; nil for none
	Traces []Trace           `json:"traces"`

	// Package is the import path of a package whose function Find returns the model by its name, or OfCommand. It is
	// used by WriteGoTest and not stored in files.
	Package string `json:"-"`
}

// wire is the stored form of a document.
type wire struct {
	Schema string `json:"schema"`
	Document
}

// WriteJSON writes a document, indented, followed by a newline. Equal documents are written as equal bytes. A
// document that ReadJSON would refuse is an error.
func WriteJSON(w io.Writer, d Document) error {
	if err := d.validate(); err != nil {
		return fmt.Errorf("trace document: %w", err)
	}
	traces := make([]Trace, len(d.Traces)) // Lists are written as [], never as null.
	for i, t := range d.Traces {
		if t.Steps == nil {
			t.Steps = []Step{}
		}
		traces[i] = t
	}
	d.Traces = traces
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(wire{Schema, d}); err != nil {
		return fmt.Errorf("trace document: %w", err)
	}
	if b.Len() > MaxBytes {
		return fmt.Errorf("trace document of %d bytes exceeds the limit of %d", b.Len(), MaxBytes)
	}
	_, err := w.Write(b.Bytes())
	return err
}

// ReadJSON reads a document to the end of r. It is strict: it returns an error for another schema, an unknown,
// repeated or misspelled name, null, a missing or invalid value, text that is not UTF-8, data after the document, and
// more than MaxBytes. In the result, empty lists and maps are nil, except Steps, which is never nil.
func ReadJSON(r io.Reader) (Document, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return Document{}, fmt.Errorf("trace document: %w", err)
	}
	d, err := parse(data)
	if err != nil {
		return Document{}, fmt.Errorf("trace document: %w", err)
	}
	return d, nil
}

func parse(data []byte) (Document, error) {
	if len(data) > MaxBytes {
		return Document{}, fmt.Errorf("document exceeds the limit of %d bytes", MaxBytes)
	}
	if !utf8.Valid(data) {
		return Document{}, errors.New("document is not valid UTF-8")
	}
	// The schema is checked first: that the document is newer than this code is a better explanation than the first
	// unknown name.
	var head struct {
		Schema *string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return Document{}, positioned(err)
	}
	switch {
	case head.Schema == nil:
		return Document{}, fmt.Errorf("the schema is missing; it must be %q", Schema)
	case *head.Schema != Schema:
		return Document{}, fmt.Errorf("unknown schema %q: expected %q", *head.Schema, Schema)
	}
	if err := checkNames(data); err != nil {
		return Document{}, err
	}
	var doc wire
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&doc); err != nil {
		return Document{}, positioned(err)
	}
	d := doc.Document
	if err := d.validate(); err != nil {
		return Document{}, err
	}
	d.normalize()
	return d, nil
}

// positioned adds the position in the document to an error.
func positioned(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("at byte %d: %w", syntax.Offset, err)
	}
	var other *json.UnmarshalTypeError
	if errors.As(err, &other) {
		what := strings.TrimPrefix(other.Field, "Document.") // it is embedded
		if what == "" {
			what = "the document"
		}
		return fmt.Errorf("at byte %d: %s is of type %s: expected %s", other.Offset, what, other.Value, inJSON(other.Type.Kind()))
	}
	return err
}

// inJSON returns the JSON name of a kind.
func inJSON(k reflect.Kind) string {
	switch k {
	case reflect.Struct, reflect.Map:
		return "an object"
	case reflect.Slice:
		return "an array"
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	default:
		return "a whole number"
	}
}

// normalize replaces empty containers with nil.
func (d *Document) normalize() {
	if len(d.Config) == 0 {
		d.Config = nil
	}
	if len(d.Traces) == 0 {
		d.Traces = nil
	}
	for i := range d.Traces {
		t := &d.Traces[i]
		if t.Steps == nil {
			t.Steps = []Step{}
		}
		t.Initial.Sent = noneIfEmpty(t.Initial.Sent)
		for j := range t.Steps {
			s := &t.Steps[j]
			s.Changes, s.Slots = noneIfEmpty(s.Changes), noneIfEmpty(s.Slots)
			s.Sent, s.Notes = noneIfEmpty(s.Sent), noneIfEmpty(s.Notes)
		}
	}
}

func noneIfEmpty[T any](all []T) []T {
	if len(all) == 0 {
		return nil
	}
	return all
}
