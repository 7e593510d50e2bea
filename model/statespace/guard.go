package statespace

import "fmt"

// ImpureError reports that a function of a model is not pure as required: a handler of an actor, an observer, a
// projection or selection, a property, or a method of a plain model.
type ImpureError struct {
	Actor string // the actor, observer, property …
	Event string // the event that it was called for; may be empty
	What  string // what is wrong, and in which field
	Stack string // for a panic: the model's functions on the stack with their lines, innermost first
	Cause error  // the value that a function panicked with, if it is an error
}

// Error implements error.
func (e *ImpureError) Error() string { return e.where() + ": " + e.What }

func (e *ImpureError) where() string {
	if e.Event == "" {
		return e.Actor
	}
	return e.Actor + ", " + e.Event
}

// Unwrap returns Cause.
func (e *ImpureError) Unwrap() error { return e.Cause }

// Guard counts the calls of a part of a model, and how many were repeated to compare their results.
type Guard struct {
	Part  string // "handlers", an observer, or "expansions" of a plain model
	Calls int    // distinct calls, without the guard's repetitions
	Twice int
	// Repeats counts the repetitions. They get copies of their arguments whose maps were built in other orders and
	// sizes.
	Repeats int
}

// MapOrder completes the sentence that two calls returned different results, if the order of their maps may be the
// reason.
func MapOrder(orders bool) string {
	if !orders {
		return ""
	}
	return "; their maps were equal, but built in different orders: does it depend on the order of a map?"
}

// ForeignError reports that a function of a model read a state through a Ref, a Projection, a History, a Selection or
// a System of another system, or of none.
type ForeignError struct {
	What string // the type that it read through
	By   string // the function that returns the right one for a system; may be empty
	Zero bool   // it is the zero value, which belongs to no system
}

// Error implements error.
func (e *ForeignError) Error() string {
	if e.By == "" {
		return fmt.Sprintf("a %s read a state of another one: use the %s that is checked", e.What, e.What)
	}
	whose := "of another system"
	if e.Zero {
		whose = "of no system"
	}
	return fmt.Sprintf("it read a %s %s: use the one that %s returned for the system that is checked", e.What, whose, e.By)
}
