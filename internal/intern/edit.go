package intern

import "unsafe"

// Renew changes v from the value for the ids in was to the value for ids, and copies ids to was. The memory of v must
// be its own. Only the differences are copied, into the existing memory where that fits.
func (s *Split[T]) Renew(was, ids []uint32, v *T) {
	for i := range s.columns {
		if was[i] == ids[i] {
			continue
		}
		c := &s.columns[i]
		c.plan.renew(unsafe.Add(unsafe.Pointer(v), c.offset), c.at(ids[i]))
		was[i] = ids[i]
	}
}

// Holds reports whether v equals a value returned by Value, regardless of changes to the memory of v.
func (s *Split[T]) Holds(value, v *T) bool {
	if p := s.walker.plan; p.risky && !p.fit(unsafe.Pointer(v), true) {
		return false
	}
	for i := range s.columns {
		c := &s.columns[i]
		if !c.plan.equalParts(unsafe.Add(unsafe.Pointer(value), c.offset), unsafe.Add(unsafe.Pointer(v), c.offset)) {
			return false
		}
	}
	return true
}

// Differences appends the components of to that differ from those of from, a value returned by Value. Unlike Changes,
// it compares the referenced memory.
func (s *Split[T]) Differences(from, to *T, into []Part) []Part {
	for i := range s.columns {
		c := &s.columns[i]
		at := unsafe.Add(unsafe.Pointer(to), c.offset)
		if !c.plan.equalParts(unsafe.Add(unsafe.Pointer(from), c.offset), at) {
			into = append(into, Part{uint32(i), c.intern(at)})
		}
	}
	return into
}

// equalParts is equal, optimized for the most common types of fields.
func (p *plan) equalParts(a, b unsafe.Pointer) bool {
	switch {
	case p.mem && p.size == 1:
		return *(*byte)(a) == *(*byte)(b)
	case p.op == opSlice && p.elem.mem:
		x, y := (*slice)(a), (*slice)(b)
		return x.len == y.len && (x.data == nil) == (y.data == nil) &&
			equalBytes(x.data, y.data, uintptr(x.len)*p.elem.size)
	}
	return p.equal(a, b)
}

// renew copies the value at from to the value at to, whose memory is its own, into the existing memory where that
// fits.
func (p *plan) renew(to, from unsafe.Pointer) {
	switch {
	case !p.owns:
		p.assign(to, from)
	case p.op == opStruct:
		for i := range p.runs {
			r := &p.runs[i]
			a, b := unsafe.Add(to, r.offset), unsafe.Add(from, r.offset)
			if r.plan != nil {
				r.plan.renew(a, b)
			} else {
				copy(bytesAt(a, r.size), bytesAt(b, r.size))
			}
		}
	case p.op == opArray:
		p.elem.renewAll(to, from, p.count)
	case p.op == opSlice && p.renewSlice((*slice)(to), (*slice)(from)):
	default:
		p.assign(to, from)
		p.own(to, 0)
	}
}

func (p *plan) renewAll(to, from unsafe.Pointer, n int) {
	for i := range n {
		p.renew(unsafe.Add(to, uintptr(i)*p.size), unsafe.Add(from, uintptr(i)*p.size))
	}
}

// renewSlice returns false if the existing memory does not fit.
func (p *plan) renewSlice(to, from *slice) bool {
	if to.len != from.len || to.len == 0 {
		return false
	}
	if p.elem.pointers {
		p.elem.renewAll(to.data, from.data, to.len)
	} else {
		size := uintptr(to.len) * p.elem.size
		copy(bytesAt(to.data, size), bytesAt(from.data, size))
	}
	return true
}
