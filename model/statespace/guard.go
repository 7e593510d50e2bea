package statespace

import "fmt"

// ImpureError reports that a function of a model is not the pure function that it must be: a handler of an actor, an
// observer, a projection or selection, a property, or a method of a plain model.
type ImpureError struct {
	Actor string // who: an actor, an observer, a property …
	Event string // what it was called for; may be empty
	What  string // what is wrong, and in which field
	Stack string // where, for a panic: functions of the model, the innermost first, and their lines
	Cause error  // what a function panicked with, if that is an error
}

// Error names who, event and field.
func (e *ImpureError) Error() string { return e.where() + ": " + e.What }

func (e *ImpureError) where() string {
	if e.Event == "" {
		return e.Actor
	}
	return e.Actor + ", " + e.Event
}

// Unwrap returns Cause.
func (e *ImpureError) Unwrap() error { return e.Cause }

// Guard counts the calls of a part of a model, and tells how many of them were made twice, to compare the answers.
type Guard struct {
	Part  string // "handlers", an observer, or "expansions" of a plain model
	Calls int    // distinct ones; repeats of the guard are none
	Twice int
	// Repeats are the calls beyond the first of each. They get copies whose maps were built in other orders and sizes.
	Repeats int
}

// MapOrder ends the sentence that two calls gave different answers, if the maps that they were given may be why.
func MapOrder(orders bool) string {
	if !orders {
		return ""
	}
	return "; their maps were equal, but built in different orders: does it depend on the order of a map?"
}

// ForeignError reports that a function of a model read a state of one system through something that belongs to another
// one, or to none: a Ref, a Projection, a History, a Selection, or a System.
type ForeignError struct {
	What string // the type of what was read through
	By   string // the function that gives it for a system, or is empty
	Zero bool   // it is the zero value, and belongs to no system
}

// Error returns what was read, and what to read instead.
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
