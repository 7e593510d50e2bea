package intern

import (
	"slices"
	"unsafe"
)

// Trace records the targets of a value's references, no two of which overlap. A value derived from it mostly refers
// to the same memory, except for a few new targets, and checking it against the trace takes less time than comparing
// all targets.
type Trace struct {
	refs   []stretch // in the order of a walk, including empty ones
	from   []int     // by component: the index in refs of its first one
	whole  bool      // all references were recorded
	usable bool      // whole, and faster than Fits

	walking bool // comparing with refs, not recording them
	next    int  // index in refs
	fresh   []stretch

	// The memory at the references, for a value that was also snapped, and a copy of it: first what holds no references to
	// mutable memory, then what does.
	snapping, snapped bool
	memory            [2]memory
	component         int    // being walked
	touched           []bool // by component: its memory was changed
}

type stretch struct{ start, end uintptr }

// memory is what references refer to, with a copy. Pieces that adjoin form a tract.
type memory struct {
	pieces []piece
	tracts []tract
	copied []byte
}

// piece is what one reference refers to.
type piece struct {
	component int
	end       uintptr // within its tract
}

type tract struct {
	at    unsafe.Pointer
	size  uintptr
	copy  uintptr // where its copy begins
	first int     // its first piece
}

// maxFresh is the maximum number of new targets in a value that is checked against a trace.
const maxFresh = 8

// Trace records the references of a value returned by Value or Copy.
func (s *Split[T]) Trace(v *T, t *Trace) {
	t.snapping = false
	s.record(v, t)
}

// Snap is Trace, and records what is in the memory, too, if that is possible. Then it takes less time to tell what of
// the value was changed in place.
func (s *Split[T]) Snap(v *T, t *Trace) {
	t.snapping = true
	for i := range t.memory {
		m := &t.memory[i]
		m.pieces, m.tracts = m.pieces[:0], m.tracts[:0]
	}
	s.record(v, t)
	t.copy()
}

// Resnap is Snap of the value that was snapped, after changes to memory, but not to references.
func (s *Split[T]) Resnap(v *T, t *Trace) {
	if !t.snapped {
		s.Snap(v, t)
		return
	}
	t.copy()
}

// copy copies the memory.
func (t *Trace) copy() {
	for i := range t.memory {
		m := &t.memory[i]
		m.copied = m.copied[:0]
		for k := range m.tracts {
			r := &m.tracts[k]
			r.copy = uintptr(len(m.copied))
			m.copied = append(m.copied, bytesAt(r.at, r.size)...)
		}
	}
}

func (s *Split[T]) record(v *T, t *Trace) {
	p := s.walker.plan
	t.refs, t.from, t.walking, t.whole = t.refs[:0], t.from[:0], false, !p.risky
	for i := range s.columns {
		c := &s.columns[i]
		t.from = append(t.from, len(t.refs))
		t.component = i
		t.whole = t.whole && t.walk(c.plan, unsafe.Add(unsafe.Pointer(v), c.offset))
	}
	t.usable = t.whole && p.shares && !s.simple
	t.snapped = t.whole && t.snapping
}

// Kept reports whether v certainly has the same references, at the same places, as when it was traced.
func (s *Split[T]) Kept(t *Trace, v *T) bool {
	t.walking, t.next, t.fresh = true, 0, t.fresh[:0]
	return t.whole && t.walk(s.walker.plan, unsafe.Pointer(v)) && t.next == len(t.refs) && len(t.fresh) == 0
}

// FitsTrace is Fits for a value derived from one with a trace, perhaps by changes to the memory of that one.
func (s *Split[T]) FitsTrace(t *Trace, from, to *T) error {
	if t.usable {
		t.walking, t.next, t.fresh = true, 0, t.fresh[:0]
		if t.walk(s.walker.plan, unsafe.Pointer(to)) && t.disjoint() {
			return nil
		}
	}
	return s.Fits(from, to)
}

// FitsDerived is FitsTrace for a value derived from one that was not changed.
func (s *Split[T]) FitsDerived(t *Trace, from, to *T) error {
	if !t.usable {
		return s.Fits(from, to)
	}
	t.walking, t.fresh = true, t.fresh[:0]
	for _, i := range s.refer {
		c := &s.columns[i]
		b := unsafe.Add(unsafe.Pointer(to), c.offset)
		if equalBytes(unsafe.Add(unsafe.Pointer(from), c.offset), b, c.plan.size) {
			continue
		}
		t.next = t.from[i]
		if !t.walk(c.plan, b) {
			return s.Fits(from, to)
		}
	}
	if t.disjoint() {
		return nil
	}
	return s.Fits(from, to)
}

