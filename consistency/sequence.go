package consistency

import (
	"cmp"
	"slices"
)

// LogAccess is the effect of an operation on a log: it appends a value at a position, counted from 1 or 0 if unknown,
// or reads all entries.
type LogAccess[V comparable] struct {
	Append bool
	Value  V
	Place  int
	List   []V
}

// ExactLog decides windows of a log in which the appending operation of each value read is unique, for example
// because no value is appended twice. The values read and the positions returned order these operations; the rest
// come after them or fill the remaining gaps.
//
// A window continues while the order of its last entries may still become known, and is then decided together with
// what follows.
type ExactLog[V comparable, S any, I comparable, O any] struct {
	// Len returns the number of entries, and Values all of them; the slice is not changed.
	Len    func(state S) int
	Values func(state S) []V
	// Extend returns a log with more entries.
	Extend func(state S, more []V) S
	// Access returns the effect of an operation with this answer; out is nil if the outcome is unknown.
	Access func(in I, out *O) LogAccess[V]
	// Append returns the input that appends a value.
	Append func(value V) I
}

// fewOrders is the number of orders of the last entries that are tracked before a window is continued.
const fewOrders = 24

func (e ExactLog[V, S, I, O]) cannot(I) bool { return false }

func (e ExactLog[V, S, I, O]) decide(states []S, applied []int32, ops []operation[I, O], p pool[I]) decision[S] {
	d := decision[S]{known: true}
	for _, s := range states {
		l := &entries[V]{base: e.Len(s), places: make(map[int]appending[V]), reads: make(map[int][]interval)}
		one := e.entries(l, s, applied, ops, p)
		if !one.known {
			return one
		}
		d.later = d.later || one.later
		d.after = append(d.after, one.after...)
	}
	return d
}

// entries holds the operations of a window by their positions in the log.
type entries[V comparable] struct {
	base    int // the number of entries before the window
	longest []V // the longest read
	places  map[int]appending[V]
	reads   map[int][]interval // by length
	free    []appending[V]     // returned appends of unknown position
	end     int                // the last known position
}

type interval struct{ call, ret int64 }

type appending[V comparable] struct {
	interval
	value V
	id    int32 // of an unknown operation; -1 for others
}

func (e ExactLog[V, S, I, O]) entries(
	l *entries[V], s S, applied []int32, ops []operation[I, O], p pool[I],
) decision[S] {
	accesses := make([]LogAccess[V], len(ops))
	for i := range ops {
		accesses[i] = e.Access(ops[i].in, &ops[i].out)
	}
	if !l.read(accesses, func() []V { return e.Values(s) }) {
		return violated[S]()
	}
	l.end = max(l.base, len(l.longest))
	for i, a := range accesses {
		if !l.put(a, interval{ops[i].call, ops[i].ret}) {
			return violated[S]()
		}
	}
	unknown := make(map[V][]appending[V])
	for i, u := range p.ops {
		a := e.Access(u.in, nil)
		if a.Append {
			unknown[a.Value] = append(unknown[a.Value], appending[V]{interval{u.call, never}, a.Value, p.earlier.next + int32(i)})
		}
	}
	used, found := e.assign(l, unknown, applied, p)
	if found != possible {
		return decision[S]{known: found == impossible}
	}
	if l.end-l.base > len(ops)+len(p.ops)+len(p.earlier.ops) {
		return violated[S]() // the log never had that many
	}
	gaps, end, ok := l.order()
	if !ok {
		return violated[S]()
	}
	idle := e.idle(unknown, used, applied, p)
	if !l.fill(append(gaps[:len(gaps):len(gaps)], end), idle) {
		return violated[S]()
	}
	tail := l.free
	all := withIDs(applied, used)
	switch {
	case len(gaps) == 1 && len(l.free)+len(idle) == 1: // then only one can fill it
		who := append(slices.Clone(l.free), idle...)[0]
		l.places[gaps[0].place] = who
		if who.id >= 0 {
			all = withIDs(all, []int32{who.id})
		}
		tail = nil
	case len(gaps) > 0 || len(tail) > 0 && len(idle) > 0:
		return decision[S]{known: true, later: true}
	}
	more := l.known()
	orders, few := extensions(tail, fewOrders)
	if !few {
		return decision[S]{known: true, later: true}
	}
	d := decision[S]{known: true}
	for _, order := range orders {
		values := slices.Clone(more)
		for _, i := range order {
			values = append(values, tail[i].value)
		}
		d.after = append(d.after, possibility[S]{e.Extend(s, values), all})
	}
	return d
}

