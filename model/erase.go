package model

import (
	"io"
	"reflect"

	"synod/actor"
)

// A system knows its actors, messages and observers without their types: every state, message and memory is held in an
// interface, and walked as what it is there for (see intern.Boxed). So the tables of a check are compiled once, and not
// for each protocol; what is compiled for a protocol is the little in this file. Handlers are called so rarely that
// nothing is lost.

// command is what a handler asked for.
type command = actor.Command[any]

// handlers are an actor's functions without their types, the optional ones nil as in the actor.
type handlers struct {
	state   reflect.Type
	value   any
	start   func(self actor.ID) (any, []command)
	receive func(self actor.ID, st any, from actor.ID, msg any) (any, []command)
	timeout func(self actor.ID, st any, timer actor.Timer) (any, []command)
	chosen  func(self actor.ID, st any, option actor.Option) (any, []command)
	keep    func(st any) any
	recover func(self actor.ID, kept any) (any, []command)
}

// durable tells whether the actor keeps something across a crash.
func (h *handlers) durable() bool { return h.keep != nil && h.recover != nil }

// as gives what an interface holds. It holds no T only if T is an interface and the value nil.
func as[T any](v any) T {
	t, _ := v.(T)
	return t
}

// erase takes the types off an actor.
func erase[S, M any](a actor.Typed[S, M]) handlers {
	h := handlers{
		state: reflect.TypeFor[S](), value: a.Value,
		start: func(self actor.ID) (any, []command) {
			var out actor.Out[M]
			st := a.Start(self, &out)
			return st, commandsOf(&out)
		},
		receive: func(self actor.ID, st any, from actor.ID, msg any) (any, []command) {
			var out actor.Out[M]
			next := a.Receive(self, as[S](st), from, as[M](msg), &out)
			return next, commandsOf(&out)
		},
	}
	if a.Timeout != nil {
		h.timeout = func(self actor.ID, st any, timer actor.Timer) (any, []command) {
			var out actor.Out[M]
			next := a.Timeout(self, as[S](st), timer, &out)
			return next, commandsOf(&out)
		}
	}
	if a.Chosen != nil {
		h.chosen = func(self actor.ID, st any, option actor.Option) (any, []command) {
			var out actor.Out[M]
			next := a.Chosen(self, as[S](st), option, &out)
			return next, commandsOf(&out)
		}
	}
	if a.Keep != nil {
		h.keep = func(st any) any { return a.Keep(as[S](st)) }
	}
	if a.Recover != nil {
		h.recover = func(self actor.ID, kept any) (any, []command) {
			var out actor.Out[M]
			st := a.Recover(self, kept, &out)
			return st, commandsOf(&out)
		}
	}
	return h
}

// commandsOf gives what was collected, in order.
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
	visualize func(w io.Writer, h any) error // nil for none
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
	if o.Visualize != nil {
		w.visualize = func(to io.Writer, h any) error { return o.Visualize(to, as[H](h)) }
	}
	return w
}
