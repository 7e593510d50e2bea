package statespace

// Symmetric is a Space whose states can be identified if they differ only by a permutation of interchangeable things.
type Symmetric interface {
	Space
	// Symmetry returns the symmetry of the space. If there is none that can be used, it returns nil and a sentence that
	// says why. It must be called before any other use of the space.
	Symmetry() (Symmetry, string, error)
}

// Symmetry permutes states of a space by a group. It is safe for concurrent use, except for Audit.
type Symmetry interface {
	// Least replaces a state by the least of all its permutations, in the order of content, which is the same in every
	// run. It reports whether the state changed.
	Least(state []PartID) bool
	// Images calls yield with each state that permutations make of one, except itself, until yield returns false. Some may
	// come more than once, and each only lasts until yield returns.
	Images(state []PartID, yield func(image []PartID) bool)
	// Covers returns reads of a state on which the given reads of all its images depend, without their values, or false if
	// they depend on everything.
	Covers(reads []Read) ([]Read, bool)
	// Audit verifies that handlers and observers, as far as they were used, commute with all permutations. The space
	// must not be used meanwhile. An error describes what is not interchangeable.
	Audit(Pass) (Audited, error)
	// Report returns statistics of the symmetry.
	Report() SymmetryReport
}

// SymmetryReport describes a symmetry, and the work of verifying it.
type SymmetryReport struct {
	Groups []string // what is interchangeable, human-readable
	Order  int      // the number of permutations, including the identity
	Calls  int      // calls of handlers and observers compared with those for permuted states
}

// AsymmetryError reports that things declared interchangeable are not.
type AsymmetryError struct{ Who, What string }

// Error implements error.
func (e *AsymmetryError) Error() string {
	return e.Who + " are not interchangeable: " + e.What + " (an order by id, such as by server id in a ballot, breaks symmetry)"
}
