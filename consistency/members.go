package consistency

import (
	"cmp"
	"slices"
)

// SetAccess is the effect of an operation on a set: it reads all elements, adds one, or looks one up.
type SetAccess[E comparable] struct {
	Read     bool
	Elements []E // the elements read, without repeats
	Add      bool
	Element  E
	Told     bool // Was is valid: the answer shows whether the element was there before
	Was      bool
	Other    bool // anything else
}

// ExactSet decides windows of a set from which nothing is removed. For each element some operation adds it first:
// operations that found it come later, and those that missed it earlier. So an order exists if these constraints and
// the real-time order have no cycle.
type ExactSet[E comparable, S any, I comparable, O any] struct {
	// Has reports whether a state has an element, Len returns the number of elements, and With returns the state with
	// more elements.
	Has  func(state S, element E) bool
	Len  func(state S) int
	With func(state S, more []E) S
	// Access returns the effect of an operation with this answer; out is nil if the outcome is unknown.
	Access func(in I, out *O) SetAccess[E]
	// Add returns the input that adds an element.
	Add func(element E) I
}

func (e ExactSet[E, S, I, O]) cannot(in I) bool { return e.Access(in, nil).Other }

func (e ExactSet[E, S, I, O]) decide(states []S, applied []int32, ops []operation[I, O], p pool[I]) decision[S] {
	d := decision[S]{known: true}
	m := members[E]{accesses: make([]SetAccess[E], len(ops)), times: make([]interval, len(ops))}
	for i := range ops {
		m.accesses[i], m.times[i] = e.Access(ops[i].in, &ops[i].out), interval{ops[i].call, ops[i].ret}
		if m.accesses[i].Other {
			return decision[S]{}
		}
	}
	for _, s := range states {
		more, ids, ok := e.members(m, s, applied, p, false)
		if ok {
			d.after = append(d.after, possibility[S]{e.With(s, more), withIDs(applied, ids)})
		} else if _, _, ok = e.members(m, s, applied, p, true); ok {
			return decision[S]{} // with some of them; which ones has to be searched
		}
	}
	return d
}

// members holds the operations of a window, grouped by element.
type members[E comparable] struct {
	accesses []SetAccess[E]
	times    []interval
	elements []*member[E] // the new elements, in order of first occurrence
	byName   map[E]*member[E]
	levels   [][]int // the reads, by number of elements found
}

// member is an element that was not in the set before the window.
type member[E comparable] struct {
	name          E
	adds          []int // adds that returned and were not told that it was there already
	found, missed []int // the lookups
	fresh         []int // the adds that were told that it was not there
	level         int   // the first read that found it; -1 if none did
	unknown       interval
	id            int32 // the earliest unknown operation that adds it; -1 if there is none
}

func (m *members[E]) member(name E) *member[E] {
	e := m.byName[name]
	if e == nil {
		e = &member[E]{name: name, level: -1, id: -1}
		m.byName[name] = e
		m.elements = append(m.elements, e)
	}
	return e
}

// members returns the elements that were added, and the unknown operations that added them, if there is an order. It
// uses as few unknown operations as possible, since one that has not taken effect may matter when its element is
// removed later; or any of them, if eager.
func (e ExactSet[E, S, I, O]) members(
	m members[E], s S, applied []int32, p pool[I], eager bool,
) (more []E, ids []int32, ok bool) {
	m.byName = make(map[E]*member[E])
	has := func(name E) bool { return e.Has(s, name) }
	if !m.sort(has) || !m.level(has, e.Len(s)) {
		return nil, nil, false
	}
	for i, u := range p.ops {
		if a := e.Access(u.in, nil); a.Add {
			if one := m.byName[a.Element]; one != nil && (one.id < 0 || u.call < one.unknown.call) {
				one.id, one.unknown = p.earlier.next+int32(i), interval{u.call, never}
			}
		}
	}
	var d demands
	for _, t := range m.times {
		d.add(t)
	}
	first := d.levels(m.levels)
	for _, one := range m.elements {
		if id, free := p.earlier.free(e.Add(one.name), applied); free {
			one.id, one.unknown = id, interval{0, never}
		}
		if one.level < 0 && len(one.found) == 0 && len(one.adds) == 0 {
			continue // no operation observed it
		}
		taken, possible := one.demand(&d, m, first, eager)
		if !possible {
			return nil, nil, false
		}
		if taken {
			ids = append(ids, one.id)
		}
		more = append(more, one.name)
	}
	return more, ids, d.possible()
}

// sort groups the operations by element. It reports whether the answers about elements that existed before are
// correct.
func (m *members[E]) sort(has func(E) bool) bool {
	for i, a := range m.accesses {
		switch {
		case a.Read:
		case has(a.Element):
			if a.Told && !a.Was {
				return false
			}
		case a.Told && a.Was:
			one := m.member(a.Element)
			one.found = append(one.found, i)
		case a.Add:
			one := m.member(a.Element)
			one.adds = append(one.adds, i)
			if a.Told {
				one.fresh = append(one.fresh, i)
			}
		case a.Told:
			one := m.member(a.Element)
			one.missed = append(one.missed, i)
		}
	}
	return true
}

