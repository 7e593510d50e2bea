package statespace

// Refinement maps the states of a model to those of an abstract one: a refinement mapping in the sense of Abadi and
// Lamport, "The Existence of Refinement Mappings" (1991), sections 2 and 3.
type Refinement interface {
	// Open builds the tables of one check.
	Open() (Abstraction, error)
}

// Abstraction is an abstract model during a check. Its states are numbers. All methods are safe for concurrent use and
// give the same answer every time. An error stops the check.
type Abstraction interface {
	// Image maps the state that is read. Equal numbers are equal images.
	Image(r *Reading) (uint32, error)
	// Initial reports whether an image is an initial state.
	Initial(image uint32) (bool, error)
	// Step reports whether a single step of the abstract model leads from one image to another.
	Step(from, to uint32) (bool, error)
	// Text shows an image to people.
	Text(image uint32) string
	// Close frees the tables.
	Close()
}
