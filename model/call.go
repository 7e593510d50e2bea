package model

import (
	"fmt"
	"runtime/debug"
	"slices"

	"synod/actor"
)

// ImpureError tells that a handler is not the pure function that it must be.
type ImpureError struct {
	Actor string // who
	Event string // what it handled
	What  string // what is wrong, and in which field
	Stack string // where, for a panic
}

// Error names actor, event and field.
func (e *ImpureError) Error() string {
	return fmt.Sprintf("actor %s, %s: %s", e.Actor, e.Event, e.What)
}

// event is what a handler is called for.
type event struct {
	kind   Kind
	what   string // "start" when the actor starts; else empty
	local  uint32
	from   actor.ID
	msg    uint32 // message, timer or option
	choice uint32
}

// outcome gives what the actor makes of an event in a local state, calling its handler at most once.
func (c *cells[S, M]) outcome(local uint32, a ActionID) *outcome {
	o := c.outcomes.get(outcomeKey{local, a})
	o.once.Do(func() {
		w := c.events.At(uint32(a))
		e := event{kind: Kind(w[0]), local: local, msg: w[1]}
		switch e.kind {
		case Deliver:
			e.from, e.msg = c.space.ends.id(w[1]), w[2]
		case Choose:
			e.choice, e.msg = w[1], w[2]
		case Timeout, Act, Drop:
		}
		c.call(o, e)
		if o.err != nil {
			return
		}
		if e.kind == Deliver && o.ignored == Counts {
			accepted := c.space.envelope(w[1], uint32(c.slot), w[2])
			o.effects = append(c.space.seen(nil, accepted, actor.Accepted), o.effects...)
		}
		o.effects = slices.Clip(o.effects)
	})
	return o
}

// call runs the handler twice on private copies, compares, and puts what it did into o.
func (c *cells[S, M]) call(o *outcome, e event) {
	var first, second actor.Out[M]
	st, err := c.run(e, &first)
	if err == nil {
		var again S
		again, err = c.run(e, &second)
		if err == nil {
			err = c.same(e, st, again, first.Commands(), second.Commands())
		}
	}
	if err == nil {
		err = c.walker.Check(st)
	}
	if err != nil {
		o.err = err
		return
	}
	o.local, _ = c.states.Intern(st)
	commands := first.Commands()
	for _, command := range commands {
		switch command.Kind {
		case actor.Send:
			if err := c.space.walker.Check(command.Message); err != nil {
				o.err = c.impure(e, "the message sent to %v: %v", command.To, err)
				return
			}
			message, _ := c.space.messages.Intern(command.Message)
			o.effects = c.space.sent(o.effects, uint32(c.slot), c.space.ends.number(command.To), message)
		case actor.SetTimer, actor.CancelTimer:
			timer, _ := c.timers.Intern(command.Timer)
			o.timers = append(o.timers, timerCommand{timer, command.Kind == actor.SetTimer})
		case actor.Choose:
			options := make([]uint32, 0, len(command.Options))
			for _, option := range command.Options {
				n, _ := c.options.Intern(option)
				options = append(options, n)
			}
			slices.Sort(options)
			list, _ := c.lists.Intern(slices.Compact(options))
			o.choices = append(o.choices, list)
		}
	}
	unchanged := e.what == "" && o.local == e.local
	switch {
	case unchanged && e.kind == Deliver && len(commands) == 0:
		o.ignored = Unchanged
	case unchanged && e.kind == Timeout && len(commands) > 0 && !slices.ContainsFunc(o.timers, func(t timerCommand) bool {
		return !t.set || t.timer != e.msg
	}) && len(o.timers) == len(commands):
		o.ignored = Unchanged
	}
}

// run calls the handler once on private copies. A panic, and a message that was changed, are errors.
func (c *cells[S, M]) run(e event, out *actor.Out[M]) (st S, err error) {
	defer func() {
		if r := recover(); r != nil {
			impure := c.impure(e, "panic: %v", r)
			impure.Stack = string(debug.Stack())
			err = impure
		}
	}()
	if e.what == "start" {
		return c.actor.Start(c.id, out), nil
	}
	st = c.walker.Copy(c.states.Value(e.local))
	switch e.kind {
	case Deliver:
		interned := c.space.messages.Value(e.msg)
		msg := c.space.walker.Copy(interned)
		st = c.actor.Receive(c.id, st, e.from, msg, out)
		if changes := c.space.walker.Diff(interned, msg); len(changes) > 0 {
			return st, c.impure(e, "it changed the message that it received: %s", changes[0].Path)
		}
	case Timeout:
		if c.actor.Timeout == nil {
			return st, c.impure(e, "a timer was set by an actor without Timers")
		}
		st = c.actor.Timeout(c.id, st, c.timers.Value(e.msg), out)
	case Choose:
		if c.actor.Chosen == nil {
			return st, c.impure(e, "a choice was asked for by an actor without Choices")
		}
		st = c.actor.Chosen(c.id, st, c.options.Value(e.msg), out)
	case Act, Drop:
		panic("model: no handler for a " + e.kind.String())
	}
	return st, nil
}

// same compares two calls of the same handler.
func (c *cells[S, M]) same(e event, st, again S, first, second []actor.Command[M]) error {
	if !c.walker.Equal(st, again) {
		where := "its state"
		if changes := c.walker.Diff(st, again); len(changes) > 0 {
			d := changes[0]
			where = fmt.Sprintf("%s: %s and %s", d.Path, d.Old, d.New)
		}
		return c.impure(e, "two calls with the same state gave different states, in %s", where)
	}
	if len(first) != len(second) {
		return c.impure(e, "two calls with the same state gave %d and %d commands", len(first), len(second))
	}
	for i, a := range first {
		b := second[i]
		if a.Kind != b.Kind || a.To != b.To || !c.space.walker.Equal(a.Message, b.Message) ||
			!anyWalker.Equal(a.Timer, b.Timer) || !equalOptions(a.Options, b.Options) {
			return c.impure(e, "two calls with the same state gave different commands, the first at number %d: "+
				"to %v %s, and to %v %s", i+1, a.To, c.space.walker.Text(a.Message), b.To, c.space.walker.Text(b.Message))
		}
	}
	return nil
}

func (c *cells[S, M]) impure(e event, format string, args ...any) *ImpureError {
	return &ImpureError{Actor: c.name(), Event: c.describe(e), What: fmt.Sprintf(format, args...)}
}

// describe says in words what a handler was called for.
func (c *cells[S, M]) describe(e event) string {
	switch {
	case e.what != "":
		return e.what
	case e.kind == Deliver:
		return fmt.Sprintf("receiving %s from %v", c.space.text(e.msg), e.from)
	case e.kind == Timeout:
		return fmt.Sprintf("timeout of %v", c.timers.Value(e.msg))
	default:
		return fmt.Sprintf("choosing %v", c.options.Value(e.msg))
	}
}

func equalOptions(a, b []actor.Option) bool {
	return slices.EqualFunc(a, b, func(x, y actor.Option) bool { return anyWalker.Equal(x, y) })
}
