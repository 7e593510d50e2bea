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

// Schema names the format that WriteJSON writes and ReadJSON reads; docs/trace-json.md describes it. A change that an
// older reader would not understand gets another number.
const Schema = "synod.trace/1"

// MaxBytes is the greatest size of a document, in bytes.
const MaxBytes = 64 << 20

// maxObjects bounds the JSON objects in a document, and so the memory that reading a small but dense one takes: some
// hundred megabytes.
const maxObjects = 1 << 20

// Document is what a file holds: the traces of one check, and what it was a check of, so that they can be replayed.
type Document struct {
	Model  string            `json:"model"`            // the model's name, in the terms of the caller that builds models by name
	Config map[string]string `json:"config,omitempty"` // its configuration; nil for none
	Traces []Trace           `json:"traces"`

	// Package is the import path of a package whose function Find gives what makes the model by its name, for WriteGoTest, or
	// OfCommand.
	// Files do not hold it.
	Package string `json:"-"`
}

// wire is a document as it is written.
type wire struct {
	Schema string `json:"schema"`
	Document
}

// WriteJSON writes a document, indented, with a line end after it. Equal documents give equal bytes. What ReadJSON
// would refuse is not written, and is an error.
func WriteJSON(w io.Writer, d Document) error {
	if err := d.validate(); err != nil {
		return fmt.Errorf("trace document: %w", err)
	}
	traces := make([]Trace, len(d.Traces)) // A list is written as [], never as null.
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

// ReadJSON reads a document to the end of r. It is strict: another schema, an unknown, repeated or differently spelled
// name, null, a value that is missing or out of range, text that is not UTF-8, anything after the document, and more
// than MaxBytes are errors that say what was expected. In the result, lists and maps without elements are nil, except
// Steps, which is never nil.
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
	// The schema comes first: that of a document which is newer than this code is a better explanation than the first
	// name that is unknown here.
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

// positioned adds where in the document a mistake is.
func positioned(err error) error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("at byte %d: %w", syntax.Offset, err)
	}
	var other *json.UnmarshalTypeError
	if errors.As(err, &other) {
		what := strings.TrimPrefix(other.Field, "Document.") // which is embedded in what is decoded
		if what == "" {
			what = "the document"
		}
		return fmt.Errorf("at byte %d: %s is of type %s: expected %s", other.Offset, what, other.Value, inJSON(other.Type.Kind()))
	}
	return err
}

// inJSON names what a kind of a document's values is in JSON.
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

// normalize replaces empty containers by nil ones.
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
