package store

import (
	"cmp"
	"slices"

	"synod/checker/internal/grouping"
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
// are paired. It sets kept.
func (m *Migration) chooseLayout() *Layout {
	s := m.s
	limits := s.units.Limits()
	units := len(limits)
	fields := make([]Field, units)
	if s.units == m.old.units && !m.old.layout.Flat(units) && s.pairsStay(m.old.layout) {
		fields, m.kept = slices.Clone(m.old.layout.Fields), len(m.old.layout.Fields)
	}
	for {
		roots := s.rootsOf(limits, fields)
		total := 0
		for _, r := range roots {
			total += r.Bits
		}
		switch {
		case total <= MaxBits || s.crew.Halted():
			return NewLayout(limits, fields[units:], s.pairRoom, s.Spare, s.relaid)
		case len(roots) <= 2:
			return NewLayout(limits, fields[units:], 0, s.Spare, s.relaid)
		}
		if m.kept == 0 {
			s.paired = s.relaid
		}
		fields = m.pairUp(fields, roots, total)
		// Intern all pairs now, so that their field is wide enough.
		m.eachState(func(w *mover, packed uint64, _ uint8) {
			m.unpackOld(w, packed)
			Join(fields, w.row, m.joinFrom())
		})
	}
}

// pairsStay reports whether to keep the pairs of a layout.
func (s *States) pairsStay(l *Layout) bool {
	if s.relaid < pairsLast*s.paired {
		return true
	}
	pairs := 0
	for _, f := range l.Fields {
		if f.Pairs != nil {
			pairs += f.Pairs.Len()
		}
	}
	return s.relaid >= SecondGrouping && pairs <= pairsPerState*s.relaid
}

// rootsOf returns the fields that are in no pair, with their widths, except those of units that never change.
func (s *States) rootsOf(limits []uint32, fields []Field) []grouping.Group {
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
			bits = Width(uint32(pairs.Len())) + s.pairRoom
		} else {
			bits = Width(limits[f])
		}
		if bits > 0 && !inside[f] {
			roots = append(roots, grouping.Group{Field: f, Bits: bits})
		}
	}
	return roots
}

// pairUp pairs roots, which take total bits, until the fields seem to fit into an integer: at least one pair. It uses
// a sample of the states.
func (m *Migration) pairUp(fields []Field, roots []grouping.Group, total int) []Field {
	m.sample(fields, roots)
	// Of equally good pairs the first one is taken: the one with the narrowest fields.
	slices.SortStableFunc(roots, func(a, b grouping.Group) int { return cmp.Compare(a.Bits, b.Bits) })
	sampled, states, before := len(roots[0].IDs), m.s.relaid, len(fields)
	over := func() bool { return total <= MaxBits && len(fields) > before || m.s.crew.Halted() }
	g := grouping.New(roots, sampled, over)
	g.Joined = func(into, other *grouping.Group) {
		fields = append(fields, Field{Left: into.Field, Right: other.Field, Pairs: words.NewPairs(m.s.Arena)})
		total -= into.Bits + other.Bits
		into.Field, into.Bits = len(fields)-1, m.s.pairRoom+Width(uint32(expected(into.Held, sampled, states)))
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
func (m *Migration) sample(fields []Field, of []grouping.Group) {
	w, old := m.s.movers[0], m.old
	most := min(pairSample, max(minGathered, pairSampleIDs/len(fields)))
	taken := 0
	for i, shard := range old.shards {
		shard.Set.Each(func(key uint64, _ uint8) bool {
			m.unpackOld(w, old.layout.Packed(i, key))
			Join(fields, w.row, m.joinFrom())
			for k := range of {
				of[k].IDs = append(of[k].IDs, w.row[of[k].Field])
			}
			taken++
			return taken < most*(i+1)/len(old.shards) && !m.s.crew.Halted()
		})
	}
}
