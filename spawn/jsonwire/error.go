package jsonwire

import (
	"errors"

	"synod/internal/strictjson"
)

// Error is what is wrong with a text, and where.
type Error struct {
	At       int    // in bytes from the start, from 0
	Expected string // a noun phrase

	cause error
}

// Error returns what was expected where.
func (e *Error) Error() string { return e.cause.Error() }

// Unwrap returns the error of the reader.
func (e *Error) Unwrap() error { return e.cause }

// ended returns the error of a reader, or nil if all of the text was read without one.
func ended(r *strictjson.Reader) error {
	err := r.End()
	var wrong *strictjson.Error
	if errors.As(err, &wrong) {
		return &Error{wrong.At, wrong.Expected, wrong}
	}
	return err
}
