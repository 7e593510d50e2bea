package statespace

// Refinement maps the states of a model to those of an abstract model: a refinement mapping as defined by Abadi and
// Lamport, "The Existence of Refinement Mappings" (1991), sections 2 and 3.
type Refinement interface {
	// Open returns the tables of one check.
	Open() (Abstraction, error)
}

// Abstraction is an abstract model during a check. Its states are numbers. All methods are deterministic and safe for
// concurrent use. An error stops the check.
type Abstraction interface {
	// Image returns the image of the state being read. Equal numbers are equal images.
	Image(r *Reading) (uint32, error)
	// Initial reports whether an image is an initial state.
	Initial(image uint32) (bool, error)
	// Step reports whether a single step of the abstract model leads from one image to another.
	Step(from, to uint32) (bool, error)
	// Text returns an image in human-readable form.
	Text(image uint32) string
	// Close frees the tables.
	Close()
}
