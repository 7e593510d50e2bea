package statespace

// Symmetric is a Space of which states that differ only in which of several interchangeable things is which can be taken for
// one.
type Symmetric interface {
	Space
	// Symmetry makes the space one whose properties and boundary are asked about each state in all the ways in which it can be
	// turned, and returns what turns states; nil and a sentence if that is not possible. It must be called before anything is
	// asked of the space.
	Symmetry() (Symmetry, string, error)
}

// Symmetry turns states of a space by the permutations of a group. It is safe for concurrent use but for Audit.
type Symmetry interface {
	// Least puts the least of all states that a state can be turned into in its place, by the order of content, which is the
	// same in every run. It reports whether that is another one.
	Least(state []PartID) bool
	// Audit verifies that whatever was asked of the space so far is the same for what is turned: what handlers and observers
	// do, turned by all permutations. Nothing may be asked of the space meanwhile. An error says what is not interchangeable.
	Audit(Pass) (Audited, error)
	// Report returns what was turned.
	Report() SymmetryReport
}

// SymmetryReport describes by what states are turned, and what it took to prove that it makes no difference.
type SymmetryReport struct {
	Groups []string // what is interchangeable, for people
	Order  int      // how many permutations there are, the identity included
	Calls  int      // of handlers and observers that were held against those for turned states
}

// AsymmetryError reports that what was declared interchangeable is not.
type AsymmetryError struct{ Who, What string }

// Error returns what is not interchangeable, and what shows it.
func (e *AsymmetryError) Error() string {
	return e.Who + " are not interchangeable: " + e.What + " (an order by id, such as by server id in a ballot, breaks symmetry)"
}
