package statespace

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Kept describes why the loop of a path is fair to a set of actions.
type Kept struct {
	Condition
	Set   string // the name of the set; empty for all sets of the condition, if none is ever enabled in the loop
	Taken bool   // a step of the loop takes an action of the set; otherwise there is a state in which it is disabled
	Step  int    // that step, counted from 1, or the one that leads to that state
}

// UnfairError reports that an infinite path is not fair.
type UnfairError struct {
	Condition
	Set string
}

// Error implements error.
func (e *UnfairError) Error() string {
	often := "in all states"
	if e.Strong {
		often = "again and again"
	}
	return fmt.Sprintf("the loop is not fair (%s): %q is possible %s of it, and never taken", e.Condition, e.Set, often)
}

// FairnessOf returns the fairness assumptions of a space.
func FairnessOf(space Space) []Condition {
	if j, ok := space.(Just); ok {
		return j.Fairness()
	}
	return nil
}

// IsFair reports whether an infinite path is fair. Finite paths always are.
func IsFair(space Space, p Path) (bool, error) {
	_, err := Justify(space, p)
	var unfair *UnfairError
	if errors.As(err, &unfair) {
		return false, nil
	}
	return err == nil, err
}

// Justify returns, for every set of actions with a fairness assumption, why the loop of a path is fair to it, in the
// order of conditions and names. For an unfair loop it returns an *UnfairError; for a path without a loop, nil.
func Justify(space Space, p Path) ([]Kept, error) {
	conditions := FairnessOf(space)
	if p.Loop == 0 || len(conditions) == 0 {
		return nil, nil
	}
	j := space.(Just)
	enabled := make(map[uint32][]bool) // by set: whether it is enabled before each step of the loop
	taken := make(map[uint32]int)      // by set: the first step that takes one of its actions
	for i := p.Loop; i <= len(p.Steps); i++ {
		before := p.At(i - 1)
		ts, err := Transitions(space, before)
		if err != nil {
			return nil, err
		}
		for _, t := range ts {
			if t.Ignored != Counts || !t.Cut && slices.Equal(t.State, before) {
				continue
			}
			for _, set := range j.Sets(j.Label(t.Slot, t.ID)) {
				if enabled[set] == nil {
					enabled[set] = make([]bool, len(p.Steps)-p.Loop+1)
				}
				enabled[set][i-p.Loop] = true
			}
		}
		step := p.Steps[i-1]
		if slices.Equal(step.State, before) {
			continue
		}
		for _, set := range j.Sets(j.Label(step.Slot, step.ID)) {
			if taken[set] == 0 {
				taken[set] = i
			}
		}
	}
	return judgeLoop(j, conditions, p.Loop, enabled, taken)
}

// judgeLoop returns why a loop is fair, given where in it sets are enabled and taken.
func judgeLoop(
	j Just, conditions []Condition, first int, enabled map[uint32][]bool, taken map[uint32]int,
) ([]Kept, error) {
	some := make([]bool, len(conditions))
	type kept struct {
		Kept
		condition int
		unfair    bool
	}
	var all []kept
	for set, where := range enabled {
		of := j.ConditionOf(set)
		some[of] = true
		k := kept{Kept{Condition: conditions[of], Set: j.SetName(set)}, of, false}
		disabled := slices.Index(where, false)
		switch {
		case taken[set] > 0:
			k.Taken, k.Step = true, taken[set]
		case disabled >= 0 && !k.Strong:
			k.Step = first + disabled - 1
		default:
			k.unfair = true
		}
		all = append(all, k)
	}
	for i, c := range conditions {
		if !some[i] {
			all = append(all, kept{Kept{Condition: c}, i, false})
		}
	}
	slices.SortFunc(all, func(a, b kept) int {
		return cmp.Or(cmp.Compare(a.condition, b.condition), cmp.Compare(a.Set, b.Set), cmp.Compare(a.Step, b.Step))
	})
	how := make([]Kept, len(all))
	for i, k := range all {
		if k.unfair {
			return nil, &UnfairError{k.Condition, k.Set}
		}
		how[i] = k.Kept
	}
	return how, nil
}
