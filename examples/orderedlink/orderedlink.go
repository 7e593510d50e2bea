// Package orderedlink is the system that shows what a link is worth: an actor that sends numbers, and one that notes in
// which order they come.
package orderedlink

import (
	"synod/actor"
	"synod/actor/link"
)

// Number is what the sender sends: 1, 2, 3 and so on.
type Number int

type (
	// Sender sends numbers up to Most to an actor, all at its first start.
	Sender struct {
		To   actor.ID
		Most Number
	}
	// Receiver notes what comes, and keeps it across a crash.
	Receiver struct{}
	// Nothing is the state of a sender.
	Nothing struct{}
	// Log is the state of a receiver: what came, in order.
	Log []Number
	// Out is what both command through.
	Out = actor.Out[Number]
)

// Start sends all.
func (s Sender) Start(_ actor.ID, out *Out) Nothing {
	for n := range s.Most {
		out.Send(s.To, n+1)
	}
	return Nothing{}
}

// Receive ignores what comes.
func (Sender) Receive(_ actor.ID, st Nothing, _ actor.ID, _ Number, _ *Out) Nothing { return st }

// Keep returns nothing.
func (Sender) Keep(st Nothing) Nothing { return st }

// Recover does nothing: all was sent before.
func (Sender) Recover(_ actor.ID, kept Nothing, _ *Out) Nothing { return kept }

// New returns an actor of the sender.
func (s Sender) New() actor.Typed[Nothing, Number] {
	return actor.New[Nothing, Number](s, actor.Durable(s.Keep, s.Recover))
}

// Start begins with an empty log.
func (Receiver) Start(actor.ID, *Out) Log { return nil }

// Receive appends to it.
func (Receiver) Receive(_ actor.ID, log Log, _ actor.ID, n Number, _ *Out) Log { return append(log, n) }

// Keep returns all.
func (Receiver) Keep(log Log) Log { return log }

// Recover has forgotten nothing.
func (Receiver) Recover(_ actor.ID, kept Log, _ *Out) Log { return kept }

// New returns an actor of the receiver.
func (r Receiver) New() actor.Typed[Log, Number] {
	return actor.New[Log, Number](r, actor.Durable(r.Keep, r.Recover))
}

// Link puts an actor of numbers behind a link.
func Link[S any](a actor.Typed[S, Number]) actor.Typed[link.State[S, Number], link.Message[Number]] {
	return link.New(a, link.Config{})
}
