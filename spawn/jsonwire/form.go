package jsonwire

import (
	"fmt"
	"reflect"
	"unsafe"

	"synod/internal/strictjson"
)

// Form encodes and decodes values of any type, such as operations and results. It is safe for concurrent use.
type Form[T any] struct{ plan *plan }

// NewForm returns the form of a type. Unions list the types of interfaces in it.
func NewForm[T any](unions ...Union) (*Form[T], error) {
	c, err := newCompiler(unions)
	if err != nil {
		return nil, fmt.Errorf("jsonwire: %w", err)
	}
	p, err := c.plan(reflect.TypeFor[T]())
	if err != nil {
		return nil, fmt.Errorf("jsonwire: %w", err)
	}
	return &Form[T]{p}, nil
}

// Append appends a value to dst and returns the result.
func (f *Form[T]) Append(dst []byte, v T) ([]byte, error) {
	w := writer{dst: dst}
	w.value(f.plan, unsafe.Pointer(&v))
	return w.dst, w.err
}

// Decode reads a value. The error is an *Error.
func (f *Form[T]) Decode(data []byte) (T, error) {
	v := new(T)
	r := strictjson.NewReader(data)
	read(r, f.plan, unsafe.Pointer(v))
	if err := ended(r); err != nil {
		var none T
		return none, err
	}
	return *v, nil
}
