package singledecree

import (
	"synod/actor"
	ownvalue "synod/examples/singledecree/internal/ownvalue"
	promiseforgotten "synod/examples/singledecree/internal/promiseforgotten"
	smallmajority "synod/examples/singledecree/internal/smallmajority"
	"synod/model"
	"synod/paxos/singledecree"
	"synod/register"
)

// Mutant is a broken variant of the protocol: a copy of its source that differs in one hunk.
type Mutant struct {
	Name    string
	Summary string // what is wrong with it
	Breaks  string // the property that shows it first, in the least system that shows it
	Least   Config // that system
	System  func(Variant, Config) model.Source
}

// Mutants gives the broken variants of the protocol, in order of name.
func Mutants() []Mutant {
	return []Mutant{
		{
			Name:    "own-value",
			Summary: "a proposer insists on its own value although a promise told it of a vote",
			Breaks:  "agreement",
			Least:   Default,
			System: func(variant Variant, c Config) model.Source {
				return compose(variant, c, func(s singledecree.Server) actor.Typed[ownvalue.State, register.Message] {
					return ownvalue.Server(s).New()
				}, func(st ownvalue.State) known {
					return known{singledecree.Proposal(st.Accepted.Proposal), st.Decided, st.Ballot.Round}
				})
			},
		},
		{
			Name:    "promise-forgotten",
			Summary: "an acceptor votes in spite of its promise to a higher ballot",
			Breaks:  "agreement",
			Least:   Default,
			System: func(variant Variant, c Config) model.Source {
				return compose(variant, c, func(s singledecree.Server) actor.Typed[promiseforgotten.State, register.Message] {
					return promiseforgotten.Server(s).New()
				}, func(st promiseforgotten.State) known {
					return known{singledecree.Proposal(st.Accepted.Proposal), st.Decided, st.Ballot.Round}
				})
			},
		},
		{
			Name:    "small-majority",
			Summary: "half of the servers are taken for a majority, which goes wrong with an even number",
			Breaks:  "agreement",
			Least:   Config{Servers: 4, Clients: 2, Puts: 1},
			System: func(variant Variant, c Config) model.Source {
				return compose(variant, c, func(s singledecree.Server) actor.Typed[smallmajority.State, register.Message] {
					return smallmajority.Server(s).New()
				}, func(st smallmajority.State) known {
					return known{singledecree.Proposal(st.Accepted.Proposal), st.Decided, st.Ballot.Round}
				})
			},
		},
	}
}