// read records the reads: each must be a prefix of the longest, and contain the entries before the window.
func (l *entries[V]) read(accesses []LogAccess[V], before func() []V) bool {
	some := false
	for _, a := range accesses {
		if !a.Append {
			some = true
			if len(a.List) > len(l.longest) {
				l.longest = a.List
			}
		}
	}
	if !some {
		return true
	}
	if len(l.longest) < l.base || !slices.Equal(l.longest[:l.base], before()) {
		return false
	}
	for _, a := range accesses {
		if !a.Append && (len(a.List) < l.base || !slices.Equal(a.List, l.longest[:len(a.List)])) {
			return false
		}
	}
	return true
}

// put records an operation at its position, and reports whether the position is possible.
func (l *entries[V]) put(a LogAccess[V], at interval) bool {
	switch {
	case !a.Append:
		l.reads[len(a.List)] = append(l.reads[len(a.List)], at)
	case a.Place == 0:
		l.free = append(l.free, appending[V]{at, a.Value, -1})
	default:
		if _, taken := l.places[a.Place]; taken || a.Place <= l.base ||
			a.Place <= len(l.longest) && l.longest[a.Place-1] != a.Value {
			return false
		}
		l.places[a.Place] = appending[V]{at, a.Value, -1}
		l.end = max(l.end, a.Place)
	}
	return true
}

// assign finds the operations that appended the values read. The result is unclear if there are several ways.
func (e ExactLog[V, S, I, O]) assign(
	l *entries[V], unknown map[V][]appending[V], applied []int32, p pool[I],
) (used []int32, found clarity) {
	wanted := make(map[V][]int)
	for at := l.base; at < len(l.longest); at++ {
		if _, known := l.places[at+1]; !known {
			wanted[l.longest[at]] = append(wanted[l.longest[at]], at+1)
		}
	}
	free := make(map[V][]appending[V])
	for _, a := range l.free {
		if wanted[a.value] != nil {
			free[a.value] = append(free[a.value], a)
		}
	}
	l.free = slices.DeleteFunc(l.free, func(a appending[V]) bool { return wanted[a.value] != nil })
	for v, places := range wanted {
		all := free[v]
		for _, id := range p.earlier.places[e.Append(v)] {
			if len(all) > len(places) {
				break // unclear already, or there are enough
			}
			if _, gone := slices.BinarySearch(applied, id); !gone {
				all = append(all, appending[V]{interval{0, never}, v, id})
			}
		}
		all = append(all, unknown[v]...)
		slices.SortStableFunc(all, func(a, b appending[V]) int { return cmp.Compare(a.call, b.call) })
		switch {
		case len(all) < len(places):
			return nil, impossible
		case len(free[v]) > 0 && (len(all) > len(places) || !slices.IsSortedFunc(all, func(a, b appending[V]) int {
			return cmp.Compare(a.ret, b.ret)
		})):
			return nil, unclear
		}
		for i, place := range places { // of equal ones, the one invoked first comes first
			l.places[place] = all[i]
			if all[i].id >= 0 {
				used = append(used, all[i].id)
			}
		}
	}
	return used, possible
}

