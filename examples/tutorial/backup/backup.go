// Package backup is the protocol of the tutorial: a primary keeps a number that a client writes, and a backup keeps a copy.
package backup

import (
	"time"

	"synod/actor"
)

type (
	// Message is what the client, the primary and the backup send one another.
	//
	//sumtype:decl
	Message interface{ value() int }
	// Write asks the primary to store a value.
	Write struct{ Value int }
	// Copy asks the backup to store it too.
	Copy struct{ Value int }
	// Copied answers Copy.
	Copied struct{ Value int }
	// Written answers Write: the value will not get lost.
	Written struct{ Value int }
	// Out is what handlers command through.
	Out = actor.Out[Message]
)

func (m Write) value() int   { return m.Value }
func (m Copy) value() int    { return m.Value }
func (m Copied) value() int  { return m.Value }
func (m Written) value() int { return m.Value }

// Primary is the configuration of the primary.
type Primary struct {
	Backup actor.ID
	Hasty  bool // it answers before the backup has the value: the bug of chapter 2
}

// Held is the state of the primary.
type Held struct {
	Value  int      // the last value written
	Client actor.ID // who waits for an answer
}

// Start returns the state before the first message.
func (Primary) Start(actor.ID, *Out) Held { return Held{} }

// Receive handles a message.
func (p Primary) Receive(_ actor.ID, st Held, from actor.ID, m Message, out *Out) Held {
	switch m := m.(type) {
	case Write:
		st.Value, st.Client = m.Value, from
		out.Send(p.Backup, Copy(m))
		if p.Hasty {
			out.Send(from, Written(m))
		}
	case Copied:
		if !p.Hasty {
			out.Send(st.Client, Written(m))
		}
	case Copy, Written: // not for a primary
	}
	return st
}

// Backup is the backup; its state is the last value that it was sent.
type Backup struct{}

// Start returns the state before the first message.
func (Backup) Start(actor.ID, *Out) int { return 0 }

// Receive handles a message.
func (Backup) Receive(_ actor.ID, value int, from actor.ID, m Message, out *Out) int {
	if c, ok := m.(Copy); ok {
		value = max(value, c.Value)
		out.Send(from, Copied(c))
	}
	return value
}

// Durable builds an actor of a backup that survives a crash with its value.
func (b Backup) Durable() actor.Typed[int, Message] {
	keep := func(value int) int { return value }
	recover := func(_ actor.ID, kept int, _ *Out) int { return kept }
	return actor.New[int, Message](b, actor.Durable(keep, recover))
}

// Client writes the values 1, 2 … one after the other.
type Client struct {
	Primary actor.ID
	Writes  int
}

// Progress is the state of a client.
type Progress struct {
	Asked int // the last value that it asked to write
	Done  int // the last value that was answered
}

// Start asks for the first write.
func (c Client) Start(_ actor.ID, out *Out) Progress { return c.next(Progress{}, out) }

// Receive handles an answer, and asks for the next write.
func (c Client) Receive(_ actor.ID, st Progress, _ actor.ID, m Message, out *Out) Progress {
	if w, ok := m.(Written); ok && w.Value == st.Asked && st.Done < st.Asked {
		st.Done = st.Asked
		return c.next(st, out)
	}
	return st
}

func (c Client) next(st Progress, out *Out) Progress {
	if st.Asked < c.Writes {
		st.Asked++
		out.Send(c.Primary, Write{st.Asked})
	}
	return st
}

// Patient is a client that asks again until it is answered: chapter 4.
type Patient struct{ Client }

// resend is the timer of a patient client.
type resend struct{}

// String returns the name of the timer in paths.
func (resend) String() string { return "resend" }

// New returns an actor of the client.
func (p Patient) New() actor.Typed[Progress, Message] {
	return actor.New[Progress, Message](p, actor.Timers(p.Timeout))
}

// Start asks for the first write.
func (p Patient) Start(self actor.ID, out *Out) Progress {
	return p.wait(p.Client.Start(self, out), out)
}

// Receive handles an answer.
func (p Patient) Receive(self actor.ID, st Progress, from actor.ID, m Message, out *Out) Progress {
	return p.wait(p.Client.Receive(self, st, from, m, out), out)
}

// Timeout asks again.
func (p Patient) Timeout(_ actor.ID, st Progress, _ actor.Timer, out *Out) Progress {
	out.Send(p.Primary, Write{st.Asked})
	return p.wait(st, out)
}

// wait sets the timer as long as an answer is missing.
func (Patient) wait(st Progress, out *Out) Progress {
	if st.Done < st.Asked {
		out.SetTimer(resend{}, time.Second, time.Second)
	} else {
		out.CancelTimer(resend{})
	}
	return st
}
