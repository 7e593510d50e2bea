package intern

import "unsafe"

// Renew makes v, whose memory is its own and which has the value for the ids in was, have that of other ids, and puts these
// into was. Only what differs is copied, into the memory that is there where that fits.
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

// Holds reports whether v equals a value that Value made, whatever was done to its memory.
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

// Differences appends the components of to that are not those of from, a value that Value made. Unlike Changes, it looks at
// what they refer to.
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

// equalParts is equal, and fastest for what most fields are.
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

// renew makes the value at to, whose memory is its own, a copy of that at from.
func (p *plan) renew(to, from unsafe.Pointer) {
	if p.op == opSlice && !p.elem.pointers {
		a, b := (*slice)(to), (*slice)(from)
		if a.len == b.len && a.len > 0 {
			size := uintptr(a.len) * p.elem.size
			copy(bytesAt(a.data, size), bytesAt(b.data, size))
			return
		}
	}
	p.assign(to, from)
	if p.owns {
		p.own(to, 0)
	}
}
