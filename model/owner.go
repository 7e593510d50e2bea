package model

import (
	"fmt"

	"synod/model/statespace"
)

// owner identifies a system in a Ref and similar handles. A copy made by Explicit has the same owner.
type owner struct{ _ byte }

// space returns the space that v reads, or panics with a ForeignError if the handle belongs to another system.
func (v View) space(of *owner, what, by string) *space {
	sp, ok := v.r.Space().(*space)
	if !ok || sp.sys.owner != of {
		panic(&statespace.ForeignError{What: what, By: by, Zero: of == nil})
	}
	return sp
}

// owns reports whether a handle belongs to the system. If it does not, the check of the system reports an error.
func (sys *system) owns(of *owner, what, by string) bool {
	if sys.owner == of {
		return true
	}
	sys.Check(fmt.Errorf("%s of an actor or observer of another system: use the one that %s returned for this system", what, by))
	return false
}
