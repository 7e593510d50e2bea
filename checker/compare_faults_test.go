package checker_test

import (
	"fmt"
	"testing"

	"synod/checker"
	"synod/examples/registers"
	"synod/examples/singledecree"
	"synod/model"
	"synod/network"
)

// TestPaxosWithCrashesAgainstReference compares Paxos whose servers crash, wherever that is modelled.
func TestPaxosWithCrashesAgainstReference(t *testing.T) {
	everyNetwork(t, func(t *testing.T, n network.Semantics, lossy bool) {
		if n == network.Ordered && !lossy {
			t.Skip("refused, see TestRefusedFaults")
		}
		for _, c := range []struct {
			registers.Config
			states int
		}{
			{registers.Config{Servers: 3, Clients: 1, Puts: 1, Config: model.Config{MaxDown: 1, MaxCrashes: 1}}, 3_000},
			{registers.Config{Servers: 2, Clients: 2, Puts: 1, Config: model.Config{MaxDown: 2, MaxCrashes: 2}}, 2_000},
			{registers.Config{Servers: 3, Clients: 1, Puts: 1, Config: model.Config{MaxDown: 2}}, 2_000},
		} {
			if brief() {
				c.states /= 10
			}
			c.Network, c.Lossy = n, lossy
			o := checker.Options{MaxStates: c.states, FinishWhen: checker.Exhausted}
			t.Run(fmt.Sprintf("%d servers, %d down", c.Servers, c.MaxDown), func(t *testing.T) {
				compare(t, singledecree.System(c.Config), plainPaxos(c.Config).Model(), o, 1, 4)
				o.MaxStates /= 4
				compareParts(t, singledecree.System(c.Config), o, 1, 4)
			})
		}
	})
}
