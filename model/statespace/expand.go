package statespace

import (
	"cmp"
	"slices"
)

// Expander is a Space that expands whole states: slots only divide a state to save memory, and a step is known only
// by the slots that it changes. Steps and Apply are not called.
type Expander interface {
	Space
	// Expansion returns a new Expansion.
	Expansion() Expansion
}

// Expansion expands states. It is not safe for concurrent use: each goroutine needs its own.
type Expansion interface {
	// Expand appends the transitions of a state to into, with the details selected by into.Ask. It does not retain
	// state. The order of the transitions may differ from run to run.
	Expand(state []PartID, into *Successors) error
	// Uncount subtracts states from the number of first expansions, because their results were discarded.
	Uncount(states int)
}

// Ask selects the details of an expansion.
type Ask uint8

const (
	// AskFirst means that the state is expanded for the first time: only these expansions are counted, and subject to
	// the sampled repetition of calls.
	AskFirst Ask = 1 << iota
	// AskActions requires the actions of the transitions.
	AskActions
	// AskSorted requires the transitions in the order of their actions' keys.
	AskSorted
	// AskIgnored also requires the steps that are not transitions. It includes the actions.
	AskIgnored
)

// SlotPart is a slot with its content.
type SlotPart struct {
	Slot int32
	ID   PartID
}

// Successors holds the transitions of states, one after another.
type Successors struct {
	Ask     Ask
	Changed []SlotPart // of all transitions: the changed slots, in ascending order within a transition
	Ends    []uint32   // by transition: the end of its range in Changed
	Actions []ActionID // by transition, if requested
	Ignored []Reason   // by transition, if requested
}

// Reset empties s.
func (s *Successors) Reset() {
	s.Changed, s.Ends, s.Actions, s.Ignored = s.Changed[:0], s.Ends[:0], s.Actions[:0], s.Ignored[:0]
}

// Len returns the number of transitions.
func (s *Successors) Len() int { return len(s.Ends) }

// Of returns the slots changed by transition n.
func (s *Successors) Of(n int) []SlotPart {
	from := uint32(0)
	if n > 0 {
		from = s.Ends[n-1]
	}
	return s.Changed[from:s.Ends[n]]
}

// Collapsible is a Space that can be explored through another space of the same model that divides its states.
type Collapsible interface {
	Space
	// Collapse returns that space. It uses this space's tables, which must outlive it: its Close does nothing, and its
	// Carry accepts states of either space, as this space's does.
	Collapse() (Expander, error)
}

// transitionsOf implements Transitions for an Expander.
func transitionsOf(space Expander, state []PartID) ([]Transition, error) {
	into := Successors{Ask: AskActions | AskIgnored}
	if err := space.Expansion().Expand(state, &into); err != nil {
		return nil, err
	}
	reading := NewReading(space)
	all := make([]Transition, 0, into.Len())
	for i, a := range into.Actions {
		t := Transition{Action: space.Action(0, a), ID: a, State: slices.Clone(state), Ignored: into.Ignored[i]}
		for _, part := range into.Of(i) {
			t.State[part.Slot] = part.ID
		}
		if t.Ignored == Counts {
			var err error
			if t.Cut, err = reading.outside(t.State); err != nil {
				return nil, err
			}
		}
		all = append(all, t)
	}
	slices.SortStableFunc(all, func(a, b Transition) int { return cmp.Compare(a.Action.Key, b.Action.Key) })
	return all, nil
}
