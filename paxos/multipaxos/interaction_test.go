package multipaxos_test

import (
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"synod/actor"
	"synod/internal/interaction"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
)

// letter is what clients write.
type letter rune

func (l letter) String() string {
	if l == 0 {
		return "none"
	}
	return string(l)
}

// TestInteraction runs the scripts of testdata/interaction: what roles make of one message after the other; see package
// interaction. A script begins with
//
//	start servers=3 clients=2 ballots=2
//	start replicas=1 leaders=2 acceptors=3 clients=1 ballots=2
//
// and may say besides: commands=2 of each client, pipeline=2 of them at once, repeats=1 of each, end=1 (of sessions),
// window=2, batch=1, part=1, newest=1 (state reduction), forward=1 and resend=1. Clients write to a register, a letter
// each. Ids are those of servers, or of replicas, leaders and acceptors in this order, and then of clients. Rewrite the
// expected output with
//
//	go test ./paxos/multipaxos -run TestInteraction -rewrite
//
// and read the difference.
func TestInteraction(t *testing.T) {
	interaction.Run(t, "testdata/interaction", func(
		t *testing.T, td *datadriven.TestData,
	) *interaction.Cluster[rsm.Message] {
		var servers, replicas, leaders, acceptors, clients, ballots int
		td.MaybeScanArgs(t, "servers", &servers)
		td.MaybeScanArgs(t, "replicas", &replicas)
		td.MaybeScanArgs(t, "leaders", &leaders)
		td.MaybeScanArgs(t, "acceptors", &acceptors)
		more := map[string]int{"commands": 1, "window": 2}
		for _, name := range []string{
			"commands", "pipeline", "repeats", "end", "window", "batch", "part", "newest", "forward", "resend",
		} {
			n := more[name]
			td.MaybeScanArgs(t, name, &n)
			more[name] = n
		}
		td.ScanArgs(t, "clients", &clients)
		td.ScanArgs(t, "ballots", &ballots)
		c := interaction.New[rsm.Message]()
		all := actor.IDs(servers + replicas + leaders + acceptors)
		m := rsm.Register[letter]{}
		lead := all[replicas : replicas+leaders]
		if servers > 0 {
			lead = all
		}
		options := multipaxos.Options{
			Window: rsm.Slot(more["window"]), Batch: more["batch"], Part: more["part"], Reduce: more["newest"] == 1,
			Forward: more["forward"] == 1,
			Resend:  time.Duration(more["resend"]) * time.Second,
			Last:    multipaxos.Ballot{Round: uint64((ballots-1)/len(lead) + 1), Leader: lead[(ballots-1)%len(lead)]},
		}
		roles := multipaxos.Roles{
			Options: options, Replicas: all[:replicas], Leaders: lead, Acceptors: all[replicas+leaders:],
		}
		asked := roles.Replicas
		for _, id := range all[:servers] {
			asked = all
			server := multipaxos.Server[letter, rsm.RegisterOp[letter], letter]{
				Options: options, Machine: m, Peers: actor.Others(all, id),
			}
			interaction.Add(c, id, server.New())
		}
		for _, id := range roles.Replicas {
			interaction.Add(c, id, multipaxos.NewReplica(roles, m))
		}
		if servers == 0 {
			for _, id := range roles.Leaders {
				interaction.Add(c, id, multipaxos.NewLeader[rsm.RegisterOp[letter], letter](roles))
			}
			for _, id := range roles.Acceptors {
				interaction.Add(c, id, multipaxos.NewAcceptor[rsm.RegisterOp[letter], letter](roles))
			}
		}
		for i := range clients {
			client := rsm.ClientActor[rsm.RegisterOp[letter], letter]{
				Servers: asked, Pipeline: more["pipeline"], Resends: more["repeats"], End: more["end"] == 1,
			}
			for k := range more["commands"] {
				client.Ops = append(client.Ops, rsm.RegisterOp[letter]{Write: true, Value: letter('A' + i + clients*k)})
			}
			interaction.Add(c, actor.ID(len(all)+i), client.New())
		}
		return c
	})
}
