package model

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"synod/actor"
	"synod/model/statespace"
)

// MaxPermutations bounds the number of permutations of the interchangeable things of a system, for all groups
// together: as many as 10 actors have.
const MaxPermutations = 3_628_800

// interchange is a group of things of which any two may be exchanged.
type interchange struct{ of []exchangeable }

// exchangeable is an actor, or a value that belongs to no actor, with the values that are exchanged with it.
type exchangeable struct {
	actor  bool
	id     actor.ID
	values []any
}

// Interchangeable declares that actors are interchangeable: exchanging two of them wherever their ids occur, in local
// states, messages, timers and observer memories, does not change what can happen. A search with
// checker.Options.Symmetry then visits one of all states that differ only in such an exchange. An actor belongs to at
// most one group.
//
// The search verifies the declaration for every handler call, and ends with an error if it is wrong. Actors are not
// interchangeable where the order of ids matters, as in ballots that are ordered by server id. Declare other values
// that are specific to an actor, such as the value that it writes, with Belong.
func (sys *system) Interchangeable(ids ...actor.ID) {
	var g interchange
	for _, id := range ids {
		g.of = append(g.of, exchangeable{actor: true, id: id})
	}
	sys.interchanges = append(sys.interchanges, g)
}

// InterchangeableValues declares that values are interchangeable, wherever they occur. All have the same type: a
// number, a string or a comparable struct.
func (sys *system) InterchangeableValues(values ...any) {
	var g interchange
	for _, v := range values {
		g.of = append(g.of, exchangeable{values: []any{v}})
	}
	sys.interchanges = append(sys.interchanges, g)
}

// Belong declares values that are exchanged together with an actor, wherever they occur: the first with the first of
// the other actor, and so on. A value belongs to one actor.
func (sys *system) Belong(id actor.ID, values ...any) {
	if sys.belongings == nil {
		sys.belongings = make(map[actor.ID][]any)
	}
	sys.belongings[id] = append(sys.belongings[id], values...)
}

// validateInterchanges returns an error if the interchangeable groups are invalid.
func (sys *system) validateInterchanges() error {
	owner := make(map[any]string)
	for _, g := range sys.grouped() {
		if len(g.of) == 0 {
			continue
		}
		first := g.of[0]
		for _, x := range g.of {
			if err := sys.validateExchangeable(x, first); err != nil {
				return err
			}
			for _, v := range x.everything() {
				if other, taken := owner[v]; taken {
					return fmt.Errorf("%s belongs to %s and to %s; it must belong to one interchangeable thing only",
						textAny(v), other, x)
				}
				owner[v] = x.String()
			}
		}
	}
	return nil
}

// validateExchangeable returns an error if a thing is of another kind than the first of its group.
func (sys *system) validateExchangeable(x, first exchangeable) error {
	if _, known := sys.ids[x.id]; x.actor && !known {
		return fmt.Errorf("Interchangeable: the system has no actor %v", x.id)
	}
	if mine, other := sys.stateOf(x), sys.stateOf(first); mine != other {
		return fmt.Errorf("actors %v and %v are declared interchangeable: expected states of one type, not %v and %v", first.id, x.id,
			other, mine)
	}
	if x.actor && sys.crashes(x.id) != sys.crashes(first.id) {
		return fmt.Errorf("actors %v and %v are declared interchangeable, and only one of them may crash", first.id, x.id)
	}
	if len(x.values) != len(first.values) {
		return fmt.Errorf("%d values belong to %s and %d to %s: expected as many, as they are interchangeable",
			len(x.values), x, len(first.values), first)
	}
	for i, v := range x.values {
		t := reflect.TypeOf(v)
		switch {
		case t == nil || t.Kind() == reflect.Pointer || t.Kind() == reflect.Chan || !t.Comparable():
			return fmt.Errorf("%s belongs to %s: expected a number, a string or a comparable struct", textAny(v), x)
		case t != reflect.TypeOf(first.values[i]):
			return fmt.Errorf("value %d of %s is %s, that of %s is %s: expected them to be of one type", i+1, first,
				textAny(first.values[i]), x, textAny(v))
		}
	}
	return nil
}

// stateOf returns the type of the local states of an actor, or nil for a value.
func (sys *system) stateOf(x exchangeable) reflect.Type {
	if !x.actor {
		return nil
	}
	return sys.actors[sys.ids[x.id]].state
}

func (x exchangeable) String() string {
	if x.actor {
		return "actor " + x.id.String()
	}
	return textAny(x.values[0])
}

// everything returns the values that are renamed when the thing is exchanged.
func (x exchangeable) everything() []any {
	if x.actor {
		return append([]any{x.id}, x.values...)
	}
	return x.values
}

// grouped returns the interchangeable groups, including the values set with Belong.
func (sys *system) grouped() []interchange {
	var all []interchange
	for _, g := range sys.interchanges {
		g.of = slices.Clone(g.of)
		for i := range g.of {
			if x := &g.of[i]; x.actor {
				x.values = sys.belongings[x.id]
			}
		}
		all = append(all, g)
	}
	return all
}

// notTurned is the start of the sentences that explain why symmetry is not used.
const notTurned = "No states are taken for one another by symmetry: "

// asymmetry returns why symmetry cannot be used, or an empty string.
func (sys *system) asymmetry() string {
	var sizes []int
	for _, g := range sys.interchanges {
		sizes = append(sizes, len(g.of))
	}
	if sys.config.MaxPartitions > 0 && len(sizes) > 0 {
		return notTurned + "the network may be partitioned."
	}
	return asymmetryOf(sizes, sys.properties, len(sys.fairness()) > 0)
}

// asymmetryOf returns why symmetry cannot be used for groups of these sizes, or an empty string.
func asymmetryOf(sizes []int, properties []statespace.Property, fair bool) string {
	switch order := orderOf(sizes); {
	case order == 0:
		return fmt.Sprintf(notTurned+"there are more than %d ways to exchange what is interchangeable.", MaxPermutations)
	case order == 1:
		return notTurned + "nothing is declared interchangeable."
	case len(properties) > 0 && !slices.ContainsFunc(properties, func(p statespace.Property) bool { return p.Expect.OfStates() }):
		return notTurned + "there are only properties of paths, or refinements."
	case fair:
		return notTurned + "paths are to be fair."
	}
	return ""
}

// textOf describes an interchangeable group for display.
func (sys *system) textOf(g interchange) string {
	var names []string
	for _, x := range g.of {
		if x.actor && sys.roles[x.id] != "" {
			names = append(names, sys.nameOf(x.id))
		} else {
			names = append(names, x.String())
		}
	}
	return strings.Join(names, ", ")
}
