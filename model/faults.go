package model

import (
	"errors"
	"fmt"
	"slices"

	"synod/actor"
	"synod/model/statespace"
	"synod/network"
)

// The names of the slots of budgets.
const (
	downName       = "down at once"
	crashesName    = "crashes"
	dropsName      = "losses"
	timeoutName    = "timeouts"
	partitionsName = "partitions"
)

// networkName is the name of the slot that records whether the network is partitioned.
const (
	networkName = "network"
)

// faults are the numbers of the slots for faults, behind those of actors and observers; −1 for an unused one.
type faults struct {
	down, crashes, drops, timeouts int
	partitions, network            int
	lost, fired, apart             []statespace.SlotEffect // effects of a loss, a timeout and a partition on the budgets
}

// Crashable declares which actors may crash, usually the servers. At most Config.MaxDown of them are down at once. A
// crash loses all state that is not kept (see actor.Durable), the timers and the pending choices; messages wait for
// the recovery.
func (sys *system) Crashable(ids ...actor.ID) {
	for _, id := range ids {
		if !slices.Contains(sys.crashable, id) {
			sys.crashable = append(sys.crashable, id)
		}
	}
}

// validate returns an error if the fault configuration is invalid.
func (sys *system) validate() error {
	c := sys.config
	switch {
	case !slices.Contains(network.All(), c.Network):
		return fmt.Errorf("network %d: expected one of %v", c.Network, network.All())
	case c.MaxDown < 0 || c.MaxCrashes < 0 || c.MaxDrops < 0 || c.MaxTimeouts < 0 ||
		c.MaxPartitions < 0:
		return errors.New("a bound of faults is negative: expected at least 0")
	case c.MaxDrops > 0 && !c.Lossy:
		return errors.New("a bound of losses requires a lossy network")
	case c.MaxCrashes > 0 && c.MaxDown == 0:
		return errors.New("a bound of crashes requires that at least 1 actor may be down")
	case (c.MaxTimeouts > 0 || c.TimersLast) && !sys.hasTimers():
		return errors.New("timeouts are bounded, but no actor has timers: remove the bound")
	case c.MaxDown > 0 && len(sys.crashable) == 0:
		return errors.New("actors may be down, but none is declared crashable")
	case c.MaxDown > 0 && c.Network == network.Ordered && !c.Lossy:
		return errors.New("crashes on an ordered network that loses nothing are not modelled, as a crash may lose what was " +
			"sent last, and what follows it: expected loss, or another network")
	}
	for _, name := range sys.monotone {
		if !slices.ContainsFunc(sys.properties, func(p statespace.Property) bool { return p.Name == name }) {
			return fmt.Errorf("Monotone: the system has no property %q", name)
		}
	}
	if err := sys.validatePaths(); err != nil {
		return err
	}
	if err := sys.validateFairness(); err != nil {
		return err
	}
	if err := sys.validateBeginning(); err != nil {
		return err
	}
	for _, id := range sys.crashable {
		if _, known := sys.ids[id]; !known {
			return fmt.Errorf("Crashable: the system has no actor %v", id)
		}
	}
	if err := sys.validateInterchanges(); err != nil {
		return err
	}
	return sys.validatePartitions()
}

// hasTimers reports whether some actor handles timeouts.
func (sys *system) hasTimers() bool {
	return slices.ContainsFunc(sys.actors, func(m member) bool { return m.timeouts })
}

// addFaults adds the slots that the fault configuration needs.
func (sp *space) addFaults() {
	c := sp.sys.config
	add := func(what string, limit int) int {
		if limit == 0 {
			return -1
		}
		sp.slots = append(sp.slots, &budget{what: what, limit: uint32(limit)})
		return len(sp.slots) - 1
	}
	sp.faults.down = add(downName, c.MaxDown)
	sp.faults.crashes = add(crashesName, c.MaxCrashes)
	sp.faults.drops = add(dropsName, c.MaxDrops)
	sp.faults.timeouts = add(timeoutName, c.MaxTimeouts)
	sp.faults.partitions = add(partitionsName, c.MaxPartitions)
	sp.faults.lost = spending(sp.faults.drops)
	sp.faults.fired = spending(sp.faults.timeouts)
	sp.faults.apart = spending(sp.faults.partitions)
	sp.faults.network = -1
	if c.MaxPartitions > 0 {
		sp.slots = append(sp.slots, newPartition(sp, sp.sides))
		sp.faults.network = len(sp.slots) - 1
	}
}

// spending returns the effects of using a budget, or nil if there is none.
func spending(slot int) []statespace.SlotEffect {
	if slot < 0 {
		return nil
	}
	return []statespace.SlotEffect{{Slot: int32(slot), Effect: spend}}
}

// Ranked implements Ranked.
func (sp *space) Ranked() bool { return sp.sys.config.TimersLast }

// rank returns the rank of a step of a kind.
func (sp *space) rank(k statespace.Kind) int {
	if !sp.sys.config.TimersLast {
		return 0
	}
	switch k {
	case statespace.Timeout:
		return 1
	case statespace.Drop, statespace.Crash, statespace.Recover, statespace.Partition, statespace.Heal:
		return statespace.Aside
	case statespace.Act, statespace.Deliver, statespace.Choose:
	}
	return 0
}

// crashes reports whether an actor may crash.
func (sys *system) crashes(id actor.ID) bool {
	return sys.config.MaxDown > 0 && slices.Contains(sys.crashable, id)
}
