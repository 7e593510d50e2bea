package statespace

import "fmt"

// Remarks are a model's remarks on a step of a path. Err is set if a function of the model panicked.
type Remarks struct {
	Notes   []string
	Culprit bool // the step violates the protocol; see Happening.Blame
	Err     error
}

// Explain returns the model's remarks on the steps of a path: what they mean in terms of the protocol, and what
// observers conclude from them.
func Explain(space Space, p Path) []Remarks {
	all := make([]Remarks, len(p.Steps))
	if e, ok := space.(interface{ Explain(p Path, all []Remarks) }); ok {
		e.Explain(p, all)
	}
	return all
}

// Duplicates reports whether a delivered message stays in flight, so that it may arrive again.
func Duplicates(space Space) bool {
	d, ok := space.(interface{ Duplicates() bool })
	return ok && d.Duplicates()
}

// Show evaluates a property in a state. It returns whether the predicate holds, and what it read. It returns an error
// if the predicate panics.
func Show(space Space, p Property, state []PartID) (answer bool, reads []Read, err error) {
	defer Caught(&err, fmt.Sprintf("the property %q", p.Name), func() string { return "judging a state" })
	answer, reads = NewReading(space).Judge(p.Holds, state)
	return answer, reads, nil
}
