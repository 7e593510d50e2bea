package statespace

import "fmt"

// Remarks are what there is to say of a step of a path. An error is that of a model whose function panics.
type Remarks struct {
	Notes   []string
	Culprit bool // the step does what the protocol forbids; see Happening.Blame
	Err     error
}

// Explain returns the remarks of a model on the steps of a path: what they mean in the words of the protocol, and what its
// observers make of them.
func Explain(space Space, p Path) []Remarks {
	all := make([]Remarks, len(p.Steps))
	if e, ok := space.(interface{ Explain(p Path, all []Remarks) }); ok {
		e.Explain(p, all)
	}
	return all
}

// Duplicates reports whether deliveries leave a message where it is, so that one that was sent once may arrive again.
func Duplicates(space Space) bool {
	d, ok := space.(interface{ Duplicates() bool })
	return ok && d.Duplicates()
}

// Show asks a property about a state: whether its predicate is true there, and what it read to tell. An error is that of
// a predicate that panics.
func Show(space Space, p Property, state []PartID) (answer bool, reads []Read, err error) {
	defer Caught(&err, fmt.Sprintf("the property %q", p.Name), func() string { return "judging a state" })
	answer, reads = NewReading(space).Judge(p.Holds, state)
	return answer, reads, nil
}
