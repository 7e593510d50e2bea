package statespace

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"synod/internal/intern"
)

// Transition is a step of a whole state, with its result.
type Transition struct {
	Action  Action
	ID      ActionID     // numbers the action within its slot
	Slot    int          // the slot that steps
	State   []PartID     // the state after the step
	Effects []SlotEffect // effects on slots, in order; shared, must not be changed
	Ignored Reason       // if not Counts, this is not a transition
	Cut     bool         // State is outside the boundary
}

// Transitions returns the steps possible in a state, including ignored ones, in the order of their actions' keys. It
// explores a space on demand, independently of any search.
func Transitions(space Space, state []PartID) ([]Transition, error) {
	if whole, ok := space.(Expander); ok {
		return transitionsOf(whole, state)
	}
	var all []Transition
	var steps []Step
	lowest, ranks := math.MaxInt, []int(nil)
	reading := NewReading(space)
	for slot, id := range state {
		var err error
		if steps, err = space.Steps(slot, id, steps[:0]); err != nil {
			return nil, err
		}
		for _, step := range steps {
			next, ok, err := take(space, state, slot, step)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
			t := Transition{
				Action: space.Action(slot, step.Action), ID: step.Action, Slot: slot, State: next, Effects: step.Effects,
				Ignored: step.Ignored,
			}
			if step.Ignored == Counts {
				if t.Cut, err = reading.outside(next); err != nil {
					return nil, err
				}
			}
			if step.Ignored == Counts && step.Rank >= 0 {
				lowest = min(lowest, step.Rank)
			}
			all, ranks = append(all, t), append(ranks, step.Rank)
		}
	}
	enabled := all[:0]
	for i, t := range all {
		if t.Ignored != Counts || ranks[i] <= lowest {
			enabled = append(enabled, t)
		}
	}
	slices.SortStableFunc(enabled, func(a, b Transition) int { return cmp.Compare(a.Action.Key, b.Action.Key) })
	return enabled, nil
}

// outside reports whether a state is outside the boundary.
func (r *Reading) outside(state []PartID) (out bool, err error) {
	inside := r.space.Boundary()
	if inside == nil {
		return false, nil
	}
	defer Caught(&err, "the state constraint", func() string { return "judging a state" })
	in, _ := r.Judge(inside, state)
	return !in, nil
}

// take returns the state after a step, and whether no effect refused it.
func take(space Space, state []PartID, slot int, step Step) ([]PartID, bool, error) {
	next := slices.Clone(state)
	next[slot] = step.Next
	for _, e := range step.Effects {
		id, ok, err := space.Apply(int(e.Slot), next[e.Slot], e.Effect)
		if err != nil || !ok {
			return nil, false, err
		}
		next[e.Slot] = id
	}
	return next, true, nil
}

// Path is an initial state and a sequence of transitions from it. It may represent an infinite path.
type Path struct {
	Initial []PartID
	Steps   []Transition // none ignored
	// Loop is the first step of a cycle, counted from 1: the last step leads to the state in which this step starts, and
	// the path repeats for ever from there. It is 0 if there is no cycle.
	Loop int
	// Maximal reports that the path ends in a terminal state, which has no transitions except to itself.
	Maximal bool
}

// Last returns the last state of the path.
func (p Path) Last() []PartID {
	if len(p.Steps) == 0 {
		return p.Initial
	}
	return p.Steps[len(p.Steps)-1].State
}

// At returns the state after the given number of steps.
func (p Path) At(steps int) []PartID {
	if steps == 0 {
		return p.Initial
	}
	return p.Steps[steps-1].State
}

// Keys returns the keys of the path's actions.
func (p Path) Keys() []string {
	keys := make([]string, len(p.Steps))
	for i, s := range p.Steps {
		keys[i] = s.Action.Key
	}
	return keys
}

// NoStepError reports that a path does not apply: the state before a step, counted from 1, does not have its action.
type NoStepError struct {
	Step int
	Key  string
}

// Error implements error.
func (e *NoStepError) Error() string {
	return fmt.Sprintf("step %d: no action %q in that state", e.Step, e.Key)
}

// Follow walks from an initial state, given by its index in content order (see Initials), along the actions with the
// given keys. If an action does not apply, it returns a *NoStepError and the path up to it.
func Follow(space Space, initial int, keys []string) (Path, error) {
	initials, err := Initials(space)
	if err != nil {
		return Path{}, err
	}
	if initial < 0 || initial >= len(initials) {
		return Path{}, fmt.Errorf("initial state %d: the model has %d, counted from 0", initial, len(initials))
	}
	return FollowFrom(space, initials[initial], keys)
}

// FollowFrom is like Follow, from any state.
func FollowFrom(space Space, state []PartID, keys []string) (Path, error) {
	p := Path{Initial: state}
	for i, key := range keys {
		ts, err := Transitions(space, p.Last())
		if err != nil {
			return p, err
		}
		at := slices.IndexFunc(ts, func(t Transition) bool {
			return t.Action.Key == key && t.Ignored == Counts && !t.Cut
		})
		if at < 0 {
			return p, &NoStepError{i + 1, key}
		}
		p.Steps = append(p.Steps, ts[at])
	}
	return p, nil
}

// Terminal reports whether a state is terminal: it has no transitions except to itself, not even to states outside
// the boundary.
func Terminal(space Space, state []PartID) (bool, error) {
	ts, err := Transitions(space, state)
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(ts, func(t Transition) bool {
		return t.Ignored == Counts && (t.Cut || !slices.Equal(t.State, state))
	}), nil
}

// Initials returns the initial states in content order.
func Initials(space Space) ([][]PartID, error) {
	initials, err := space.Initial()
	if err != nil {
		return nil, err
	}
	return intern.SortedBy(initials, func(state []PartID) []byte { return Content(space, state) }), nil
}

// Content returns the canonical encoding of a state. In every run, encodings are equal if and only if states are.
func Content(space Space, state []PartID) []byte {
	if whole, ok := space.(interface{ StateContent(state []PartID) []byte }); ok {
		return whole.StateContent(state)
	}
	var b []byte
	key := space.SlotName
	if s, ok := space.(interface{ SlotKey(slot int) string }); ok {
		key = s.SlotKey
	}
	for slot, id := range state {
		b = append(b, key(slot)...)
		b = append(b, '=')
		b = space.Content(b, slot, id)
		b = append(b, '\n')
	}
	return b
}

// Changes returns the changes of a transition, by field; paths begin with the name of the slot.
func Changes(space Space, from, to []PartID) []Change {
	var all []Change
	for slot := range from {
		if from[slot] == to[slot] {
			continue
		}
		for _, c := range space.Changes(slot, from[slot], to[slot]) {
			path := space.SlotName(slot)
			if c.Path != "" {
				path += "." + c.Path
			}
			all = append(all, Change{path, c.Old, c.New})
		}
	}
	return all
}
