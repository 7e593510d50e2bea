package model

import (
	"fmt"

	"synod/model/statespace"
)

// owner is what the systems are told apart by: a Ref and its like hold that of their system. A copy of a system that
// Explicit makes has the same one.
type owner struct{ _ byte }

// space returns the space that is read, or panics with a ForeignError if what reads it belongs elsewhere.
func (v View) space(of *owner, what, by string) *space {
	sp, ok := v.r.Space().(*space)
	if !ok || sp.sys.owner != of {
		panic(&statespace.ForeignError{What: what, By: by, Zero: of == nil})
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
