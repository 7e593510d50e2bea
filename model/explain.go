package model

import (
	"fmt"

	"synod/actor"
	"synod/network"
)

// Happening is a step of a path, given to a system that can say in the words of its protocol what the step means.
type Happening[M any] struct {
	Kind     Kind
	Actor    actor.ID          // who acts; the recipient of a message
	Envelope actor.Envelope[M] // of a Deliver or Drop; must not be changed
	Before   View              // the state in which the step was taken
	After    View              // the state that it led to
}

// Explain lets a system say what steps mean: explain gives remarks, a line each, or none for a step that needs none. It
// is called for steps of paths that are shown, never during a search, and must be pure. The last call counts.
func (sys *System[M]) Explain(explain func(Happening[M]) []string) {
	sys.explain = func(h Happening[any]) []string {
		return explain(Happening[M]{h.Kind, h.Actor, envelopeOf[M](h.Envelope), h.Before, h.After})
	}
}

// Explain gives the remarks of a model on a transition from a state: what it means in the words of the protocol. There
// are none if the model has none to make. An error is that of a model whose function panics.
func Explain(space Space, from []PartID, t Transition) ([]string, error) {
	e, ok := space.(interface {
		remarks(from []PartID, t Transition) ([]string, error)
	})
	if !ok {
		return nil, nil
	}
	return e.remarks(from, t)
}

func (sp *space) remarks(from []PartID, t Transition) (all []string, err error) {
	if sp.sys.explain == nil || t.Slot >= sp.nobody {
		return nil, nil
	}
	defer caught(&err, "the explanation", func() string { return t.Action.Text })
	h := Happening[any]{
		Kind: t.Action.Kind, Actor: sp.ends.id(uint32(t.Slot)),
		Before: View{&Reading{space: sp, state: from}}, After: View{&Reading{space: sp, state: t.State}},
	}
	if t.Action.Message != "" || t.Action.From != "" {
		source, message := sp.slots[t.Slot].(*cells).letterOf(t.ID)
		h.Envelope = sp.opened(sp.envelope(source, uint32(t.Slot), message))
	}
	return sp.sys.explain(h), nil
}

// letterOf gives the sender and the message of an action about one.
func (c *cells) letterOf(a ActionID) (source, message uint32) {
	w := c.events.At(uint32(a))
	return w[1], w[2]
}

// Duplicates tells whether deliveries leave a message where it is, so that one that was sent once may arrive again.
func Duplicates(space Space) bool {
	d, ok := space.(interface{ duplicates() bool })
	return ok && d.duplicates()
}

func (sp *space) duplicates() bool { return sp.network == network.UnorderedDuplicating }

// Show asks a property about a state: whether its predicate is true there, and what it read to tell. An error is that of
// a predicate that panics.
func Show(space Space, p Property, state []PartID) (answer bool, reads []Read, err error) {
	defer caught(&err, fmt.Sprintf("the property %q", p.Name), func() string { return "judging a state" })
	answer, reads = NewReading(space).Judge(p.Holds, state)
	return answer, reads, nil
}
