package model

import (
	"fmt"
	"io"
	"reflect"

	"synod/actor"
	"synod/model/statespace"
)

// A system holds its actors, messages and observers without their types: every state, message and memory is in an
// interface, and walked as the type for which the interface exists (see intern.Boxed). So the tables of a check are
// compiled once, not once per protocol; only the small part in this file is compiled for each protocol. Handlers are
// called so rarely that this costs nothing measurable.

// command is a command from a handler.
type command = actor.Command[any]

// handlers are the functions of an actor without their types.
type handlers struct {
	state    reflect.Type
	value    any
	timeouts bool // has a handler for timers
	chooses  bool // has a handler for choices
	recovers bool // has a handler for recoveries
	call     func(call) (next any, commands []command)
	keep     func(st any) any                // nil if the actor keeps nothing
	forget   func(self actor.ID, st any) any // nil if the actor forgets nothing
}

// call describes a handler call and its arguments.
type call struct {
	kind  statespace.Kind // Deliver, Timeout, Choose or Recover; any other kind is a start
	self  actor.ID        // the actor of the handler
	from  actor.ID        // of a Deliver
	state any             // local state, except for a start and a Recover
	what  any             // the message, timer, option, or kept value
}

// durable reports whether the actor keeps data across a crash.
func (h *handlers) durable() bool { return h.keep != nil && h.recovers }

// fits returns an error if a value is not of the state type of the actor.
func (h *handlers) fits(st any) error {
	t := reflect.TypeOf(st)
	if t == h.state || h.state.Kind() == reflect.Interface && (t == nil || t.Implements(h.state)) {
		return nil
	}
	return fmt.Errorf("the value is a %v, not a %v", t, h.state)
}

// as returns the value of an interface as a T. A type assertion fails for a nil value only if T is an interface; then
// as returns the zero T. Refs and similar handles belong to a system, so the value has its type.
func as[T any](v any) T {
	t, ok := v.(T)
	if !ok && v != nil {
		panic(fmt.Sprintf("a value of type %T was read as %v", v, reflect.TypeFor[T]()))
	}
	return t
}

// allAs applies as to each value.
func allAs[T any](values []any) []T {
	var all []T
	for _, v := range values {
		all = append(all, as[T](v))
	}
	return all
}

// erase removes the types of an actor. It is compiled for every state type, so it is kept small.
func erase[S, M any](a actor.Typed[S, M]) handlers {
	h := handlers{
		state: reflect.TypeFor[S](), value: a.Value,
		timeouts: a.Timeout != nil, chooses: a.Chosen != nil, recovers: a.Recover != nil,
		call: func(c call) (any, []command) {
			var out actor.Out[M]
			st := as[S](c.state)
			switch c.kind {
			case statespace.Deliver:
				st = a.Receive(c.self, st, c.from, as[M](c.what), &out)
			case statespace.Timeout:
				st = a.Timeout(c.self, st, c.what, &out)
			case statespace.Choose:
				st = a.Chosen(c.self, st, c.what, &out)
			case statespace.Recover:
				st = a.Recover(c.self, c.what, &out)
			default:
				st = a.Start(c.self, &out)
			}
			return st, commandsOf(&out)
		},
	}
	if a.Forget != nil {
		h.forget = func(self actor.ID, st any) any { return a.Forget(self, as[S](st)) }
	}
	if a.Keep != nil {
		h.keep = func(st any) any { return a.Keep(as[S](st)) }
	}
	return h
}

// commandsOf returns the collected commands, in order.
func commandsOf[M any](out *actor.Out[M]) []command {
	collected := out.Commands()
	if len(collected) == 0 {
		return nil
	}
	all := make([]command, len(collected))
	for i := range collected {
		c := &collected[i]
		all[i] = command{Kind: c.Kind, To: c.To, Timer: c.Timer, Min: c.Min, Max: c.Max, Options: c.Options}
		if c.Kind == actor.Send {
			all[i].Message = c.Message
		}
	}
	return all
}

