package statespace

import "fmt"

// ExplicitLossError reports that a property has to see the losses that were left out. A check of an Explicable
// source is then made anew, with explicit losses.
type ExplicitLossError struct{ Property string }

// Error names the property.
func (e *ExplicitLossError) Error() string {
	return fmt.Sprintf("the property %q reads the network and is not declared monotone; use explicit losses", e.Property)
}

// Explicable is a Source that may leave losses out.
type Explicable interface {
	Source
	// Explicit returns the same source with explicit losses.
	Explicit() Source
}
