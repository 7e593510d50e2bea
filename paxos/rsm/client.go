package rsm

import (
	"cmp"
	"slices"
	"time"

	"synod/actor"
)

// ClientActor sends its operations to servers of a replicated machine, in order. Operation k, counting from 0, is the
// command (self, k+1). It is sent to server (self + k/Pipeline) mod the number of servers; each resend goes to the
// next server, unless Insist is set, so that the same command may reach several servers. A reply that is not awaited
// is ignored.
type ClientActor[O, R any] struct {
	Servers  []actor.ID // in ascending order
	Ops      []O
	Pipeline int           // maximum number of commands in flight; 0 means one
	Resends  int           // how often each command is sent again; negative for no limit
	Wait     time.Duration // delay before a resend, at most twice as long; 0 means one second
	Insist   bool          // sends a command again to the same server, so that only this server can answer
	End      bool          // ends the session after the last operation
}

// ClientState is the local state of a [ClientActor].
type ClientState struct {
	Awaiting []Local // the commands in flight, ascending; nil if there are none
	Sent     int     // number of commands sent, not counting resends
	Resent   int     // number of resends since the last answer, if that is limited
	Refused  bool    // a command was refused
}

type resend struct{}

func (resend) String() string { return "resend" }

// New returns the actor of the client.
func (c ClientActor[O, R]) New() actor.Typed[ClientState, Message] {
	return actor.New[ClientState, Message](c, actor.Timers(c.Timeout))
}

// Total returns how many commands the client sends, including the end of its session.
func (c ClientActor[O, R]) Total() int {
	if c.End {
		return len(c.Ops) + 1
	}
	return len(c.Ops)
}

// Start sends the first commands.
func (c ClientActor[O, R]) Start(self actor.ID, out *actor.Out[Message]) ClientState {
	return c.next(self, ClientState{}, out)
}

// Receive accepts an awaited reply and sends the next command.
func (c ClientActor[O, R]) Receive(
	self actor.ID, st ClientState, _ actor.ID, msg Message, out *actor.Out[Message],
) ClientState {
	reply, ok := msg.(Reply[R])
	if !ok || reply.Answer.ID.Client != Client(self) {
		return st
	}
	at, awaited := slices.BinarySearch(st.Awaiting, reply.Answer.ID.Local)
	if !awaited {
		return st
	}
	if st.Awaiting = slices.Delete(st.Awaiting, at, at+1); len(st.Awaiting) == 0 {
		st.Awaiting = nil
	}
	st.Resent, st.Refused = 0, st.Refused || reply.Answer.Status == Refused
	return c.next(self, st, out)
}

// Timeout sends the awaited commands again.
func (c ClientActor[O, R]) Timeout(
	self actor.ID, st ClientState, _ actor.Timer, out *actor.Out[Message],
) ClientState {
	if c.Resends > 0 {
		st.Resent++
	}
	for _, l := range st.Awaiting {
		c.send(self, int(l)-1, max(st.Resent, 1), out)
	}
	if c.Resends < 0 || st.Resent < c.Resends {
		c.wait(out)
	}
	return st
}

// next sends commands up to the maximum number in flight.
func (c ClientActor[O, R]) next(self actor.ID, st ClientState, out *actor.Out[Message]) ClientState {
	for st.Sent < c.Total() && len(st.Awaiting) < max(c.Pipeline, 1) {
		if st.Sent == len(c.Ops) && st.Awaiting != nil {
			break // The session ends after all answers have arrived.
		}
		c.send(self, st.Sent, 0, out)
		st.Sent++
		st.Awaiting = append(st.Awaiting, Local(st.Sent))
	}
	switch {
	case c.Resends == 0:
	case st.Awaiting == nil:
		out.CancelTimer(resend{})
	default:
		c.wait(out)
	}
	return st
}

func (c ClientActor[O, R]) send(self actor.ID, k, again int, out *actor.Out[Message]) {
	command := Command[O]{ID: ID{Client(self), Local(k + 1)}}
	if k < len(c.Ops) {
		command.Op = c.Ops[k]
	} else {
		command.End = true
	}
	if c.Insist {
		again = 0
	}
	server := (uint64(self) + uint64(k/max(c.Pipeline, 1)) + uint64(again)) % uint64(len(c.Servers))
	out.Send(c.Servers[server], Request[O]{command})
}

func (c ClientActor[O, R]) wait(out *actor.Out[Message]) {
	wait := cmp.Or(c.Wait, time.Second)
	out.SetTimer(resend{}, wait, 2*wait)
}
