package model

import (
	"fmt"
	"slices"
	"strings"

	"synod/internal/intern"
	"synod/model/statespace"
)

// enumeration holds what an expansion needs for a model that enumerates all transitions of a state at once.
type enumeration[S, A any] struct {
	Enumerator[S, A]
	inPlace bool
	yield   func(a A, next S)
	into    *statespace.Successors // of yield
	failed  error                  // of yield
	made    []transition[S, A]

	// If states are changed in place: a state whose memory the calls share, and the ids of its parts.
	own   S
	trace intern.Trace // of own
	ids   []uint32
	known bool
}

// enumeration returns the enumeration of the model, or nil.
func (x *plainExpansion[S, A]) enumeration() *enumeration[S, A] {
	each, ok := x.space.plain.model.(Enumerator[S, A])
	if !ok {
		return nil
	}
	e := &enumeration[S, A]{Enumerator: each, ids: make([]uint32, len(x.ids)), yield: x.take}
	if _, e.inPlace = each.(InPlace); e.inPlace {
		e.yield = x.takeEdited
	}
	return e
}

// enumerate calls the model's Each for all transitions of x.s.
func (x *plainExpansion[S, A]) enumerate(into *statespace.Successors) (err error) {
	e, parts := x.each, x.space.parts
	x.doing, e.into, e.failed = calledEach, into, nil
	defer statespace.Caught(&err, "the model", x.event)
	if !e.inPlace {
		e.Each(x.s, e.yield)
		return e.failed
	}
	switch {
	case !e.known:
		e.own = parts.Together(&x.s, 0)
		copy(e.ids, x.ids)
		parts.Snap(&e.own, &e.trace)
	case parts.Renew(e.ids, x.ids, &e.own):
		parts.Resnap(&e.own, &e.trace)
	default:
		parts.Snap(&e.own, &e.trace)
	}
	e.known = false
	e.Each(e.own, e.yield)
	if e.failed != nil {
		return e.failed
	}
	if parts.Intact(&e.trace) {
		e.known = true
		return nil
	}
	if !parts.Holds(&x.s, &e.own) {
		return unchanged(x.space.stateWalker, &x.s, &e.own, x.event, unrestoredState)
	}
	e.known = parts.Kept(&e.trace, &e.own) // The model may have put shared memory or memory of its own there.
	return nil
}

const unrestoredState = "and did not restore the state"

// take adds a transition that the model enumerated.
func (x *plainExpansion[S, A]) take(a A, next S) {
	e := x.each
	if e.failed != nil {
		return
	}
	x.action, x.next = a, next
	if err := x.space.actionWalker.CheckAt(&x.action); err != nil {
		e.failed = x.impure(err)
		return
	}
	e.failed = x.succeed(true, e.into)
}

// takeEdited is take for a next state that may share memory with the state, and may be the state itself after a
// change.
func (x *plainExpansion[S, A]) takeEdited(a A, next S) {
	e, c := x.each, x.space
	if e.failed != nil {
		return
	}
	x.action, x.next = a, next
	if err := c.actionWalker.CheckAt(&x.action); err != nil {
		e.failed = x.impure(err)
		return
	}
	var err error
	if x.changes, err = c.parts.Edited(&e.trace, &x.s, &e.own, &x.next, x.changes[:0]); err != nil {
		e.failed = x.impure(err)
		return
	}
	x.append(true, e.into)
}

// transition is an action and the state that it leads to.
type transition[S, A any] struct {
	action A
	next   S
}

// compareEach requires that Each enumerates the transitions of Actions and Next, and does not change its argument.
// Those transitions may share memory with the first of the states, which is therefore not passed to Each.
func (x *plainExpansion[S, A]) compareEach(made []transition[S, A], given []S) error {
	for i, s := range given[1:] {
		if err := x.compareOnce(made, s, &x.traces[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// compareOnce compares the transitions of a state that was traced.
func (x *plainExpansion[S, A]) compareOnce(made []transition[S, A], s S, trace *intern.Trace) (err error) {
	c := x.space
	x.doing = calledEach
	defer statespace.Caught(&err, "the model", x.event)
	n, inOrder := 0, true
	var failed error
	x.each.Each(s, func(a A, next S) {
		if failed != nil {
			return
		}
		x.action, x.next = a, next
		if failed = c.actionWalker.CheckAt(&x.action); failed == nil {
			failed = c.parts.FitsTrace(trace, &s, &x.next)
		}
		inOrder = inOrder && failed == nil && n < len(made) &&
			c.actionWalker.EqualAt(&x.action, &made[n].action) && c.parts.Holds(&made[n].next, &x.next)
		n++
	})
	if failed != nil {
		return x.impure(failed)
	}
	what := "the state"
	if x.each.inPlace {
		what = unrestoredState
	}
	if err := unchanged(c.stateWalker, &x.s, &s, x.event, what); err != nil {
		return err
	}
	if inOrder && n == len(made) {
		return nil
	}
	return x.compareTexts(made, s)
}

// compareTexts compares the transitions of Each with the expected ones, in any order.
func (x *plainExpansion[S, A]) compareTexts(made []transition[S, A], s S) error {
	text := func(t transition[S, A]) string {
		b := append(x.space.actionWalker.Encode(nil, t.action), " to "...)
		return string(x.space.stateWalker.Encode(b, t.next))
	}
	var want, said []string
	for _, t := range made {
		want = append(want, text(t))
	}
	x.each.Each(s, func(a A, next S) { said = append(said, text(transition[S, A]{a, next})) })
	slices.Sort(want)
	slices.Sort(said)
	if only, differ := inOne(want, said, strings.Compare); differ {
		orders := statespace.MapOrder(x.space.stateWalker.Orders(x.s))
		return x.impure(fmt.Errorf("only one of Each and Actions with Next gave %s%s", only, orders))
	}
	return nil
}
