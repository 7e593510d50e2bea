package model

import (
	"errors"
	"fmt"
	"slices"

	"synod/internal/intern"
	"synod/model/statespace"
)

// collapsed is the space of a plain model with a slot for each component of the state. Actions are numbered only on
// request, and steps are not cached: expanding a state again calls the model again.
type collapsed[S, A any] struct {
	*plainSpace[S, A]
	parts      *intern.Split[S]
	expansions sampler        // first expansions only
	symmetry   *placeSymmetry // nil without symmetry
}

// Collapse implements Collapsible.
func (sp *plainSpace[S, A]) Collapse() (statespace.Expander, error) {
	parts, err := intern.NewSplit[S]()
	if err != nil {
		return nil, err
	}
	return &collapsed[S, A]{plainSpace: sp, parts: parts}, nil
}

func (c *collapsed[S, A]) Slots() int { return c.parts.Len() }

// Initial implements Parts. It requires two calls of the model's Initial to agree.
func (c *collapsed[S, A]) Initial() ([][]statespace.PartID, error) {
	initial, err := c.initial()
	if err != nil {
		return nil, err
	}
	again, err := c.initial()
	if err != nil {
		return nil, err
	}
	if state, differ := inOne(initial, again, slices.Compare[[]statespace.PartID]); differ {
		return nil, &statespace.ImpureError{
			Actor: "the model", Event: "Initial",
			What: "only one of two calls gave the state " + c.stateWalker.Text(c.value(state)),
		}
	}
	return initial, nil
}

// initial returns the distinct initial states, ascending.
func (c *collapsed[S, A]) initial() (all [][]statespace.PartID, err error) {
	defer statespace.Caught(&err, "the model", func() string { return "Initial" })
	ids := make([]uint32, c.parts.Len())
	initial := c.plain.model.Initial()
	memory := make([]statespace.PartID, len(initial)*len(ids))
	for i := range initial {
		if err := c.stateWalker.Check(initial[i]); err != nil {
			return nil, &statespace.ImpureError{Actor: "the model", Event: "Initial", What: err.Error()}
		}
		c.parts.Intern(&initial[i], ids)
		state := memory[:len(ids):len(ids)]
		memory = memory[len(ids):]
		for k, id := range ids {
			state[k] = statespace.PartID(id)
		}
		all = append(all, state)
	}
	slices.SortFunc(all, func(a, b []statespace.PartID) int { return slices.Compare(a, b) })
	return slices.CompactFunc(all, func(a, b []statespace.PartID) bool { return slices.Equal(a, b) }), nil
}

// value returns the state with the given parts. It must not be changed.
func (c *collapsed[S, A]) value(state []statespace.PartID) S {
	ids := make([]uint32, len(state))
	for i, id := range state {
		ids[i] = uint32(id)
	}
	var s S
	c.parts.Value(ids, &s)
	return s
}

func (c *collapsed[S, A]) Steps(int, statespace.PartID, []statespace.Step) ([]statespace.Step, error) {
	panic("model: an Expander has no steps of a slot")
}

func (c *collapsed[S, A]) SlotName(slot int) string {
	if name := c.parts.Name(slot); name != "" {
		return "state." + name
	}
	return "state"
}

func (c *collapsed[S, A]) Content(dst []byte, slot int, id statespace.PartID) []byte {
	return c.parts.Encode(dst, slot, uint32(id))
}

func (c *collapsed[S, A]) Text(slot int, id statespace.PartID) string {
	return c.parts.Text(slot, uint32(id))
}

// StateContent returns the same content as the space whose single slot holds the state, so that both order states
// alike.
func (c *collapsed[S, A]) StateContent(state []statespace.PartID) []byte {
	return append(c.stateWalker.Encode([]byte("state="), c.value(state)), '\n')
}

func (c *collapsed[S, A]) Changes(slot int, from, to statespace.PartID) []statespace.Change {
	if from == to {
		return nil
	}
	return []statespace.Change{{Old: c.Text(slot, from), New: c.Text(slot, to)}}
}

