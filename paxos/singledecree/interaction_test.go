package singledecree_test

import (
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"synod/actor"
	"synod/internal/interaction"
	"synod/paxos/singledecree"
	"synod/register"
)

// TestInteraction runs the scripts of testdata/interaction: what servers and clients make of one message after the
// other; see package interaction. A script begins with
//
//	start servers=3 clients=2 [readers=1] [promises=2 votes=2] [retry] [learn]
//
// Servers have the ids from 0, clients those that follow, and then readers. Rewrite the expected output with
//
//	go test ./paxos/singledecree -run TestInteraction -rewrite
//
// and read the difference.
func TestInteraction(t *testing.T) {
	interaction.Run(t, "testdata/interaction", func(
		t *testing.T, td *datadriven.TestData,
	) *interaction.Cluster[register.Message] {
		var servers, clients, readers int
		var server singledecree.Server
		td.ScanArgs(t, "servers", &servers)
		td.ScanArgs(t, "clients", &clients)
		td.MaybeScanArgs(t, "readers", &readers)
		td.MaybeScanArgs(t, "promises", &server.Promises)
		td.MaybeScanArgs(t, "votes", &server.Votes)
		retries := 0
		if td.HasArg("retry") {
			server.Retry, retries = time.Second, 1
		}
		server.Learn = td.HasArg("learn")
		c := interaction.New[register.Message]()
		ids := actor.IDs(servers)
		for _, id := range ids {
			server.Peers = actor.Others(ids, id)
			interaction.Add(c, id, server.New())
		}
		for i := range clients {
			client := register.Client{Servers: ids, Index: i, Puts: 1, Resends: retries}
			interaction.Add(c, actor.ID(servers+i), client.New())
		}
		for i := range readers {
			interaction.Add(c, actor.ID(servers+clients+i), register.Client{Servers: ids, Gets: 1, Resends: retries}.New())
		}
		return c
	})
}
