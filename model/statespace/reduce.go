package statespace

import (
	"fmt"
	"slices"
)

// Reduction describes what is left out of the states of a search.
type Reduction uint8

const (
	// Full leaves nothing out.
	Full Reduction = iota
	// DeadLetters leaves out messages that their recipient will ignore for ever. It is what --reduce means.
	DeadLetters
	// Everything merges local states besides that nothing tells apart, with the help of actor.Forget where there is one. It is
	// experimental: there are fewer states by far, but the search may take longer than a full one.
	Everything
)

var reductionNames = [...]string{"off", "letters", "all"}

// String is the name that ParseReduction understands.
func (r Reduction) String() string { return reductionNames[r] }

// ParseReduction returns the Reduction of a name.
func ParseReduction(name string) (Reduction, error) {
	if i := slices.Index(reductionNames[:], name); i >= 0 {
		return Reduction(i), nil
	}
	return 0, fmt.Errorf("unknown reduction %q: expected letters, all or off", name)
}

// Reducible is a Source of which states can be reduced.
type Reducible interface {
	Source
	// Reduce begins a reduced check. The Reducer is for that check only.
	Reduce(Reduction) Reducer
}

// Reducer is what is guessed, in one check, about what may be left out. Its spaces are reduced by what has not been refuted.
type Reducer interface {
	Source
	// Audit verifies everything that was left out of a space since the last audit. Nothing may be asked of the space
	// meanwhile. An error is a mistake in the model.
	Audit(Space, Pass) (Audited, error)
	// Report returns what has been reduced.
	Report() ReductionReport
}

// Pass is what an audit has to know of the search.
type Pass struct {
	States  int         // distinct ones so far
	Ended   bool        // there are no more
	Workers int         // goroutines that the audit may use
	Stop    func() bool // it gives up when this reports true
}

// Audited is what an audit found.
type Audited uint8

// What an audit finds.
const (
	GivenUp Audited = iota // it was stopped: nothing is known
	Sound                  // what was left out does not matter
	Refuted                // a guess was wrong, or there is a much better one: the search has to begin again, in a new space
)

// ReductionReport describes what was left out, and on what grounds.
type ReductionReport struct {
	Letters   bool     // dead letters
	Forgotten bool     // what actors forget
	Kept      []string // the types of messages of which some or all are kept, as a guess about them was refuted
	Calls     int      // of handlers that the audits made, in all runs
	Notes     []string // sentences on what is not reduced, and why
}
