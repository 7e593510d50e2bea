package model

import (
	"fmt"
	"slices"

	"synod/actor"
	"synod/model/statespace"
)

// event is the input of a handler call.
type event struct {
	start  bool // the actor starts; the other fields are unused
	kind   statespace.Kind
	local  uint32
	from   actor.ID
	what   uint32 // message, timer or option
	choice uint32
}

// eventOf decodes the event of an outcome key.
func (c *cells) eventOf(k outcomeKey) event {
	w := c.events.At(uint32(k.action))
	e := event{kind: statespace.Kind(w[0]), local: k.local, what: w[1]}
	switch e.kind {
	case statespace.Deliver:
		e.from, e.what = c.space.ends.id(w[1]), w[2]
	case statespace.Choose:
		e.choice, e.what = w[1], w[2]
	case statespace.Timeout, statespace.Act, statespace.Drop, statespace.Crash, statespace.Recover, statespace.Partition, statespace.Heal:
	}
	return e
}

// outcome returns the outcome of an event in a local state. Only the first call for a key runs the handler.
func (c *cells) outcome(local uint32, a statespace.ActionID) *outcome {
	k := outcomeKey{local, a}
	o := c.outcomes.get(k)
	o.once.Do(func() {
		e := c.eventOf(k)
		o.fill(func() error {
			if e.kind == statespace.Crash {
				o.effects = append(c.space.crashEffects(), c.space.crashSeen(c.slot)...)
				return c.keep(o, e)
			}
			if err := c.call(o, e); err != nil {
				return err
			}
			switch e.kind {
			case statespace.Recover:
				o.effects = slices.Insert(o.effects, 0, statespace.SlotEffect{Slot: int32(c.space.faults.down), Effect: restore})
			case statespace.Timeout:
				o.effects = slices.Concat(c.space.faults.fired, o.effects)
			case statespace.Deliver:
				return c.delivered(o, e, c.events.At(uint32(a))[1])
			default:
			}
			return nil
		})
	})
	return o.whole()
}

// delivered prepends the effects of the delivery itself to those of the handler: the link must not be cut, and
// observers see the message accepted before they see what was sent in response.
func (c *cells) delivered(o *outcome, e event, source uint32) (err error) {
	sp, to := c.space, uint32(c.slot)
	var effects []statespace.SlotEffect
	if slot := sp.faults.network; slot >= 0 && source != to {
		effects = append(effects, statespace.SlotEffect{Slot: int32(slot), Effect: sp.slots[slot].(*partition).link(source, to)})
	}
	if o.ignored == statespace.Counts {
		if effects, err = sp.seen(effects, sp.envelope(source, to, e.what), actor.Accepted); err != nil {
			return err
		}
	}
	o.effects = slices.Concat(effects, o.effects)
	return nil
}

// call runs the handler and stores its result in o.
func (c *cells) call(o *outcome, e event) (err error) {
	var st any
	var commands []command
	c.space.turns.run(func() { st, commands, err = c.repeatedly(e) })
	if err != nil {
		return err
	}
	if !e.start && e.kind != statespace.Recover && c.walker.Equal(st, c.states.Value(e.local)) {
		o.local = e.local // Most events change nothing, and equality is cheaper than a hash.
	} else {
		o.local, _ = c.states.Intern(st)
	}
	for _, command := range commands {
		switch command.Kind {
		case actor.Send:
			message, _ := c.space.messages.Intern(command.Message)
			o.effects, err = c.space.sent(o.effects, uint32(c.slot), c.space.ends.number(command.To), message)
			if err != nil {
				return err
			}
		case actor.SetTimer, actor.CancelTimer:
			timer, _ := c.timers.Intern(command.Timer)
			m := o.add()
			m.timers = append(m.timers, timerCommand{timer, command.Kind == actor.SetTimer})
		case actor.Choose:
			m := o.add()
			m.choices = append(m.choices, c.optionList(command.Options))
		}
	}
	o.judge(e, len(commands))
	return c.auditSometimes()
}

