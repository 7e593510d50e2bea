package philosophers_test

import (
	"testing"

	"github.com/cockroachdb/datadriven"

	"synod/actor"
	"synod/examples/philosophers"
	"synod/internal/interaction"
)

// TestInteraction runs the scripts of testdata/interaction; see package interaction. A script begins with
//
//	start meals=1
func TestInteraction(t *testing.T) {
	interaction.Run(t, "testdata/interaction", func(
		t *testing.T, td *datadriven.TestData,
	) *interaction.Cluster[philosophers.Message] {
		var meals int
		td.ScanArgs(t, "meals", &meals)
		c := interaction.New[philosophers.Message]()
		for id := range actor.ID(2) {
			interaction.Add(c, id+1, philosophers.Fork{}.New())
		}
		for id := range actor.ID(2) {
			p := philosophers.Philosopher{First: id + 1, Second: 2 - id, Meals: meals}
			interaction.Add(c, id+3, p.New())
		}
		return c
	})
}
