package catalog

import (
	"fmt"
	"slices"

	"synod/model"
	"synod/network"
)

// Budget bounds how often a fault may occur in a model with a network.
type Budget struct {
	Name   string // such as max-down
	Doc    string // one line
	Switch bool   // a switch, on (1) or off, rather than a number

	set func(c *model.Config, most int)
}

// The names of the budgets.
const (
	maxDown       = "max-down"
	maxCrashes    = "max-crashes"
	maxDrops      = "max-drops"
	maxTimeouts   = "max-timeouts"
	maxPartitions = "max-partitions"
	timersLast    = "timers-last"
	oneCopy       = "one-copy"
	on            = "on" // the value of a switch that is on
)

// maxBudget is the greatest value of a budget.
const maxBudget = 1000

var budgets = []Budget{
	{
		Name: maxDown, Doc: "servers that may be down at once; a server restarts from its persisted state (default 0)",
		set: func(c *model.Config, most int) { c.MaxDown = most },
	},
	{
		Name: maxCrashes, Doc: "maximum number of crashes on a path (default unlimited)",
		set: func(c *model.Config, most int) { c.MaxCrashes = most },
	},
	{
		Name: maxDrops, Doc: "maximum number of lost messages on a path, with --lossy (default unlimited)",
		set: func(c *model.Config, most int) { c.MaxDrops = most },
	},
	{
		Name: maxTimeouts, Doc: "maximum number of timeouts on a path (default unlimited)",
		set: func(c *model.Config, most int) { c.MaxTimeouts = most },
	},
	{
		Name: timersLast, Doc: "timers fire only in states in which no message can be delivered and no choice made", Switch: true,
		set: func(c *model.Config, most int) { c.TimersLast = most > 0 },
	},
	{
		Name: oneCopy, Doc: "do not add a message that equals an in-flight one of the same sender", Switch: true,
		set: func(c *model.Config, most int) { c.OneCopy = most > 0 },
	},
	{
		Name: maxPartitions, Doc: "maximum number of partitions of one server from all others on a path (default 0)",
		set: func(c *model.Config, most int) { c.MaxPartitions = most },
	},
}

// Budgets returns the faults that the models of the entry can bound. The caller owns the result.
func (e Entry) Budgets() []Budget {
	greatest := make(map[string]int)
	for _, p := range e.Parameters {
		greatest[p.Name] = p.Max
	}
	return slices.DeleteFunc(slices.Clone(budgets), func(b Budget) bool { return e.refuses(b.Name, greatest) != nil })
}

// refuses returns an error if a budget has no effect with these parameter values, or else nil.
func (e Entry) refuses(budget string, values map[string]int) error {
	switch {
	case len(e.Networks) == 0:
		return fmt.Errorf("model %s has no network; remove %s", e.Name, budget)
	case slices.Contains([]string{maxDown, maxCrashes, maxPartitions}, budget) && e.Unfailing:
		return fmt.Errorf("no actor of model %s crashes or is partitioned; remove %s", e.Name, budget)
	case slices.Contains([]string{maxTimeouts, timersLast}, budget) && e.Timers != nil && !e.Timers(values):
		return fmt.Errorf("model %s sets no timers with these parameters; remove %s", e.Name, budget)
	}
	return nil
}

// AllBudgets returns every budget of every entry.
func AllBudgets() []Budget { return slices.Clone(budgets) }

// checkBudgets returns an error if the budgets of complete settings are invalid, or else nil.
func (e Entry) checkBudgets(full Settings) error {
	for _, name := range sorted(full.Budgets) {
		if !knownBudget(name) {
			return &UnknownError{Kind: "budget", Name: name, Known: budgetNames()}
		}
		if err := e.refuses(name, full.Values); err != nil {
			return err
		}
		if n := full.Budgets[name]; n < 1 || n > maxBudget {
			return fmt.Errorf("%s %d: expected 1 to %d", name, n, maxBudget)
		}
	}
	if full.Budgets[maxDrops] > 0 && !full.Lossy {
		return fmt.Errorf("%s requires lossy", maxDrops)
	}
	down, crashes := full.Budgets[maxDown], full.Budgets[maxCrashes]
	switch {
	case crashes > 0 && down == 0:
		return fmt.Errorf("%s %d requires %s", maxCrashes, crashes, maxDown)
	case down > 0 && crashes == 0 && full.Network == network.UnorderedDuplicating.String():
		return fmt.Errorf("on the network %s a restarted server receives every message again and crashes never end; "+
			"add %s", full.Network, maxCrashes)
	}
	return nil
}

func knownBudget(name string) bool { return slices.Contains(budgetNames(), name) }

func budgetNames() []string {
	names := make([]string, len(budgets))
	for i, b := range budgets {
		names[i] = b.Name
	}
	return names
}

// spend sets the budgets in the configuration of a system.
func (s Settings) spend(c *model.Config) {
	for _, b := range budgets {
		if most := s.Budgets[b.Name]; most > 0 {
			b.set(c, most)
		}
	}
}
