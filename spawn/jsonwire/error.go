package jsonwire

import (
	"errors"

	"synod/internal/strictjson"
)

// Error is a decoding error, with its position.
type Error struct {
	At       int    // byte offset, from 0
	Expected string // a noun phrase

	cause error
}

// Error returns the position and what was expected.
func (e *Error) Error() string { return e.cause.Error() }

// Unwrap returns the error of the underlying reader.
func (e *Error) Unwrap() error { return e.cause }

// ended returns the error of a reader, or nil if it read the whole text without one.
func ended(r *strictjson.Reader) error {
	err := r.End()
	var wrong *strictjson.Error
	if errors.As(err, &wrong) {
		return &Error{wrong.At, wrong.Expected, wrong}
	}
	return err
}