// Audit checks the parts and the values of the underlying space.
func (c *collapsed[S, A]) Audit() error {
	if slot, id, ok := c.parts.Verify(); !ok {
		return &statespace.ImpureError{
			Actor: "the model", Event: "later",
			What: fmt.Sprintf("a state was changed, by a method or a property; %s now reads %s", c.itsName(slot), c.parts.Text(slot, id)),
		}
	}
	return c.plainSpace.Audit()
}

func (c *collapsed[S, A]) itsName(slot int) string {
	if name := c.parts.Name(slot); name != "" {
		return "its " + name
	}
	return "it"
}

// Report counts the values of every component.
func (c *collapsed[S, A]) Report() statespace.SpaceReport {
	r := statespace.SpaceReport{Guards: []statespace.Guard{c.expansions.report("expansions", ofReaders)}}
	for slot := range c.parts.Len() {
		r.Slots = append(r.Slots, statespace.SlotReport{Name: c.SlotName(slot), Parts: c.parts.Values(slot)})
	}
	return r
}

// Sizes implements Profiler.
func (c *collapsed[S, A]) Sizes() []statespace.SlotSize {
	all := make([]statespace.SlotSize, c.parts.Len())
	for slot := range all {
		n := c.parts.Values(slot)
		all[slot] = statespace.SlotSize{Parts: n, Values: n}
	}
	return all
}

// Fields implements Profiler. The slots are the fields already.
func (c *collapsed[S, A]) Fields(int, int) []statespace.FieldReport { return nil }

// Carry copies a state of a plain or collapsed space of the same model into this space.
func (c *collapsed[S, A]) Carry(from statespace.Space, state []statespace.PartID) ([]statespace.PartID, error) {
	s, err := stateOf[S, A](from, state)
	if err != nil {
		return nil, err
	}
	ids := make([]uint32, c.parts.Len())
	c.parts.Intern(&s, ids)
	carried := make([]statespace.PartID, len(ids))
	for i, id := range ids {
		carried[i] = statespace.PartID(id)
	}
	return carried, nil
}

// stateOf returns a state of a space of a plain model.
func stateOf[S, A any](space statespace.Space, state []statespace.PartID) (s S, err error) {
	switch from := space.(type) {
	case *collapsed[S, A]:
		return from.value(state), nil
	case *plainSpace[S, A]:
		return from.states.Value(uint32(state[0])), nil
	}
	return s, fmt.Errorf("carry a state: the spaces are of different models")
}

// Close does nothing: the tables belong to the underlying space.
func (c *collapsed[S, A]) Close() {}

func (c *collapsed[S, A]) OnHeap() int64 { return c.parts.Bytes() + c.plainSpace.OnHeap() }

// read returns the state that a Reading reads, as a whole.
func (c *collapsed[S, A]) read(r *statespace.Reading) S {
	d, ok := r.Memo.(*decoded[S])
	if !ok {
		d = &decoded[S]{ids: make([]uint32, len(r.State())), was: make([]uint32, len(r.State()))}
		r.Memo = d
	}
	for slot, id := range r.State() {
		d.ids[slot] = uint32(id)
		if r.Records() {
			r.Aspect(slot, statespace.Whole)
		}
	}
	if !ok {
		c.parts.Value(d.ids, &d.s)
		copy(d.was, d.ids)
	} else {
		c.parts.Revalue(d.was, d.ids, &d.s)
	}
	if r.Order() != 0 {
		return c.copyOf(d, r)
	}
	return d.s
}

// copyOf returns a copy of the state for a reader. Consecutive readers share the copy as long as they do not change
// it.
func (c *collapsed[S, A]) copyOf(d *decoded[S], r *statespace.Reading) S {
	if c.stateWalker.Orders(d.s) {
		r.NoteMap()
	}
	if d.order != r.Order() || !slices.Equal(d.copied, d.ids) || !c.parts.Holds(&d.s, &d.copy) {
		d.copy, d.order = c.stateWalker.Rebuild(d.s, r.Order()), r.Order()
		d.copied = append(d.copied[:0], d.ids...)
	}
	return d.copy
}

// decoded is the last state that a Reading read.
type decoded[S any] struct {
	ids, was []uint32
	s        S
	copy     S // of the state of the ids in copied, with maps built in an order; 0 if there is none
	copied   []uint32
	order    int
}

