package statespace

// Expectation is what a property demands of the states, or of the paths through them.
type Expectation uint8

const (
	// Always demands that every reachable state satisfies the predicate.
	Always Expectation = iota
	// Sometimes demands that some reachable state does.
	Sometimes
	// Eventually demands that every maximal path comes to a state that satisfies the predicate. A path is maximal if it
	// never ends, or ends where there is no transition but to the same state. No fairness is assumed.
	Eventually
	// LeadsTo demands that on every maximal path a state that satisfies one predicate is, or is followed by, one that
	// satisfies another.
	LeadsTo
	// Quiescent demands that every terminal state satisfies the predicate: one without a transition but to itself.
	Quiescent
	// Refines demands that the image of every initial state is an initial state of an abstract model, and that every
	// transition leads to a state of the same image, or of one that a single step of the abstract model leads to.
	Refines
)

var expectationNames = [...]string{"always", "sometimes", "eventually", "leads to", "quiescent", "refines"}

// String is the expectation in words: always, sometimes, eventually, leads to, quiescent, refines.
func (e Expectation) String() string { return expectationNames[e] }

// OfStates reports whether a property with this expectation is judged state by state.
func (e Expectation) OfStates() bool { return e == Always || e == Sometimes }

// OfPaths reports whether a property with this expectation is about maximal paths or their ends, so that it takes all
// transitions of a state to judge it.
func (e Expectation) OfPaths() bool { return e == Eventually || e == LeadsTo || e == Quiescent }

// Property is a predicate on states with what is demanded of it. Its functions must be pure and may be called
// concurrently; they read the state through a Reading.
type Property struct {
	Name       string
	Expect     Expectation
	Holds      func(*Reading) bool // nil for Refines
	When       func(*Reading) bool // of LeadsTo: after which states Holds is demanded; else nil
	Refinement Refinement          // of Refines; else nil
}

// Read is something that a predicate read of a state: an aspect of a slot, and its value.
type Read struct {
	Slot   int32
	Aspect Aspect
	Value  uint32
}

// Down reports whether the slot has no such aspect now, as its actor is down.
func (r Read) Down() bool {
	return r.Value == Nothing
}

// Reading is what predicates read states through: it records what they read. It is not safe for concurrent use.
type Reading struct {
	space Space
	state []PartID
	reads []Read
	// Where the reads of a slot are, so that one that reads a thousand slots need not look through all of them each time. The
	// last one of a slot is at latest, if what is there is of the slot; the one before each is at earlier, or -1.
	latest  []int32
	earlier []int32
	// What is given is a copy whose maps are built in this order; 0 for the values themselves.
	order  int
	orders bool // one of them had several entries
	// What is read of the state is read of another one, of which this gives slot and aspect here; nil for the state itself.
	turn func(slot int, a Aspect) (int, Aspect)
	way  int // the number of that; 0 for the state itself
	// What was read is not asked for.
	unrecorded bool
	// Memo is the space's: it may keep something from one read to the next.
	Memo any
}

// Unrecorded stops r from recording reads.
func (r *Reading) Unrecorded() { r.unrecorded = true }

// Turn makes r read another state that has the state's parts in other places: what is to be read of a slot is the aspect of
// the slot that turn gives, if it is not nil. The space knows what the way means; 0 is the state itself.
func (r *Reading) Turn(way int, turn func(slot int, a Aspect) (int, Aspect)) {
	r.way, r.turn = way, turn
}

// Way is in which way the state is turned.
func (r *Reading) Way() int { return r.way }

// NewReading reads states of a space.
func NewReading(space Space) *Reading { return &Reading{space: space} }

// ReadingOf reads one state of a space.
func ReadingOf(space Space, state []PartID) *Reading { return &Reading{space: space, state: state} }

// Reorder makes the views return copies, whose maps are built in other ways for each order from 1 on, so that a
// predicate that depends on the order of a map gives another answer; 0 makes them give the values themselves again.
func (r *Reading) Reorder(order int) { r.order, r.orders = order, false }

// Reordered reports whether a view gave a map of several entries since Reorder was called.
func (r *Reading) Reordered() bool { return r.orders }

// Judge asks a predicate about a state, and gives the answer and what it was read from, in order and without repeats.
// The reads are valid until the next call.
func (r *Reading) Judge(predicate func(*Reading) bool, state []PartID) (bool, []Read) {
	r.state, r.reads = state, r.reads[:0]
	answer := predicate(r)
	return answer, r.reads
}

// Space returns the space whose states are read.
func (r *Reading) Space() Space { return r.space }

// State returns the state that is read. It must not be changed.
func (r *Reading) State() []PartID { return r.state }

// Reads returns what was read of the state so far. It is valid until the next state is read, and must not be changed.
func (r *Reading) Reads() []Read { return r.reads }

// Records reports whether what is read is recorded.
func (r *Reading) Records() bool { return !r.unrecorded }

// Order is the order in which maps are to be built in copies that predicates get; with 0 they get the values themselves.
func (r *Reading) Order() int { return r.order }

// NoteMap records that a predicate got a map of several entries.
func (r *Reading) NoteMap() { r.orders = true }

// Aspect returns the value of an aspect of a slot, and records that it was read.
func (r *Reading) Aspect(slot int, a Aspect) uint32 {
	if r.turn != nil {
		slot, a = r.turn(slot, a)
	}
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
