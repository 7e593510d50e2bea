package checker

import (
	"slices"

	"synod/checker/internal/expand"
)

// With paired fields or a boundary, a successor cannot be computed by arithmetic on packed states alone. But a
// successor has the ids of its source in all units except a few, so only the changes are processed: the pairs over
// changed units, up to their root, and the changed parts of the state that the boundary judges.

// change is a unit of a successor and its new id.
type change struct{ unit, id uint32 }

// findMoves finds what the steps themselves change: one unit per successor, in the order of takeSteps.
func (w *worker) findMoves() {
	w.moves = slices.Grow(w.moves[:0], len(w.successors))
	for index := range w.words {
		for _, word := range w.words[index][:w.batch] {
			w.eachStep(word, func(next uint32) { w.moves = append(w.moves, change{uint32(index), next}) })
		}
	}
}

// eachStep calls f with the next id of each step in a word, in the order of takeSteps.
func (w *worker) eachStep(word uint64, f func(next uint32)) {
	if word&expand.Lone != 0 {
		f(uint32(word))
		return
	}
	count := expand.StepCount(word)
	if count == 0 {
		return
	}
	for block := w.e.units.Block(word); count > 0; count-- {
		f(block[0])
		block = block[2+block[1]:]
	}
}

// gatherChanges collects the changes of a successor in w.changed. asks are the questions about this and later
// successors, whose answers have replaced their ids. It returns those about later ones.
func (w *worker) gatherChanges(successor int, asks []question) []question {
	w.changed = append(w.changed[:0], w.moves[successor])
	n := 0
	for n < len(asks) && int(asks[n].successor) == successor {
		w.changed = append(w.changed, change{asks[n].unit, asks[n].id})
		n++
	}
	return asks[n:]
}

// packChanges packs every successor, and marks those that lie outside the boundary.
func (w *worker) packChanges() bool {
	if w.e.inside != nil && !w.judgeBoundary() {
		return false
	}
	asks, dead := w.asks, w.dead
	for i := range w.successors {
		asks = w.gatherChanges(i, asks)
		if len(dead) > 0 && int(dead[0]) == i {
			for len(dead) > 0 && int(dead[0]) == i { // refused by several effects
				dead = dead[1:]
			}
			continue
		}
		key, ok := w.packChanged(int(w.sources[i]), w.keys[w.sources[i]])
		if !ok {
			return w.widen()
		}
		w.successors[i] = key
	}
	return true
}

// packChanged returns the packed state that differs from a state of the batch, packed as key, by w.changed. It
// reports false if an id does not fit.
func (w *worker) packChanged(source int, key uint64) (uint64, bool) {
	l := w.e.states.Layout
	if w.round++; w.round == 0 {
		clear(w.stamps)
		w.round = 1
	}
	w.risen = w.risen[:0]
	for _, c := range w.changed {
		f := int32(c.unit)
		w.values[f], w.stamps[f] = c.id, w.round
		for at := l.Fields[f].Parent; at >= 0 && w.stamps[at] != w.round; at = l.Fields[at].Parent {
			w.stamps[at] = w.round
			w.risen = append(w.risen, at)
		}
	}
	if len(w.changed) > 1 {
		slices.Sort(w.risen) // a pair comes after its two halves
	}
	for _, f := range w.risen {
		p := &l.Fields[f]
		w.values[f] = p.Pairs.Intern(w.valueOf(p.Left, source), w.valueOf(p.Right, source))
	}
	ok := true
	for _, c := range w.changed {
		key, ok = w.replaceRoot(int32(c.unit), source, key, ok)
	}
	for _, f := range w.risen {
		key, ok = w.replaceRoot(f, source, key, ok)
	}
	return key, ok
}

// valueOf returns the id of a field of the successor in packChanged.
func (w *worker) valueOf(f, source int) uint32 {
	if w.stamps[f] == w.round {
		return w.values[f]
	}
	return w.ids[f][source]
}

// replaceRoot replaces the id of a field in a packed state, if the field is a root.
func (w *worker) replaceRoot(f int32, source int, key uint64, ok bool) (uint64, bool) {
	r := &w.e.states.Layout.Fields[f]
	if r.Parent >= 0 {
		return key, ok
	}
	id := w.values[f]
	return key ^ uint64(w.ids[f][source]^id)<<(r.Shift&63), ok && uint64(id)>>r.Width == 0
}

// judgeBoundary evaluates the boundary for every successor, source by source, so that only the changes are applied
// and undone for each.
func (w *worker) judgeBoundary() bool {
	e := w.e
	w.sortBySource()
	source := -1
	refused := len(w.dead)
	for _, i := range w.bySource {
		if _, dead := slices.BinarySearch(w.dead[:refused], i); dead {
			continue
		}
		if s := int(w.sources[i]); s != source {
			source = s
			w.partsAt(s)
		}
		at, _ := slices.BinarySearchFunc(w.asks, i, func(q question, i uint32) int { return int(q.successor) - int(i) })
		w.gatherChanges(int(i), w.asks[at:])
		for _, c := range w.changed {
			e.units.Of[c.unit].Parts(c.id, w.state)
		}
		inside, err := w.within()
		if err != nil {
			w.failed = source
			e.failAt(err, slices.Clone(w.state))
			return false
		}
		for _, c := range w.changed {
			e.units.Of[c.unit].Parts(w.ids[c.unit][source], w.state)
		}
		if inside {
			continue
		}
		w.dead = append(w.dead, i)
		w.cut++
		if w.cutFrom != nil {
			w.cutFrom = append(w.cutFrom, w.sources[i])
			if w.labelling {
				w.cutLabels = append(w.cutLabels, w.labels[i])
			}
		}
	}
	slices.Sort(w.dead)
	return true
}

// sortBySource puts the indices of the successors into w.bySource, grouped by source.
func (w *worker) sortBySource() {
	var from [batchLength + 1]int
	for _, s := range w.sources {
		from[s+1]++
	}
	for s := range batchLength {
		from[s+1] += from[s]
	}
	w.bySource = slices.Grow(w.bySource[:0], len(w.sources))[:len(w.sources)]
	for i, s := range w.sources {
		w.bySource[from[s]] = uint32(i)
		from[s]++
	}
}
