package catalog

import (
	"fmt"

	"synod/model"
	"synod/network"
)

// Budget is something that may go wrong in a model with a network, up to a number of times. Nothing of it happens unless a
// number is given.
type Budget struct {
	Name string // such as max-down
	Doc  string // one line

	set func(c *model.Config, most int)
}

// The names of the budgets.
const (
	maxDown       = "max-down"
	maxCrashes    = "max-crashes"
	maxDrops      = "max-drops"
	maxTimeouts   = "max-timeouts"
	maxPartitions = "max-partitions"
)

// maxBudget is the greatest number that a budget takes.
const maxBudget = 1000

var budgets = []Budget{
	{
		maxDown, "servers that are down at once, at most: a server may crash, and come back with what it kept",
		func(c *model.Config, most int) { c.MaxDown = most },
	},
	{
		maxCrashes, "crashes on a path, at most; without a number there may be any number of them, one after the other",
		func(c *model.Config, most int) { c.MaxCrashes = most },
	},
	{
		maxDrops, "messages that are lost on a path, at most, with lossy; without a number there is no bound",
		func(c *model.Config, most int) { c.MaxDrops = most },
	},
	{
		maxTimeouts, "timers that fire on a path, at most; without a number there is no bound",
		func(c *model.Config, most int) { c.MaxTimeouts = most },
	},
	{
		maxPartitions, "times that a server is cut off from all others on a path, at most",
		func(c *model.Config, most int) { c.MaxPartitions = most },
	},
}

// Budgets gives what may go wrong in the models of the entry, if numbers are given. The caller owns the result.
func (e Entry) Budgets() []Budget {
	if len(e.Networks) == 0 {
		return nil
	}
	return append([]Budget(nil), budgets...)
}

// AllBudgets gives every budget of every entry.
func AllBudgets() []Budget { return append([]Budget(nil), budgets...) }

// checkBudgets tells what is wrong with the budgets of complete settings, or nil.
func (e Entry) checkBudgets(full Settings) error {
	for _, name := range sorted(full.Budgets) {
		n := full.Budgets[name]
		switch {
		case len(e.Networks) == 0:
			return fmt.Errorf("the model %s has no actors that crash: expected no %s", e.Name, name)
		case !knownBudget(name):
			return &UnknownError{Kind: "budget", Name: name, Known: budgetNames()}
		case n < 1 || n > maxBudget:
			return fmt.Errorf("%s %d: expected 1 to %d", name, n, maxBudget)
		}
	}
	down, crashes := full.Budgets[maxDown], full.Budgets[maxCrashes]
	switch {
	case crashes > 0 && down == 0:
		return fmt.Errorf("%s %d, but no server may be down: expected %s too", maxCrashes, crashes, maxDown)
	case down > 0 && crashes == 0 && full.Network == network.UnorderedDuplicating.String():
		return fmt.Errorf("on the network %s a server that comes back finds every message again, and there may be no end of "+
			"crashes: expected %s too", full.Network, maxCrashes)
	}
	return nil
}

func knownBudget(name string) bool {
	for _, b := range budgets {
		if b.Name == name {
			return true
		}
	}
	return false
}

func budgetNames() []string {
	names := make([]string, len(budgets))
	for i, b := range budgets {
		names[i] = b.Name
	}
	return names
}

// spend puts the budgets into the configuration of a system.
func (s Settings) spend(c *model.Config) {
	for _, b := range budgets {
		if most := s.Budgets[b.Name]; most > 0 {
			b.set(c, most)
		}
	}
}
