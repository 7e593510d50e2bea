package rsm

import (
	"cmp"
	"slices"
	"time"

	"synod/actor"
)

// ClientActor sends its operations to servers of a replicated machine, in order. Operation k, counting from 0, is the
// command (self, k+1) and goes to server (self + k/Pipeline) mod the number of servers; when it is sent again, to the
// next one, so that the same command may reach several servers, unless it insists. A reply that it does not await
// is ignored.
type ClientActor[O, R any] struct {
	Servers  []actor.ID // in ascending order
	Ops      []O
	Pipeline int           // how many commands may be without an answer at once; 0 for one
	Resends  int           // how often it sends each command again; below 0 for any number of times
	Wait     time.Duration // how long it waits, at most twice so, before it does; 0 for a second
	Insist   bool          // sends a command again to the server that it asked at first, so that this one alone can help
	End      bool          // ends the session at last
}

// ClientState is the local state of a [ClientActor].
type ClientState struct {
	Awaiting []Local // the commands without an answer, ascending; nil if there are none
	Sent     int     // how many commands were sent, those sent again once
	Resent   int     // how often awaited commands were sent again since the last answer, if that is limited
	Refused  bool    // a command was refused
}

type resend struct{}

func (resend) String() string { return "resend" }

// New returns the actor of the client.
func (c ClientActor[O, R]) New() actor.Typed[ClientState, Message] {
	return actor.New[ClientState, Message](c, actor.Timers(c.Timeout))
}

// Total returns how many commands the client sends, the end of its session included.
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

// Receive takes an awaited reply and sends the next command.
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

// next sends as many commands as may be without an answer.
func (c ClientActor[O, R]) next(self actor.ID, st ClientState, out *actor.Out[Message]) ClientState {
	for st.Sent < c.Total() && len(st.Awaiting) < max(c.Pipeline, 1) {
		if st.Sent == len(c.Ops) && st.Awaiting != nil {
			break // The session ends when everything was answered.
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
