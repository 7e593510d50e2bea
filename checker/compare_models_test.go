package checker_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"synod/actor"
	"synod/actor/link"
	"synod/checker"
	"synod/examples/atomiccommit"
	"synod/examples/durableabd"
	leases "synod/examples/lease"
	"synod/examples/orderedlink"
	"synod/examples/philosophers"
	"synod/examples/pingpong"
	"synod/examples/registers"
	"synod/examples/singlecopy"
	"synod/examples/singledecree"
	"synod/examples/tokenring"
	"synod/internal/raced"
	"synod/internal/reference"
	"synod/model"
	"synod/network"
	paxos "synod/paxos/singledecree"
	"synod/register"
)

// compareCounts compares what is counted, level by level, with the plain search, whatever the properties are.
func compareCounts[M any](t *testing.T, src model.Source, plain *reference.System[M], states int) {
	t.Helper()
	if brief() {
		states /= 10
	}
	o := checker.Options{MaxStates: states, FinishWhen: checker.Exhausted, Timeout: engineTimeout}
	plain.Properties = nil
	want := reference.Search(plain.Model(), plainOptions(o))
	for _, o.Workers = range raced.Workers(1, 4) {
		got := checker.BFS(t.Context(), src, o)
		if got.Err != nil {
			t.Fatal(got.Err)
		}
		var levels []reference.Level
		for _, l := range got.Levels {
			levels = append(levels, reference.Level(l))
		}
		if !slices.Equal(levels, want.Levels) || got.Cut != want.Cut || got.Exhausted != want.Exhausted {
			t.Errorf("%d workers: %d unique, %d generated, depth %d, %d cut, exhausted %v, levels %v; want %d, %d, %d, %d, %v, %v",
				o.Workers, got.Unique, got.Generated, got.Depth, got.Cut, got.Exhausted, levels,
				want.Unique, want.Generated, want.Depth, want.Cut, want.Exhausted, want.Levels)
		}
		got.Close()
	}
}

// compareModel compares a system with its actors in the plain search.
func compareModel[M any](
	t *testing.T, name string, c model.Config, src model.Source, states int, fill func(*reference.System[M]),
) {
	t.Run(fmt.Sprintf("%s %v", name, c), func(t *testing.T) {
		plain := newTwin[M](c).ref
		fill(plain)
		compareCounts(t, src, plain, states)
	})
}

// environments returns networks with and without crashes, of actors that survive them.
func environments(networks ...network.Semantics) []model.Config {
	var all []model.Config
	for _, n := range networks {
		all = append(all, model.Config{Network: n}, model.Config{Network: n, Lossy: true},
			model.Config{Network: n, Lossy: true, MaxDown: 1, MaxCrashes: 1})
	}
	return raced.Some(all)
}

func TestSmallModelsAgainstReference(t *testing.T) {
	for _, c := range environments(network.All()...) {
		if c.MaxDown == 0 {
			ball := pingpong.Config{Hits: 6, Config: c}
			compareModel(t, "ping-pong", c, pingpong.System(ball), 2_000, func(s *reference.System[pingpong.Ball]) {
				for id := range actor.ID(2) {
					p := pingpong.Player{Serves: id == 0, Opponent: 1 - id, Most: 6}
					s.Actors = append(s.Actors, reference.Erase(id, p.New()))
				}
			})
			ring := tokenring.Config{Nodes: 3, Laps: 2, Config: c}
			compareModel(t, "token-ring", c, tokenring.System(ring), 2_000, func(s *reference.System[tokenring.Token]) {
				for id := range actor.ID(3) {
					n := tokenring.Node{First: id == 0, Next: (id + 1) % 3, Most: 6}
					s.Actors = append(s.Actors, reference.Erase(id, n.New()))
				}
			})
		}
		if c.Network == network.UnorderedDuplicating {
			lines := orderedlink.Config{Messages: 3, Config: c}
			compareModel(t, "ordered-link", c, orderedlink.System(lines), 3_000,
				func(s *reference.System[link.Message[orderedlink.Number]]) {
					s.Crashable = actor.IDs(2)
					s.Actors = append(s.Actors,
						reference.Erase(0, orderedlink.Link(orderedlink.Sender{To: 1, Most: 3}.New())),
						reference.Erase(1, orderedlink.Link(orderedlink.Receiver{}.New())))
				})
		} else if c.MaxDown == 0 {
			compareModel(t, "dining-philosophers", c,
				philosophers.System(philosophers.Config{Philosophers: 3, Meals: 1, Config: c}), 2_000, plainPhilosophers)
		}
	}
}

func plainPhilosophers(s *reference.System[philosophers.Message]) {
	for id := range actor.ID(3) {
		s.Actors = append(s.Actors, reference.Erase(id+1, philosophers.Fork{}.New()))
	}
	for id := range actor.ID(3) {
		p := philosophers.Philosopher{First: id + 1, Second: (id+1)%3 + 1, Meals: 1}
		s.Actors = append(s.Actors, reference.Erase(id+4, p.New()))
	}
}

