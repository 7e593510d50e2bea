package statespace

import (
	"cmp"
	"slices"
)

// Expander is a Space whose steps are those of a state as a whole: its slots are what a state is made of, kept apart for the
// sake of memory, and nothing is known of a step but which of them it changes. Steps and Apply are not called.
type Expander interface {
	Space
	// Expansion creates expanders of states.
	Expansion() Expansion
}

// Expansion expands states. It is not safe for concurrent use: each goroutine has its own.
type Expansion interface {
	// Expand appends the transitions of a state to into, whose Ask says what is asked for. The state is read during the call
	// only. The order of the transitions may differ from run to run.
	Expand(state []PartID, into *Successors) error
	// Uncount takes back that so many states were expanded for the first time, as what came of it was dropped.
	Uncount(states int)
}

// Ask describes what is asked of an expansion.
type Ask uint8

const (
	// AskFirst means that the state is expanded for the first time: such expansions are counted, and the model's
	// functions called several times by sample.
	AskFirst Ask = 1 << iota
	// AskActions requires the actions of the transitions.
	AskActions
	// AskSorted requires the transitions in the order of the keys of their actions.
	AskSorted
	// AskIgnored requires the steps too that are no transitions. The actions are there as well.
	AskIgnored
)

// SlotPart is a slot and its content.
type SlotPart struct {
	Slot int32
	ID   PartID
}

// Successors are transitions of states, one after the other.
type Successors struct {
	Ask     Ask
	Changed []SlotPart // of all transitions: the slots that differ from those of the state, in ascending order
	Ends    []uint32   // per transition: where its part of Changed ends
	Actions []ActionID // per transition, if these are asked for
	Ignored []Reason   // per transition, if these are asked for
}

// Reset empties s.
func (s *Successors) Reset() {
	s.Changed, s.Ends, s.Actions, s.Ignored = s.Changed[:0], s.Ends[:0], s.Actions[:0], s.Ignored[:0]
}

// Len is the number of transitions.
func (s *Successors) Len() int { return len(s.Ends) }

// Of returns what transition n changes.
func (s *Successors) Of(n int) []SlotPart {
	from := uint32(0)
	if n > 0 {
		from = s.Ends[n-1]
	}
	return s.Changed[from:s.Ends[n]]
}

// Collapsible is a Space that can be explored by way of another one of the same model, in which states are taken apart.
type Collapsible interface {
	Space
	// Collapse builds that space. It stands on this one's tables, which must outlive it: Close of it does nothing, and its
	// Carry takes states of either space, as this one's does.
	Collapse() (Expander, error)
}

// transitionsOf is Transitions for an Expander.
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