// envelopeOf restores the message type of an envelope.
func envelopeOf[M any](e actor.Envelope[any]) actor.Envelope[M] {
	return actor.Envelope[M]{From: e.From, To: e.To, Message: as[M](e.Message)}
}

// watcher is an observer without its types.
type watcher struct {
	name      string
	memory    reflect.Type
	start     any
	sees      func(e actor.Envelope[any], p actor.Passage) bool // nil: it sees all passages
	next      func(h any, e actor.Envelope[any], p actor.Passage) (any, error)
	crash     func(h any, id actor.ID) (any, error) // nil if unused
	visualize func(w io.Writer, h any) error        // nil if unused
	tell      func(before, after any) []string
	explain   func(path []any) []string
}

// eraseObserver removes the types of an observer.
func eraseObserver[M, H any](o actor.Observer[M, H]) watcher {
	w := watcher{
		name: o.Name, memory: reflect.TypeFor[H](), start: o.Start,
		next: func(h any, e actor.Envelope[any], p actor.Passage) (any, error) {
			return o.Next(as[H](h), envelopeOf[M](e), p)
		},
	}
	if o.Sees != nil {
		w.sees = func(e actor.Envelope[any], p actor.Passage) bool { return o.Sees(envelopeOf[M](e), p) }
	}
	if o.Crash != nil {
		w.crash = func(h any, id actor.ID) (any, error) { return o.Crash(as[H](h), id) }
	}
	if o.Visualize != nil {
		w.visualize = func(to io.Writer, h any) error { return o.Visualize(to, as[H](h)) }
	}
	if o.Tell != nil {
		w.tell = func(before, after any) []string { return o.Tell(as[H](before), as[H](after)) }
	}
	if o.Explain != nil {
		w.explain = func(path []any) []string {
			memories := make([]H, len(path))
			for i, h := range path {
				memories[i] = as[H](h)
			}
			return o.Explain(memories)
		}
	}
	return w
}

// The functions below are the untyped halves of the methods that read a View. They are not inlined, so that packages
// that declare properties do not compile the tables again.

// local returns the local state of an actor, or false if it is down.
//
//go:noinline
func (v View) local(of *owner, slot int) (any, bool) {
	sp := v.space(of, "Ref", "Add")
	local := v.read(slot, aspectLocal)
	if local == statespace.Nothing {
		return nil, false
	}
	c := sp.slots[slot].(*cells)
	return shown(v.r, c.walker, c.states.Value(local)), true
}

// projected returns the value of a projection, or false if the actor is down.
//
//go:noinline
func (v View) projected(of *owner, slot int, a statespace.Aspect) (any, bool) {
	sp := v.space(of, "Projection", "Project")
	number := v.read(slot, a)
	if number == statespace.Nothing {
		return nil, false
	}
	return shown(v.r, anyWalker, sp.reader.of(number)), true
}

// remembered returns the memory of an observer.
//
//go:noinline
func (v View) remembered(of *owner, observer int) any {
	sp := v.space(of, "History", "Record")
	slot := sp.historySlot(observer)
	h := sp.slots[slot].(*histories)
	return shown(v.r, h.walker, h.values.Value(v.read(slot, statespace.Whole)))
}

// picked returns the values that a selection picks from the messages in flight, or only from those that can be
// delivered next.
//
//go:noinline
func (v View) picked(of *owner, selection int, deliverable bool) []any {
	sp := v.space(of, "Selection", "Select")
	a := sp.pickAspect(selection)
	if deliverable {
		a += pickDeliverable + statespace.Aspect(sp.cutIn(v))
	}
	var sets []uint32
	for slot := range sp.held() {
		if set := v.read(slot, a); set != 0 {
			sets = append(sets, set)
		}
	}
	values := sp.reader.union(sets)
	for i, value := range values {
		values[i] = shown(v.r, anyWalker, value)
	}
	return values
}
