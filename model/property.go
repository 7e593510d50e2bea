package model

import (
	"errors"
	"fmt"
	"slices"

	"synod/internal/intern"
)

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
// concurrently; they read the state through a View.
type Property struct {
	Name       string
	Expect     Expectation
	Holds      func(View) bool // nil for Refines
	When       func(View) bool // of LeadsTo: after which states Holds is demanded; else nil
	Refinement Refinement      // of Refines; else nil
}

// validate returns what is wrong with a property beside those that were added before, or nil.
func (p Property) validate(before []Property) error {
	if p.Name == "" {
		return errors.New("a property has no name")
	}
	if slices.ContainsFunc(before, func(other Property) bool { return other.Name == p.Name }) {
		return fmt.Errorf("property %q was added twice", p.Name)
	}
	if p.Holds == nil && p.Expect != Refines || p.When == nil && p.Expect == LeadsTo {
		return fmt.Errorf("property %q has no function", p.Name)
	}
	return nil
}

// Read is something that a predicate read of a state: an aspect of a slot, and its value.
type Read struct {
	Slot   int32
	Aspect Aspect
	Value  uint32
}

// Down reports whether an actor's state was asked for that has none, as the actor is down.
func (r Read) Down() bool {
	return r.Value == unread && (r.Aspect == aspectLocal || r.Aspect >= aspectProjections)
}

// View is a state as a predicate sees it, through Ref.In, Projection.In, History.In, the methods of a Selection, and
// System.InFlight. Whatever is read through it is recorded, so that the answer can be used again
// for every state that agrees on just that. A predicate must depend on nothing else. What a view gives is shared: it must
// not be changed.
type View struct{ r *Reading }

// Reading gives views of states to predicates and records what they read. It is not safe for concurrent use.
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
	// What was read is not asked for, and of a state that is taken apart, what it was put together to last.
	unrecorded bool
	decoded    any
}

// Unrecorded makes r record nothing from now on: what was read of a state is not asked for.
func (r *Reading) Unrecorded() { r.unrecorded = true }

// NewReading reads states of a space.
func NewReading(space Space) *Reading { return &Reading{space: space} }

// Reorder makes the views give copies, whose maps are built in other ways for each order from 1 on, so that a predicate
// that depends on the order of a map gives another answer; 0 makes them give the values themselves again.
func (r *Reading) Reorder(order int) { r.order, r.orders = order, false }

// Reordered reports whether a view gave a map of several entries since Reorder was called.
func (r *Reading) Reordered() bool { return r.orders }

// MapOrder ends the sentence that a function gave two answers, if its maps were built in different orders.
func MapOrder(reordered bool) string { return mapOrder(reordered) }

// shown returns a value to a predicate.
func shown[T any](r *Reading, w *intern.Walker[T], v T) T {
	if r.order == 0 {
		return v
	}
	r.orders = r.orders || w.Orders(v)
	return w.Rebuild(v, r.order)
}

// Judge asks a predicate about a state, and gives the answer and what it was read from, in order and without repeats.
// The reads are valid until the next call.
func (r *Reading) Judge(predicate func(View) bool, state []PartID) (bool, []Read) {
	r.state, r.reads = state, r.reads[:0]
	answer := predicate(View{r})
	return answer, r.reads
}

// read returns the value of an aspect of a slot.
func (v View) read(slot int, a Aspect) uint32 {
	r := v.r
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