// idle returns the unknown operations that no read has shown. Of earlier windows it returns no more than there can be
// gaps.
func (e ExactLog[V, S, I, O]) idle(unknown map[V][]appending[V], used, applied []int32, p pool[I]) []appending[V] {
	var all []appending[V]
	for _, some := range unknown {
		for _, a := range some {
			if !slices.Contains(used, a.id) {
				all = append(all, a)
			}
		}
	}
	for id, in := range p.earlier.ops {
		if _, gone := slices.BinarySearch(applied, id); !gone && !slices.Contains(used, id) {
			all = append(all, appending[V]{interval{0, never}, e.Access(in, nil).Value, id})
		}
	}
	return all
}

// gap is an unread position before a known one.
type gap struct {
	place         int
	latest, first int64 // the last invocation before it, the first return after it
}

// order checks the order of the known entries. It returns the gaps and the end of the log, and reports whether the
// order is possible.
func (l *entries[V]) order() (gaps []gap, end gap, ok bool) {
	var s succession
	ok = true
	add := func(at interval) { ok = s.add(at.call, at.ret) && ok }
	look := func(length int) {
		for _, at := range l.reads[length] {
			add(at)
		}
		s.close()
	}
	look(l.base)
	for place := l.base + 1; place <= l.end; place++ {
		if a, known := l.places[place]; known {
			add(a.interval)
			s.close()
		} else {
			gaps = append(gaps, gap{place: place, latest: s.latest})
		}
		look(place)
	}
	first, left := int64(never), len(gaps)
	for place := l.end; left > 0; place-- {
		for _, at := range l.reads[place] {
			first = min(first, at.ret)
		}
		if a, known := l.places[place]; known {
			first = min(first, a.ret)
		} else {
			left--
			gaps[left].first = first
		}
	}
	return gaps, gap{latest: s.latest, first: never}, ok
}

// fill reports whether all gaps but the last, which is the end, can be filled, and all returned operations placed in
// a gap or at the end. Each gap takes the operation with the earliest deadline.
func (l *entries[V]) fill(gaps []gap, idle []appending[V]) bool {
	type job struct{ from, to int } // the range of gaps that it fits
	end := len(gaps) - 1
	var jobs []job
	for i, a := range append(slices.Clone(l.free), idle...) {
		j := job{from: end, to: end}
		for j.from > 0 && gaps[j.from-1].first > a.call {
			j.from--
		}
		for j.to >= 0 && gaps[j.to].latest >= a.ret {
			j.to--
		}
		if j.to < j.from && i < len(l.free) {
			return false
		}
		jobs = append(jobs, j)
	}
	used := make([]bool, len(jobs))
	for at := range end {
		best := -1
		for i, j := range jobs {
			if !used[i] && j.from <= at && j.to >= at && (best < 0 || j.to < jobs[best].to) {
				best = i
			}
		}
		if best < 0 {
			return false
		}
		used[best] = true
	}
	for i := range l.free {
		if !used[i] && jobs[i].to < end {
			return false
		}
	}
	return true
}

// known returns the entries added in the window, in order.
func (l *entries[V]) known() []V {
	var values []V
	for place := l.base + 1; place <= l.end; place++ {
		values = append(values, l.places[place].value)
	}
	return values
}

// extensions returns the orders of operations that respect real time, if only a few of them lead to different logs.
func extensions[V comparable](ops []appending[V], most int) (orders [][]int, few bool) {
	few = true
	taken := make([]bool, len(ops))
	order := make([]int, 0, len(ops))
	var extend func()
	extend = func() {
		if !few {
			return
		}
		if len(order) == len(ops) {
			if few = len(orders) < most; few {
				orders = append(orders, slices.Clone(order))
			}
			return
		}
		first := int64(never)
		for i, op := range ops {
			if !taken[i] {
				first = min(first, op.ret)
			}
		}
		for i, op := range ops {
			if taken[i] || op.call > first {
				continue
			}
			taken[i] = true
			order = append(order, i)
			extend()
			order, taken[i] = order[:len(order)-1], false
		}
	}
	extend()
	return orders, few
}
