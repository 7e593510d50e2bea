// Package singledecree composes single-decree Paxos with register clients and a network into a model to check.
package singledecree

import (
	"synod/actor"
	"synod/examples/registers"
	"synod/model"
	"synod/paxos/singledecree"
	"synod/register"
)

// Config is a system of servers and clients.
type Config = registers.Config

// Default is two clients and three servers.
var Default = Config{Servers: 3, Clients: 2, Puts: 1}

// System is the model. A configuration that is not valid is a mistake that the check reports.
func System(c Config) *model.System[register.Message] {
	return compose(c, singledecree.New, func(st singledecree.State) (singledecree.Proposal, bool) {
		return st.Accepted.Proposal, st.Decided
	})
}

// compose makes the model of a variant of the protocol with local state S, of which decided tells what was chosen, and
// whether a server with that state knows of it.
func compose[S any](
	c Config, server func(others []actor.ID) actor.Typed[S, register.Message],
	decided func(S) (singledecree.Proposal, bool),
) *model.System[register.Message] {
	sys := registers.Compose(c, server)
	var known []model.Projection[decision]
	for _, server := range sys.Servers {
		known = append(known, model.Project(sys.System, server, func(st S) decision {
			proposal, ok := decided(st)
			if !ok {
				return decision{}
			}
			return decision{proposal, true}
		}))
	}
	decisions := func(v model.View) []singledecree.Proposal {
		var all []singledecree.Proposal
		for _, k := range known {
			if d, up := k.In(v); up && d.made {
				all = append(all, d.proposal)
			}
		}
		return all
	}
	sys.Always("agreement", func(v model.View) bool {
		all := decisions(v)
		for _, proposal := range all {
			if proposal != all[0] {
				return false
			}
		}
		return true
	})
	sys.Always("no answer contradicts a decision", func(v model.View) bool {
		told := sys.Answers.InFlight(v)
		for op := range sys.History.In(v).Operations() {
			if !op.In.Write && !op.Pending {
				told = append(told, op.Out.Value)
			}
		}
		if len(told) == 0 {
			return true
		}
		for _, proposal := range decisions(v) {
			for _, value := range told {
				if proposal.Value != value {
					return false
				}
			}
		}
		return true
	})
	sys.ValueChosen()
	return sys.System
}

// decision is what a server knows to be chosen: the only part of its state that properties read.
type decision struct {
	proposal singledecree.Proposal
	made     bool
}
