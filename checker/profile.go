package checker

import (
	"cmp"
	"slices"

	"synod/model/statespace"
)

// Profile describes why a space is as large as it is: what its states are made of, and what of that kept growing.
type Profile struct {
	// Of a breadth-first search, what is called lately began with this depth: the last quarter of the levels, at least
	// one. 0 for other searches, which have no levels.
	Lately int
	Slots  []SlotProfile // in the order of the model
}

// SlotProfile describes the distinct contents of a slot.
type SlotProfile struct {
	Name      string
	Parts     Growth
	Local     Growth // local states, or what an observer remembers, or states of a plain model
	Mailboxes Growth
	Fields    []FieldProfile // of Local, in their order
	// Dense reports that there are at least half as many contents as states, and a thousand of these: keeping each
	// content once saves next to nothing on this slot.
	Dense bool
}

// FieldProfile describes the distinct values of a top-level field.
type FieldProfile struct {
	Name    string
	Values  Growth
	AtLeast bool // there are more, of which nothing is known
}

// Growth counts distinct values, and tells when there were new ones: in which depth the last, and how many lately.
type Growth struct{ Count, LastNew, Lately int }

const (
	profiledValues = 1 << 16 // distinct values of a field that are counted
	denseFrom      = 1_000   // states
	keptChanges    = 1 << 12
)

// growth records how the slots of a space grew from level to level: only when they did, and if that is very often, only
// for the last times.
type growth struct {
	levels  int        // complete ones
	last    int        // the depth of what came after them
	changes [][]sizeAt // per slot
}

// sizeAt is the size of a slot at the end of a level.
type sizeAt struct {
	level int
	size  statespace.SlotSize
}

// record notes the sizes after a level, counted from 1.
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

// of returns when the items of a slot came, given how many there are; number gives how many there were at a time.
func (g *growth) of(slot, count int, number func(statespace.SlotSize) int) Growth {
	grown := Growth{Count: count}
	if g.levels == 0 || count == 0 {
		return grown
	}
	grown.LastNew = g.depthOf(slot, count-1, number)
	grown.Lately = count - min(count, g.before(slot, number))
	return grown
}

// depthOf returns the depth at which an item came, or 0 if that is not known any more.
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

// lately is the first of the levels of which Lately tells.
func (g *growth) lately() int {
	if g.levels == 0 {
		return 0
	}
	return g.levels - max(1, g.levels/4) + 1
}

// before returns how many items there were before what is called lately.
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

// Profile returns why the space is as large as it is. It looks at every distinct content, so it takes some time;
// call it before Close. It is the zero Profile for a space that cannot tell.
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
		// Contents that come up within the last steps belong to the last level; if the search was ended within a level, to
		// the next.
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
