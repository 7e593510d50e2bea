package statespace

import "fmt"

// ExplicitLossError reports that a property depends on losses that were elided. The check of an Explicable source is
// then repeated with explicit losses.
type ExplicitLossError struct{ Property string }

// Error implements error.
func (e *ExplicitLossError) Error() string {
	return fmt.Sprintf("the property %q reads the network and is not declared monotone; use explicit losses", e.Property)
}

// Explicable is a Source that can elide message losses.
type Explicable interface {
	Source
	// Explicit returns the same source with explicit losses.
	Explicit() Source
}
