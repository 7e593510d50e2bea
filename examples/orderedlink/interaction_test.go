package orderedlink_test

import (
	"testing"

	"github.com/cockroachdb/datadriven"

	"synod/actor/link"
	"synod/examples/orderedlink"
	"synod/internal/interaction"
)

// TestInteraction runs the scripts of testdata/interaction; see package interaction. A script begins with
//
//	start messages=3
func TestInteraction(t *testing.T) {
	interaction.Run(t, "testdata/interaction", func(
		t *testing.T, td *datadriven.TestData,
	) *interaction.Cluster[link.Message[orderedlink.Number]] {
		var messages int
		td.ScanArgs(t, "messages", &messages)
		c := interaction.New[link.Message[orderedlink.Number]]()
		interaction.Add(c, 0, orderedlink.Link(orderedlink.Sender{To: 1, Most: orderedlink.Number(messages)}.New()))
		interaction.Add(c, 1, orderedlink.Link(orderedlink.Receiver{}.New()))
		return c
	})
}
