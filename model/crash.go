package model

import "synod/model/statespace"

// The cell of an actor that is down holds the kept data instead of the local state, and the mailbox. Timers and
// choices do not survive a crash; isDown is stored instead of the timers.
const isDown = 1<<32 - 1

// crash appends the step of an actor that is up, if it may crash.
func (c *cells) crash(t [tupleLength]uint32, into []statespace.Step) ([]statespace.Step, error) {
	if !c.crashes {
		return into, nil
	}
	crash := c.number(statespace.Crash, 0, 0)
	o := c.meets(t[tupleLocal], crash)
	if err := o.err(); err != nil {
		return into, err
	}
	down := [tupleLength]uint32{o.local, t[tupleMailbox], isDown, c.none}
	return append(into, statespace.Step{Action: crash, Next: c.settled(down), Effects: o.effects, Rank: c.space.rank(statespace.Crash)}), nil
}

// downSteps appends the steps of an actor that is down: the recovery, and the losses of messages that wait for it.
func (c *cells) downSteps(t [tupleLength]uint32, into []statespace.Step) ([]statespace.Step, error) {
	recovery := c.number(statespace.Recover, 0, 0)
	o := c.meets(t[tupleLocal], recovery)
	if err := o.err(); err != nil {
		return into, err
	}
	up := [tupleLength]uint32{tupleMailbox: t[tupleMailbox], tupleTimers: c.none, tupleChoices: c.none}
	into = append(into, statespace.Step{Action: recovery, Next: c.after(up, o), Effects: o.effects, Rank: c.space.rank(statespace.Recover)})
	if !c.space.lossy {
		return into, nil
	}
	width := c.mailbox.wayWords()
	for ways := c.mailbox.waysOf(t[tupleMailbox]); len(ways) > 0; ways = ways[width:] {
		into = append(into, c.drop(t, ways))
	}
	return into, nil
}

// drop returns the step in which a message is lost.
func (c *cells) drop(t [tupleLength]uint32, way []uint32) statespace.Step {
	t[tupleMailbox] = way[wayDropped]
	return statespace.Step{
		Action: statespace.ActionID(way[wayDrop]), Next: c.tuple(t), Effects: c.space.faults.lost, Rank: c.space.rank(statespace.Drop),
	}
}

// keep calls the actor's Keep on a local state, and stores the result in o instead of a local state.
func (c *cells) keep(o *outcome, e event) (err error) {
	var kept any
	if c.actor.keep != nil {
		c.space.turns.run(func() { kept, err = c.keepRepeatedly(e) })
		if err != nil {
			return err
		}
	}
	o.local, _ = c.kept.Intern(kept)
	return c.auditSometimes()
}

func (c *cells) keepRepeatedly(e event) (kept any, err error) {
	if kept, err = c.keepOnce(e, 0); err != nil {
		return nil, err
	}
	for order := range c.space.handled.times(ofHandlers) - 1 {
		again, err := c.keepOnce(e, order+1)
		if err != nil {
			return nil, err
		}
		if !anyWalker.Equal(kept, again) {
			return nil, c.impure(e, "two calls with the same state kept different values: %s%s",
				first(anyWalker.Diff(kept, again), " and "), statespace.MapOrder(c.walker.Orders(c.states.Value(e.local))))
		}
	}
	return kept, c.ownUnchanged(e)
}

// keepOnce calls Keep on a private copy, which Keep must not change, since a live run continues with that state.
func (c *cells) keepOnce(e event, order int) (kept any, err error) {
	defer statespace.Caught(&err, c.who(), func() string { return c.describe(e) })
	before := c.states.Value(e.local)
	st := c.walker.Rebuild(before, order)
	kept = c.actor.keep(st)
	if err := anyWalker.Check(kept); err != nil {
		return nil, c.impure(e, "what it keeps: %v", err)
	}
	if changes := c.walker.Diff(before, st); len(changes) > 0 {
		return nil, c.impure(e, "it changed the state of which it keeps a part: %s", first(changes, " became "))
	}
	return kept, nil
}

// comeBack returns the state and the commands after a crash. Without Keep, a recovery is a start.
func (c *cells) comeBack(e event, order int) (any, []command) {
	if !c.actor.durable() {
		return c.actor.call(call{self: c.id})
	}
	return c.actor.call(call{kind: statespace.Recover, self: c.id, what: anyWalker.Rebuild(c.kept.Value(e.local), order)})
}

// crashEffects returns the effects of a crash on the budgets.
func (sp *space) crashEffects() []statespace.SlotEffect {
	return append(spending(sp.faults.down), spending(sp.faults.crashes)...)
}

// downChanges returns the changes of a crash or a recovery, or nil if the actor stays up or down.
func (c *cells) downChanges(a, b [tupleLength]uint32) []statespace.Change {
	var all []statespace.Change
	wasDown, down := a[tupleTimers] == isDown, b[tupleTimers] == isDown
	if wasDown == down { // An actor that stays down keeps the same data.
		return nil
	}
	words := map[bool]string{false: "up", true: "down"}
	all = append(all, statespace.Change{Old: words[wasDown], New: words[down]})
	value := func(t [tupleLength]uint32) (path, text string) {
		if t[tupleTimers] == isDown {
			return "kept", c.keptText(t[tupleLocal])
		}
		return "state", c.walker.Text(c.states.Value(t[tupleLocal]))
	}
	if path, text := value(a); text != "" {
		all = append(all, statespace.Change{Path: path, Old: text})
	}
	if path, text := value(b); text != "" {
		all = append(all, statespace.Change{Path: path, New: text})
	}
	return all
}

// keptText formats what an actor kept, or returns an empty string if it keeps nothing.
func (c *cells) keptText(kept uint32) string {
	if c.actor.keep == nil {
		return ""
	}
	return textAny(c.kept.Value(kept))
}
