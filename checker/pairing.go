package checker

import (
	"cmp"
	"slices"

	"synod/checker/internal/grouping"
	"synod/checker/internal/store"
	"synod/internal/words"
)

const (
	// pairSample bounds the states examined to choose pairs, pairSampleIDs the ids in them.
	pairSample    = 1 << 12
	pairSampleIDs = 1 << 22
	// maxPaired is the number of fields compared with one another. More are first thinned out.
	maxPaired = 128
	// pairsLast is the factor by which the number of states grows before pairs are chosen anew. Pairs that stay make it
	// cheap to move to a layout that is only wider. With many states they stay longer, unless there are more than
	// pairsPerState pairs per state.
	pairsLast     = 8
	pairsPerState = 3
)

// chooseLayout returns the next layout. While the fields do not fit into an integer, two fields with few combinations
// are paired. It sets m.kept.
func (e *engine) chooseLayout(m *migration) *store.Layout {
	limits := e.units.Limits()
	units := len(limits)
	fields := make([]store.Field, units)
	if e.units == m.old.units && !m.old.layout.Flat(units) && e.pairsStay(m.old.layout) {
		fields, m.kept = slices.Clone(m.old.layout.Fields), len(m.old.layout.Fields)
	}
	for {
		roots := e.rootsOf(limits, fields)
		total := 0
		for _, r := range roots {
			total += r.Bits
		}
		switch {
		case total <= store.MaxBits || e.halted():
			return store.NewLayout(limits, fields[units:], e.pairRoom, e.spareBits, e.relaid)
		case len(roots) <= 2:
			return store.NewLayout(limits, fields[units:], 0, e.spareBits, e.relaid)
		}
		if m.kept == 0 {
			e.paired = e.relaid
		}
		fields = e.pairUp(*m, fields, roots, total)
		// Intern all pairs now, so that their field is wide enough.
		e.eachState(m.old, func(w *worker, packed uint64, _ uint8) {
			w.unpackOld(*m, packed)
			store.Join(fields, w.row, m.joinFrom(e.units))
		})
	}
}

// pairsStay reports whether to keep the pairs of a layout.
func (e *engine) pairsStay(l *store.Layout) bool {
	if e.relaid < pairsLast*e.paired {
		return true
	}
	pairs := 0
	for _, f := range l.Fields {
		if f.Pairs != nil {
			pairs += f.Pairs.Len()
		}
	}
	return e.relaid >= secondGrouping && pairs <= pairsPerState*e.relaid
}

// rootsOf returns the fields that are in no pair, with their widths, except those of units that never change.
func (e *engine) rootsOf(limits []uint32, fields []store.Field) []grouping.Group {
	inside := make([]bool, len(fields))
	for _, f := range fields {
		if f.Pairs != nil {
			inside[f.Left], inside[f.Right] = true, true
		}
	}
	var roots []grouping.Group
	for f := range fields {
		bits := 0
		if pairs := fields[f].Pairs; pairs != nil {
			// Packing states interns new pairs, so their fields need room to grow before the next relayout.
			bits = store.Width(uint32(pairs.Len())) + e.pairRoom
		} else {
			bits = store.Width(limits[f])
		}
		if bits > 0 && !inside[f] {
			roots = append(roots, grouping.Group{Field: f, Bits: bits})
		}
	}
	return roots
}

// pairUp pairs roots, which take total bits, until the fields seem to fit into an integer: at least one pair. It uses
// a sample of the states.
func (e *engine) pairUp(m migration, fields []store.Field, roots []grouping.Group, total int) []store.Field {
	e.sample(m, fields, roots)
	// Of equally good pairs the first one is taken: the one with the narrowest fields.
	slices.SortStableFunc(roots, func(a, b grouping.Group) int { return cmp.Compare(a.Bits, b.Bits) })
	sampled, states, before := len(roots[0].IDs), e.relaid, len(fields)
	over := func() bool { return total <= store.MaxBits && len(fields) > before || e.halted() }
	g := grouping.New(roots, sampled, over)
	g.Joined = func(into, other *grouping.Group) {
		fields = append(fields, store.Field{Left: into.Field, Right: other.Field, Pairs: words.NewPairs(e.arena)})
		total -= into.Bits + other.Bits
		into.Field, into.Bits = len(fields)-1, e.pairRoom+store.Width(uint32(expected(into.Held, sampled, states)))
		total += into.Bits
	}
	g.Thin(maxPaired)
	for !over() && len(g.Of) > 2 && g.Merge() {
	}
	return fields
}

// expected estimates the number of combinations in all states from that in a sample.
func expected(held, sampled, states int) int {
	switch {
	case sampled >= states:
		return held
	case 4*held > sampled:
		return states // many states have a combination of their own
	}
	// One pair too many costs little; another pass over all states costs more.
	return min(4*held, states)
}

// sample collects the values of some fields in a sample of the states.
func (e *engine) sample(m migration, fields []store.Field, of []grouping.Group) {
	w, old := e.workers[0], m.old
	most := min(pairSample, max(minGathered, pairSampleIDs/len(fields)))
	taken := 0
	for i, s := range old.shards {
		s.Set.Each(func(key uint64, _ uint8) bool {
			w.unpackOld(m, old.layout.Packed(i, key))
			store.Join(fields, w.row, m.joinFrom(e.units))
			for k := range of {
				of[k].IDs = append(of[k].IDs, w.row[of[k].Field])
			}
			taken++
			return taken < most*(i+1)/len(old.shards) && !e.halted()
		})
	}
}
