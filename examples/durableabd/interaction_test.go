package durableabd_test

import (
	"testing"

	"github.com/cockroachdb/datadriven"

	"synod/actor"
	"synod/examples/durableabd"
	"synod/internal/interaction"
	"synod/register"
)

// TestInteraction runs the scripts of testdata/interaction; see package interaction. A script begins with
//
//	start servers=3 clients=2
func TestInteraction(t *testing.T) {
	interaction.Run(t, "testdata/interaction", func(
		t *testing.T, td *datadriven.TestData,
	) *interaction.Cluster[register.Message] {
		var servers, clients int
		td.ScanArgs(t, "servers", &servers)
		td.ScanArgs(t, "clients", &clients)
		c := interaction.New[register.Message]()
		ids := actor.IDs(servers)
		for _, id := range ids {
			interaction.Add(c, id, durableabd.New(actor.Others(ids, id)))
		}
		for i := range clients {
			client := register.Client{Servers: ids, Index: i, Puts: 1, Resends: 1}
			interaction.Add(c, actor.ID(servers+i), client.New())
		}
		return c
	})
}
