package statespace

// Expectation is the kind of a property: what it requires of states or paths.
type Expectation uint8

const (
	// Always requires that every reachable state satisfies the predicate.
	Always Expectation = iota
	// Sometimes requires that some reachable state satisfies the predicate.
	Sometimes
	// Eventually requires that every maximal path reaches a state that satisfies the predicate. A path is maximal if it
	// is infinite, or ends in a state without transitions except to itself. No fairness is assumed.
	Eventually
	// LeadsTo requires that, on every maximal path, each state that satisfies one predicate satisfies another or is
	// followed by a state that does.
	LeadsTo
	// Quiescent requires that every terminal state, which has no transitions except to itself, satisfies the predicate.
	Quiescent
	// Refines requires that the image of every initial state is an initial state of an abstract model, and that every
	// transition leads to a state with the same image, or with one that a single step of the abstract model leads to.
	Refines
)

var expectationNames = [...]string{"always", "sometimes", "eventually", "leads to", "quiescent", "refines"}

// String returns the expectation in words: always, sometimes, eventually, leads to, quiescent, refines.
func (e Expectation) String() string { return expectationNames[e] }

// OfStates reports whether the property is evaluated state by state.
func (e Expectation) OfStates() bool { return e == Always || e == Sometimes }

// OfPaths reports whether the property is about maximal paths or their ends, so that evaluating it takes all
// transitions of a state.
func (e Expectation) OfPaths() bool { return e == Eventually || e == LeadsTo || e == Quiescent }

// Property is a predicate on states with an expectation. Its functions must be pure and safe for concurrent use; they
// read the state through a Reading.
type Property struct {
	Name       string
	Expect     Expectation
	Holds      func(*Reading) bool // nil for Refines
	When       func(*Reading) bool // for LeadsTo: the states after which Holds is required; else nil
	Refinement Refinement          // for Refines; else nil
}

// Read is a read by a predicate: an aspect of a slot, and its value.
type Read struct {
	Slot   int32
	Aspect Aspect
	Value  uint32
}

// Down reports whether the slot does not currently have the aspect, because its actor is down.
func (r Read) Down() bool {
	return r.Value == Nothing
}

// Reading is the access of predicates to a state. It records what they read. It is not safe for concurrent use.
type Reading struct {
	space Space
	state []PartID
	reads []Read
	// Indices of the reads of each slot, so that a predicate that reads a thousand slots need not search all reads each
	// time: latest has the last read of a slot, valid if that read is of the slot; earlier has the previous one for each
	// read, or -1.
	latest  []int32
	earlier []int32
	// If not 0, views return copies whose maps are built in this order; with 0, the values themselves.
	order  int
	orders bool // a view returned a map with several entries
	// Reads are not recorded.
	unrecorded bool
	// Memo is for the space, which may cache data between reads.
	Memo any
}

// Unrecorded makes r stop recording reads.
func (r *Reading) Unrecorded() { r.unrecorded = true }

// NewReading returns a Reading for states of a space.
func NewReading(space Space) *Reading { return &Reading{space: space} }

// ReadingOf returns a Reading of one state of a space.
func ReadingOf(space Space, state []PartID) *Reading { return &Reading{space: space, state: state} }

// Reorder makes views return copies whose maps are built differently for each order from 1 on, so that a predicate
// that depends on map order gives another answer. With 0, views return the values themselves again.
func (r *Reading) Reorder(order int) { r.order, r.orders = order, false }

// Reordered reports whether a view has returned a map with several entries since Reorder was called.
func (r *Reading) Reordered() bool { return r.orders }

// Judge evaluates a predicate in a state. It returns the answer and the reads that it depends on, in order and
// without repeats, which are valid until the next call.
func (r *Reading) Judge(predicate func(*Reading) bool, state []PartID) (bool, []Read) {
	r.state, r.reads = state, r.reads[:0]
	answer := predicate(r)
	return answer, r.reads
}

// Space returns the space of the states.
func (r *Reading) Space() Space { return r.space }

// State returns the current state. It must not be changed.
func (r *Reading) State() []PartID { return r.state }

// Reads returns the reads of the current state so far. They are valid until the next state is read, and must not be
// changed.
func (r *Reading) Reads() []Read { return r.reads }

// Records reports whether reads are recorded.
func (r *Reading) Records() bool { return !r.unrecorded }

// Order returns the order passed to Reorder; 0 means that predicates get the values themselves.
func (r *Reading) Order() int { return r.order }

// NoteMap records that a predicate got a map with several entries.
func (r *Reading) NoteMap() { r.orders = true }

// Aspect returns the value of an aspect of a slot, and records the read.
func (r *Reading) Aspect(slot int, a Aspect) uint32 {
	last := int32(-1)
	if slot < len(r.latest) {
		if at := r.latest[slot]; int(at) < len(r.reads) && int(r.reads[at].Slot) == slot {
			last = at
		}
	} else {
		r.latest = append(r.latest, make([]int32, r.space.Slots()-len(r.latest))...)
	}
	for at := last; at >= 0; at = r.earlier[at] {
		if r.reads[at].Aspect == a {
			return r.reads[at].Value
		}
	}
	value := r.space.Aspect(slot, r.state[slot], a)
	r.latest[slot] = int32(len(r.reads))
	r.earlier = append(r.earlier[:len(r.reads)], last)
	r.reads = append(r.reads, Read{int32(slot), a, value})
	return value
}