// level orders the reads of all elements: each must have found everything that the earlier ones found.
func (m *members[E]) level(has func(E) bool, before int) bool {
	var reads []int
	for i, a := range m.accesses {
		if a.Read {
			reads = append(reads, i)
		}
	}
	slices.SortStableFunc(reads, func(a, b int) int {
		return cmp.Compare(len(m.accesses[a].Elements), len(m.accesses[b].Elements))
	})
	seen, last := before, -1
	for _, r := range reads {
		names := m.accesses[r].Elements
		if last < 0 || len(names) > last {
			m.levels = append(m.levels, nil)
		}
		last = len(names)
		at := len(m.levels) - 1
		m.levels[at] = append(m.levels[at], r)
		for _, name := range names {
			if has(name) {
				continue
			}
			if one := m.member(name); one.level < 0 {
				one.level = at
				seen++
			}
		}
		if seen != len(names) { // it misses one that existed before
			return false
		}
	}
	return true
}

// demand adds the ordering constraints of the element. It reports whether an unknown operation added it, and whether
// an order is possible.
func (one *member[E]) demand(d *demands, m members[E], levels []int, eager bool) (taken, possible bool) {
	times := m.times
	if len(one.fresh) > 1 {
		return false, false
	}
	first := -1
	if len(one.fresh) == 1 {
		first = one.fresh[0]
	} else {
		for _, i := range one.adds {
			if first < 0 || times[i].call < times[first].call {
				first = i
			}
		}
		if one.id >= 0 && (first < 0 || one.unknown.call < times[first].call && (eager || one.early(m, times[first].call))) {
			first, taken = d.add(one.unknown), true
		}
	}
	if first < 0 {
		return false, false
	}
	early := one.missed // these precede all that add it
	if one.level > 0 || one.level < 0 && len(levels) > 1 {
		at := one.level - 1
		if one.level < 0 {
			at = len(levels)/2 - 1
		}
		early = append(early[:len(early):len(early)], levels[2*at+1])
	}
	for _, i := range append(one.adds[:len(one.adds):len(one.adds)], first) {
		for _, before := range early {
			d.demand(before, i)
		}
		if i != first && len(one.fresh) == 1 {
			d.demand(first, i)
		}
	}
	for _, i := range one.found {
		d.demand(first, i)
	}
	if one.level >= 0 {
		d.demand(first, levels[2*one.level])
	}
	return taken, true
}

// early reports whether an operation that found the element returned before moment.
func (one *member[E]) early(m members[E], moment int64) bool {
	found := one.found
	if one.level >= 0 {
		for _, group := range m.levels[one.level:] {
			found = append(found[:len(found):len(found)], group...)
		}
	}
	return slices.ContainsFunc(found, func(i int) bool { return m.times[i].ret < moment })
}

// demands is a graph of ordering constraints between operations.
type demands struct {
	times []interval
	after [][]int // the successors of each operation
	left  []int   // the number of predecessors of each operation
}

// add adds an operation and returns its number.
func (d *demands) add(t interval) int {
	d.times, d.after, d.left = append(d.times, t), append(d.after, nil), append(d.left, 0)
	return len(d.times) - 1
}

func (d *demands) demand(before, after int) {
	d.after[before] = append(d.after[before], after)
	d.left[after]++
}

// levels orders groups of operations one after another. It adds two nodes for each group, its begin and its end.
func (d *demands) levels(groups [][]int) []int {
	var marks []int
	for at, group := range groups {
		begin, end := d.add(interval{0, never}), d.add(interval{0, never})
		for _, i := range group {
			d.demand(begin, i)
			d.demand(i, end)
		}
		d.demand(begin, end)
		if at > 0 {
			d.demand(marks[2*at-1], begin)
		}
		marks = append(marks, begin, end)
	}
	return marks
}

// possible reports whether there is an order: each operation takes effect once all have that must precede it, by a
// constraint or because they returned before it was invoked.
func (d *demands) possible() bool {
	n := len(d.times)
	byCall, byRet := make([]int, n), make([]int, n)
	for i := range n {
		byCall[i], byRet[i] = i, i
	}
	slices.SortFunc(byCall, func(a, b int) int { return cmp.Compare(d.times[a].call, d.times[b].call) })
	slices.SortFunc(byRet, func(a, b int) int { return cmp.Compare(d.times[a].ret, d.times[b].ret) })
	left, invoked, done := slices.Clone(d.left), make([]bool, n), make([]bool, n)
	var ready []int
	calls, rets := 0, 0
	look := func() {
		for rets < n && done[byRet[rets]] {
			rets++
		}
		for calls < n && (rets == n || d.times[byCall[calls]].call < d.times[byRet[rets]].ret) {
			i := byCall[calls]
			calls++
			if invoked[i] = true; left[i] == 0 {
				ready = append(ready, i)
			}
		}
	}
	count := 0
	for look(); len(ready) > 0; look() {
		i := ready[len(ready)-1]
		ready = ready[:len(ready)-1]
		done[i] = true
		count++
		for _, j := range d.after[i] {
			if left[j]--; left[j] == 0 && invoked[j] {
				ready = append(ready, j)
			}
		}
	}
	return count == n
}
