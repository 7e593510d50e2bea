package register

import (
	"cmp"
	"fmt"
	"time"

	"synod/actor"
)

// Client sends its puts one after the other, each when the one before was answered, and then its gets. Its request
// k, counting from 0, has the number (k+1)·id and goes to server (id + k) mod the number of servers. A reply that it
// does not await is ignored. It may send a request again, to the same server, when no reply comes. If one expires it ends.
// A client that crashes keeps how many requests it sent: it gives up the one that it awaits, and goes on with the next one,
// under a number of its own, so that no reply is taken for that to another request.
type Client struct {
	Servers []actor.ID    // in ascending order
	Index   int           // the client's place among those that put, from 0: it determines its values
	Puts    int           // may be 0: then it only reads
	Gets    int           // 0 for one
	Stride  int           // what a client adds to its id for the number of each further request; 0 for its id again
	Resends int           // how often it sends each request again; below 0 for any number of times
	Wait    time.Duration // how long it waits, at most twice so, before it does; 0 for a second
}

// ClientState is the local state of a Client.
type ClientState struct {
	Awaiting Request // the request that is not answered yet, 0 for none
	Requests int     // how many were sent, those sent again once
	Resent   int     // how often the awaited one was sent again, if that is limited
}

// resend is the timer of a client that sends requests again.
type resend struct{}

func (resend) String() string { return "resend" }

// MaxClients is how many clients there may be so that their values differ: letters from 'A' for first puts, and, when
// there are more puts than one, letters down from 'Z' for the later ones.
func MaxClients(puts int) int {
	if puts > 1 {
		return 13
	}
	return 26
}

// New returns an actor of the client.
func (c Client) New() actor.Typed[ClientState, Message] {
	return actor.New[ClientState, Message](c, actor.Timers(c.Timeout), actor.Durable(c.keep, c.recovered))
}

// Start sends the first request.
func (c Client) Start(self actor.ID, out *actor.Out[Message]) ClientState {
	return c.next(self, 0, out)
}

// Receive takes the awaited reply and sends the next request.
func (c Client) Receive(
	self actor.ID, st ClientState, _ actor.ID, msg Message, out *actor.Out[Message],
) ClientState {
	switch m := msg.(type) {
	case PutOk:
		if st.Awaiting != 0 && m.Request == st.Awaiting {
			return c.next(self, st.Requests, out)
		}
	case PutFail:
		if st.Awaiting != 0 && m.Request == st.Awaiting {
			return c.next(self, st.Requests, out)
		}
	case GetOk:
		if st.Awaiting != 0 && m.Request == st.Awaiting {
			return c.next(self, st.Requests, out)
		}
	case Expired: // Nobody can tell whether it was done, so that what comes after it would not be one after the other.
		if st.Awaiting != 0 && m.Request == st.Awaiting {
			return c.next(self, c.requests(), out)
		}
	case Put, Get: // A client serves nobody.
	}
	return st
}

// Timeout sends the awaited request again.
func (c Client) Timeout(self actor.ID, st ClientState, _ actor.Timer, out *actor.Out[Message]) ClientState {
	c.send(self, st.Requests-1, out)
	if c.Resends > 0 {
		st.Resent++
	}
	if c.Resends < 0 || st.Resent < c.Resends {
		c.wait(out)
	}
	return st
}

func (c Client) keep(st ClientState) int { return st.Requests }

func (c Client) recovered(self actor.ID, requests int, out *actor.Out[Message]) ClientState {
	return c.next(self, requests, out)
}

// next sends request k, if there is one.
func (c Client) next(self actor.ID, k int, out *actor.Out[Message]) ClientState {
	if k == c.requests() {
		if c.Resends != 0 {
			out.CancelTimer(resend{})
		}
		return ClientState{Requests: k}
	}
	if c.Resends != 0 {
		c.wait(out)
	}
	return ClientState{Awaiting: c.send(self, k, out), Requests: k + 1}
}

// requests is how many requests the client sends.
func (c Client) requests() int { return c.Puts + max(c.Gets, 1) }

// Request returns the number of a client's request, k counting those before it. Without a Stride two clients may use the same
// number; with one that is greater than all ids none do.
func (c Client) Request(self actor.ID, k int) Request {
	if c.Stride > 0 {
		return Request(self) + Request(k)*Request(c.Stride)
	}
	return Request(k+1) * Request(self)
}

func (c Client) send(self actor.ID, k int, out *actor.Out[Message]) Request {
	request := c.Request(self, k)
	server := c.Servers[(uint64(self)+uint64(k))%uint64(len(c.Servers))]
	switch {
	case k >= c.Puts:
		out.Send(server, Get{request})
	default:
		out.Send(server, Put{request, c.Value(k)})
	}
	return request
}

// Value returns the value of a client's put, k counting those before it: all after the first are the same.
func (c Client) Value(k int) Value {
	if k == 0 {
		return Value('A' + rune(c.Index))
	}
	return Value('Z' - rune(c.Index))
}

func (c Client) wait(out *actor.Out[Message]) {
	wait := cmp.Or(c.Wait, time.Second)
	out.SetTimer(resend{}, wait, 2*wait)
}

// Clients builds the actors of n clients of the servers.
func Clients(servers []actor.ID, n, puts int) []actor.Typed[ClientState, Message] {
	var clients []actor.Typed[ClientState, Message]
	for i := range n {
		clients = append(clients, Client{Servers: servers, Index: i, Puts: puts}.New())
	}
	return clients
}

// ValidateSystem returns what is wrong with the numbers of a system of register servers and clients, or nil.
func ValidateSystem(servers, clients, puts int) error {
	switch {
	case servers < 1:
		return fmt.Errorf("%d servers: expected at least 1", servers)
	case clients < 1:
		return fmt.Errorf("%d clients: expected at least 1", clients)
	case puts < 1:
		return fmt.Errorf("%d puts a client: expected at least 1", puts)
	case clients > MaxClients(puts):
		return fmt.Errorf("%d clients with %d puts each: expected at most %d, as every value is a letter of its own",
			clients, puts, MaxClients(puts))
	}
	return nil
}
