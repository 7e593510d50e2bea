package multipaxos

import (
	"maps"
	"slices"
	"testing"

	"synod/actor"
	"synod/checker"
	"synod/examples/replicated"
	"synod/model"
	"synod/network"
	"synod/paxos/rsm"
)

// held returns the votes that acceptors hold, all of which are up.
func (sys *system[O]) held(v model.View) map[Election]Voters {
	held := map[Election]Voters{}
	for i, projection := range sys.acceptors {
		a, _ := projection.In(v)
		for slot, votes := range a.Accepted.All() {
			for _, vote := range votes.All() {
				in := Election{vote.Ballot, slot, text(vote.Batch)}
				held[in] = held[in].with(actor.ID(sys.config.Replicas + sys.config.Leaders + i))
			}
		}
	}
	return held
}

// TestVotes makes sure that the observer of votes knows of every vote and of no other: acceptors that keep all of theirs
// hold exactly those. Nobody crashes, and the observer has no vote in the midst of a step.
func TestVotes(t *testing.T) {
	for _, n := range network.All() {
		servers := Config{Servers: 3, Clients: 1, Commands: 1, Ballots: 2, Window: 2, Batch: 1}
		servers.Network = n
		roles := Config{Replicas: 1, Leaders: 2, Acceptors: 2, Clients: 1, Commands: 1, Ballots: 2, Window: 2, Batch: 1}
		roles.Network = n
		for name, sys := range map[string]*system[rsm.RegisterOp[Value]]{
			"servers": compose(servers, "register", rsm.Register[Value]{}, replicated.RegisterOps[Value]),
			"roles":   composeRoles(roles, "register", rsm.Register[Value]{}, replicated.RegisterOps[Value]),
		} {
			sys.Always("all votes, and no other", func(v model.View) bool {
				c := sys.cast.In(v)
				return maps.EqualFunc(c.Votes, sys.held(v), slices.Equal) && c.Asked == nil
			})
			r := checker.BFS(t.Context(), sys.System, checker.Options{MaxStates: 60_000})
			for _, p := range r.Properties {
				if p.Verdict == checker.Violated {
					t.Errorf("%s, %v: %s: %v", name, n, p.Name, p.Why)
				}
			}
			r.Close()
		}
	}
}

// TestChosen makes sure that votes that were replaced still count: two of three acceptors chose A at ballot 1.1, and none of
// them holds that vote any more.
func TestChosen(t *testing.T) {
	sys := compose(Default, "register", rsm.Register[Value]{}, replicated.RegisterOps[Value])
	low, high := Election{Slot: 1, Batch: "A"}, Election{Slot: 1, Batch: "B"}
	low.Ballot.Round, high.Ballot.Round = 1, 2
	c := Cast{}.vote(0, low).vote(1, low).vote(actor.ID(2), high)
	if !sys.contradicted(c, []Election{high}) {
		t.Error("B at a higher ballot does not contradict A")
	}
	high.Batch = "A"
	if sys.contradicted(c, []Election{high, low}) {
		t.Error("A contradicts A")
	}
}