// optionList numbers the set of options of a choice.
func (c *cells) optionList(options []actor.Option) uint32 {
	numbers := make([]uint32, 0, len(options))
	for _, option := range options {
		n, _ := c.options.Intern(option)
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	list, _ := c.lists.Intern(slices.Compact(numbers))
	return list
}

// repeatedly calls the handler several times, each time on private copies whose maps are built in another order, and
// requires equal results. It checks that the value with the handlers did not change.
func (c *cells) repeatedly(e event) (st any, commands []command, err error) {
	if st, commands, err = c.run(e, 0); err != nil {
		return nil, nil, err
	}
	for order := range c.space.handled.times(ofHandlers) - 1 {
		again, others, err := c.run(e, order+1)
		if err != nil {
			return nil, nil, err
		}
		if how := c.difference(st, again, commands, others); how != "" {
			if err := c.ownUnchanged(e); err != nil {
				return nil, nil, err
			}
			return nil, nil, c.impure(e, "two calls with the same state gave %s%s", how, statespace.MapOrder(c.orders(e)))
		}
	}
	return st, commands, c.ownUnchanged(e)
}

// orders reports whether an argument of the handler contains a map with several entries.
func (c *cells) orders(e event) bool {
	switch {
	case e.start:
		return false
	case e.kind == statespace.Recover:
		return c.actor.durable() && anyWalker.Orders(c.kept.Value(e.local))
	case c.walker.Orders(c.states.Value(e.local)):
		return true
	case e.kind == statespace.Deliver:
		return c.space.walker.Orders(c.space.messages.Value(e.what))
	case e.kind == statespace.Timeout:
		return anyWalker.Orders(c.timers.Value(e.what))
	case e.kind == statespace.Choose:
		return anyWalker.Orders(c.options.Value(e.what))
	}
	return false
}

// ownUnchanged checks, for a sample of the calls, that the value with the handlers did not change.
func (c *cells) ownUnchanged(e event) error {
	if c.own.sample() {
		if how := c.own.changed(); how != "" {
			return c.impure(e, "the actor's own value was changed: %s", how)
		}
	}
	return nil
}

// run calls the handler once on private copies, and checks that its results can be part of a state.
func (c *cells) run(e event, order int) (st any, commands []command, err error) {
	defer statespace.Caught(&err, c.who(), func() string { return c.describe(e) })
	if e.start {
		st, commands = c.actor.call(call{self: c.id})
		return st, commands, c.check(e, st, commands)
	}
	if e.kind == statespace.Recover {
		st, commands = c.comeBack(e, order)
		return st, commands, c.check(e, st, commands)
	}
	st = c.walker.Rebuild(c.states.Value(e.local), order)
	switch e.kind {
	case statespace.Deliver:
		if st, commands, err = c.receive(e, st, order); err != nil {
			return nil, nil, err
		}
	case statespace.Timeout:
		if !c.actor.timeouts {
			return nil, nil, c.impure(e, "a timer was set by an actor without Timers")
		}
		st, commands = c.actor.call(call{kind: statespace.Timeout, self: c.id, state: st, what: anyWalker.Rebuild(c.timers.Value(e.what), order)})
	case statespace.Choose:
		if !c.actor.chooses {
			return nil, nil, c.impure(e, "a choice was asked for by an actor without Choices")
		}
		st, commands = c.actor.call(call{kind: statespace.Choose, self: c.id, state: st, what: anyWalker.Rebuild(c.options.Value(e.what), order)})
	case statespace.Act, statespace.Drop, statespace.Crash, statespace.Recover, statespace.Partition, statespace.Heal:
		panic("model: no handler for a " + e.kind.String())
	}
	return st, commands, c.check(e, st, commands)
}

// receive calls the handler for a message, which the handler must not change.
func (c *cells) receive(e event, st any, order int) (next any, commands []command, err error) {
	w := c.space.walker
	given := c.space.messages.Value(e.what)
	if !w.Changeable(given) {
		next, commands = c.actor.call(call{kind: statespace.Deliver, self: c.id, from: e.from, state: st, what: given})
		return next, commands, nil
	}
	given = w.Rebuild(given, order)
	before := w.Copy(given) // not the interned one: the handler may have kept memory that changes it in this very call
	next, commands = c.actor.call(call{kind: statespace.Deliver, self: c.id, from: e.from, state: st, what: given})
	if changes := w.Diff(before, given); len(changes) > 0 {
		return nil, nil, c.impure(e, "it changed the message that it received: %s", first(changes, " became "))
	}
	return next, commands, nil
}

// check requires that the results of a handler are comparable values.
func (c *cells) check(e event, st any, commands []command) error {
	if err := c.walker.Check(st); err != nil {
		return c.impure(e, "its state: %v", err)
	}
	for i := range commands {
		command := &commands[i]
		if command.Kind == actor.Send {
			if err := c.space.walker.Check(command.Message); err != nil {
				return c.impure(e, "the message sent to %v: %v", command.To, err)
			}
		}
		if err := anyWalker.Check(command.Timer); err != nil {
			return c.impure(e, "a timer: %v", err)
		}
		for _, option := range command.Options {
			if err := anyWalker.Check(option); err != nil {
				return c.impure(e, "an option: %v", err)
			}
		}
	}
	return nil
}

// difference describes how the results of two calls of the same handler differ, or returns an empty string.
func (c *cells) difference(st, again any, commands, others []command) string {
	if !c.walker.Equal(st, again) {
		return "different states: " + first(c.walker.Diff(st, again), " and ")
	}
	if len(commands) != len(others) {
		return fmt.Sprintf("%d and %d commands", len(commands), len(others))
	}
	for i := range commands {
		if how := c.commandChange(&commands[i], &others[i]); how != "" {
			return fmt.Sprintf("different commands, the first at number %d: %s", i+1, how)
		}
	}
	return ""
}

// commandChange describes how two commands differ, or returns an empty string.
func (c *cells) commandChange(a, b *command) string {
	w := c.space.walker
	switch {
	case a.Kind != b.Kind || a.To != b.To:
		return c.commandText(a) + " and " + c.commandText(b)
	case a.Kind == actor.Send && !w.Equal(a.Message, b.Message):
		changes := w.Diff(a.Message, b.Message)
		if changes[0].Path == "" {
			return c.commandText(a) + " and " + c.commandText(b)
		}
		return fmt.Sprintf("%s, in %s", c.commandText(a), first(changes, " and "))
	case !anyWalker.Equal(a.Timer, b.Timer) || a.Min != b.Min || a.Max != b.Max ||
		!slices.EqualFunc(a.Options, b.Options, sameOption):
		return c.commandText(a) + " and " + c.commandText(b)
	}
	return ""
}

func sameOption(a, b actor.Option) bool { return anyWalker.Equal(a, b) }

func (c *cells) commandText(command *command) string {
	switch command.Kind {
	case actor.Send:
		return fmt.Sprintf("send %s to %v", c.space.walker.Brief(command.Message), command.To)
	case actor.SetTimer:
		return fmt.Sprintf("set timer %s between %v and %v", textAny(command.Timer), command.Min, command.Max)
	case actor.CancelTimer:
		return "cancel timer " + textAny(command.Timer)
	case actor.Choose:
		return "choose among " + textAny(command.Options)
	}
	return "an unknown command"
}

func (c *cells) who() string {
	if c.space.sys.roles[c.id] != "" {
		return c.name()
	}
	return "actor " + c.name()
}

func (c *cells) impure(e event, format string, args ...any) error {
	return &statespace.ImpureError{Actor: c.who(), Event: c.describe(e), What: fmt.Sprintf(format, args...)}
}

// describe returns a text that describes the event of a handler call.
func (c *cells) describe(e event) string {
	switch {
	case e.start:
		return "start"
	case e.kind == statespace.Deliver:
		return fmt.Sprintf("receiving %s from %v", c.space.text(e.what), e.from)
	case e.kind == statespace.Timeout:
		return "timeout of " + textAny(c.timers.Value(e.what))
	case e.kind == statespace.Crash:
		return "crash"
	case e.kind == statespace.Recover:
		return "recovery"
	default:
		return "choosing " + textAny(c.options.Value(e.what))
	}
}
