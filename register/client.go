package register

import (
	"cmp"
	"fmt"
	"time"

	"synod/actor"
)

// Client sends its puts one after another, each after the answer to the previous one, and then its gets. Its request
// k, counting from 0, has the number (k+1)·id (see Stride) and goes to server (id + k) mod the number of servers. The
// client ignores replies that it does not await. It may resend a request to the same server when no reply comes. It
// stops when a request expires.
//
// A client that crashes persists the number of requests sent: it gives up the outstanding one and continues with the
// next, which has its own number, so that a late reply is not mistaken for the answer to another request.
type Client struct {
	Servers []actor.ID    // in ascending order
	Index   int           // the client's index among the writers, from 0: determines its values
	Puts    int           // may be 0: the client only reads
	Gets    int           // 0 means 1
	Stride  int           // added to the number for each further request; 0 means the client's id
	Resends int           // how often each request is resent; unlimited if negative
	Wait    time.Duration // how long it waits before resending, up to twice as long; 0 means a second
}

// ClientState is the local state of a Client.
type ClientState struct {
	Awaiting Request // the unanswered request, 0 for none
	Requests int     // requests sent, not counting resends
	Resent   int     // how often the awaited request was resent, if that is limited
}

// resend is the timer of a client that sends requests again.
type resend struct{}

func (resend) String() string { return "resend" }

// MaxClients returns how many clients can have distinct values: letters from 'A' for first puts and, if there is more
// than one put, letters down from 'Z' for later ones.
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

// Receive accepts the awaited reply and sends the next request.
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
	case Expired: // Whether it took effect is unknown, so later operations would not be sequential.
		if st.Awaiting != 0 && m.Request == st.Awaiting {
			return c.next(self, c.requests(), out)
		}
	case Put, Get: // Clients do not serve requests.
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

// requests returns how many requests the client sends.
func (c Client) requests() int { return c.Puts + max(c.Gets, 1) }

// Request returns the number of a client's request k, counting from 0. Without a Stride two clients may use the same
// number; with a Stride greater than all ids they do not.
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

// Value returns the value of a client's put k, counting from 0. All puts after the first write the same value.
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

// Clients returns the actors of n clients of the servers.
func Clients(servers []actor.ID, n, puts int) []actor.Typed[ClientState, Message] {
	var clients []actor.Typed[ClientState, Message]
	for i := range n {
		clients = append(clients, Client{Servers: servers, Index: i, Puts: puts}.New())
	}
	return clients
}

// ValidateSystem returns an error if the numbers of a system of register servers and clients are invalid.
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
