package model

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"synod/actor"
	"synod/model/statespace"
)

// Partition declares one way to partition the network: the actors of side are separated from all others. During the
// partition, messages between the two sides wait, and are not deliverable; messages within a side are not affected.
// Config.MaxPartitions bounds the number of partitions. If no way is declared, any single actor that may crash (see
// Crashable) may be cut off from all others.
func (sys *system) Partition(side ...actor.ID) {
	side = slices.Clone(side)
	slices.Sort(side)
	sys.partitions = append(sys.partitions, slices.Compact(side))
}

// sides returns the distinct sides that may be cut off.
func (sys *system) sides() [][]actor.ID {
	declared := sys.partitions
	if len(declared) == 0 {
		for _, id := range sys.crashable {
			declared = append(declared, []actor.ID{id})
		}
	}
	var all [][]actor.ID
	for _, side := range declared {
		if !slices.ContainsFunc(all, func(other []actor.ID) bool { return slices.Equal(side, other) }) {
			all = append(all, side)
		}
	}
	return all
}

// partition is the slot of the network's current state: 0 while it is whole, or else the number, from 1, of the side
// that is cut off. The effects on it are links, each a pair of actor numbers: a delivery over a cut link is refused.
type partition struct {
	space *space
	names []string // per side
	apart [][]bool // per side and actor: whether the actor belongs to it
}

// The actions of the slot: heal, and one per side.
const heals statespace.ActionID = 0

func newPartition(sp *space, sides [][]actor.ID) *partition {
	p := &partition{space: sp}
	for _, side := range sides {
		apart := make([]bool, len(sp.sys.actors))
		names := make([]string, len(side))
		for i, id := range side {
			apart[sp.sys.ids[id]] = true
			names[i] = id.String()
		}
		p.apart = append(p.apart, apart)
		p.names = append(p.names, strings.Join(names, ","))
	}
	return p
}

// link returns the effect of a delivery.
func (p *partition) link(from, to uint32) statespace.EffectID {
	return statespace.EffectID(from*uint32(len(p.space.sys.actors)) + to)
}

// severed reports whether messages between two actors wait in a state of the network.
func (p *partition) severed(state, from, to uint32) bool {
	if state == 0 {
		return false
	}
	apart := p.apart[state-1]
	return apart[from] != apart[to]
}

func (p *partition) name() string { return networkName }

func (p *partition) start() (statespace.PartID, []statespace.SlotEffect, error) { return 0, nil, nil }

func (p *partition) steps(id statespace.PartID, into []statespace.Step) ([]statespace.Step, error) {
	if id != 0 {
		return append(into, statespace.Step{Action: heals, Next: 0, Rank: p.space.rank(statespace.Heal)}), nil
	}
	for i := range p.apart {
		into = append(into, statespace.Step{
			Action: statespace.ActionID(i + 1), Next: statespace.PartID(i + 1), Effects: p.space.faults.apart, Rank: p.space.rank(statespace.Partition),
		})
	}
	return into, nil
}

func (p *partition) apply(id statespace.PartID, e statespace.EffectID) (statespace.PartID, bool, error) {
	n := uint32(len(p.space.sys.actors))
	return id, !p.severed(uint32(id), uint32(e)/n, uint32(e)%n), nil
}

func (p *partition) aspect(id statespace.PartID, _ statespace.Aspect) uint32 { return uint32(id) }

func (p *partition) action(a statespace.ActionID) statespace.Action {
	if a == heals {
		return statespace.Action{Kind: statespace.Heal, Key: "heal", Text: networkName + ": heals", Actor: networkName}
	}
	side := p.names[a-1]
	return statespace.Action{
		Kind: statespace.Partition, Key: "partition " + side, Text: networkName + ": cuts off " + side, Actor: networkName,
	}
}

func (p *partition) content(dst []byte, id statespace.PartID) []byte {
	return append(dst, p.text(id)...)
}

func (p *partition) text(id statespace.PartID) string {
	if id == 0 {
		return "whole"
	}
	return "cuts off " + p.names[id-1]
}

func (p *partition) changes(from, to statespace.PartID) []statespace.Change {
	return []statespace.Change{{Old: p.text(from), New: p.text(to)}}
}

func (p *partition) audit() error { return nil }

func (p *partition) report(r *statespace.SpaceReport) {
	r.Slots = append(r.Slots, statespace.SlotReport{Name: networkName, Parts: p.size().Parts})
}

func (p *partition) size() statespace.SlotSize {
	return statespace.SlotSize{Parts: len(p.apart) + 1, Values: len(p.apart) + 1}
}

func (p *partition) fields(int) []statespace.FieldReport { return nil }

func (p *partition) carry(_ any, id statespace.PartID) (statespace.PartID, error) { return id, nil }

// cutIn returns the state of the network, for the first argument of partition.severed.
func (sp *space) cutIn(v View) uint32 {
	if sp.faults.network < 0 {
		return 0
	}
	return v.read(sp.faults.network, statespace.Whole)
}

// holdsBack reports whether an envelope to an actor waits in a state of the network.
func (sp *space) holdsBack(state, envelope uint32) bool {
	if state == 0 {
		return false
	}
	w := sp.envelopes.At(envelope)
	return sp.slots[sp.faults.network].(*partition).severed(state, w[0], w[1])
}

// severed reports whether an envelope waits in a state of the system.
func (sp *space) severed(v View, e actor.Envelope[any]) bool {
	from, known := sp.sys.ids[e.From]
	to, knownTo := sp.sys.ids[e.To]
	state := sp.cutIn(v)
	return known && knownTo && state != 0 &&
		sp.slots[sp.faults.network].(*partition).severed(state, uint32(from), uint32(to))
}

// validatePartitions returns an error if the declared sides are invalid.
func (sys *system) validatePartitions() error {
	if sys.config.MaxPartitions == 0 {
		return nil
	}
	sides := sys.sides()
	if len(sides) == 0 {
		return fmt.Errorf("partitions are allowed, but none is declared and no actor may crash")
	}
	for _, side := range sides {
		for _, id := range side {
			if _, known := sys.ids[id]; !known {
				return fmt.Errorf("Partition: the system has no actor %v", id)
			}
		}
		if len(side) == 0 || len(side) == len(sys.actors) {
			return fmt.Errorf("one side of a partition has %s of %d actors; it must have some, and not all",
				strconv.Itoa(len(side)), len(sys.actors))
		}
	}
	return nil
}
