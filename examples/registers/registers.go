// Package registers composes the servers of a register with clients, a network and a recorder into a system to check.
// What the systems of different protocols have in common is here; their own properties stand beside the protocols.
package registers

import (
	"cmp"
	"fmt"
	"slices"

	"synod/actor"
	"synod/model"
	"synod/register"
)

// Config is a system of servers and clients. Servers have the ids 0 … Servers−1, clients those that follow, and then come
// the readers.
type Config struct {
	Servers      int  // at least 1
	Clients      int  // at least 1, or none with From; at most register.MaxClients(Puts)
	Puts         int  // of each client, one after the other, before its one get; at least 1
	Readers      int  // clients that only read; perhaps none
	Gets         int  // of each reader, one after the other; 0 for two
	Resends      int  // how often each client sends each of its requests again; below 0 for any number of times
	Once         bool // the register is written once, and refuses other values: see register.LinearizableOnce
	Remember     int  // of how many clients a server remembers the last request, if it does; 0 for all
	Distinct     bool // no two clients number a request alike, so that those of the same servers are interchangeable
	Live         bool // every client is to be served at last: a property of endless paths
	From         *Run // where the system begins; nil for the start of all servers
	model.Config      // the network, and what may go wrong; servers may crash
}

// Validate returns what is wrong with the configuration, or nil.
func (c Config) Validate() error {
	switch {
	case c.Readers < 0:
		return fmt.Errorf("%d readers: expected at least 0", c.Readers)
	case c.Gets < 0:
		return fmt.Errorf("%d gets a reader: expected at least 1", c.Gets)
	case c.Remember < 0:
		return fmt.Errorf("%d clients to remember: expected at least 1, or 0 for all", c.Remember)
	case c.From != nil && c.Clients == 0:
		return nil // Those of the run may be enough.
	}
	return register.ValidateSystem(c.Servers, c.Clients, c.Puts)
}

// NewClients returns the actors of the clients and then of the readers: the first one has the id Servers, and so on.
func (c Config) NewClients() []actor.Typed[register.ClientState, register.Message] {
	ids, resends := c.ids(), c.Resends
	if c.Live && resends > 0 {
		resends = -1 // What is sent again is not bounded.
	}
	var all []actor.Typed[register.ClientState, register.Message]
	for i := range c.Clients + c.Readers {
		client := c.settings(i)
		client.Servers, client.Resends = ids, resends
		all = append(all, client.New())
	}
	return all
}

// settings returns what a client or reader does, counting from 0.
func (c Config) settings(i int) register.Client {
	client := register.Client{Index: i, Puts: c.Puts}
	if i >= c.Clients {
		client = register.Client{Gets: cmp.Or(c.Gets, DefaultGets)}
	}
	if c.Distinct {
		client.Stride = c.Servers + c.Clients + c.Readers
	}
	return client
}

// DefaultGets is how many gets a reader makes unless told: the second may contradict the first.
const DefaultGets = 2

// System is a system of servers and clients, with what properties of it read.
type System struct {
	*model.System[register.Message]
	History model.History[register.History]
	Answers model.Selection[register.Message, register.Value] // the values of GetOk messages
	Excused *func(model.View) bool                            // where clients need not be served, as no more is explored; nil for nowhere
}

// Compose builds a system that has one property so far, "linearizable", unless it goes on from a run that is not
// judged. The function server makes the actor of a server that knows the others, in ascending order; the servers that
// are referred to are in that of their ids. A configuration that is not valid is a mistake that the check reports.
func Compose[S any](
	c Config, server func(others []actor.ID) actor.Typed[S, register.Message],
) (sys System, servers []model.Ref[S]) {
	sys.System, sys.Excused = model.NewSystem[register.Message](c.Config), new(func(model.View) bool)
	if err := c.Validate(); err != nil {
		sys.Check(err)
		return sys, nil
	}
	ids := c.ids()
	for _, id := range ids {
		a := server(actor.Others(ids, id))
		if c.From != nil && c.From.Forget {
			a.Keep, a.Recover = nil, nil
		}
		servers = append(servers, model.Add(sys.System, id, a))
	}
	sys.serve(c, ids)
	return sys, servers
}

// serve adds the clients of servers, and what is recorded.
func (sys *System) serve(c Config, ids []actor.ID) {
	sys.Roles("server", ids...)
	var served []model.Ref[register.ClientState]
	for i, client := range c.NewClients() {
		served = append(served, model.Add(sys.System, c.client(i), client))
		sys.Roles("client", c.client(i))
	}
	if c.Live {
		sys.Eventually("every client is served", func(v model.View) bool {
			if excused := *sys.Excused; excused != nil && excused(v) {
				return true
			}
			return !slices.ContainsFunc(served, func(client model.Ref[register.ClientState]) bool {
				st, _ := client.In(v)
				return st.Awaiting != 0
			})
		})
	}
	sys.interchange(c)
	sys.Crashable(ids...)
	history := register.Linearizable()
	if c.Once {
		history = register.LinearizableOnce()
	}
	if c.From != nil && c.From.Unjudged {
		history.Holds = nil
	}
	sys.History = model.Record(sys.System, history)
	sys.Answers = model.Select(sys.System, func(e actor.Envelope[register.Message]) (register.Value, bool) {
		answer, ok := e.Message.(register.GetOk)
		return answer.Value, ok
	})
	if c.From != nil {
		sys.resume(c.From)
	}
}

// ValueChosen adds the property that some client may sometimes be told a value other than the initial one.
func (sys System) ValueChosen() {
	sys.Sometimes("value chosen", func(v model.View) bool {
		return slices.ContainsFunc(sys.Answers.Deliverable(v), func(value register.Value) bool { return value != 0 })
	})
	sys.Monotone("value chosen")
}
