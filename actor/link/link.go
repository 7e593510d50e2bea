// Package link makes actors that send one another messages over a network that loses, repeats and reorders them, and
// receive them as if it did not: each message once, and from each sender in the order of sending, also when either side
// crashes and recovers. It is the classic of sequence numbers, cumulative acknowledgements and retransmission: V. Cerf
// and R. Kahn, "A Protocol for Packet Network Intercommunication" (1974), with the numbers and what is not acknowledged
// kept across crashes.
package link

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"synod/actor"
)

type (
	// Message is what linked actors say to one another.
	//
	//sumtype:decl
	Message[M any] interface{ carries(M) }
	// Data is a message of an actor with its number among those from the same sender to the same recipient, from 1.
	Data[M any] struct {
		Number  uint64
		Message M
	}
	// Ack reports that all messages up to a number were received, and will be remembered.
	Ack[M any] struct{ Number uint64 }

	// State is the local state of a linked actor.
	State[S, M any] struct {
		Actor    S
		Sent     map[actor.ID]Outbox[M] // by recipient; never nil
		Received map[actor.ID]uint64    // the number of the last message received, by sender; never nil
	}
	// Outbox is what was sent to one recipient.
	Outbox[M any] struct {
		Last    uint64 // the number of the last message
		Waiting []M    // those that are not acknowledged, the last at the end
	}
	// Durable is what a linked actor keeps across a crash: what the actor itself keeps, nil if that is nothing, and all
	// that is known of links. A step changes the outboxes to few recipients, and the number of at most one sender.
	Durable[M any] struct {
		Actor    any
		Sent     map[actor.ID]Outbox[M]
		Received map[actor.ID]uint64
	}
	// Resend is the timer for what a recipient has not acknowledged. The actor itself must not have timers of this type.
	Resend struct{ To actor.ID }

	// Config is how a linked actor waits. The zero value is ready to use.
	Config struct {
		Wait time.Duration // for acknowledgements, at most twice so, before it sends again; 0 for a second
	}
)

func (Data[M]) carries(M) {}
func (Ack[M]) carries(M)  {}

// String names the recipient.
func (r Resend) String() string { return "resend to " + r.To.String() }

// New links an actor: all that it sends and receives goes through links, to itself too. Those that it talks to must be
// linked as well.
//
// What a message shares with the state of its sender must not be changed after it was sent, since the link keeps it to
// send it again. If the actor is not Durable it starts anew after a crash, but numbers go on, so that what it received
// before the crash does not come again. Messages that come before their turn are not kept: the sender repeats them.
func New[S, M any](a actor.Typed[S, M], c Config) actor.Typed[State[S, M], Message[M]] {
	l := linked[S, M]{inner: a, wait: cmp.Or(c.Wait, time.Second)}
	t := actor.Typed[State[S, M], Message[M]]{
		Start: l.start, Receive: l.receive, Timeout: l.timeout, Keep: l.keep, Recover: l.recover, Value: a.Value,
	}
	if a.Chosen != nil {
		t.Chosen = l.chosen
	}
	return t
}

// out is what linked actors command through.
type out[M any] = actor.Out[Message[M]]

type linked[S, M any] struct {
	inner actor.Typed[S, M]
	wait  time.Duration
}

func (l linked[S, M]) start(self actor.ID, o *out[M]) State[S, M] {
	st := State[S, M]{Sent: make(map[actor.ID]Outbox[M]), Received: make(map[actor.ID]uint64)}
	var inner actor.Out[M]
	st.Actor = l.inner.Start(self, &inner)
	return l.perform(st, &inner, o)
}

