package systembuilders_test

import (
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"synod/actor"
	"synod/internal/interaction"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
)

// letter is what clients write.
type letter rune

func (l letter) String() string {
	if l == 0 {
		return "none"
	}
	return string(l)
}

// TestInteraction runs the scripts of testdata/interaction: what servers make of one message after the other; see
// package interaction. A script begins with
//
//	start servers=3 clients=2 views=2
//
// and perhaps with electing=1, without which server 0 leads view 0 from the start, resend=1, without which nothing is
// ever sent again, or collect=1. Clients write to a register, a letter each. Ids are those of servers, and then of
// clients. Rewrite the expected output with
//
//	go test ./paxos/systembuilders -run TestInteraction -rewrite
//
// and read the difference.
func TestInteraction(t *testing.T) {
	interaction.Run(t, "testdata/interaction", func(
		t *testing.T, td *datadriven.TestData,
	) *interaction.Cluster[rsm.Message] {
		var servers, clients, views, electing, resend, collect int
		td.ScanArgs(t, "servers", &servers)
		td.ScanArgs(t, "clients", &clients)
		td.ScanArgs(t, "views", &views)
		td.MaybeScanArgs(t, "electing", &electing)
		td.MaybeScanArgs(t, "resend", &resend)
		td.MaybeScanArgs(t, "collect", &collect)
		options := systembuilders.Options{
			Window: 2, Last: systembuilders.View(views), Elected: electing == 0, Collect: rsm.Slot(collect),
		}
		if resend == 1 {
			options.Update, options.Proof, options.Resend = time.Second, time.Second, time.Second
		}
		c := interaction.New[rsm.Message]()
		all := actor.IDs(servers)
		for _, id := range all {
			server := systembuilders.Server[letter, rsm.RegisterOp[letter], letter]{
				Options: options, Machine: rsm.Register[letter]{}, Peers: actor.Others(all, id),
			}
			interaction.Add(c, id, server.New())
		}
		for i := range clients {
			client := rsm.ClientActor[rsm.RegisterOp[letter], letter]{
				Servers: all, Ops: []rsm.RegisterOp[letter]{{Write: true, Value: letter('A' + i)}},
			}
			interaction.Add(c, actor.ID(servers+i), client.New())
		}
		return c
	})
}
