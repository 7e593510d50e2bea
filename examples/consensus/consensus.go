// Package consensus is the problem that consensus protocols solve, as an abstract model: at most one value is chosen, out
// of those that are proposed, and it stays so. A protocol solves it if it refines this model under a mapping from its
// states to what was chosen in them; see L. Lamport, "Paxos Made Simple" (2001), section 2.1.
package consensus

import (
	"fmt"
	"slices"
	"strings"

	"synod/model"
)

// State is the set of values that were chosen. It is a set because a mapping has to give something in a state in
// which a broken protocol chose two: such a state is none of the model's, and no step leads there. Make one with Of.
type State[V comparable] struct {
	Chosen map[V]bool // nil if it is empty, so that equal sets are equal values
}

// Of is the state in which these values were chosen.
func Of[V comparable](values ...V) State[V] {
	var s State[V]
	for _, v := range values {
		if s.Chosen == nil {
			s.Chosen = make(map[V]bool)
		}
		s.Chosen[v] = true
	}
	return s
}

// String is "nothing chosen", or "A chosen".
func (s State[V]) String() string {
	var all []string
	for v := range s.Chosen {
		all = append(all, fmt.Sprint(v))
	}
	if len(all) == 0 {
		return "nothing chosen"
	}
	slices.Sort(all)
	return strings.Join(all, " and ") + " chosen"
}

// Choose is the action that chooses a value.
type Choose[V comparable] struct{ Value V }

// Model returns the abstract model: in the beginning nothing is chosen, and the only thing that ever happens is that
// one of the values is. The values must differ.
func Model[V comparable](values ...V) *model.Plain[State[V], Choose[V]] {
	return model.NewPlain[State[V], Choose[V]](problem[V](values))
}

type problem[V comparable] []V

func (problem[V]) Initial() []State[V] { return []State[V]{{}} }

func (p problem[V]) Actions(s State[V]) []Choose[V] {
	if len(s.Chosen) > 0 {
		return nil
	}
	var all []Choose[V]
	for _, v := range p {
		all = append(all, Choose[V]{v})
	}
	return all
}

func (problem[V]) Next(_ State[V], c Choose[V]) (State[V], bool) { return Of(c.Value), true }
