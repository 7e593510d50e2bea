package intern

import "unsafe"

// Renew changes v from the value for the ids in was to the value for ids, and copies ids to was. The memory of v must
// be its own. Only the differences are copied, into the existing memory where that fits. It reports whether it fitted
// everywhere, so that v refers to the same memory as before.
func (s *Split[T]) Renew(was, ids []uint32, v *T) (kept bool) {
	kept = true
	for i := range s.columns {
		if was[i] == ids[i] {
			continue
		}
		c := &s.columns[i]
		kept = c.plan.renew(unsafe.Add(unsafe.Pointer(v), c.offset), c.at(ids[i])) && kept
		was[i] = ids[i]
	}
	return kept
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
// fits. It reports whether it fitted everywhere.
func (p *plan) renew(to, from unsafe.Pointer) (kept bool) {
	switch {
	case !p.owns:
		p.assign(to, from)
		return true
	case p.op == opStruct:
		kept = true
		for i := range p.runs {
			r := &p.runs[i]
			a, b := unsafe.Add(to, r.offset), unsafe.Add(from, r.offset)
			if r.plan != nil {
				kept = r.plan.renew(a, b) && kept
			} else {
				copy(bytesAt(a, r.size), bytesAt(b, r.size))
			}
		}
		return kept
	case p.op == opArray:
		return p.elem.renewAll(to, from, p.count)
	case p.op == opSlice && (*slice)(to).len == (*slice)(from).len && (*slice)(to).len > 0:
		return p.renewSlice((*slice)(to), (*slice)(from))
	case p.op == opSlice && (*slice)(to).data == nil && (*slice)(from).data == nil:
		return true
	}
	p.assign(to, from)
	p.own(to, 0)
	return false
}

func (p *plan) renewAll(to, from unsafe.Pointer, n int) (kept bool) {
	kept = true
	for i := range n {
		kept = p.renew(unsafe.Add(to, uintptr(i)*p.size), unsafe.Add(from, uintptr(i)*p.size)) && kept
	}
	return kept
}

// renewSlice is renew for slices of the same length.
func (p *plan) renewSlice(to, from *slice) (kept bool) {
	if p.elem.pointers {
		return p.elem.renewAll(to.data, from.data, to.len)
	}
	size := uintptr(to.len) * p.elem.size
	copy(bytesAt(to.data, size), bytesAt(from.data, size))
	return true
}
