package model

import "fmt"

// owner is what the systems are told apart by: a Ref and its like hold that of their system. A copy of a system that
// Explicit makes has the same one.
type owner struct{ _ byte }

// ForeignError reports that a function of a model read a state of one system through something that belongs to another
// one, or to none: a Ref, a Projection, a History, a Selection, or a System.
type ForeignError struct {
	What string // the type of what was read through
	By   string // the function that gives it for a system, or is empty
	Zero bool   // it is the zero value, and belongs to no system
}

// Error says what was read, and what to read instead.
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

// space returns the space that is read, or panics with a ForeignError if what reads it belongs elsewhere.
func (v View) space(of *owner, what, by string) *space {
	sp, ok := v.r.space.(*space)
	if !ok || sp.sys.owner != of {
		panic(&ForeignError{What: what, By: by, Zero: of == nil})
	}
	return sp
}

// owns reports to the system's check that something it was given belongs elsewhere.
func (sys *system) owns(of *owner, what, by string) bool {
	if sys.owner == of {
		return true
	}
	sys.Check(fmt.Errorf("%s of an actor or observer of another system: use the one that %s returned for this system", what, by))
	return false
}