// Expansion implements Expander.
func (c *collapsed[S, A]) Expansion() statespace.Expansion {
	n := c.parts.Len()
	x := &plainExpansion[S, A]{space: c, ids: make([]uint32, n), was: make([]uint32, n)}
	x.each = x.enumeration()
	if c.symmetry == nil {
		return x
	}
	twin := &plainExpansion[S, A]{space: c, ids: make([]uint32, n), was: make([]uint32, n)}
	twin.each = twin.enumeration()
	return &turnedExpansion[S, A]{plainExpansion: x, twin: twin}
}

// plainExpansion expands the states of a plain model. It is used by one goroutine.
type plainExpansion[S, A any] struct {
	space    *collapsed[S, A]
	ids, was []uint32
	known    bool // s is the state of the ids in was
	s, next  S
	again    S // result of another call
	action   A
	doing    doing
	changes  []intern.Part
	trace    intern.Trace // of s
	traced   bool
	traces   []intern.Trace     // of copies
	each     *enumeration[S, A] // may be nil
}

// doing is the function that is being called.
type doing uint8

const (
	calledActions doing = iota
	calledNext
	calledEach
)

// Uncount implements Expansion.
func (x *plainExpansion[S, A]) Uncount(states int) { x.space.expansions.calls.Add(-int64(states)) }

// Expand implements Expansion.
func (x *plainExpansion[S, A]) Expand(state []statespace.PartID, into *statespace.Successors) (err error) {
	c := x.space
	for i, id := range state {
		x.ids[i] = uint32(id)
	}
	if x.known {
		c.parts.Revalue(x.was, x.ids, &x.s)
	} else {
		c.parts.Value(x.ids, &x.s)
		copy(x.was, x.ids)
		x.known = true
	}
	x.traced = false
	times := 1
	if into.Ask&statespace.AskFirst != 0 {
		times = c.expansions.times(ofReaders)
	}
	switch {
	case times > 1:
		c.turns.run(func() { err = x.often(into, times) })
		return err
	case x.each != nil && into.Ask&(statespace.AskSorted|statespace.AskIgnored) == 0:
		return x.enumerate(into)
	}
	return x.once(into)
}

// once calls each method once.
func (x *plainExpansion[S, A]) once(into *statespace.Successors) (err error) {
	c := x.space
	x.doing = calledActions
	defer statespace.Caught(&err, "the model", x.event)
	m := c.plain.model
	actions := m.Actions(x.s)
	for i := range actions {
		if err := c.actionWalker.CheckAt(&actions[i]); err != nil {
			return x.impure(err)
		}
	}
	if into.Ask&statespace.AskSorted != 0 {
		actions = x.sorted(actions)
	}
	x.doing = calledNext
	for _, a := range actions {
		x.action = a
		next, ok := m.Next(x.s, a)
		if !ok && into.Ask&statespace.AskIgnored == 0 {
			continue
		}
		x.next = next
		if err := x.succeed(ok, into); err != nil {
			return err
		}
	}
	return nil
}

// succeed adds the step by x.action to x.next.
func (x *plainExpansion[S, A]) succeed(ok bool, into *statespace.Successors) error {
	c := x.space
	if ok {
		if !x.traced {
			c.parts.Trace(&x.s, &x.trace)
			x.traced = true
		}
		if err := c.parts.FitsDerived(&x.trace, &x.s, &x.next); err != nil {
			return x.impure(err)
		}
		x.changes = c.parts.Changes(&x.s, &x.next, x.ids, x.changes[:0])
	}
	x.append(ok, into)
	return nil
}

// append adds the step by x.action with the changes x.changes.
func (x *plainExpansion[S, A]) append(ok bool, into *statespace.Successors) {
	c := x.space
	if ok {
		for _, p := range x.changes {
			into.Changed = append(into.Changed, statespace.SlotPart{Slot: int32(p.Component), ID: statespace.PartID(p.ID)})
		}
	}
	into.Ends = append(into.Ends, uint32(len(into.Changed)))
	if into.Ask&(statespace.AskActions|statespace.AskIgnored) != 0 {
		into.Actions = append(into.Actions, statespace.ActionID(internCopy(c.actions, x.action)))
	}
	if into.Ask&statespace.AskIgnored != 0 {
		why := statespace.Counts
		if !ok {
			why = statespace.Impossible
		}
		into.Ignored = append(into.Ignored, why)
	}
}

