package intern

import (
	"slices"
	"time"
	"unsafe"
)

// equal compares the values at a and b. Equality is reflexive, so identical addresses or references are equal.
func (p *plan) equal(a, b unsafe.Pointer) bool {
	if p.mem {
		return equalBytes(a, b, p.size)
	}
	if a == b {
		return true
	}
	switch p.op {
	case opString:
		return *(*string)(a) == *(*string)(b)
	case opStruct:
		for i := range p.runs {
			r := &p.runs[i]
			x, y := unsafe.Add(a, r.offset), unsafe.Add(b, r.offset)
			if r.plan == nil && !equalBytes(x, y, r.size) || r.plan != nil && !r.plan.equal(x, y) {
				return false
			}
		}
		return true
	case opPointer:
		x, y := *(*unsafe.Pointer)(a), *(*unsafe.Pointer)(b)
		return x == y || x != nil && y != nil && p.elem.equal(x, y)
	case opSlice:
		x, y := (*slice)(a), (*slice)(b)
		if x.len != y.len || (x.data == nil) != (y.data == nil) {
			return false
		}
		return x.data == y.data || p.elem.equalAll(x.data, y.data, x.len)
	case opArray:
		return p.elem.equalAll(a, b, p.count)
	case opMap:
		x, y := p.mapAt(a), p.mapAt(b)
		return x == y || x != nil && y != nil && p.maps.equal(p, x, y)
	case opInterface:
		x, y := (*iface)(a), (*iface)(b)
		if x.tab == nil || y.tab == nil {
			return x.tab == y.tab
		}
		dx, atX := p.dynamicOf(x)
		dy, atY := p.dynamicOf(y)
		return dx == dy && dx.equal(atX, atY)
	case opTime:
		x, y := (*time.Time)(a), (*time.Time)(b)
		_, offsetX := x.Zone()
		_, offsetY := y.Zone()
		return x.Equal(*y) && offsetX == offsetY && x.Location().String() == y.Location().String()
	}
	return *(*unsafe.Pointer)(a) == *(*unsafe.Pointer)(b)
}

// equalFlat is equal for a flat type. It keeps both values on the stack, since it only looks at memory.
func (p *plan) equalFlat(a, b unsafe.Pointer) bool {
	switch {
	case p.mem:
		return equalBytes(a, b, p.size)
	case p.op == opString:
		return *(*string)(a) == *(*string)(b)
	case p.op == opArray:
		for i := range p.count {
			at := uintptr(i) * p.elem.size
			if !p.elem.equalFlat(unsafe.Add(a, at), unsafe.Add(b, at)) {
				return false
			}
		}
		return true
	}
	for i := range p.runs {
		r := &p.runs[i]
		x, y := unsafe.Add(a, r.offset), unsafe.Add(b, r.offset)
		if r.plan == nil && !equalBytes(x, y, r.size) || r.plan != nil && !r.plan.equalFlat(x, y) {
			return false
		}
	}
	return true
}

// equalAll compares n adjacent values.
func (p *plan) equalAll(a, b unsafe.Pointer, n int) bool {
	if p.mem {
		return equalBytes(a, b, uintptr(n)*p.size)
	}
	if p.op == opSlice && p.elem.mem {
		return p.elem.equalRows(unsafe.Slice((*slice)(a), n), unsafe.Slice((*slice)(b), n))
	}
	for i := range n {
		if !p.equal(unsafe.Add(a, uintptr(i)*p.size), unsafe.Add(b, uintptr(i)*p.size)) {
			return false
		}
	}
	return true
}

// equalRows compares slices of plain memory.
func (p *plan) equalRows(a, b []slice) bool {
	for i := range a {
		x, y := &a[i], &b[i]
		if x.len != y.len || (x.data == nil) != (y.data == nil) ||
			x.data != y.data && !equalBytes(x.data, y.data, uintptr(x.len)*p.size) {
			return false
		}
	}
	return true
}

// equalByEncoding compares two maps as multisets of encoded entries. It is for keys for which Go's == is not exact:
// floats (a look-up never finds a NaN, and both zeros are one key), pointers, interfaces, times.
func (p *plan) equalByEncoding(a, b unsafe.Pointer) bool {
	return slices.Equal(p.encodedEntries(a), p.encodedEntries(b))
}

func (p *plan) encodedEntries(m unsafe.Pointer) []string {
	var entries []string
	p.maps.each(p, m, func(k, v unsafe.Pointer) {
		entries = append(entries, string(p.elem.encode(append(p.key.encode(nil, k), ':'), v)))
	})
	slices.Sort(entries)
	return entries
}
