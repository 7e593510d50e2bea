package model

import (
	"fmt"
	"io"
	"reflect"

	"synod/actor"
	"synod/model/statespace"
)

// A system knows its actors, messages and observers without their types: every state, message and memory is held in an
// interface, and walked as what it is there for (see intern.Boxed). So the tables of a check are compiled once, and not
// for each protocol; what is compiled for a protocol is the little in this file. Handlers are called so rarely that
// nothing is lost.

// command is what a handler asked for.
type command = actor.Command[any]

// handlers are an actor's functions without their types.
type handlers struct {
	state    reflect.Type
	value    any
	timeouts bool // it handles timers
	chooses  bool // it handles choices
	recovers bool // it has a function for recoveries
	call     func(call) (next any, commands []command)
	keep     func(st any) any                // nil if nothing is kept
	forget   func(self actor.ID, st any) any // nil if nothing is forgotten
}

// call describes which handler is called, and with what.
type call struct {
	kind  statespace.Kind // Deliver, Timeout, Choose or Recover; anything else is a start
	self  actor.ID        // whose handler it is
	from  actor.ID        // of a Deliver
	state any             // but of a start and a Recover
	what  any             // the message, the timer, the option, or what was kept
}

// durable reports whether the actor keeps something across a crash.
func (h *handlers) durable() bool { return h.keep != nil && h.recovers }

// fits returns what is wrong with a value as a state of the actor, or nil.
func (h *handlers) fits(st any) error {
	t := reflect.TypeOf(st)
	if t == h.state || h.state.Kind() == reflect.Interface && (t == nil || t.Implements(h.state)) {
		return nil
	}
	return fmt.Errorf("the value is a %v, not a %v", t, h.state)
}

// as returns what an interface holds. It holds no T only if T is an interface and the value nil: what is read through a
// Ref and its like is of the system that they belong to, and so of their type.
func as[T any](v any) T {
	t, ok := v.(T)
	if !ok && v != nil {
		panic(fmt.Sprintf("a value of type %T was read as %v", v, reflect.TypeFor[T]()))
	}
	return t
}

// allAs is as for each of some values.
func allAs[T any](values []any) []T {
	var all []T
	for _, v := range values {
		all = append(all, as[T](v))
	}
	return all
}

// erase takes the types off an actor. It is compiled for every type of state, so there is little of it.
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

// commandsOf returns what was collected, in order.
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

// envelopeOf puts the type of messages on an envelope.
func envelopeOf[M any](e actor.Envelope[any]) actor.Envelope[M] {
	return actor.Envelope[M]{From: e.From, To: e.To, Message: as[M](e.Message)}
}

// watcher is an observer without its types.
type watcher struct {
	name      string
	memory    reflect.Type
	start     any
	sees      func(e actor.Envelope[any], p actor.Passage) bool // nil for all passages
	next      func(h any, e actor.Envelope[any], p actor.Passage) (any, error)
	crash     func(h any, id actor.ID) (any, error) // nil for none
	visualize func(w io.Writer, h any) error        // nil for none
	tell      func(before, after any) []string
	explain   func(path []any) []string
}

// eraseObserver takes the types off an observer.
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

// What follows is what the readers of properties do without their types. It is not inlined, for then every package that
// declares a property would compile tables.

// local reads an actor's local state, or tells that it is down.
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

// projected reads a projection, or tells that the actor is down.
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

// remembered reads what an observer remembers.
//
//go:noinline
func (v View) remembered(of *owner, observer int) any {
	sp := v.space(of, "History", "Record")
	slot := sp.historySlot(observer)
	h := sp.slots[slot].(*histories)
	return shown(v.r, h.walker, h.values.Value(v.read(slot, statespace.Whole)))
}

// picked reads what a selection picks of the messages in flight, or of those that may be delivered next.
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
