package singledecree_test

import (
	"os"
	"testing"

	"synod/checker"
	"synod/examples/singledecree"
)

func TestQuick(t *testing.T) {
	c := singledecree.Default
	for _, clients := range []int{6} {
		c.Clients = clients
		for _, workers := range []int{1} {
			r := checker.BFS(t.Context(), singledecree.System(c), checker.Options{Workers: workers})
			if clients == 6 { r.WriteText(os.Stdout) }
			for _, p := range r.Properties { t.Log(p.Name, p.Evaluations, p.AtLeast) }; for _, s := range r.Space.Slots { t.Log(s) }; t.Log(clients, workers, r.Generated, r.Unique, r.Depth, r.Elapsed, r.Err, r.Space.HandlerCalls, r.Memory>>20)
			r.Close()
		}
	}
}
