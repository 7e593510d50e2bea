package singledecree

import (
	ownvalue "synod/examples/singledecree/internal/ownvalue"
	promiseforgotten "synod/examples/singledecree/internal/promiseforgotten"
	smallmajority "synod/examples/singledecree/internal/smallmajority"
	"synod/model"
	"synod/paxos/singledecree"
)

// Mutant is a broken variant of the protocol: a copy of its source that differs in one hunk.
type Mutant struct {
	Name    string
	Summary string // what is wrong with it
	Breaks  string // the property that shows it first, in the least system that shows it
	Least   Config // that system
	System  func(Config) model.Source
}

// Mutants gives the broken variants of the protocol, in order of name.
func Mutants() []Mutant {
	return []Mutant{
		{
			Name:    "own-value",
			Summary: "a proposer insists on its own value although a promise told it of a vote",
			Breaks:  "agreement",
			Least:   Default,
			System: func(c Config) model.Source {
				return compose(c, ownvalue.New, func(st ownvalue.State) (singledecree.Proposal, bool) {
					return singledecree.Proposal(st.Accepted.Proposal), st.Decided
				})
			},
		},
		{
			Name:    "promise-forgotten",
			Summary: "an acceptor votes in spite of its promise to a higher ballot",
			Breaks:  "agreement",
			Least:   Default,
			System: func(c Config) model.Source {
				return compose(c, promiseforgotten.New, func(st promiseforgotten.State) (singledecree.Proposal, bool) {
					return singledecree.Proposal(st.Accepted.Proposal), st.Decided
				})
			},
		},
		{
			Name:    "small-majority",
			Summary: "half of the servers are taken for a majority, which goes wrong with an even number",
			Breaks:  "agreement",
			Least:   Config{Servers: 4, Clients: 2, Puts: 1},
			System: func(c Config) model.Source {
				return compose(c, smallmajority.New, func(st smallmajority.State) (singledecree.Proposal, bool) {
					return singledecree.Proposal(st.Accepted.Proposal), st.Decided
				})
			},
		},
	}
}
