package model

import (
	"fmt"
	"math/bits"

	"synod/actor"
	"synod/model/statespace"
)

// An interned value belongs to the space and must never change. It can still change if an actor keeps a reference to
// memory that it put into a state or a message and reuses it, or if an observer or a property modifies what it was
// given to read.

// auditFrom is the number of calls of an actor after which its values are first audited. They are audited again
// whenever that number has grown fourfold, so that a search that corrupts its own values, and may not terminate
// because of that, is stopped; and once more at the end. All audits together cost a third more than the last.
const auditFrom = 1 << 10

// auditSometimes is called after every distinct handler call.
func (c *cells) auditSometimes() error {
	n := uint64(c.calls.Add(1))
	if n < auditFrom || n&(n-1) != 0 || bits.TrailingZeros64(n)%2 != 0 {
		return nil
	}
	if err := c.space.auditMessages(); err != nil {
		return err
	}
	return c.audit()
}

// Audit rehashes every interned value.
func (sp *space) Audit() error {
	if err := sp.auditMessages(); err != nil {
		return err
	}
	for _, s := range sp.slots {
		if err := s.audit(); err != nil {
			return err
		}
	}
	return sp.reader.audit()
}

// auditMessages looks for a message that was changed, and for the call that sent it.
func (sp *space) auditMessages() error {
	id, ok := sp.messages.Verify()
	if ok {
		return nil
	}
	for _, s := range sp.slots {
		if blame, ok := s.(interface{ sentChanged(message uint32) error }); ok {
			if err := blame.sentChanged(id); err != nil {
				return err
			}
		}
	}
	return &statespace.ImpureError{
		Actor: "a message", Event: "later",
		What: "it was changed after it was sent; it now reads " + sp.walker.Text(sp.messages.Value(id)),
	}
}

// audit looks for changed values of the actor.
func (c *cells) audit() error {
	if how := c.own.changed(); how != "" {
		return &statespace.ImpureError{Actor: c.who(), Event: "at some event", What: "the actor's own value was changed: " + how}
	}
	if id, ok := c.states.Verify(); !ok {
		return c.stateChanged(id)
	}
	if id, ok := c.kept.Verify(); !ok {
		return c.changedLater("what it keeps", textAny(c.kept.Value(id)))
	}
	if id, ok := c.timers.Verify(); !ok {
		return c.changedLater("a timer", textAny(c.timers.Value(id)))
	}
	if id, ok := c.options.Verify(); !ok {
		return c.changedLater("an option", textAny(c.options.Value(id)))
	}
	return nil
}

func (c *cells) changedLater(what, text string) error {
	return &statespace.ImpureError{
		Actor: c.who(), Event: "later", What: fmt.Sprintf("%s was changed after its step; it now reads %s", what, text),
	}
}

// stateChanged names the event that produced a state that was changed afterwards, and the changed field. It calls the
// handler for that event again to recompute the original state.
func (c *cells) stateChanged(id uint32) (found error) {
	now := c.states.Value(id)
	if c.walker.CheckShared(now) != nil {
		return c.changedLater("a state", c.walker.Text(now))
	}
	now = c.walker.Copy(now) // The call may change it once more.
	c.eachCall(func(e event, o *outcome) bool {
		if e.kind == statespace.Crash || o.local != id {
			return true
		}
		st, _, err := c.run(e, 0)
		if err != nil || c.walker.Equal(st, now) {
			return true
		}
		found = c.impure(e, "the state that it gave was changed afterwards: %s", first(c.walker.Diff(st, now), " became "))
		return false
	})
	if found == nil {
		found = c.changedLater("a state", c.walker.Text(now))
	}
	return found
}

// sentChanged names the event that sent a message that was changed afterwards, if this actor sent it.
func (c *cells) sentChanged(message uint32) (found error) {
	w := c.space.walker
	now := c.space.messages.Value(message)
	if w.CheckShared(now) != nil {
		return nil
	}
	now = w.Copy(now)
	c.eachCall(func(e event, o *outcome) bool {
		at := c.space.sendOf(o, message)
		if at < 0 {
			return true
		}
		_, commands, err := c.run(e, 0)
		if err != nil {
			return true
		}
		for _, command := range commands {
			if command.Kind != actor.Send {
				continue
			}
			if at == 0 {
				if w.Equal(command.Message, now) {
					return true
				}
				found = c.impure(e, "the message that it sent to %v was changed afterwards: %s",
					command.To, first(w.Diff(command.Message, now), " became "))
				return false
			}
			at--
		}
		return true
	})
	return found
}

// sendOf returns the index, from 0, of the first send of a message in an outcome, or −1.
func (sp *space) sendOf(o *outcome, message uint32) int {
	sends := 0
	for _, effect := range o.effects {
		if int(effect.Slot) > sp.nobody {
			continue // An observer sees it.
		}
		if sp.envelopes.At(uint32(effect.Effect))[2] == message {
			return sends
		}
		sends++
	}
	return -1
}

// eachCall calls f for every recorded handler call until f returns false.
func (c *cells) eachCall(f func(event, *outcome) bool) {
	if began := &c.began; began.filled.Load() && began.err() == nil && !f(event{start: true}, began) {
		return
	}
	c.outcomes.each(func(k outcomeKey, o *outcome) bool { return f(c.eventOf(k), o) })
}
