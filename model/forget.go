package model

import (
	"sync/atomic"

	"synod/model/statespace"
)

// norm returns the representative of a local state: the state that it is guessed to be equivalent to, without what
// the actor forgets.
func (c *cells) norm(local uint32) uint32 {
	if c.normal == nil {
		return local
	}
	c.normal.Ensure(local)
	place := c.normal.At(local)
	if known := atomic.LoadUint32(place); known != 0 {
		return known - 1
	}
	form := c.stated(local)
	if s := c.space.reduced.auditors[c.slot].classes; s != nil {
		form = s.form(node{local: form}).local
	}
	atomic.StoreUint32(place, form+1)
	return form
}

// stated returns a local state after the actor's Forget. An error of Forget is found by the next audit.
func (c *cells) stated(local uint32) uint32 {
	if c.actor.forget == nil || c.forms == nil {
		return local
	}
	c.forms.Ensure(local)
	place := c.forms.At(local)
	if known := atomic.LoadUint32(place); known != 0 {
		return known - 1
	}
	form, err := c.formOf(local)
	if err == nil && form != local {
		var again uint32
		if again, err = c.formOf(form); err == nil && again != form {
			err = c.forgetful(local, "Forget is not idempotent: %s",
				first(c.walker.Diff(c.states.Value(form), c.states.Value(again)), " and "))
		}
	}
	if err != nil {
		c.space.reduced.auditors[c.slot].fail(err)
		form = local
	}
	atomic.StoreUint32(place, form+1)
	return form
}

// formOf calls the actor's Forget for the normal form of a local state.
func (c *cells) formOf(local uint32) (form uint32, err error) {
	var st any
	c.space.turns.run(func() {
		st, err = c.forgetOnce(local, 0)
		for order := 1; order < c.space.handled.times(ofHandlers) && err == nil; order++ {
			var again any
			if again, err = c.forgetOnce(local, order); err == nil && !c.walker.Equal(st, again) {
				err = c.forgetful(local, "two calls gave different states: %s%s", first(c.walker.Diff(st, again), " and "),
					statespace.MapOrder(c.walker.Orders(c.states.Value(local))))
			}
		}
	})
	if err != nil {
		return 0, err
	}
	form, _ = c.states.Intern(st)
	return form, nil
}

// forgetOnce calls Forget on a private copy.
func (c *cells) forgetOnce(local uint32, order int) (st any, err error) {
	defer statespace.Caught(&err, c.who(), func() string { return "forgetting" })
	st = c.actor.forget(c.id, c.walker.Rebuild(c.states.Value(local), order))
	if err := c.walker.Check(st); err != nil {
		return nil, c.forgetful(local, "the state: %v", err)
	}
	return st, nil
}
