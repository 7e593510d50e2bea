package checker_test

import (
	"fmt"
	"testing"

	"synod/checker"
	"synod/examples/registers"
	"synod/examples/singledecree"
	"synod/model"
	"synod/model/statespace"
	"synod/network"
)

// faulty lists configurations of what may go wrong, besides the network itself.
var faulty = map[string]model.Config{
	"crashes":             {MaxDown: 2},
	"one crash":           {MaxDown: 1, MaxCrashes: 1},
	"two losses":          {Lossy: true, MaxDrops: 2},
	"two timeouts":        {MaxTimeouts: 2},
	"timers last":         {TimersLast: true},
	"timers last, losses": {TimersLast: true, Lossy: true, MaxDrops: 1, MaxTimeouts: 3},
	"timers last, crash":  {TimersLast: true, MaxDown: 1, MaxCrashes: 1},
	"partitions":          {MaxPartitions: 2},
	"one copy":            {OneCopy: true, MaxTimeouts: 2},
	"everything":          {Lossy: true, MaxDown: 1, MaxCrashes: 2, MaxDrops: 2, MaxTimeouts: 2, MaxPartitions: 1, TimersLast: true},
}

// everyFault runs f on every network with everything that may go wrong on it.
func everyFault(t *testing.T, f func(t *testing.T, c model.Config)) {
	t.Helper()
	for _, n := range network.All() {
		for name, c := range faulty {
			if c.Network = n; n == network.Ordered && c.MaxDown > 0 {
				c.Lossy = true // Else it is refused, see TestRefusedFaults.
			}
			t.Run(fmt.Sprintf("%v, %s", n, name), func(t *testing.T) { f(t, c) })
		}
	}
}

// TestFaultySystems compares small systems in which something goes wrong.
func TestFaultySystems(t *testing.T) {
	most := 150
	if brief() {
		most = 40
	}
	everyFault(t, func(t *testing.T, c model.Config) {
		for name, system := range smallSystems {
			t.Run(name, func(t *testing.T) {
				system(c).check(t, checker.Options{FinishWhen: checker.Exhausted, MaxStates: most}, 1, 4)
			})
		}
	})
}

// TestWalksWithFaults takes walks in small systems: they meet no state that a search does not, and most that it does.
func TestWalksWithFaults(t *testing.T) {
	everyFault(t, func(t *testing.T, c model.Config) {
		tw := timersAndChoices(c)
		depth := 9
		if brief() {
			depth = 6
		}
		want := checker.BFS(t.Context(), tw.sys, checker.Options{FinishWhen: checker.Exhausted, MaxDepth: depth})
		defer want.Close()
		got := checker.Walk(t.Context(), tw.sys, checker.Options{FinishWhen: checker.Exhausted, Walks: 1_000, WalkDepth: depth})
		defer got.Close()
		if want.Err != nil || got.Err != nil {
			t.Fatalf("%v, %v", want.Err, got.Err)
		}
		if met := contents(got); !subset(met, contents(want)) || len(met) < want.Unique/10 {
			t.Errorf("walks met %d states, a search %d", len(met), want.Unique)
		}
	})
}

// contents returns the visited states by their content.
func contents(r *checker.Result) map[string]bool {
	all := make(map[string]bool)
	for state := range r.States() {
		all[string(statespace.Content(r.Model(), state))] = true
	}
	return all
}

func subset(a, b map[string]bool) bool {
	for x := range a {
		if !b[x] {
			return false
		}
	}
	return true
}

// TestPaxosWithFaultsAgainstReference compares Paxos in which something goes wrong.
func TestPaxosWithFaultsAgainstReference(t *testing.T) {
	most := 600
	if brief() {
		most = 150
	}
	everyFault(t, func(t *testing.T, c model.Config) {
		p := registers.Config{Servers: 3, Clients: 2, Puts: 1, Config: c}
		o := checker.Options{MaxStates: most, FinishWhen: checker.Exhausted}
		compare(t, singledecree.System(p), plainPaxos(p).Model(), o, 1, 4)
	})
}

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
