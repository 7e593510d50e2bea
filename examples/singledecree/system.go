// Package singledecree composes single-decree Paxos with register clients and a network into a model to check.
package singledecree

import (
	"fmt"

	"synod/actor"
	"synod/model"
	"synod/network"
	"synod/paxos/singledecree"
	"synod/register"
)

// Config is a system of servers and clients. Servers have the ids 0 … Servers−1, clients those that follow.
type Config struct {
	Servers int // at least 1
	Clients int // at least 1; at most register.MaxClients(Puts)
	Puts    int // of each client, one after the other, before its one get; at least 1
	Network network.Semantics
	Lossy   bool
}

// Default is two clients and three servers.
var Default = Config{Servers: 3, Clients: 2, Puts: 1}

// Validate tells what is wrong with the configuration, or nil.
func (c Config) Validate() error { return register.ValidateSystem(c.Servers, c.Clients, c.Puts) }

// System is the model. A configuration that is not valid is a mistake that the check reports.
func System(c Config) *model.System[register.Message] {
	sys := model.NewSystem[register.Message](model.Config{Network: c.Network, Lossy: c.Lossy})
	sys.Check(c.Validate())
	ids := actor.IDs(c.Servers)
	var servers []model.Ref[singledecree.State]
	for _, id := range ids {
		servers = append(servers, model.Add(sys, id, singledecree.New(actor.Others(ids, id))))
	}
	for i, client := range register.Clients(ids, c.Clients, c.Puts) {
		model.Add(sys, actor.ID(c.Servers+i), client)
	}
	history := model.Record(sys, register.Linearizable())

	sys.Always("agreement", func(v model.View) bool {
		var chosen *singledecree.Proposal
		for _, server := range servers {
			st, up := server.In(v)
			if !up || !st.Decided {
				continue
			}
			if chosen != nil && *chosen != st.Accepted.Proposal {
				return false
			}
			chosen = &st.Accepted.Proposal
		}
		return true
	})

	answers := model.Select(sys, func(e actor.Envelope[register.Message]) (register.Value, bool) {
		answer, ok := e.Message.(register.GetOk)
		return answer.Value, ok
	})
	sys.Always("no answer contradicts a decision", func(v model.View) bool {
		told := answers.InFlight(v)
		for op := range history.In(v).Operations() {
			if !op.In.Write && !op.Pending {
				told = append(told, op.Out.Value)
			}
		}
		if len(told) == 0 {
			return true
		}
		for _, server := range servers {
			st, up := server.In(v)
			for _, value := range told {
				if up && st.Decided && st.Accepted.Proposal.Value != value {
					return false
				}
			}
		}
		return true
	})
	sys.Sometimes("value chosen", func(v model.View) bool {
		for _, value := range answers.Deliverable(v) {
			if value != 0 {
				return true
			}
		}
		return false
	})
	return sys
}

// String describes the configuration.
func (c Config) String() string {
	return fmt.Sprintf("single-decree Paxos, %d clients, %d servers", c.Clients, c.Servers)
}
