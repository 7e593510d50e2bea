package checker

import (
	"cmp"
	"slices"

	"synod/checker/internal/store"
	"synod/internal/words"
)

const (
	// pairSample bounds how many states are looked at to choose pairs, pairSampleIDs how many ids in them.
	pairSample    = 1 << 12
	pairSampleIDs = 1 << 22
	// maxPaired is how many fields are compared with one another. More are first thinned out.
	maxPaired = 128
	// pairsLast describes how many times as many states there are when pairs are chosen anew. Until then they stay, which
	// makes it cheap to move to a layout that is only wider. Where there are many states they stay for longer, unless
	// there are more than so many pairs for each state.
	pairsLast     = 8
	pairsPerState = 3
)

// chooseLayout returns the next layout. As long as the fields do not fit side by side, two that hold few combinations become
// one. It sets m.kept.
func (e *engine) chooseLayout(m *migration) *store.Layout {
	limits := e.limits()
	units := len(limits)
	fields := make([]store.Field, units)
	if e.units == m.old.units && !m.old.layout.Flat(units) && e.pairsStay(m.old.layout) {
		fields, m.kept = slices.Clone(m.old.layout.Fields), len(m.old.layout.Fields)
	}
	for {
		roots := e.rootsOf(limits, fields)
		total := 0
		for _, r := range roots {
			total += r.bits
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
		// All pairs come to be here, so that their field is wide enough.
		e.eachState(m.old, func(w *worker, packed uint64, _ uint8) {
			w.unpackOld(*m, packed)
			store.Join(fields, w.row, m.joinFrom(e.units))
		})
	}
}

// pairsStay reports whether the pairs of a layout are worth keeping.
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

// rootsOf returns the fields that are in no pair, with the bits that they take, but for units that never change.
func (e *engine) rootsOf(limits []uint32, fields []store.Field) []gathering {
	inside := make([]bool, len(fields))
	for _, f := range fields {
		if f.Pairs != nil {
			inside[f.Left], inside[f.Right] = true, true
		}
	}
	var roots []gathering
	for f := range fields {
		bits := 0
		if pairs := fields[f].Pairs; pairs != nil {
			// New pairs come up as states are packed, so their fields need room to grow before the next relayout.
			bits = store.Width(uint32(pairs.Len())) + e.pairRoom
		} else {
			bits = store.Width(limits[f])
		}
		if bits > 0 && !inside[f] {
			roots = append(roots, gathering{field: f, bits: bits})
		}
	}
	return roots
}

// pairUp builds pairs of roots, which take total bits, until they seem to fit side by side: one at least. It goes by
// a sample of the states.
func (e *engine) pairUp(m migration, fields []store.Field, roots []gathering, total int) []store.Field {
	e.sample(m, fields, roots)
	// Of equally good pairs the first one is taken: that of the narrowest fields.
	slices.SortStableFunc(roots, func(a, b gathering) int { return cmp.Compare(a.bits, b.bits) })
	sampled, states, before := len(roots[0].ids), e.relaid, len(fields)
	g := newGrouping(roots, sampled, func() bool { return total <= store.MaxBits && len(fields) > before || e.halted() })
	g.joined = func(into, other *gathering) {
		fields = append(fields, store.Field{Left: into.field, Right: other.field, Pairs: words.NewPairs(e.arena)})
		total -= into.bits + other.bits
		into.field, into.bits = len(fields)-1, e.pairRoom+store.Width(uint32(expected(into.held, sampled, states)))
		total += into.bits
	}
	g.thin(maxPaired)
	for !g.over() && len(g.of) > 2 && g.merge() {
	}
	return fields
}

// expected estimates how many combinations there are among all states, if a sample has so many.
func expected(held, sampled, states int) int {
	switch {
	case sampled >= states:
		return held
	case 4*held > sampled:
		return states // Many a state has one of its own.
	}
	// A pair too many costs little, but to look at all states once more does not.
	return min(4*held, states)
}

// sample finds out what some fields hold in a sample of the states.
func (e *engine) sample(m migration, fields []store.Field, of []gathering) {
	w, old := e.workers[0], m.old
	most := min(pairSample, max(minGathered, pairSampleIDs/len(fields)))
	taken := 0
	for i, s := range old.shards {
		s.Set.Each(func(key uint64, _ uint8) bool {
			w.unpackOld(m, old.layout.Packed(i, key))
			store.Join(fields, w.row, m.joinFrom(e.units))
			for k := range of {
				of[k].ids = append(of[k].ids, w.row[of[k].field])
			}
			taken++
			return taken < most*(i+1)/len(old.shards) && !e.halted()
		})
	}
}
