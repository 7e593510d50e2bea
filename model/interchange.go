package model

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"synod/actor"
	"synod/model/statespace"
)

// MaxPermutations bounds in how many ways the interchangeable things of a system can be exchanged, all groups together: that is
// as many as 6 actors have.
const MaxPermutations = 720

// interchange is a group of things of which any two may be exchanged.
type interchange struct{ of []exchangeable }

// exchangeable is an actor, or something that belongs to none, with the values that are exchanged with it.
type exchangeable struct {
	actor  bool
	id     actor.ID
	values []any
}

// Interchangeable declares that it makes no difference which of some actors is which: exchange two of them, wherever their
// ids stand in local states, messages, timers and what observers remember, and what can happen is the same. So a search
// with checker.Options.Symmetry visits one of all states that differ only in that. An actor belongs to one group at most.
//
// Nothing is taken on trust: the search makes sure of it by every handler call, and ends with an error where it is not so.
// Where an order of ids matters, as in ballots that are ordered by the server's id, actors are not interchangeable. What an actor
// has of its own besides its id, such as the value that it writes, is declared by Belong.
func (sys *system) Interchangeable(ids ...actor.ID) {
	var g interchange
	for _, id := range ids {
		g.of = append(g.of, exchangeable{actor: true, id: id})
	}
	sys.interchanges = append(sys.interchanges, g)
}

// InterchangeableValues declares that it makes no difference which of some values is which, wherever they stand. All are of
// one type, which is that of numbers, strings or comparable structs.
func (sys *system) InterchangeableValues(values ...any) {
	var g interchange
	for _, v := range values {
		g.of = append(g.of, exchangeable{values: []any{v}})
	}
	sys.interchanges = append(sys.interchanges, g)
}

// Belong declares values that are exchanged with an actor, if it is exchanged, wherever they stand: the first with the first
// of the other actor, and so on. A value belongs to one actor.
func (sys *system) Belong(id actor.ID, values ...any) {
	if sys.belongings == nil {
		sys.belongings = make(map[actor.ID][]any)
	}
	sys.belongings[id] = append(sys.belongings[id], values...)
}

// validateInterchanges returns what is wrong with what is declared interchangeable, or nil.
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

// validateExchangeable returns what makes a thing another kind of thing than the first of its group, or nil.
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

// stateOf returns the type of the local states of an actor; nil for what is none.
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

// grouped returns what is interchangeable, with what belongs to it.
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

// notTurned begins the sentences that say why states are not turned.
const notTurned = "No states are taken for one another by symmetry: "

// asymmetry returns why states cannot be turned, or is empty.
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

// asymmetryOf returns why states cannot be turned, where there are groups of such sizes, or is empty.
func asymmetryOf(sizes []int, properties []statespace.Property, fair bool) string {
	order := 1
	for _, size := range sizes {
		for n := range size {
			if order *= n + 1; order > MaxPermutations {
				return fmt.Sprintf(notTurned+"there are more than %d ways to exchange what is interchangeable.", MaxPermutations)
			}
		}
	}
	switch {
	case order == 1:
		return notTurned + "nothing is declared interchangeable."
	case len(properties) > 0 && !slices.ContainsFunc(properties, func(p statespace.Property) bool { return p.Expect.OfStates() }):
		return notTurned + "there are only properties of paths, or refinements."
	case fair:
		return notTurned + "paths are to be fair."
	}
	return ""
}

// textOf describes for people what is interchangeable.
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
