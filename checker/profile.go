package checker

import (
	"cmp"
	"slices"

	"synod/model/statespace"
)

// Profile describes why a space is as large as it is: what its states consist of, and which parts kept growing.
type Profile struct {
	// Lately is the depth, in a breadth-first search, from which growth counts as recent: the last quarter of the
	// levels, at least one. It is 0 for other searches, which have no levels.
	Lately int
	Slots  []SlotProfile // in the order of the model
}

// SlotProfile describes the distinct contents of a slot.
type SlotProfile struct {
	Name      string
	Parts     Growth
	Local     Growth // local states, contents of an observer, or states of a plain model
	Mailboxes Growth
	Fields    []FieldProfile // of Local, in their order
	// Dense reports that there are at least 1,000 states and at least half as many contents: storing each content once
	// saves almost nothing on this slot.
	Dense bool
}

// FieldProfile describes the distinct values of a top-level field.
type FieldProfile struct {
	Name    string
	Values  Growth
	AtLeast bool // there are more values, which were not examined
}

// Growth counts distinct values: all, and those new since Profile.Lately. LastNew is the depth of the last new one.
type Growth struct{ Count, LastNew, Lately int }

const (
	profiledValues = 1 << 16 // distinct values of a field that are counted
	denseFrom      = 1_000   // states
	keptChanges    = 1 << 12
)

// growth records how the slots of a space grew from level to level: only levels with changes, and of very many
// changes only the last.
type growth struct {
	levels  int        // complete levels
	last    int        // the depth of what was found after them
	changes [][]sizeAt // per slot
}

// sizeAt is the size of a slot at the end of a level.
type sizeAt struct {
	level int
	size  statespace.SlotSize
}

// record records the sizes after a level, counted from 1.
func (g *growth) record(space statespace.Space, level int) {
	p, ok := space.(statespace.Profiler)
	if !ok {
		return
	}
	g.levels = level
	sizes := p.Sizes()
	if g.changes == nil {
		g.changes = make([][]sizeAt, len(sizes))
	}
	for slot, size := range sizes {
		all := g.changes[slot]
		if n := len(all); n > 0 && all[n-1].size == size {
			continue
		} else if n == 2*keptChanges {
			all = append(all[:0], all[keptChanges:]...)
		}
		g.changes[slot] = append(all, sizeAt{level, size})
	}
}

// of returns the growth of the items of a slot, given their count; number returns their number in a SlotSize.
func (g *growth) of(slot, count int, number func(statespace.SlotSize) int) Growth {
	grown := Growth{Count: count}
	if g.levels == 0 || count == 0 {
		return grown
	}
	grown.LastNew = g.depthOf(slot, count-1, number)
	grown.Lately = count - min(count, g.before(slot, number))
	return grown
}

// depthOf returns the depth at which an item was first seen, or 0 if that is no longer known.
func (g *growth) depthOf(slot, item int, number func(statespace.SlotSize) int) int {
	all := g.changes[slot]
	at, _ := slices.BinarySearchFunc(all, item, func(s sizeAt, item int) int {
		if number(s.size) > item {
			return 1
		}
		return -1
	})
	switch {
	case at == len(all):
		return g.last
	case at == 0 && all[0].level > 1:
		return 0
	}
	return min(all[at].level, g.last)
}

// lately returns the value of Profile.Lately.
func (g *growth) lately() int {
	if g.levels == 0 {
		return 0
	}
	return g.levels - max(1, g.levels/4) + 1
}

// before returns the number of items before the level lately.
func (g *growth) before(slot int, number func(statespace.SlotSize) int) int {
	n := 0
	for _, s := range g.changes[slot] {
		if s.level >= g.lately() {
			break
		}
		n = number(s.size)
	}
	return n
}

func partsOf(s statespace.SlotSize) int     { return s.Parts }
func valuesOf(s statespace.SlotSize) int    { return s.Values }
func mailboxesOf(s statespace.SlotSize) int { return s.Mailboxes }

// Profile returns why the space is as large as it is. It examines every distinct content, so it takes some time. Call
// it before Close. The Profile is zero if the space does not implement statespace.Profiler.
func (r *Result) Profile() Profile {
	if r.engine == nil {
		return Profile{}
	}
	space, ok := r.engine.space.(statespace.Profiler)
	if !ok {
		return Profile{}
	}
	g := &r.growth
	if g.levels > 0 {
		// Contents found in the last steps belong to the last level, or to the next one if the search ended within a level.
		g.levels = len(r.Levels)
		g.last = g.levels
		if !r.Exhausted {
			g.last++
		}
	}
	p := Profile{Lately: g.lately()}
	for slot, size := range space.Sizes() {
		s := SlotProfile{
			Name: space.SlotName(slot), Parts: g.of(slot, size.Parts, partsOf), Local: g.of(slot, size.Values, valuesOf),
			Mailboxes: g.of(slot, size.Mailboxes, mailboxesOf),
			Dense:     r.Unique >= denseFrom && size.Parts >= r.Unique/2,
		}
		for _, f := range space.Fields(slot, profiledValues) {
			s.Fields = append(s.Fields, g.field(slot, f))
		}
		p.Slots = append(p.Slots, s)
	}
	return p
}

func (g *growth) field(slot int, f statespace.FieldReport) FieldProfile {
	p := FieldProfile{Name: f.Name, Values: Growth{Count: len(f.First)}, AtLeast: f.More}
	if g.levels == 0 || f.More || len(f.First) == 0 {
		return p
	}
	p.Values.LastNew = g.depthOf(slot, int(f.First[len(f.First)-1]), valuesOf)
	older, _ := slices.BinarySearchFunc(f.First, g.before(slot, valuesOf), func(id uint32, n int) int {
		return cmp.Compare(int(id), n)
	})
	p.Values.Lately = len(f.First) - older
	return p
}
