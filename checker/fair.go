package checker

import (
	"maps"
	"slices"

	"synod/model/statespace"
)

// Of paths that have to be fair (see statespace.Just) every step has a label: the list of the sets that its action is in. The
// labels of an id's steps stand behind its block, and behind the ranks if there are any; none is a lone step.

// justOf returns what labels the steps of a space, or nil if its paths need not be fair.
func justOf(space statespace.Space) statespace.Just {
	if j, ok := space.(statespace.Just); ok && len(j.Fairness()) > 0 {
		return j
	}
	return nil
}

// labelSteps finds the labels of all steps of the batch, in the order of takeSteps.
func (w *worker) labelSteps() {
	us := w.e.units
	for index := range w.words {
		for _, word := range w.words[index][:w.batch] {
			count := stepCount(word)
			if count == 0 {
				continue
			}
			block := us.stepAt(word, count)
			if us.ranked {
				block = block[count:]
			}
			w.labels = append(w.labels, block[:count]...)
		}
	}
}

// expandLabelled is expand, and finds what is enabled in each of the states.
func (v *surveyor) expandLabelled(keys []uint64) bool {
	v.labelling = true
	ok := v.expand(keys)
	v.labelling = false
	if !ok {
		return false
	}
	for len(v.enabled) < len(keys) {
		v.enabled = append(v.enabled, nil)
	}
	for i := range keys {
		v.enabled[i] = v.enabled[i][:0]
	}
	just := v.e.units.just
	for i, source := range v.sources {
		v.enabled[source] = append(v.enabled[source], just.Sets(v.labels[i])...)
	}
	for i, source := range v.cut {
		v.enabled[source] = append(v.enabled[source], just.Sets(v.cutLabels[i])...)
	}
	for i := range keys {
		slices.Sort(v.enabled[i])
		v.enabled[i] = slices.Compact(v.enabled[i])
	}
	return true
}

// isStrong reports whether paths have to be strongly fair to a set.
func (e *engine) isStrong(set uint32) bool {
	j := e.units.just
	return j.Fairness()[j.ConditionOf(set)].Strong
}

// fairJudge decides whether a strongly connected component holds a fair cycle. A cycle through all of its states and steps is
// weakly fair if any in it is: it takes and disables whatever one of them does. It is strongly fair, too, unless a set is
// enabled somewhere in the component and taken nowhere. Then no fair cycle goes through a state that enables the set, and what
// is left without those has to be judged by its own components: the algorithm for Streett automata.
type fairJudge struct {
	*pursuit
	v       *surveyor
	always  []uint32        // the sets that are weakly fair, and enabled in all states so far
	ever    map[uint32]bool // the sets that are strongly fair, and enabled in some state
	taken   map[uint32]bool
	lists   map[uint32]bool // the labels of steps within the component
	strong  bool            // there are sets of that kind
	weakest []uint32
	partly  bool // what judge looked at last holds no fair cycle through all of it, but perhaps one through some of it
}

// newFairJudge returns nil if every cycle is fair.
func (p *pursuit) newFairJudge() *fairJudge {
	j := p.e.units.just
	if j == nil {
		return nil
	}
	strong := slices.ContainsFunc(j.Fairness(), func(c statespace.Condition) bool { return c.Strong })
	return &fairJudge{
		pursuit: p, v: p.of[0], strong: strong, ever: make(map[uint32]bool), taken: make(map[uint32]bool),
		lists: make(map[uint32]bool),
	}
}

// judge reports whether a component, whose states all have the same number, holds a fair cycle through all of its states. If
// it does not for the sake of strong fairness alone, it takes away the states that are on no fair cycle, and sets partly.
func (f *fairJudge) judge(states []uint64) bool {
	clear(f.taken)
	clear(f.lists)
	clear(f.ever)
	f.partly = false
	at, _ := f.e.locate(states[0])
	own := *f.degrees.at(at)
	for from := 0; from < len(states); from += batchLength {
		if f.over() || !f.gather(states[from:min(from+batchLength, len(states))], own, from == 0) {
			return false
		}
		if len(f.always) == 0 && !f.strong {
			return true // Whatever is still to come, no set is neglected.
		}
	}
	for label := range f.lists {
		for _, set := range f.e.units.just.Sets(label) {
			f.taken[set] = true
		}
	}
	neglected := func(set uint32) bool { return !f.taken[set] }
	if slices.ContainsFunc(f.always, neglected) {
		return false // nor does any part of it: there, too, the set is enabled and not taken
	}
	maps.DeleteFunc(f.ever, func(set uint32, _ bool) bool { return f.taken[set] })
	if len(f.ever) == 0 {
		return true
	}
	f.partly = f.remove(states)
	return false
}

// gather looks at some states of the component.
func (f *fairJudge) gather(keys []uint64, own uint32, first bool) bool {
	v := f.v
	if !v.expandLabelled(keys) {
		return false
	}
	for i, label := range v.labels {
		if label == 0 || f.lists[label] {
			continue
		}
		at, ok := f.e.locate(v.successors[i])
		if ok && f.isMember(at) && f.marks.get(at)&markTrimmed == 0 && *f.degrees.at(at) == own {
			f.lists[label] = true
		}
	}
	for i := range keys {
		weak := f.weakest[:0]
		for _, set := range v.enabled[i] {
			if f.e.isStrong(set) {
				f.ever[set] = true
				continue
			}
			weak = append(weak, set)
		}
		f.weakest = weak
		if first && i == 0 {
			f.always = append(f.always[:0], weak...)
			continue
		}
		f.always = slices.DeleteFunc(f.always, func(set uint32) bool {
			_, found := slices.BinarySearch(weak, set)
			return !found
		})
	}
	return true
}

// remove takes away the states that enable a set of ever, and tells whether others are left.
func (f *fairJudge) remove(states []uint64) bool {
	left := false
	for keys := range slices.Chunk(states, batchLength) {
		if f.over() || !f.v.expandLabelled(keys) {
			return false
		}
		for i, key := range keys {
			if !slices.ContainsFunc(f.v.enabled[i], func(set uint32) bool { return f.ever[set] }) {
				left = true
				continue
			}
			at, _ := f.e.locate(key)
			f.marks.set(at, markTrimmed)
		}
	}
	return left
}
