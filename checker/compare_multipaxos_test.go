package checker_test

import (
	"testing"
	"time"

	"synod/actor"
	explored "synod/examples/multipaxos"
	"synod/internal/reference"
	"synod/model"
	"synod/network"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
)

// TestMultiPaxosAgainstReference compares both compositions of Multi-Paxos.
func TestMultiPaxosAgainstReference(t *testing.T) {
	var machine rsm.Machine[[]string, rsm.LogOp, rsm.LogResult] = rsm.Log{Acknowledge: true}
	ops := [][]rsm.LogOp{{{Append: true, Entry: "A"}}, {{}}} // of the clients of explored.OfLog
	clients := func(s *reference.System[rsm.Message], beside bool, servers []actor.ID, first, resends int) {
		s.Observers = append(s.Observers, reference.Watch(rsm.Linearizable("log", machine)),
			reference.Watch(explored.Votes[rsm.LogOp](beside)), reference.Watch(explored.Acceptors[rsm.LogOp](resends > 0)),
			reference.Watch(explored.Decisions[rsm.LogOp]()))
		for i, of := range ops {
			client := rsm.ClientActor[rsm.LogOp, rsm.LogResult]{Servers: servers, Ops: of, Resends: resends}
			s.Actors = append(s.Actors, reference.Erase(actor.ID(first+i), client.New()))
		}
	}
	networks := network.All()
	if testing.Short() {
		networks = networks[:1]
	}
	for _, c := range environments(networks...) {
		for _, resends := range []int{0, 1} {
			config := explored.Config{
				Servers: 3, Clients: 2, Commands: 1, Ballots: 2, Window: 2, Batch: 2, Machine: explored.OfLog,
				Reduce: resends > 0, Resends: resends, Config: c,
			}
			options := multipaxos.Options{
				Window: 2, Batch: 2, Reduce: resends > 0, Last: multipaxos.Ballot{Round: 1, Leader: 1},
			}
			if resends > 0 {
				options.Resend = time.Second
				options.Collect, options.Chunk = 1, 40
				config.Collect, config.Chunk = 1, 40
				c.MaxTimeouts = resends
			}
			compareModel(t, "servers", c, explored.System(config), 2_000, func(s *reference.System[rsm.Message]) {
				s.Crashable = actor.IDs(3)
				for _, id := range s.Crashable {
					server := multipaxos.Server[[]string, rsm.LogOp, rsm.LogResult]{
						Options: options, Machine: machine, Peers: actor.Others(s.Crashable, id),
					}
					s.Actors = append(s.Actors, reference.Erase(id, server.New()))
				}
				clients(s, true, s.Crashable, 3, resends)
			})
			compareRoles(t, c, config, options, clients)
		}
	}
}

func compareRoles(
	t *testing.T, c model.Config, config explored.Config, options multipaxos.Options,
	clients func(s *reference.System[rsm.Message], beside bool, servers []actor.ID, first, resends int),
) {
	config.Replicas, config.Leaders, config.Acceptors = 2, 2, 3
	all := actor.IDs(7)
	options.Last = multipaxos.Ballot{Round: 1, Leader: 3}
	roles := multipaxos.Roles{Options: options, Replicas: all[:2], Leaders: all[2:4], Acceptors: all[4:]}
	compareModel(t, "roles", c, explored.RolesSystem(config), 2_000, func(s *reference.System[rsm.Message]) {
		s.Crashable = all
		for _, id := range roles.Replicas {
			replica := multipaxos.NewReplica(roles, rsm.Machine[[]string, rsm.LogOp, rsm.LogResult](rsm.Log{Acknowledge: true}))
			s.Actors = append(s.Actors, reference.Erase(id, replica))
		}
		for _, id := range roles.Leaders {
			s.Actors = append(s.Actors, reference.Erase(id, multipaxos.NewLeader[rsm.LogOp, rsm.LogResult](roles)))
		}
		for _, id := range roles.Acceptors {
			s.Actors = append(s.Actors, reference.Erase(id, multipaxos.NewAcceptor[rsm.LogOp, rsm.LogResult](roles)))
		}
		clients(s, false, roles.Replicas, 7, config.Resends)
	})
}
