package model

// Expectation is what a property demands of the states.
type Expectation uint8

const (
	// Always demands that every reachable state satisfies the predicate.
	Always Expectation = iota
	// Sometimes demands that some reachable state does.
	Sometimes
)

// String is "always" or "sometimes".
func (e Expectation) String() string {
	if e == Sometimes {
		return "sometimes"
	}
	return "always"
}

// Property is a predicate on states with what is demanded of it. Holds must be pure and may be called concurrently; it
// reads the state through a View.
type Property struct {
	Name   string
	Expect Expectation
	Holds  func(View) bool
}

// Read is something that a predicate read of a state: an aspect of a slot, and its value.
type Read struct {
	Slot   int32
	Aspect Aspect
	Value  uint32
}

// View is a state as a predicate sees it. Whatever is read through it is recorded, so that the answer can be used again
// for every state that agrees on just that. What a view gives is shared: it must not be changed.
type View struct{ r *Reading }

// Reading gives views of states to predicates and records what they read. It is not safe for concurrent use.
type Reading struct {
	space Space
	state []PartID
	reads []Read
}

// NewReading reads states of a space.
func NewReading(space Space) *Reading { return &Reading{space: space} }

// Judge asks a predicate about a state, and gives the answer and what it was read from, in order and without repeats.
// The reads are valid until the next call.
func (r *Reading) Judge(predicate func(View) bool, state []PartID) (bool, []Read) {
	r.state, r.reads = state, r.reads[:0]
	answer := predicate(View{r})
	return answer, r.reads
}

// read gives the value of an aspect of a slot.
func (v View) read(slot int, a Aspect) uint32 {
	for _, seen := range v.r.reads {
		if int(seen.Slot) == slot && seen.Aspect == a {
			return seen.Value
		}
	}
	value := v.r.space.Aspect(slot, v.r.state[slot], a)
	v.r.reads = append(v.r.reads, Read{int32(slot), a, value})
	return value
}