// Intact reports whether the memory of a snapped value certainly is as it was.
func (s *Split[T]) Intact(t *Trace) bool {
	if !t.snapped {
		return false
	}
	for i := range t.memory {
		m := &t.memory[i]
		for k := range m.tracts {
			r := &m.tracts[k]
			if !equalBytes(r.at, unsafe.Pointer(&m.copied[r.copy]), r.size) {
				return false
			}
		}
	}
	return true
}

// touch sets touched for the components of pieces that were changed. It reports whether there are any.
//
//go:nocheckptr
func (m *memory) touch(touched []bool) (some bool) {
	for i := range m.tracts {
		r := &m.tracts[i]
		old, p := unsafe.Pointer(&m.copied[r.copy]), r.first
		if r.size > longTract && equalBytes(r.at, old, r.size) {
			continue
		}
		for at := difference(r.at, old, 0, r.size); at < r.size; at = difference(r.at, old, at, r.size) {
			for m.pieces[p].end <= at {
				p++
			}
			touched[m.pieces[p].component], some = true, true
			at = m.pieces[p].end
		}
	}
	return some
}

// longTract is the size from which it is faster to compare a tract as a whole first.
const longTract = 256

// difference returns the offset, from at on, of the first byte that differs, or size.
//
//go:nocheckptr
func difference(a, b unsafe.Pointer, at, size uintptr) uintptr {
	for at+8 <= size && *(*[8]byte)(unsafe.Add(a, at)) == *(*[8]byte)(unsafe.Add(b, at)) {
		at += 8
	}
	for at < size && *(*byte)(unsafe.Add(a, at)) == *(*byte)(unsafe.Add(b, at)) {
		at++
	}
	return at
}

// Edited appends the components of to that differ from those of value. The value own, which was equal to value when
// it was snapped, may have been changed in place, and to is derived from it or the same. The error is that of Fits.
func (s *Split[T]) Edited(t *Trace, value, own, to *T, into []Part) ([]Part, error) {
	if !t.snapped {
		if err := s.FitsTrace(t, own, to); err != nil {
			return into, err
		}
		return s.Differences(value, to, into), nil
	}
	t.touched = slices.Grow(t.touched[:0], len(s.columns))[:len(s.columns)]
	clear(t.touched)
	t.memory[0].touch(t.touched)
	fits, first := !t.memory[1].touch(t.touched), len(into)
	alike := equalBytes(unsafe.Pointer(own), unsafe.Pointer(to), unsafe.Sizeof(*own))
	for i, touched := range t.touched {
		c := &s.columns[i]
		same := alike ||
			equalBytes(unsafe.Add(unsafe.Pointer(own), c.offset), unsafe.Add(unsafe.Pointer(to), c.offset), c.plan.size)
		fits = fits && (same || c.plan.bare)
		if touched || !same {
			into = append(into, Part{Component: uint32(i)})
		}
	}
	if !fits {
		if err := s.FitsTrace(t, own, to); err != nil {
			return into, err
		}
	}
	n := first
	for _, part := range into[first:] {
		c := &s.columns[part.Component]
		at := unsafe.Add(unsafe.Pointer(to), c.offset)
		if !c.plan.equalParts(unsafe.Add(unsafe.Pointer(value), c.offset), at) {
			into[n] = Part{part.Component, c.intern(at)}
			n++
		}
	}
	return into[:n], nil
}

// Alike reports whether a equals b. They are derived from fromA and fromB, which are equal and were not changed.
func (s *Split[T]) Alike(fromA, a, fromB, b *T) bool {
	if s.walker.plan.risky {
		return s.Holds(a, b)
	}
	for i := range s.columns {
		c := &s.columns[i]
		x, y := unsafe.Add(unsafe.Pointer(a), c.offset), unsafe.Add(unsafe.Pointer(b), c.offset)
		if equalBytes(unsafe.Add(unsafe.Pointer(fromA), c.offset), x, c.plan.size) &&
			equalBytes(unsafe.Add(unsafe.Pointer(fromB), c.offset), y, c.plan.size) {
			continue
		}
		if !c.plan.equalParts(x, y) {
			return false
		}
	}
	return true
}

