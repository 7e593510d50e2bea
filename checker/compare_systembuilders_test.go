package checker_test

import (
	"testing"
	"time"

	"synod/actor"
	explored "synod/examples/systembuilders"
	"synod/internal/reference"
	"synod/network"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
)

// TestSystemBuildersAgainstReference compares the servers of "Paxos for System Builders".
func TestSystemBuildersAgainstReference(t *testing.T) {
	var machine rsm.Machine[[]string, rsm.LogOp, rsm.LogResult] = rsm.Log{Acknowledge: true}
	ops := [][]rsm.LogOp{{{Append: true, Entry: "A"}}, {{}}} // of the clients of explored.OfLog
	for _, c := range environments(network.All()...) {
		for _, resends := range []int{0, 1} {
			config := explored.Config{
				Servers: 3, Clients: 2, Commands: 1, Views: 2, Window: 2, Batch: 2, Electing: resends == 0,
				Machine: explored.OfLog, Resends: resends, Config: c,
			}
			options := systembuilders.Options{Window: 2, Batch: 2, Last: 2, Elected: resends > 0}
			if resends > 0 {
				options.Update, options.Proof, options.Resend = time.Second, time.Second, time.Second
				c.MaxTimeouts = resends + 2*2
				config.MaxTimeouts = c.MaxTimeouts
				config.Collect, options.Collect = 1, 1
			}
			compareModel(t, "servers", c, explored.System(config), 2_000, func(s *reference.System[rsm.Message]) {
				s.Crashable = actor.IDs(3)
				for _, id := range s.Crashable {
					server := systembuilders.Server[[]string, rsm.LogOp, rsm.LogResult]{
						Options: options, Machine: machine, Peers: actor.Others(s.Crashable, id),
					}
					s.Actors = append(s.Actors, reference.Erase(id, server.New()))
				}
				for i, of := range ops {
					client := rsm.ClientActor[rsm.LogOp, rsm.LogResult]{Servers: s.Crashable, Ops: of, Resends: resends}
					s.Actors = append(s.Actors, reference.Erase(actor.ID(3+i), client.New()))
				}
				s.Observers = append(s.Observers, reference.Watch(rsm.Linearizable("log", machine)),
					reference.Watch(explored.Votes[rsm.LogOp](config)))
			})
		}
	}
}
