package model

import (
	"synod/actor"
	"synod/model/statespace"
	"synod/network"
)

// Happening is a step of a path, given to a system that can say in the words of its protocol what the step means.
type Happening[M any] struct {
	Kind     statespace.Kind
	Actor    actor.ID            // who acts; the recipient of a message
	Envelope actor.Envelope[M]   // of a Deliver or Drop; must not be changed
	Sent     []actor.Envelope[M] // what the step sends, in order; must not be changed
	Before   View                // the state in which the step was taken
	After    View                // the state that it led to
	// Earlier are the steps of the path before this one, the first one first: what happened in truth, whatever the states
	// remember of it. Steps of no actor are not among them.
	Earlier []Happening[M]
	Number  int  // of the step, from 1; those of no actor count too
	Last    bool // whether the path ends with it

	blame *bool
}

// Blame marks the step as a culprit: it does what the protocol forbids, and is not only where that shows. It is for the
// function that explains the step.
func (h Happening[M]) Blame() {
	if h.blame != nil {
		*h.blame = true
	}
}

// Explain lets a system say what steps mean: explain gives remarks, a line each, or none for a step that needs none. It
// is called for the steps of paths that are shown, never during a search, and must be pure. The last call counts.
func (sys *System[M]) Explain(explain func(Happening[M]) []string) {
	sys.explain = func(all []Happening[any], each func(i int, explain func() []string)) {
		for i, h := range typed[M](all) {
			each(i, func() []string { return explain(h) })
		}
	}
}

// typed sets the types of happenings, and the earlier ones that each depends on.
func typed[M any](all []Happening[any]) []Happening[M] {
	typed := make([]Happening[M], len(all))
	for i, h := range all {
		t := Happening[M]{
			Kind: h.Kind, Actor: h.Actor, Before: h.Before, After: h.After,
			Earlier: typed[:i:i], Number: h.Number, Last: h.Last, blame: h.blame,
		}
		if h.Envelope.Message != nil {
			t.Envelope = envelopeOf[M](h.Envelope)
		}
		for _, e := range h.Sent {
			t.Sent = append(t.Sent, envelopeOf[M](e))
		}
		typed[i] = t
	}
	return typed
}

// Explain adds what there is to say of the steps of a path.
func (sp *space) Explain(p statespace.Path, all []statespace.Remarks) {
	if sp.sys.explain != nil {
		happenings := sp.happenings(p)
		for i := range happenings {
			happenings[i].blame = &all[happenings[i].Number-1].Culprit
		}
		sp.sys.explain(happenings, func(i int, explain func() []string) {
			h := happenings[i]
			r := &all[h.Number-1]
			defer statespace.Caught(&r.Err, "the explanation", func() string { return p.Steps[h.Number-1].Action.Text })
			r.Notes = append(r.Notes, explain()...)
		})
	}
	for i := range sp.sys.observers {
		slot := sp.historySlot(i)
		sp.slots[slot].(*histories).explain(p, slot, all)
	}
}

// happenings are the steps of a path that an actor takes.
func (sp *space) happenings(p statespace.Path) []Happening[any] {
	var all []Happening[any]
	for i, t := range p.Steps {
		if t.Slot >= sp.nobody {
			continue
		}
		h := Happening[any]{
			Kind: t.Action.Kind, Actor: sp.ends.id(uint32(t.Slot)), Number: i + 1, Last: i == len(p.Steps)-1,
			Before: View{statespace.ReadingOf(sp, p.At(i))}, After: View{statespace.ReadingOf(sp, t.State)},
		}
		if t.Action.Message != "" || t.Action.From != "" {
			source, message := sp.slots[t.Slot].(*cells).letterOf(t.ID)
			h.Envelope = sp.opened(sp.envelope(source, uint32(t.Slot), message), 0)
		}
		for _, e := range t.Effects {
			if int(e.Slot) <= sp.nobody {
				h.Sent = append(h.Sent, sp.opened(uint32(e.Effect), 0))
			}
		}
		all = append(all, h)
	}
	return all
}

// explain adds what the observer has to say to the step with which what it demands is violated.
func (h *histories) explain(p statespace.Path, slot int, all []statespace.Remarks) {
	if h.observer.explain == nil {
		return
	}
	memories := []any{h.values.Value(uint32(p.Initial[slot]))}
	for i, t := range p.Steps {
		memories = append(memories, h.values.Value(uint32(t.State[slot])))
		if t.State[slot] == p.At(i)[slot] {
			continue
		}
		r := &all[i]
		func() {
			defer statespace.Caught(&r.Err, h.who(), func() string { return "explaining " + t.Action.Text })
			r.Notes = append(r.Notes, h.observer.explain(memories)...)
		}()
	}
}

// letterOf returns the sender and the message of an action about one.
func (c *cells) letterOf(a statespace.ActionID) (source, message uint32) {
	w := c.events.At(uint32(a))
	return w[1], w[2]
}

// Duplicates reports whether deliveries leave a message where it is.
func (sp *space) Duplicates() bool { return sp.network == network.UnorderedDuplicating }
