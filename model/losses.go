package model

import (
	"slices"

	"synod/model/statespace"
	"synod/network"
)

// Losses for free. On an unordered network a message that is lost is one that never arrives, and never is an order of
// events that is explored anyway. So for safety a loss adds only states in which less is in flight. They are left out
// if nothing could tell the difference: no boundary, bound of losses or order of timers, only properties of the kinds
// always and sometimes, and of those that read the network only ones that are declared monotone.

// Monotone declares that more messages in flight, everything else being equal, never make these properties false if they
// are of the kind sometimes, nor true if of the kind always: "some message of this kind is in flight" is such a
// sometimes property, "no message contradicts" such an always property. See Config.ElideLosses.
func (sys *system) Monotone(names ...string) {
	sys.monotone = append(sys.monotone, names...)
}

// Explicit implements Explicable.
func (sys *system) Explicit() Source {
	explicit := *sys
	explicit.config.ElideLosses = false
	return &explicit
}

// elides reports whether losses are left out as far as can be told before properties are judged.
func (sys *system) elides() bool {
	c := sys.config
	return c.Lossy && c.ElideLosses && c.Network != network.Ordered && c.MaxDrops == 0 && !c.TimersLast &&
		sys.boundary == nil && sys.onlySafety()
}

// onlySafety reports whether all properties are of the kinds always and sometimes.
func (sys *system) onlySafety() bool {
	return !slices.ContainsFunc(sys.properties, func(p statespace.Property) bool {
		return p.Expect != statespace.Always && p.Expect != statespace.Sometimes
	})
}

// watchProperties returns the properties that a check evaluates: those of the system, which besides are watched for
// what they read if that matters.
func (sp *space) watchProperties() {
	sp.properties = sp.sys.properties
	if !sp.elides && sp.faults.network < 0 {
		return
	}
	sp.properties = slices.Clone(sp.properties)
	for i := range sp.properties {
		p := &sp.properties[i]
		if p.Holds == nil || slices.Contains(sp.sys.monotone, p.Name) {
			continue
		}
		holds, name := p.Holds, p.Name
		p.Holds = func(reading *statespace.Reading) bool {
			answer := holds(reading)
			for _, r := range reading.Reads() {
				switch {
				case sp.elides && sp.ofNetwork(r):
					panic(&statespace.ExplicitLossError{Property: name})
				case int(r.Slot) == sp.faults.network:
					sp.readsLinks.Store(true)
				}
			}
			return answer
		}
	}
}

// ofNetwork reports whether something was read of what is in flight.
func (sp *space) ofNetwork(r statespace.Read) bool {
	if int(r.Slot) > sp.nobody {
		return false
	}
	a := r.Aspect & aspectMask
	return a == statespace.Whole || a == aspectMailbox || a >= aspectPicks && a < aspectProjections
}

// notes describes in sentences how faults are modelled.
func (sp *space) notes() []string {
	var all []string
	if sp.sys.config.TimersLast {
		all = append(all, "Timers fire only where no message is delivered and no choice is made.")
	}
	if sp.elides {
		all = append(all, "Losses are left out: on an unordered network a message that is lost is one that never arrives, "+
			"so they change no verdict here.")
	}
	if sp.faults.network >= 0 && !sp.sys.config.TimersLast && sp.sys.onlySafety() && !sp.readsLinks.Load() {
		all = append(all, "Partitions change no verdict here: what they hold back might as well arrive later.")
	}
	return all
}