// receive hands the actor a message when it is the next one of its sender. The number is part of the state in the very
// step in which the actor sees the message, and both are kept before the acknowledgement leaves.
func (l linked[S, M]) receive(self actor.ID, st State[S, M], from actor.ID, msg Message[M], o *out[M]) State[S, M] {
	switch m := msg.(type) {
	case Data[M]:
		last := st.Received[from]
		if m.Number > last+1 {
			return st
		}
		if m.Number == last+1 {
			var inner actor.Out[M]
			st.Actor = l.inner.Receive(self, st.Actor, from, m.Message, &inner)
			st.Received[from] = m.Number
			st = l.perform(st, &inner, o)
		}
		o.Send(from, Ack[M]{st.Received[from]})
	case Ack[M]:
		box := st.Sent[from]
		acknowledged := box.Last - uint64(len(box.Waiting))
		if m.Number <= acknowledged || m.Number > box.Last {
			return st
		}
		box.Waiting = slices.Clone(box.Waiting[m.Number-acknowledged:])
		if len(box.Waiting) == 0 {
			box.Waiting = nil
			o.CancelTimer(Resend{from})
		}
		st.Sent[from] = box
	}
	return st
}

// timeout sends again what a recipient has not acknowledged, or is the actor's own.
func (l linked[S, M]) timeout(self actor.ID, st State[S, M], timer actor.Timer, o *out[M]) State[S, M] {
	if r, ok := timer.(Resend); ok {
		box := st.Sent[r.To]
		for i, m := range box.Waiting {
			o.Send(r.To, Data[M]{box.Last - uint64(len(box.Waiting)-1-i), m})
		}
		l.patience(r.To, o)
		return st
	}
	var inner actor.Out[M]
	st.Actor = l.inner.Timeout(self, st.Actor, timer, &inner)
	return l.perform(st, &inner, o)
}

func (l linked[S, M]) chosen(self actor.ID, st State[S, M], option actor.Option, o *out[M]) State[S, M] {
	var inner actor.Out[M]
	st.Actor = l.inner.Chosen(self, st.Actor, option, &inner)
	return l.perform(st, &inner, o)
}

func (l linked[S, M]) keep(st State[S, M]) any {
	d := Durable[M]{Sent: st.Sent, Received: st.Received}
	if l.inner.Keep != nil {
		d.Actor = l.inner.Keep(st.Actor)
	}
	return d
}

// recover goes on with the numbers that were kept. What was not acknowledged is sent again when its timer fires.
func (l linked[S, M]) recover(self actor.ID, kept any, o *out[M]) State[S, M] {
	d := kept.(Durable[M])
	st := State[S, M]{Sent: d.Sent, Received: d.Received}
	if st.Sent == nil {
		st.Sent = make(map[actor.ID]Outbox[M])
	}
	if st.Received == nil {
		st.Received = make(map[actor.ID]uint64)
	}
	for _, to := range slices.Sorted(maps.Keys(st.Sent)) {
		if len(st.Sent[to].Waiting) > 0 {
			l.patience(to, o)
		}
	}
	var inner actor.Out[M]
	if l.inner.Recover != nil {
		st.Actor = l.inner.Recover(self, d.Actor, &inner)
	} else {
		st.Actor = l.inner.Start(self, &inner)
	}
	return l.perform(st, &inner, o)
}

// perform does what the actor commands, with a number on each message.
func (l linked[S, M]) perform(st State[S, M], inner *actor.Out[M], o *out[M]) State[S, M] {
	for _, c := range inner.Commands() {
		switch c.Kind {
		case actor.Send:
			box := st.Sent[c.To]
			if len(box.Waiting) == 0 {
				l.patience(c.To, o)
			}
			box.Last++
			box.Waiting = append(box.Waiting, c.Message)
			st.Sent[c.To] = box
			o.Send(c.To, Data[M]{box.Last, c.Message})
		case actor.SetTimer:
			o.SetTimer(c.Timer, c.Min, c.Max)
		case actor.CancelTimer:
			o.CancelTimer(c.Timer)
		case actor.Choose:
			o.Choose(c.Options...)
		}
	}
	return st
}

func (l linked[S, M]) patience(to actor.ID, o *out[M]) { o.SetTimer(Resend{to}, l.wait, 2*l.wait) }
