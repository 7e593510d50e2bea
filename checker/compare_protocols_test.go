package checker_test

import (
	"slices"
	"testing"

	"synod/actor"
	"synod/checker"
	"synod/examples/abd"
	"synod/examples/registers"
	"synod/examples/singlecopy"
	"synod/examples/singledecree"
	"synod/examples/twophase"
	"synod/internal/reference"
	"synod/model"
	"synod/network"
	paxos "synod/paxos/singledecree"
	"synod/register"
)

// registerState is a state of a system of register clients and servers in the plain search.
type registerState = *reference.State[register.Message]

// plainRegister composes servers and clients for the plain search, with the properties "linearizable" and
// "value chosen".
func plainRegister[S any](
	c registers.Config, server func(others []actor.ID) actor.Typed[S, register.Message],
) *reference.System[register.Message] {
	sys := newTwin[register.Message](c.Config).ref
	ids := actor.IDs(c.Servers)
	sys.Crashable = ids
	for _, id := range ids {
		sys.Sides = append(sys.Sides, []actor.ID{id})
	}
	for _, id := range ids {
		sys.Actors = append(sys.Actors, reference.Erase(id, server(actor.Others(ids, id))))
	}
	for i, client := range c.NewClients() {
		sys.Actors = append(sys.Actors, reference.Erase(actor.ID(c.Servers+i), client))
	}
	history := register.Linearizable()
	if c.Once {
		history = register.LinearizableOnce()
	}
	sys.Observers = append(sys.Observers, reference.Watch(history))
	sys.Sometimes("value chosen", func(s registerState) bool {
		return slices.ContainsFunc(s.Deliverable(), func(e actor.Envelope[register.Message]) bool {
			m, ok := e.Message.(register.GetOk)
			return ok && m.Value != 0
		})
	})
	return sys
}

// plainPaxos is single-decree Paxos for the plain search.
func plainPaxos(c registers.Config) *reference.System[register.Message] {
	sys := plainRegister(c, paxos.New)
	ids := actor.IDs(c.Servers)
	sys.Always("agreement", func(s registerState) bool {
		decided := make(map[paxos.Proposal]bool)
		for _, id := range ids {
			if st := reference.Local[paxos.State](s, id); st.Decided {
				decided[st.Accepted.Proposal] = true
			}
		}
		return len(decided) < 2
	})
	sys.Always("no answer contradicts a decision", func(s registerState) bool {
		told := make(map[register.Value]bool)
		for _, e := range s.InFlight() {
			if m, ok := e.Message.(register.GetOk); ok {
				told[m.Value] = true
			}
		}
		for op := range s.Memory(0).(register.History).Operations() {
			if !op.In.Write && !op.Pending {
				told[op.Out.Value] = true
			}
		}
		for _, id := range ids {
			st := reference.Local[paxos.State](s, id)
			for value := range told {
				if st.Decided && st.Accepted.Proposal.Value != value {
					return false
				}
			}
		}
		return true
	})
	return sys
}

// TestPaxosAgainstReference compares single-decree Paxos on every network, as far as its space is small.
func TestPaxosAgainstReference(t *testing.T) {
	everyNetwork(t, func(t *testing.T, n network.Semantics, lossy bool) {
		for _, c := range []struct {
			registers.Config
			states int // the space is cut after the level that has so many
		}{
			{registers.Config{Servers: 3, Clients: 1, Puts: 1}, 3_000},
			{registers.Config{Servers: 2, Clients: 2, Puts: 1}, 2_000},
			{registers.Config{Servers: 3, Clients: 2, Puts: 1}, 2_500},
			{registers.Config{Servers: 3, Clients: 2, Puts: 2}, 1_500},
		} {
			if brief() {
				c.states /= 10
			}
			c.Network, c.Lossy = n, lossy
			o := checker.Options{MaxStates: c.states, FinishWhen: checker.Exhausted}
			compare(t, singledecree.System(c.Config), plainPaxos(c.Config).Model(), o, 1, 4)
		}
	})
}

// TestSingleCopyAgainstReference compares where properties are violated: two servers that share nothing.
func TestSingleCopyAgainstReference(t *testing.T) {
	everyNetwork(t, func(t *testing.T, n network.Semantics, lossy bool) {
		server := func([]actor.ID) actor.Typed[singlecopy.State, register.Message] { return singlecopy.New() }
		for _, servers := range []int{1, 2} {
			for _, finish := range []checker.FinishWhen{checker.Decided, checker.FirstViolation, checker.Exhausted} {
				c := registers.Config{Servers: servers, Clients: 2, Puts: 1, Config: model.Config{Network: n, Lossy: lossy}}
				o := checker.Options{FinishWhen: finish, MaxStates: 500}
				compare(t, singlecopy.System(c), plainRegister(c, server).Model(), o, 1, 4)
				if finish == checker.Decided {
					compareParts(t, singlecopy.System(c), o, 1, 4)
				}
			}
		}
	})
}

// TestABDAgainstReference compares a protocol of two phases, on the networks that it is meant for.
func TestABDAgainstReference(t *testing.T) {
	everyNetwork(t, func(t *testing.T, n network.Semantics, lossy bool) {
		states := 2_000
		if n == network.UnorderedDuplicating || brief() {
			states = 200
		}
		c := registers.Config{Servers: 2, Clients: 2, Puts: 1, Config: model.Config{Network: n, Lossy: lossy}}
		o := checker.Options{MaxStates: states, FinishWhen: checker.Exhausted}
		compare(t, abd.System(c), plainRegister(c, abd.New).Model(), o, 1, 4)
	})
}

// TestTwoPhaseAgainstReference compares a plain model, without actors.
func TestTwoPhaseAgainstReference(t *testing.T) {
	for managers := 1; managers <= 4; managers++ {
		c := twophase.Config{Managers: managers}
		src, err := twophase.Source(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range []checker.Options{
			{}, {FinishWhen: checker.Exhausted}, {MaxDepth: 4}, {MaxStates: 30, FinishWhen: checker.FirstViolation},
		} {
			if managers == 4 && brief() {
				continue
			}
			compare(t, src, plainModel(c, twophaseProperties()), o, 1, 4)
			if managers < 3 {
				compareParts(t, src, o, 1, 4)
			}
		}
	}
}

func twophaseProperties() []reference.Property[twophase.State] {
	agreed := func(stage twophase.Stage) func(twophase.State) bool {
		return func(s twophase.State) bool {
			for _, other := range s.Stages {
				if other != stage {
					return false
				}
			}
			return true
		}
	}
	return []reference.Property[twophase.State]{
		{Name: "consistent", Expect: reference.Always, Holds: func(s twophase.State) bool {
			return !slices.Contains(s.Stages, twophase.Committed) || !slices.Contains(s.Stages, twophase.Aborted)
		}},
		{Name: "commit agreed", Expect: reference.Sometimes, Holds: agreed(twophase.Committed)},
		{Name: "abort agreed", Expect: reference.Sometimes, Holds: agreed(twophase.Aborted)},
	}
}

// plainModel builds a model for the plain search of one without actors.
func plainModel[S, A any](m model.Model[S, A], properties []reference.Property[S]) reference.Model[S] {
	return reference.Model[S]{
		Initial: m.Initial(), Key: func(s S) string { return reference.Dump(s) }, Properties: properties,
		Next: func(s S) []S {
			var all []S
			for _, a := range m.Actions(s) {
				if next, ok := m.Next(s, a); ok {
					all = append(all, next)
				}
			}
			return all
		},
	}
}