// Derived appends the components of to that differ from those of value. It is derived from a value that is equal to
// value and was not changed.
func (s *Split[T]) Derived(value, from, to *T, into []Part) []Part {
	for i := range s.columns {
		c := &s.columns[i]
		at := unsafe.Add(unsafe.Pointer(to), c.offset)
		if !equalBytes(unsafe.Add(unsafe.Pointer(from), c.offset), at, c.plan.size) &&
			!c.plan.equalParts(unsafe.Add(unsafe.Pointer(value), c.offset), at) {
			into = append(into, Part{uint32(i), c.intern(at)})
		}
	}
	return into
}

// walk visits all references to mutable memory. It returns false if that is not possible.
func (t *Trace) walk(p *plan, v unsafe.Pointer) bool {
	switch {
	case p.bare:
		return true
	case p.op == opStruct:
		for i := range p.fields {
			if f := &p.fields[i]; !t.walk(f.plan, unsafe.Add(v, f.offset)) {
				return false
			}
		}
		return true
	case p.op == opArray:
		return t.walkAll(p.elem, v, p.count)
	case p.op != opPointer && p.op != opSlice && p.op != opMap:
		return false
	}
	key, size := p.reference(v)
	if t.snapping && !t.walking {
		t.snap(p, key.start, size)
	}
	switch {
	case !t.meet(stretch{uintptr(key.start), uintptr(key.start) + size}):
		return false
	case size == 0:
		return true
	case p.op == opPointer:
		return t.walk(p.elem, key.start)
	case p.op == opSlice:
		return p.elem.bare || t.walkAll(p.elem, key.start, key.len)
	}
	return p.key.bare && p.elem.bare
}

func (t *Trace) walkAll(p *plan, v unsafe.Pointer, n int) bool {
	if p.op == opSlice && p.elem.bare {
		for _, s := range unsafe.Slice((*slice)(v), n) {
			if t.snapping && !t.walking {
				t.snap(p, s.data, uintptr(s.cap)*p.elem.size)
			}
			if start := uintptr(s.data); !t.meet(stretch{start, start + uintptr(s.cap)*p.elem.size}) {
				return false
			}
		}
		return true
	}
	for i := range n {
		if !t.walk(p, unsafe.Add(v, uintptr(i)*p.size)) {
			return false
		}
	}
	return true
}

// snap adds the memory that a value of type p refers to. There is no copy of a map's.
func (t *Trace) snap(p *plan, at unsafe.Pointer, size uintptr) {
	if size == 0 {
		return
	}
	if t.snapping = p.op != opMap; !t.snapping {
		return
	}
	m := &t.memory[0]
	if !p.elem.bare {
		m = &t.memory[1]
	}
	last := len(m.tracts) - 1
	if last < 0 || uintptr(m.tracts[last].at)+m.tracts[last].size != uintptr(at) {
		m.tracts = append(m.tracts, tract{at: at, first: len(m.pieces)})
		last++
	}
	m.tracts[last].size += size
	m.pieces = append(m.pieces, piece{t.component, m.tracts[last].size})
}

// meet records a reference, or compares it with the next recorded one. It returns false if there are too many new
// ones. References that are not new match different recorded ones, so that no two of them overlap.
func (t *Trace) meet(r stretch) bool {
	if !t.walking {
		t.refs = append(t.refs, r)
		return true
	}
	at := t.next
	t.next++
	if r.start == r.end || at < len(t.refs) && t.refs[at] == r {
		return true
	}
	t.fresh = append(t.fresh, r)
	return len(t.fresh) <= maxFresh
}

// disjoint reports whether the new targets overlap neither the recorded ones nor one another.
func (t *Trace) disjoint() bool {
	for i, r := range t.fresh {
		if t.overlaps(r) {
			return false
		}
		for _, other := range t.fresh[:i] {
			if r.start < other.end && other.start < r.end {
				return false
			}
		}
	}
	return true
}

// overlaps reports whether a target overlaps a recorded one.
func (t *Trace) overlaps(r stretch) bool {
	if t.snapped {
		for i := range t.memory {
			for k := range t.memory[i].tracts {
				known := &t.memory[i].tracts[k]
				if start := uintptr(known.at); r.start < start+known.size && start < r.end {
					return true
				}
			}
		}
		return false
	}
	for _, other := range t.refs {
		if r.start < other.end && other.start < r.end {
			return true
		}
	}
	return false
}