// often calls each method the given number of times.
func (x *plainExpansion[S, A]) often(into *statespace.Successors, times int) error {
	c := x.space
	given := make([]S, times)
	for order := range given {
		given[order] = c.parts.Together(&x.s, order)
	}
	actions, err := c.actionsOf(x.s, given)
	if err != nil {
		return err
	}
	if into.Ask&statespace.AskSorted != 0 {
		actions = x.sorted(actions)
	}
	for len(x.traces) < times {
		x.traces = append(x.traces, intern.Trace{})
	}
	for order := range given {
		c.parts.Snap(&given[order], &x.traces[order])
	}
	if x.each != nil {
		x.each.made = x.each.made[:0]
	}
	for _, a := range actions {
		x.action, x.doing = a, calledNext
		ok, err := x.nextOften(given)
		if err != nil {
			return err
		}
		if !ok && into.Ask&statespace.AskIgnored == 0 {
			continue
		}
		if ok {
			x.changes = c.parts.Derived(&x.s, &given[0], &x.next, x.changes[:0])
		}
		x.append(ok, into)
		if ok && x.each != nil {
			x.each.made = append(x.each.made, transition[S, A]{a, x.next})
		}
	}
	for order := range given { // A call may have kept what an earlier one was given.
		if !c.parts.Intact(&x.traces[order]) && !c.parts.Holds(&x.s, &given[order]) {
			return unchanged(c.stateWalker, &x.s, &given[order], x.event, "the state")
		}
	}
	if x.each == nil {
		return nil
	}
	return x.compareEach(x.each.made, given)
}

// nextOften sets x.next to the state that nextOf returns for x.action. It copies actions only if they refer to memory
// that can be changed.
func (x *plainExpansion[S, A]) nextOften(given []S) (ok bool, err error) {
	c, m := x.space, x.space.plain.model
	if c.actionWalker.ChangeableAt(&x.action) {
		x.next, ok, err = c.nextOf(&x.s, x.action, given, c.parts.Fits, x.event)
		return ok, err
	}
	defer statespace.Caught(&err, "the model", x.event)
	for order := range given {
		next := &x.again
		if order == 0 {
			next = &x.next
		}
		var okAgain bool
		if *next, okAgain = m.Next(given[order], x.action); okAgain {
			if err := c.parts.FitsDerived(&x.traces[order], &given[order], next); err != nil {
				return false, x.impure(err)
			}
		}
		if !c.parts.Intact(&x.traces[order]) && !c.parts.Holds(&x.s, &given[order]) {
			return false, unchanged(c.stateWalker, &x.s, &given[order], x.event, "the state")
		}
		switch {
		case order == 0:
			ok = okAgain
		case ok != okAgain || ok && !c.parts.Alike(&given[0], &x.next, &given[order], &x.again):
			what := c.disagreement(&x.next, &x.again, ok, okAgain)
			return false, x.impure(errors.New(what + statespace.MapOrder(c.stateWalker.Orders(x.s))))
		}
	}
	return ok, nil
}

// sorted returns actions in the order of their keys. It does not change its argument, which the model may share.
func (x *plainExpansion[S, A]) sorted(actions []A) []A {
	return intern.SortedBy(actions, func(a A) []byte { return x.space.actionWalker.Encode(nil, a) })
}

// event describes the call that is being made.
func (x *plainExpansion[S, A]) event() string {
	switch x.doing {
	case calledActions:
		return "Actions of " + x.space.stateWalker.Text(x.s)
	case calledEach:
		return "Each of " + x.space.stateWalker.Text(x.s)
	case calledNext:
	}
	return "Next of " + x.space.stateWalker.Text(x.s) + " by " + x.space.actionWalker.Brief(x.action)
}

func (x *plainExpansion[S, A]) impure(err error) error {
	return &statespace.ImpureError{Actor: "the model", Event: x.event(), What: err.Error()}
}
