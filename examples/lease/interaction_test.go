package lease_test

import (
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"synod/actor"
	"synod/examples/lease"
	"synod/internal/interaction"
)

// TestInteraction runs the scripts of testdata/interaction; see package interaction. A script begins with
//
//	start clients=2 attempts=2
func TestInteraction(t *testing.T) {
	interaction.Run(t, "testdata/interaction", func(
		t *testing.T, td *datadriven.TestData,
	) *interaction.Cluster[lease.Message] {
		var clients, attempts int
		td.ScanArgs(t, "clients", &clients)
		td.ScanArgs(t, "attempts", &attempts)
		c := interaction.New[lease.Message]()
		interaction.Add(c, 0, lease.Server{Term: 3 * time.Second}.New())
		for i := range clients {
			client := lease.Client{Server: 0, Attempts: lease.Attempt(attempts), Term: 2 * time.Second, Work: time.Second}
			interaction.Add(c, actor.ID(i+1), client.New())
		}
		return c
	})
}
