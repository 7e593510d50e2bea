package model

import (
	"synod/actor"
	"synod/model/statespace"
	"synod/network"
)

// Happening is a step of a path, in the form in which it is passed to functions that explain steps in terms of the
// protocol.
type Happening[M any] struct {
	Kind     statespace.Kind
	Actor    actor.ID            // the acting actor; the recipient of a message
	Envelope actor.Envelope[M]   // for Deliver and Drop; must not be changed
	Sent     []actor.Envelope[M] // the messages that the step sends, in order; must not be changed
	Before   View                // the state in which the step was taken
	After    View                // the state after the step
	// Earlier are the previous steps of the path, in order: the actual events, regardless of what states record of them.
	// Steps without an actor are left out.
	Earlier []Happening[M]
	Number  int  // of the step, from 1; steps without an actor count too
	Last    bool // whether the path ends with it

	blame *bool
}

// Blame marks the step as a culprit: the step itself breaks the protocol, and is not only where the error becomes
// visible. Call it from the function that explains the step.
func (h Happening[M]) Blame() {
	if h.blame != nil {
		*h.blame = true
	}
}

// Explain sets a function that explains steps: it returns remarks, one line each, or nil. It is called for the steps
// of displayed paths, never during a search, and must be pure. The last call counts.
func (sys *System[M]) Explain(explain func(Happening[M]) []string) {
	sys.explain = func(all []Happening[any], each func(i int, explain func() []string)) {
		for i, h := range typed[M](all) {
			each(i, func() []string { return explain(h) })
		}
	}
}

// typed restores the types of happenings, and sets the earlier ones of each.
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

// Explain adds the remarks for the steps of a path.
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

// happenings returns the steps of a path that an actor takes.
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

// explain adds the observer's remarks to the step that violates its property.
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

// letterOf returns the sender and the message of an action on a message.
func (c *cells) letterOf(a statespace.ActionID) (source, message uint32) {
	w := c.events.At(uint32(a))
	return w[1], w[2]
}

// Duplicates reports whether a delivered message stays in flight.
func (sp *space) Duplicates() bool { return sp.network == network.UnorderedDuplicating }
