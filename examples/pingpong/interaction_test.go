package pingpong_test

import (
	"testing"

	"github.com/cockroachdb/datadriven"

	"synod/actor"
	"synod/examples/pingpong"
	"synod/internal/interaction"
)

// TestInteraction runs the scripts of testdata/interaction; see package interaction. A script begins with
//
//	start hits=3
func TestInteraction(t *testing.T) {
	interaction.Run(t, "testdata/interaction", func(
		t *testing.T, td *datadriven.TestData,
	) *interaction.Cluster[pingpong.Ball] {
		var hits int
		td.ScanArgs(t, "hits", &hits)
		c := interaction.New[pingpong.Ball]()
		for id := range actor.ID(2) {
			p := pingpong.Player{Serves: id == 0, Opponent: 1 - id, Most: pingpong.Ball(hits)}
			interaction.Add(c, id, p.New())
		}
		return c
	})
}
