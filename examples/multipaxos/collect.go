package multipaxos

import (
	"maps"
	"slices"

	"synod/actor"
	"synod/model"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
)

// Section 4.2: votes and decisions are collected only when they are no longer needed.

// collects reports whether anything is collected: separate roles never collect.
func (c Config) collects() bool { return c.Collect > 0 && c.Servers > 0 }

// collecting adds the properties of section 4.2.
func (sys *system[O]) collecting() {
	each := func(name string, holds func(v model.View, i int, a *multipaxos.Acceptor[O]) bool) {
		sys.Always(name, func(v model.View) bool {
			for i, projection := range sys.acceptors {
				if a, up := projection.In(v); up && !holds(v, i, a) {
					return false
				}
			}
			return true
		})
	}
	each("section 4.2: a majority has executed what acceptors collect", func(v model.View, _ int, a *multipaxos.Acceptor[O]) bool {
		return a.Watermark == 0 || sys.executed(v, a.Watermark)
	})
	each("section 4.2: acceptors hold their votes from the watermark on", func(v model.View, i int, a *multipaxos.Acceptor[O]) bool {
		for in, by := range sys.cast.In(v).Votes {
			if by.has(actor.ID(i)) && in.Slot >= a.Watermark && !sys.holds(a.Accepted, in) {
				return false
			}
		}
		return true
	})
	sys.Always("a machine from a snapshot is what is decided up to there", func(v model.View) bool {
		chosen := sys.chosenBatches(v)
		for _, projection := range sys.replicas {
			if r, up := projection.In(v); up && r.Snapshot > 0 && r.Machine != sys.executes(chosen, r.SlotOut-1) {
				return false
			}
		}
		return true
	})
	sys.Sometimes("collected", func(v model.View) bool {
		for _, projection := range sys.replicas {
			if r, up := projection.In(v); up && r.Snapshot > 0 {
				return true
			}
		}
		return false
	})
}

// executed reports whether a majority of the replicas, or of the members of any configuration, has executed all slots
// below slot. Replicas that are down count as having done so, because their durable state is not visible.
func (sys *system[O]) executed(v model.View, slot rsm.Slot) bool {
	var by Voters
	for i, projection := range sys.replicas {
		if r, up := projection.In(v); !up || r.SlotOut >= slot {
			by = by.with(actor.ID(i))
		}
	}
	for _, members := range append(slices.Collect(maps.Values(sys.changes)), sys.electorate) {
		if members.agree(by) {
			return true
		}
	}
	return false
}

// chosenBatches returns the batches that a majority of the acceptors voted for, by slot.
func (sys *system[O]) chosenBatches(v model.View) map[rsm.Slot]string {
	chosen := map[rsm.Slot]string{}
	c := sys.cast.In(v)
	electorates := sys.electorates(c)
	for in, by := range c.Votes {
		if electorates.of(in.Slot).agree(by) {
			chosen[in.Slot] = in.Batch
		}
	}
	return chosen
}
