package liveness

import (
	"slices"

	"synod/checker/internal/store"
	"synod/model/statespace"
)

// enabledBy returns the sets of actions that are enabled in a state with the given steps, ascending.
func (g *Graph) enabledBy(from steps) []uint32 {
	var sets []uint32
	for _, labels := range [][]uint32{from.labels, from.cutLabels} {
		for _, label := range labels {
			sets = append(sets, g.Just.Sets(label)...)
		}
	}
	slices.Sort(sets)
	return slices.Compact(sets)
}

// isStrong reports whether paths have to be strongly fair to a set.
func (g *Graph) isStrong(set uint32) bool {
	return g.Just.Fairness()[g.Just.ConditionOf(set)].Strong
}

// fairJudge decides whether a strongly connected component contains a fair cycle. A cycle through all its states and
// steps is weakly fair if any cycle in it is, as it takes and disables all that any of them does. It is also strongly
// fair, unless a set is enabled somewhere in the component and taken nowhere. Then no fair cycle passes through a
// state that enables the set, and the components of the remaining states are judged instead: the algorithm for
// Streett automata.
type fairJudge struct {
	*decision
	v      *visitor
	strong bool     // some sets are strongly fair
	always []uint32 // the weakly fair sets that are enabled in all states so far
	ever   []uint32 // the strongly fair sets that are enabled in some state
	round  uint64   // number of the component
	// By label: the last component in which it occurred, and the last with such a step inside the component.
	met, within stamps
	taken       stamps // by set: the last component in which a step takes it
	known       stamps // by set: the last component in which it is in ever
	look        uint64 // number of the state
	enabled     stamps // by set: the last state that enables it
	partly      bool   // no fair cycle passes through all of the component judged last, but one may pass through a part
}

// stamps holds the time at which each number last occurred.
type stamps []uint64

// at returns the last time, or 0.
func (s stamps) at(n uint32) uint64 {
	if int(n) < len(s) {
		return s[n]
	}
	return 0
}

// set sets the last time, and reports whether it changed.
func (s *stamps) set(n uint32, time uint64) bool {
	if int(n) >= len(*s) {
		*s = append(*s, make([]uint64, int(n)+1-len(*s))...)
	}
	was := (*s)[n]
	(*s)[n] = time
	return was != time
}

// newFairJudge returns nil if every cycle is fair.
func (d *decision) newFairJudge(v *visitor) *fairJudge {
	j := d.Just
	if j == nil {
		return nil
	}
	strong := slices.ContainsFunc(j.Fairness(), func(c statespace.Condition) bool { return c.Strong })
	return &fairJudge{decision: d, v: v, strong: strong}
}

// judge reports whether a component, whose states all have the same number, contains a fair cycle through all of its
// states. If only strong fairness is missing, it removes the states that are on no fair cycle, and sets partly.
func (f *fairJudge) judge(states []place) bool {
	f.partly = false
	f.always, f.ever = f.always[:0], f.ever[:0]
	f.round++
	own := *f.degrees.At(states[0])
	for i, at := range states {
		from, ok := f.v.stepsOf(at)
		if !ok || i%store.ChunkLength == 0 && f.Over() {
			return false
		}
		f.meet(from, i == 0)
		if len(f.always) == 0 && !f.strong {
			return true // No set can be neglected, whatever the remaining states are.
		}
		f.takeWithin(from, own)
	}
	neglected := func(set uint32) bool { return f.taken.at(set) != f.round }
	if slices.ContainsFunc(f.always, neglected) {
		return false // Nor does any part of it: there, too, the set is enabled and not taken.
	}
	f.ever = slices.DeleteFunc(f.ever, func(set uint32) bool { return !neglected(set) })
	if len(f.ever) == 0 {
		return true
	}
	f.partly = f.remove(states)
	return false
}

// meet records the sets that a state of the component enables.
func (f *fairJudge) meet(from steps, first bool) {
	just := f.Just
	f.look++
	for _, labels := range [][]uint32{from.labels, from.cutLabels} {
		for _, label := range labels {
			fresh := f.strong && f.met.set(label, f.round)
			if !fresh && len(f.always) == 0 && !first {
				continue
			}
			for _, set := range just.Sets(label) {
				again := !f.enabled.set(set, f.look)
				switch {
				case !fresh && !first:
				case f.isStrong(set):
					if f.known.set(set, f.round) {
						f.ever = append(f.ever, set)
					}
				case first && !again:
					f.always = append(f.always, set)
				}
			}
		}
	}
	f.always = slices.DeleteFunc(f.always, func(set uint32) bool { return f.enabled.at(set) != f.look })
}

// takeWithin records the sets taken by steps to other states of the component, which have the same number.
func (f *fairJudge) takeWithin(from steps, own uint32) {
	for i, label := range from.labels {
		if label == 0 || f.within.at(label) == f.round {
			continue
		}
		if *f.degrees.At(from.to[i]) == own && f.isOpen(from.to[i]) {
			f.within.set(label, f.round)
			for _, set := range f.Just.Sets(label) {
				f.taken.set(set, f.round)
			}
		}
	}
}

// remove removes the states that enable a set of ever, and reports whether any are left.
func (f *fairJudge) remove(states []place) bool {
	left := false
	for i, at := range states {
		from, ok := f.v.stepsOf(at)
		if !ok || i%store.ChunkLength == 0 && f.Over() {
			return false
		}
		if f.enablesEver(from) {
			f.marks.Set(at, markTrimmed)
		} else {
			left = true
		}
	}
	return left
}

// enablesEver reports whether a set in ever is enabled.
func (f *fairJudge) enablesEver(from steps) bool {
	for _, labels := range [][]uint32{from.labels, from.cutLabels} {
		for _, label := range labels {
			if slices.ContainsFunc(f.Just.Sets(label), func(set uint32) bool { return slices.Contains(f.ever, set) }) {
				return true
			}
		}
	}
	return false
}
