package statespace

import (
	"fmt"
	"slices"
)

// Reduction is a reduction of the states of a search.
type Reduction uint8

const (
	// Full means no reduction.
	Full Reduction = iota
	// DeadLetters omits messages that their recipient will ignore for ever. A bare --reduce selects it.
	DeadLetters
	// Everything also merges indistinguishable local states, with the help of actor.Forget where it is defined. It is
	// experimental: there are far fewer states, but the search may take longer than a full one.
	Everything
)

var reductionNames = [...]string{"off", "letters", "all"}

// String returns the name that ParseReduction accepts.
func (r Reduction) String() string { return reductionNames[r] }

// ParseReduction returns the Reduction with the given name.
func ParseReduction(name string) (Reduction, error) {
	if i := slices.Index(reductionNames[:], name); i >= 0 {
		return Reduction(i), nil
	}
	return 0, fmt.Errorf("unknown reduction %q: expected letters, all or off", name)
}

// Reducible is a Source whose states can be reduced.
type Reducible interface {
	Source
	// Reduce starts a reduced check. The Reducer must be used for that check only.
	Reduce(Reduction) Reducer
}

// Reducer holds the assumptions of one check about what may be omitted. Its spaces are reduced by the assumptions not
// refuted so far.
type Reducer interface {
	Source
	// Audit verifies everything omitted from a space since the last audit. The space must not be used meanwhile. An
	// error is an error in the model.
	Audit(Space, Pass) (Audited, error)
	// Dead returns the messages in flight, in a state of another space of the source, that their recipients ignore now
	// and in every local state that follows in the audited part of a space. The space must not be searched meanwhile.
	Dead(audited, of Space, state []PartID) ([]DeadLetter, error)
	// Report returns what was reduced.
	Report() ReductionReport
}

// DeadLetter is a message in flight that nothing its recipient can still do reads.
type DeadLetter struct {
	Slot int    // of the recipient
	Key  string // of the Letter
}

// Pass is the state of a search, as needed by an audit.
type Pass struct {
	States  int         // distinct states so far
	Ended   bool        // there are no more states
	Workers int         // goroutines that the audit may use
	Stop    func() bool // the audit gives up when it returns true
}

// Audited is the result of an audit.
type Audited uint8

// The results of an audit.
const (
	GivenUp Audited = iota // stopped, with no result
	Sound                  // the omissions are sound
	Refuted                // an assumption is wrong, or a much better one exists: restart the search in a new space
)

// ReductionReport describes what was omitted, and why.
type ReductionReport struct {
	Letters   bool     // dead letters were omitted
	Forgotten bool     // actors' normal forms were used
	Kept      []string // types of messages kept because an assumption about them was refuted
	Calls     int      // handler calls by audits, in all runs
	Notes     []string // sentences on what is not reduced, and why
}
