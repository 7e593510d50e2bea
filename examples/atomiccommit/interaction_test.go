package atomiccommit_test

import (
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"synod/actor"
	"synod/examples/atomiccommit"
	"synod/internal/interaction"
)

// TestInteraction runs the scripts of testdata/interaction; see package interaction. A script begins with
//
//	start sites=2 phases=3
func TestInteraction(t *testing.T) {
	interaction.Run(t, "testdata/interaction", func(
		t *testing.T, td *datadriven.TestData,
	) *interaction.Cluster[atomiccommit.Message] {
		var sites, phases int
		td.ScanArgs(t, "sites", &sites)
		td.ScanArgs(t, "phases", &phases)
		c := interaction.New[atomiccommit.Message]()
		ids := actor.IDs(sites + 1)
		for i, id := range ids {
			site := atomiccommit.Site{
				Others: actor.Others(ids, id), Central: i == 0, Backup: i == 1, Phases: phases, Wait: time.Second,
			}
			interaction.Add(c, id, site.New())
		}
		return c
	})
}