func TestLeaseAgainstReference(t *testing.T) {
	for _, c := range environments(network.All()...) {
		compareModel(t, "lease", c, leases.System(leases.Config{Clients: 2, Attempts: 2, Config: c}), 2_000,
			func(s *reference.System[leases.Message]) {
				s.Crashable = actor.IDs(1)
				s.Actors = append(s.Actors, reference.Erase(0, leases.Server{Term: 2}.New()))
				for id := range actor.ID(2) {
					client := leases.Client{Server: 0, Attempts: 2, Term: 1, Work: 1}
					s.Actors = append(s.Actors, reference.Erase(id+1, client.New()))
				}
				s.Inside = func(st *reference.State[leases.Message]) bool {
					ended := reference.Local[leases.Lock](st, 0).Expired
					if ended == (leases.Grant{}) {
						return true
					}
					client := reference.Local[leases.State](st, ended.Client)
					return !client.Running || client.Attempt > ended.Attempt
				}
			})
	}
}

func TestCommitAgainstReference(t *testing.T) {
	for _, c := range []model.Config{
		{},
		{Network: network.Ordered},
		{MaxDown: 1, MaxCrashes: 1},
		{Lossy: true, MaxDown: 2},
		{TimersLast: true},
		{TimersLast: true, MaxDown: 1, MaxCrashes: 2},
	} {
		for phases := 2; phases <= 3; phases++ {
			config := atomiccommit.Config{Sites: 2, Phases: phases, Hasty: !c.TimersLast, Config: c}
			compareModel(t, fmt.Sprintf("%d phases", phases), c, atomiccommit.System(config), 3_000,
				func(s *reference.System[atomiccommit.Message]) {
					ids := actor.IDs(3)
					s.Crashable = ids
					for i, id := range ids {
						site := atomiccommit.Site{
							Others: actor.Others(ids, id), Central: i == 0, Backup: i == 1, Phases: phases, Wait: time.Second,
						}
						s.Actors = append(s.Actors, reference.Erase(id, site.New()))
					}
				})
		}
	}
}

func TestDurableABDAgainstReference(t *testing.T) {
	for _, c := range environments(network.All()...) {
		for _, servers := range []int{1, 2} {
			config := registers.Config{Servers: servers, Clients: 1, Puts: 2, Readers: 1, Resends: 1, Config: c}
			t.Run(fmt.Sprintf("%d servers %v", servers, c), func(t *testing.T) {
				compareCounts(t, durableabd.System(config), plainRegister(config, durableabd.New), 600)
			})
			config.Remember = 1
			t.Run(fmt.Sprintf("%d servers that remember one client %v", servers, c), func(t *testing.T) {
				compareCounts(t, durableabd.System(config), plainRegister(config, func(others []actor.ID) actor.Typed[
					durableabd.State, register.Message,
				] {
					return durableabd.Server{Peers: others, Remember: 1}.New()
				}), 600)
			})
		}
	}
}

// TestReadersAgainstReference compares clients that only read, and such that ask again.
func TestReadersAgainstReference(t *testing.T) {
	for _, n := range []network.Semantics{network.UnorderedNonDuplicating, network.Ordered} {
		c := registers.Config{
			Servers: 1, Clients: 1, Puts: 1, Readers: 1, Gets: 3, Resends: 1, Config: model.Config{Network: n},
		}
		server := func([]actor.ID) actor.Typed[singlecopy.State, register.Message] { return singlecopy.New() }
		compareCounts(t, singlecopy.System(c), plainRegister(c, server), 3_000)
	}
}

// TestVariantsAgainstReference compares Paxos with retries, with flexible quorums, and with servers that learn.
func TestVariantsAgainstReference(t *testing.T) {
	for _, c := range environments(network.UnorderedNonDuplicating, network.UnorderedDuplicating) {
		for _, v := range []singledecree.Variant{
			{Retry: true, Rounds: 2},
			{Promises: 1, Votes: 2},
			{Promises: 2, Votes: 1},
			{Promises: 1, Votes: 1, Retry: true, Rounds: 3},
			{Learn: true},
			{Learn: true, Retry: true, Rounds: 2},
			{Learn: true, Promises: 2, Votes: 1},
		} {
			config := registers.Config{Servers: 2, Clients: 2, Puts: 1, Config: c}
			t.Run(fmt.Sprintf("%+v %v", v, c), func(t *testing.T) {
				src := v.System(config)
				if v.Retry {
					config.Resends = 1
				}
				config.Once = v.Learn
				plain := plainRegister(config, func(others []actor.ID) actor.Typed[paxos.State, register.Message] {
					s := paxos.Server{Peers: others, Promises: v.Promises, Votes: v.Votes, Learn: v.Learn}
					if v.Retry {
						s.Retry = time.Second
					}
					return s.New()
				})
				if v.Retry {
					plain.Inside = func(s registerState) bool {
						for id := range actor.ID(2) {
							if int(reference.Local[paxos.State](s, id).Ballot.Round) > v.Rounds {
								return false
							}
						}
						return true
					}
				}
				compareCounts(t, src, plain, 500)
			})
		}
	}
}
