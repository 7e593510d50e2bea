package intern

import "unsafe"

// Trace records the targets of a value's references, no two of which overlap. A value derived from it mostly refers
// to the same memory, except for a few new targets, and checking it against the trace takes less time than comparing
// all targets.
type Trace struct {
	refs   []stretch // in the order of a walk, including empty ones
	whole  bool      // all references were recorded
	usable bool      // whole, and faster than Fits

	walking bool // comparing with refs, not recording them
	next    int  // index in refs
	fresh   []stretch
}

type stretch struct{ start, end uintptr }

// maxFresh is the maximum number of new targets in a value that is checked against a trace.
const maxFresh = 8

// Trace records the references of a value returned by Value or Copy.
func (s *Split[T]) Trace(v *T, t *Trace) {
	p := s.walker.plan
	t.refs, t.walking = t.refs[:0], false
	t.whole = !p.risky && t.walk(p, unsafe.Pointer(v))
	t.usable = t.whole && p.shares && !s.simple
}

// Kept reports whether v certainly has the same references, at the same places, as when it was traced.
func (s *Split[T]) Kept(t *Trace, v *T) bool {
	t.walking, t.next, t.fresh = true, 0, t.fresh[:0]
	return t.whole && t.walk(s.walker.plan, unsafe.Pointer(v)) && t.next == len(t.refs) && len(t.fresh) == 0
}

// FitsTrace is Fits for a value derived from one with a trace.
func (s *Split[T]) FitsTrace(t *Trace, from, to *T) error {
	if t.usable {
		t.walking, t.next, t.fresh = true, 0, t.fresh[:0]
		if t.walk(s.walker.plan, unsafe.Pointer(to)) && t.disjoint() {
			return nil
		}
	}
	return s.Fits(from, to)
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
