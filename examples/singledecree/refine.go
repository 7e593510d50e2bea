package singledecree

import (
	"cmp"
	"reflect"
	"slices"

	"synod/actor"
	"synod/examples/consensus"
	"synod/model"
	"synod/paxos/singledecree"
	"synod/register"
)

// Refinement is how a system is held against Consensus, as a property of the name "consensus".
type Refinement int

const (
	// NoRefinement does not hold it against anything.
	NoRefinement Refinement = iota
	// ByDecisions takes for chosen what some server knows to be decided. It changes no count.
	ByDecisions
	// ByVotes takes for chosen what a majority ever voted for at one ballot, whether anyone knows it or not. Acceptors
	// forget old votes, so that their states alone would un-choose: an observer remembers all votes. What it remembers is
	// part of the state, so that there are more of them.
	ByVotes
)

// values are those that the clients of a configuration put.
func values(c Config) []register.Value {
	var all []register.Value
	for i := range c.Clients {
		all = append(all, 'A'+register.Value(i))
		if c.Puts > 1 {
			all = append(all, 'Z'-register.Value(i))
		}
	}
	return all
}

// refineDecisions adds the property that what servers decided refines Consensus.
func refineDecisions(
	sys *model.System[register.Message], c Config, decisions func(model.View) []singledecree.Proposal,
) {
	image := func(v model.View) consensus.State[register.Value] {
		var chosen []register.Value
		for _, proposal := range decisions(v) {
			chosen = append(chosen, proposal.Value)
		}
		return consensus.Of(chosen...)
	}
	model.Refine(sys, "consensus", consensus.Model(values(c)...), image)
}

// refineVotes adds an observer of all votes, and the property that what got enough of them refines Consensus.
func refineVotes(sys *model.System[register.Message], c Config, quorum int) {
	votes := model.Record(sys, actor.Observer[register.Message, tally]{
		Name: "votes", Sees: isVote,
		Next: func(t tally, e actor.Envelope[register.Message], _ actor.Passage) (tally, error) {
			return t.count(e), nil
		},
	})
	model.Refine(sys, "consensus", consensus.Model(values(c)...), func(v model.View) consensus.State[register.Value] {
		var chosen []register.Value
		for _, b := range votes.In(v) {
			if len(b.Voters) >= quorum {
				chosen = append(chosen, b.Value)
			}
		}
		return consensus.Of(chosen...)
	})
}

// tally is all votes that were ever cast, by ballot, in ascending order.
type tally []balloted

// balloted is the votes at a ballot: all of them are for the value that its leader asked for.
type balloted struct {
	Ballot singledecree.Ballot
	Value  register.Value
	Voters []actor.ID // in ascending order
}

// inner returns the message of servers in an envelope, of the protocol or a broken variant of it; see explain.
func inner(m register.Message) (v reflect.Value, name string) {
	field := reflect.ValueOf(m)
	if field.Kind() != reflect.Struct {
		return v, ""
	}
	if field = field.FieldByName("Message"); field.Kind() != reflect.Interface || field.IsNil() {
		return v, ""
	}
	return field.Elem(), field.Elem().Type().Name()
}

// isVote reports whether a message casts a vote: a leader votes when it asks for votes, an acceptor when it answers.
func isVote(e actor.Envelope[register.Message], p actor.Passage) bool {
	_, name := inner(e.Message)
	return p == actor.Sent && (name == "Accept" || name == "Accepted")
}

// count adds the vote that a message casts.
func (t tally) count(e actor.Envelope[register.Message]) tally {
	m, name := inner(e.Message)
	ballot := ballotOf(m.FieldByName("Ballot"))
	at, known := slices.BinarySearchFunc(t, ballot, func(b balloted, want singledecree.Ballot) int {
		return cmp.Or(cmp.Compare(b.Ballot.Round, want.Round), cmp.Compare(b.Ballot.Leader, want.Leader))
	})
	b := balloted{Ballot: ballot}
	if known {
		b = t[at]
	}
	if name == "Accept" {
		b.Value = valueOf(m.FieldByName("Proposal"))
	}
	place, voted := slices.BinarySearch(b.Voters, e.From)
	switch {
	case voted:
		return t
	case known:
		t = slices.Clone(t)
	default:
		t = slices.Insert(slices.Clone(t), at, b)
	}
	b.Voters = slices.Insert(slices.Clone(b.Voters), place, e.From)
	t[at] = b
	return t
}
