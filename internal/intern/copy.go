package intern

import (
	"reflect"
	"slices"
	"time"
	"unsafe"
)

// own makes the value at v, a shallow copy, private: it replaces everything that is shared with the original. A value
// in an interface stays shared if it refers to nothing else, since it cannot be changed. The order determines how
// maps are rebuilt; with 0 it is unspecified.
func (p *plan) own(v unsafe.Pointer, order int) {
	switch p.op {
	case opStruct:
		for i := range p.runs {
			if r := &p.runs[i]; r.plan != nil && r.plan.owns {
				r.plan.own(unsafe.Add(v, r.offset), order)
			}
		}
	case opPointer:
		if to := (*unsafe.Pointer)(v); *to != nil {
			*to = p.elem.clone(*to, order)
		}
	case opSlice:
		p.ownSlice((*slice)(v), order)
	case opArray:
		for i := range p.count {
			p.elem.own(unsafe.Add(v, uintptr(i)*p.elem.size), order)
		}
	case opMap:
		if m := (*unsafe.Pointer)(v); *m != nil && !p.persistent {
			*m = p.maps.clone(p, *m, order)
		}
	case opInterface:
		i := (*iface)(v)
		if i.tab == nil {
			return
		}
		d, at := p.dynamicOf(i)
		if !d.owns {
			return
		}
		if d.direct {
			d.own(at, order)
			return
		}
		i.data = d.clone(i.data, order)
	case opTime:
		t := (*time.Time)(v)
		*t = t.Round(0)
	}
}

// changeable reports whether own would replace anything in the value at v.
func (p *plan) changeable(v unsafe.Pointer) bool {
	switch p.op {
	case opStruct:
		for i := range p.runs {
			if r := &p.runs[i]; r.plan != nil && r.plan.owns && r.plan.changeable(unsafe.Add(v, r.offset)) {
				return true
			}
		}
		return false
	case opArray:
		for i := range p.count {
			if p.elem.changeable(unsafe.Add(v, uintptr(i)*p.elem.size)) {
				return true
			}
		}
		return false
	case opPointer, opMap:
		return *(*unsafe.Pointer)(v) != nil
	case opSlice:
		return (*slice)(v).data != nil
	case opInterface:
		i := (*iface)(v)
		if i.tab == nil {
			return false
		}
		d, at := p.dynamicOf(i)
		return d.owns && d.changeable(at)
	}
	return p.owns
}

// orders reports whether the value at v contains a map with several entries.
func (p *plan) orders(v unsafe.Pointer) bool {
	if p.bare {
		return false
	}
	switch p.op {
	case opStruct:
		return slices.ContainsFunc(p.fields, func(f field) bool { return f.plan.orders(unsafe.Add(v, f.offset)) })
	case opPointer:
		to := *(*unsafe.Pointer)(v)
		return to != nil && p.elem.orders(to)
	case opSlice:
		s := (*slice)(v)
		return p.elem.ordersAny(s.data, s.len)
	case opArray:
		return p.elem.ordersAny(v, p.count)
	case opMap:
		m := *(*unsafe.Pointer)(v)
		if m == nil {
			return false
		}
		found := p.maps.len(p, m) > 1
		p.maps.each(p, m, func(k, v unsafe.Pointer) { found = found || p.key.orders(k) || p.elem.orders(v) })
		return found
	case opInterface:
		i := (*iface)(v)
		if i.tab == nil {
			return false
		}
		d, at := p.dynamicOf(i)
		return d.orders(at)
	}
	return false
}

func (p *plan) ordersAny(v unsafe.Pointer, n int) bool {
	for i := range n {
		if p.orders(unsafe.Add(v, uintptr(i)*p.size)) {
			return true
		}
	}
	return false
}

// clone returns a deep copy of the value at v, in new memory.
func (p *plan) clone(v unsafe.Pointer, order int) unsafe.Pointer {
	to := reflect.New(p.typ)
	at := to.UnsafePointer()
	if !p.pointers {
		copy(bytesAt(at, p.size), bytesAt(v, p.size))
		return at
	}
	to.Elem().Set(reflect.NewAt(p.typ, v).Elem())
	if p.owns {
		p.own(at, order)
	}
	return at
}

// ownSlice copies the array of a slice, without spare capacity.
func (p *plan) ownSlice(s *slice, order int) {
	if s.data == nil {
		return
	}
	size := uintptr(s.len) * p.elem.size
	if size == 0 {
		s.data, s.cap = unsafe.Pointer(&nothing), s.len
		return
	}
	if !p.elem.pointers {
		words := make([]uint64, (size+7)/8) // words, as bytes need not be aligned
		copy(bytesAt(unsafe.Pointer(&words[0]), size), bytesAt(s.data, size))
		s.data, s.cap = unsafe.Pointer(&words[0]), s.len
		return
	}
	to := reflect.MakeSlice(p.typ, s.len, s.len)
	reflect.Copy(to, reflect.SliceAt(p.elem.typ, s.data, s.len))
	s.data, s.cap = to.UnsafePointer(), s.len
	if p.elem.owns {
		for i := range s.len {
			p.elem.own(unsafe.Add(s.data, uintptr(i)*p.elem.size), order)
		}
	}
}
