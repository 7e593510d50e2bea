// Package singledecree composes single-decree Paxos with register clients and a network into a model to check.
package singledecree

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"synod/actor"
	"synod/consistency"
	"synod/examples/registers"
	"synod/model"
	"synod/paxos/singledecree"
	"synod/register"
)

// Config is a system of servers and clients.
type Config = registers.Config

// Default is two clients and three servers.
var Default = Config{Servers: 3, Clients: 2, Puts: 1}

// Variant is what a system does unlike the plain protocol. The zero value is the plain protocol.
type Variant struct {
	Promises, Votes int  // how many servers it takes to propose, and to decide; 0 for a majority
	Retry           bool // a proposer tries again at a higher ballot, and clients send their requests again, once or more
	Learn           bool // a server asks the others for the decision, and tells it to every client
	Rounds          int  // with Retry, the last that is explored: a boundary; 0 for 2, or for none if timeouts are bounded
	Refine          Refinement
}

// System is the model. A configuration that is not valid is a mistake that the check reports.
func System(c Config) *model.System[register.Message] { return Variant{}.System(c) }

// System is the model of the variant.
func (variant Variant) System(c Config) *model.System[register.Message] {
	return Compose(variant, c, singledecree.Server.New, func(st singledecree.State) Known {
		return Known{st.Accepted.Proposal, st.Decided, st.Ballot.Round}
	})
}

// Validate returns what is wrong with a variant for a configuration, or nil.
func (variant Variant) Validate(c Config) error {
	switch {
	case variant.Promises < 0 || variant.Promises > c.Servers:
		return fmt.Errorf("%d promises: expected at most one from each of %d servers", variant.Promises, c.Servers)
	case variant.Votes < 0 || variant.Votes > c.Servers:
		return fmt.Errorf("%d votes: expected at most one from each of %d servers", variant.Votes, c.Servers)
	case variant.Refine < NoRefinement || variant.Refine > ByVotes:
		return fmt.Errorf("refinement %d: expected 0 to %d", variant.Refine, ByVotes)
	case variant.Rounds < 0:
		return fmt.Errorf("%d rounds: expected at least 1", variant.Rounds)
	case variant.Rounds > 0 && !variant.Retry:
		return fmt.Errorf("%d rounds, and nobody tries again: expected none, or retries", variant.Rounds)
	}
	return nil
}

// server is the configuration of a server of the variant.
func (variant Variant) server(others []actor.ID) singledecree.Server {
	s := singledecree.Server{Peers: others, Promises: variant.Promises, Votes: variant.Votes, Learn: variant.Learn}
	if variant.Retry {
		s.Retry = time.Second // A model knows no durations.
	}
	return s
}

// Known is what properties read of a server.
type Known struct {
	Proposal singledecree.Proposal // that it accepted last
	Decided  bool                  // and knows to be chosen
	Round    uint32                // of its ballot
}

// Compose builds the model of a variant of the protocol with local state S, of which look reads what matters.
func Compose[S any](
	variant Variant, c Config, server func(singledecree.Server) actor.Typed[S, register.Message], look func(S) Known,
) *model.System[register.Message] {
	if variant.Retry {
		c.Resends = cmp.Or(c.Resends, 1)
	}
	c.Once = c.Once || variant.Learn
	sys, servers := registers.Compose(c, func(others []actor.ID) actor.Typed[S, register.Message] {
		return server(variant.server(others))
	})
	if err := variant.Validate(c); err != nil {
		sys.Check(err)
	}
	// What follows does not depend on the type of states.
	all := make([]reader, len(servers))
	for i, server := range servers {
		all[i].state = func(v model.View) (any, bool) { return server.In(v) }
		all[i].decision = model.Project(sys.System, server, func(st S) decision { return look(st).decision() })
		if variant.bounded(c) {
			all[i].round = model.Project(sys.System, server, func(st S) uint32 { return look(st).Round })
		}
	}
	return variant.demand(sys, c, all)
}

// reader reads a server.
type reader struct {
	state    func(model.View) (any, bool)
	decision model.Projection[decision]
	round    model.Projection[uint32] // if the variant is bounded
}

// bounded reports whether rounds beyond some are not explored.
func (variant Variant) bounded(c Config) bool {
	return variant.Retry && (variant.Rounds > 0 || c.MaxTimeouts == 0)
}

// demand adds the properties and the boundary of a variant to its system.
func (variant Variant) demand(sys registers.System, c Config, servers []reader) *model.System[register.Message] {
	if variant.bounded(c) {
		last := uint32(cmp.Or(variant.Rounds, 2)) // The second round is the first that is a retry.
		most := last
		if c.Live {
			most++ // A path that goes beyond the last round ends there, and leaves nothing undecided.
			*sys.Excused = func(v model.View) bool { return beyond(v, servers, last) }
		}
		sys.Within(func(v model.View) bool { return !beyond(v, servers, most) })
	}
	decisions := func(v model.View) []singledecree.Proposal {
		var all []singledecree.Proposal
		for _, server := range servers {
			if d, up := server.decision.In(v); up && d.made {
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
			if op.Out.Answer == consistency.ReadOk {
				told = append(told, op.Out.Value)
			}
		}
		told = slices.DeleteFunc(told, func(value register.Value) bool { return value == 0 }) // nothing was decided
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
	sys.Monotone("no answer contradicts a decision")
	sys.ValueChosen()
	switch variant.Refine {
	case ByDecisions:
		refineDecisions(sys.System, c, decisions)
	case ByVotes:
		refineVotes(sys.System, c, cmp.Or(variant.Votes, c.Servers/2+1))
	case NoRefinement:
	}
	majority := actor.Majority(c.Servers)
	sys.Explain(explain(servers, cmp.Or(variant.Promises, majority), cmp.Or(variant.Votes, majority)))
	sys.Picture(picture(sys.Name, servers, cmp.Or(variant.Votes, majority)))
	return sys.System
}

// beyond reports whether a server is at a ballot beyond a round. A ballot is that of some server before it is in any message.
func beyond(v model.View, servers []reader, most uint32) bool {
	for _, server := range servers {
		if round, up := server.round.In(v); up && round > most {
			return true
		}
	}
	return false
}

// decision is what a server knows to be chosen: the only part of its state that properties read.
type decision struct {
	proposal singledecree.Proposal
	made     bool
}

func (k Known) decision() decision {
	if !k.Decided {
		return decision{}
	}
	return decision{k.Proposal, true}
}
