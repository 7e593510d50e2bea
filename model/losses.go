package model

import (
	"slices"

	"synod/model/statespace"
	"synod/network"
)

// Loss elision. On an unordered network, losing a message is equivalent to never delivering it, and the search
// already explores that. So for safety, a loss adds only states with fewer messages in flight. Losses are omitted if
// nothing can tell the difference: no state constraint, bound on losses or order of timers; only always and sometimes
// properties; and those that read the network are declared monotone.

// Monotone declares properties that are monotone in the messages in flight: with all else equal, more messages never
// make a sometimes property false, nor an always property true. Examples are the sometimes property "some message of
// this kind is in flight" and the always property "no message contradicts". See Config.ElideLosses.
func (sys *system) Monotone(names ...string) {
	sys.monotone = append(sys.monotone, names...)
}

// Explicit implements Explicable.
func (sys *system) Explicit() Source {
	explicit := *sys
	explicit.config.ElideLosses = false
	return &explicit
}

// elides reports whether losses are omitted, as far as can be known before properties are evaluated.
func (sys *system) elides() bool {
	c := sys.config
	return c.Lossy && c.ElideLosses && c.Network != network.Ordered && c.MaxDrops == 0 && !c.TimersLast &&
		sys.boundary == nil && sys.onlySafety()
}

// onlySafety reports whether all properties are always or sometimes properties.
func (sys *system) onlySafety() bool {
	return !slices.ContainsFunc(sys.properties, func(p statespace.Property) bool {
		return p.Expect != statespace.Always && p.Expect != statespace.Sometimes
	})
}

// watchProperties sets the properties that a check evaluates: those of the system, wrapped to record what they read
// if that matters.
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

// ofNetwork reports whether a read depends on the messages in flight.
func (sp *space) ofNetwork(r statespace.Read) bool {
	if int(r.Slot) > sp.nobody {
		return false
	}
	a := r.Aspect
	return a == statespace.Whole || a == aspectMailbox || a >= aspectPicks && a < aspectProjections
}

// notes returns sentences that describe how faults are modelled.
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
