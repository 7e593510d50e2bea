// Package jsonwire encodes any set of messages for the network, and the persisted state of any actor for the disk. An actor
// needs no codec of its own. Messages are JSON, externally tagged:
//
//	{"Acquire":{"request":7,"lock":"db"}}
//
// A struct is an object of all its fields, under their names in lower case with underscores or those of json tags; a slice
// or array is an array; a map is an object in the order of its keys, which are strings or whole numbers; a pointer is null
// or what it points to; and a value of an interface is an object with one field, the name of its type. A slice or map
// without elements is read as nil, whatever was written.
//
// Reading is strict: each field is there once, none is unknown, numbers fit their types, text is UTF-8. The plan for a type
// is made once; a message then takes no reflection, but for maps.
package jsonwire

import (
	"errors"
	"fmt"
	"reflect"
	"unsafe"

	"synod/internal/strictjson"
)

// Codec encodes and decodes messages M for a network. It implements machine.Wire, and is safe for concurrent use.
type Codec[M any] struct {
	sum  *plan
	open map[unsafe.Pointer]bool // types of messages that clients may send
}

// Union is the set of types that values of an interface may have.
type Union struct {
	of    reflect.Type
	cases []reflect.Type
	err   error
}

// UnionOf returns the union of the types of values, for an interface I that is part of a message.
func UnionOf[I any](values ...I) Union {
	u := unionOf(values...)
	if u.of.Kind() != reflect.Interface {
		u.err = fmt.Errorf("%v is not an interface, so that its values need no UnionOf", u.of)
	}
	return u
}

func unionOf[I any](values ...I) Union {
	u := Union{of: reflect.TypeFor[I]()}
	for _, v := range values {
		t := reflect.TypeOf(any(v))
		if t == nil {
			u.err = fmt.Errorf("a value of %v is nil; pass one of each type", u.of)
			continue
		}
		u.cases = append(u.cases, t)
	}
	return u
}

// New returns a codec for messages with the types of the given values. Clients may send those of requests; the others
// are answers and messages between servers. Unions list the types of interfaces inside messages. It returns an error
// for a type that cannot be encoded.
func New[M any](requests, others []M, unions ...Union) (*Codec[M], error) {
	all := unionOf(append(append([]M{}, requests...), others...)...)
	if len(all.cases) == 0 && all.err == nil {
		all.err = fmt.Errorf("no message types; pass a value of each type of %v", all.of)
	}
	if all.of.Kind() == reflect.Interface {
		unions = append([]Union{all}, unions...)
	}
	c, err := newCompiler(unions)
	if err == nil {
		err = all.err
	}
	sum := &plan{of: all.of}
	if err == nil {
		err = c.sum(sum, all.cases)
	}
	if err != nil {
		return nil, fmt.Errorf("jsonwire: %w", err)
	}
	codec := &Codec[M]{sum: sum, open: make(map[unsafe.Pointer]bool)}
	for _, m := range requests {
		codec.open[typeOf(m)] = true
	}
	return codec, nil
}

// Must is like New but panics on an error.
func Must[M any](requests, others []M, unions ...Union) *Codec[M] {
	c, err := New(requests, others, unions...)
	if err != nil {
		panic(err)
	}
	return c
}

// errNil is the error of encoding a nil message.
var errNil = errors.New("a message that is nil")

// Append appends a message to dst and returns the result.
func (c *Codec[M]) Append(dst []byte, m M) ([]byte, error) {
	if any(m) == nil {
		return dst, errNil
	}
	w := writer{dst: dst}
	w.union(c.sum, any(m))
	return w.dst, w.err
}

// Decode reads a message. White space and the order of fields do not matter. The error is an *Error.
func (c *Codec[M]) Decode(data []byte) (M, error) {
	r := strictjson.NewReader(data)
	v := readUnion(r, c.sum)
	if err := ended(r); err != nil {
		var none M
		return none, err
	}
	return v.(M), nil
}

// JSON reports that all messages are JSON.
func (c *Codec[M]) JSON() bool { return true }

// Open reports whether a message is one that clients may send.
func (c *Codec[M]) Open(m M) bool { return c.open[typeOf(m)] }

// typeOf returns an identifier of the type of a message.
func typeOf[M any](m M) unsafe.Pointer {
	a := any(m)
	return (*face)(unsafe.Pointer(&a)).kind
}
