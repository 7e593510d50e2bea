package intern

import (
	"reflect"
	"unsafe"
)

// Together is [Walker.Rebuild] of a value. The copy has its memory in few pieces where its type allows this: all slices
// of elements without pointers are in one, and all slices of slices in another. A [Trace] of such a value takes less
// time to compare.
func (s *Split[T]) Together(v *T, order int) T {
	p, copied := s.walker.plan, *v
	if !p.owns {
		return copied
	}
	at := s.walker.at(&copied)
	var r room
	r.measure(p, at)
	r.words, r.slices = make([]uint64, (r.bytes+7)/8), make([]slice, r.headers)
	r.bytes, r.headers = 0, 0
	r.own(p, at, order)
	return copied
}

// room is memory for the slices of a value.
type room struct {
	words          []uint64 // for elements without pointers
	slices         []slice  // for slices
	bytes, headers uintptr  // needed, and then used
}

// measure adds the memory that the value at v needs.
func (r *room) measure(p *plan, v unsafe.Pointer) {
	switch {
	case !p.owns:
	case p.op == opStruct:
		for i := range p.runs {
			if run := &p.runs[i]; run.plan != nil {
				r.measure(run.plan, unsafe.Add(v, run.offset))
			}
		}
	case p.op == opArray:
		r.measureAll(p.elem, v, p.count)
	case p.op == opSlice:
		s := (*slice)(v)
		switch {
		case s.len == 0:
		case !p.elem.pointers:
			r.bytes = p.elem.align(r.bytes) + uintptr(s.len)*p.elem.size
		default:
			if p.elem.op == opSlice {
				r.headers += uintptr(s.len)
			}
			r.measureAll(p.elem, s.data, s.len)
		}
	}
}

func (r *room) measureAll(p *plan, v unsafe.Pointer, n int) {
	for i := range n {
		r.measure(p, unsafe.Add(v, uintptr(i)*p.size))
	}
}

// own is plan.own with memory from the room.
func (r *room) own(p *plan, v unsafe.Pointer, order int) {
	switch {
	case !p.owns:
	case p.op == opStruct:
		for i := range p.runs {
			if run := &p.runs[i]; run.plan != nil {
				r.own(run.plan, unsafe.Add(v, run.offset), order)
			}
		}
	case p.op == opArray:
		r.ownAll(p.elem, v, p.count, order)
	case p.op == opSlice && uintptr((*slice)(v).len)*p.elem.size > 0:
		r.ownSlice(p, (*slice)(v), order)
	default:
		p.own(v, order)
	}
}

func (r *room) ownAll(p *plan, v unsafe.Pointer, n, order int) {
	for i := range n {
		r.own(p, unsafe.Add(v, uintptr(i)*p.size), order)
	}
}

// ownSlice copies the elements of a slice, without spare capacity.
func (r *room) ownSlice(p *plan, s *slice, order int) {
	size := uintptr(s.len) * p.elem.size
	switch {
	case !p.elem.pointers:
		r.bytes = p.elem.align(r.bytes)
		to := unsafe.Add(unsafe.Pointer(unsafe.SliceData(r.words)), r.bytes)
		copy(bytesAt(to, size), bytesAt(s.data, size))
		s.data, s.cap = to, s.len
		r.bytes += size
		return
	case p.elem.op == opSlice:
		to := r.slices[r.headers:][:s.len]
		copy(to, unsafe.Slice((*slice)(s.data), s.len))
		s.data, s.cap = unsafe.Pointer(&to[0]), s.len
		r.headers += uintptr(s.len)
	default:
		to := reflect.MakeSlice(p.typ, s.len, s.len)
		reflect.Copy(to, reflect.SliceAt(p.elem.typ, s.data, s.len))
		s.data, s.cap = to.UnsafePointer(), s.len
	}
	r.ownAll(p.elem, s.data, s.len, order)
}

// align rounds an offset up for values of the type.
func (p *plan) align(offset uintptr) uintptr {
	a := uintptr(p.typ.Align())
	return (offset + a - 1) &^ (a - 1)
}
