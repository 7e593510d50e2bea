package intern

import "unsafe"

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

	// The memory at the references, for a value that was also snapped: a copy of it.
	snapping, snapped bool
	blocks            []memory
	ends              []int // by component: the end of its blocks
	copied            []byte
}

type stretch struct{ start, end uintptr }

// memory is a piece of memory that a traced value refers to, and how much of the copy ends with it.
type memory struct {
	at     unsafe.Pointer
	size   uintptr
	end    int
	refers bool // it holds references to mutable memory
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
	t.blocks, t.copied, t.ends = t.blocks[:0], t.copied[:0], t.ends[:0]
	s.record(v, t)
}

func (s *Split[T]) record(v *T, t *Trace) {
	p := s.walker.plan
	t.refs, t.from, t.walking, t.whole = t.refs[:0], t.from[:0], false, !p.risky
	for i := range s.columns {
		c := &s.columns[i]
		t.from = append(t.from, len(t.refs))
		t.whole = t.whole && t.walk(c.plan, unsafe.Add(unsafe.Pointer(v), c.offset))
		t.ends = append(t.ends, len(t.blocks))
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
	for i := range t.blocks {
		if !t.intact(i) {
			return false
		}
	}
	return true
}

// intact reports whether a block is as it was.
func (t *Trace) intact(i int) bool {
	b := &t.blocks[i]
	x, y, n := b.at, unsafe.Pointer(&t.copied[b.end-int(b.size)]), b.size
	if n > 64 {
		return equalBytes(x, y, n)
	}
	for ; n > 8; n -= 8 {
		if *(*[8]byte)(x) != *(*[8]byte)(y) {
			return false
		}
		x, y = unsafe.Add(x, 8), unsafe.Add(y, 8)
	}
	return equalBytes(x, y, n)
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
	fits, block, first := true, 0, len(into)
	for i := range s.columns {
		c := &s.columns[i]
		same := equalBytes(unsafe.Add(unsafe.Pointer(own), c.offset), unsafe.Add(unsafe.Pointer(to), c.offset), c.plan.size)
		fits = fits && (same || c.plan.bare)
		for ; block < t.ends[i]; block++ {
			if !t.intact(block) {
				same, fits = false, fits && !t.blocks[block].refers
			}
		}
		if !same {
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

// snap copies the memory that a value of type p refers to. There is no copy of a map's.
func (t *Trace) snap(p *plan, at unsafe.Pointer, size uintptr) {
	if size == 0 {
		return
	}
	if t.snapping = p.op != opMap; t.snapping {
		t.copied = append(t.copied, bytesAt(at, size)...)
		t.blocks = append(t.blocks, memory{at, size, len(t.copied), !p.elem.bare})
	}
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
		for _, other := range t.refs {
			if r.start < other.end && other.start < r.end {
				return false
			}
		}
		for _, other := range t.fresh[:i] {
			if r.start < other.end && other.start < r.end {
				return false
			}
		}
	}
	return true
}
