package jsonwire

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unsafe"

	"synod/internal/strictjson"
	"synod/storage"
)

// Records is the form on disk of an actor's saved state, a value of type K: each field of a struct in a record of its
// own, and any other value in a single record named kept. It implements machine.Records.
type Records[K any] struct {
	plan   *plan
	fields []field // in order of name
}

// NewRecords returns the form of a type. Unions list the types of interfaces in it.
func NewRecords[K any](unions ...Union) (*Records[K], error) {
	c, err := newCompiler(unions)
	if err != nil {
		return nil, fmt.Errorf("jsonwire: %w", err)
	}
	p, err := c.plan(reflect.TypeFor[K]())
	if err != nil {
		return nil, fmt.Errorf("jsonwire: %w", err)
	}
	r := &Records[K]{plan: p, fields: []field{{name: "kept", plan: p}}}
	if p.kind == object {
		r.fields = slices.SortedFunc(slices.Values(p.fields), func(a, b field) int { return strings.Compare(a.name, b.name) })
	}
	return r, nil
}

// MustRecords is like NewRecords but panics on an error.
func MustRecords[K any](unions ...Union) *Records[K] {
	r, err := NewRecords[K](unions...)
	if err != nil {
		panic(err)
	}
	return r
}

// Split returns the records of a K.
func (r *Records[K]) Split(kept any) ([]storage.Record, error) {
	k, ok := kept.(K)
	if !ok {
		return nil, fmt.Errorf("%T: expected a %v", kept, r.plan.of)
	}
	all := make([]storage.Record, len(r.fields))
	for i, f := range r.fields {
		var w writer
		w.value(f.plan, unsafe.Add(unsafe.Pointer(&k), f.offset))
		if w.err != nil {
			return nil, fmt.Errorf("record %q: %w", f.name, w.err)
		}
		all[i] = storage.Record{Name: f.name, Data: w.dst}
	}
	return all, nil
}

// Join returns the K stored in records.
func (r *Records[K]) Join(records []storage.Record) (any, error) {
	k := new(K)
	if len(records) != len(r.fields) {
		return nil, fmt.Errorf("%d records: expected %d", len(records), len(r.fields))
	}
	for i, f := range r.fields {
		if records[i].Name != f.name {
			return nil, fmt.Errorf("record %q: expected %q", records[i].Name, f.name)
		}
		in := strictjson.NewReader(records[i].Data)
		read(in, f.plan, unsafe.Add(unsafe.Pointer(k), f.offset))
		if err := ended(in); err != nil {
			return nil, fmt.Errorf("record %q: %w", f.name, err)
		}
	}
	return *k, nil
}
