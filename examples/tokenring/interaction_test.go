package tokenring_test

import (
	"testing"

	"github.com/cockroachdb/datadriven"

	"synod/actor"
	"synod/examples/tokenring"
	"synod/internal/interaction"
)

// TestInteraction runs the scripts of testdata/interaction; see package interaction. A script begins with
//
//	start nodes=2 moves=2
func TestInteraction(t *testing.T) {
	interaction.Run(t, "testdata/interaction", func(
		t *testing.T, td *datadriven.TestData,
	) *interaction.Cluster[tokenring.Token] {
		var nodes, moves int
		td.ScanArgs(t, "nodes", &nodes)
		td.ScanArgs(t, "moves", &moves)
		c := interaction.New[tokenring.Token]()
		for i, id := range actor.IDs(nodes) {
			n := tokenring.Node{First: i == 0, Next: actor.ID((i + 1) % nodes), Most: tokenring.Token(moves)}
			interaction.Add(c, id, n.New())
		}
		return c
	})
}
