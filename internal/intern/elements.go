package intern

import (
	"reflect"
	"unsafe"
)

// The values of a component or of a [Table] with many values mostly differ from one another in a few places. From then
// on, the elements of a new value (of a slice or an array by index, of a struct its fields) and their elements in turn
// are interned in tables of their own, so that equal parts are stored once. There is a table for each place, so that
// no value refers to the same memory twice.

const (
	manyValues  = 4096
	maxElements = 64   // maximum number of places with a table
	firstAsked  = 4096 // look-ups after which a table is no longer used if more than three quarters were for new values
)

// elements are the tables of places, nil for those without one. Writers hold a lock.
type elements []*element

// element is the table of a place in the values of a component.
type element struct {
	column
	asked uint32
}

// keep makes value number n of a table private; at holds a shallow copy of it. It returns by how many bytes the
// tables have grown outside the value's own memory.
func (c *elements) keep(p *plan, at unsafe.Pointer, n uint32) (grown int64) {
	if n < manyValues || !p.composed() {
		if p.owns {
			p.own(at, 0)
		}
		return p.bytes(at)
	}
	switch p.op {
	case opStruct:
		if len(p.fields) == 1 { // as new as the value
			f := &p.fields[0]
			return c.keep(f.plan, unsafe.Add(at, f.offset), n)
		}
		for i := range p.fields {
			f := &p.fields[i]
			grown += c.keepElement(i, f.plan, unsafe.Add(at, f.offset))
		}
	case opArray:
		grown = c.keepAll(p.elem, at, p.count)
	default:
		s := (*slice)(at)
		if s.len == 0 {
			p.own(at, 0)
			return p.bytes(at)
		}
		to := reflect.MakeSlice(p.typ, s.len, s.len)
		reflect.Copy(to, reflect.SliceAt(p.elem.typ, s.data, s.len))
		s.data, s.cap = to.UnsafePointer(), s.len
		grown = block(int64(s.len)*int64(p.elem.size)) + c.keepAll(p.elem, s.data, s.len)
	}
	return grown
}

// composed reports whether a value has elements that refer to memory of their own.
func (p *plan) composed() bool {
	return p.owns && (p.op == opStruct || (p.op == opArray || p.op == opSlice) && p.elem.owns)
}

func (c *elements) keepAll(p *plan, at unsafe.Pointer, n int) (grown int64) {
	for i := range n {
		grown += c.keepElement(i, p, unsafe.Add(at, uintptr(i)*p.size))
	}
	return grown
}

// keepElement makes the element at a place private; at holds a shallow copy of it.
func (c *elements) keepElement(place int, p *plan, at unsafe.Pointer) (grown int64) {
	if !p.owns {
		return p.bytes(at)
	}
	if place < maxElements {
		for len(*c) <= place {
			*c = append(*c, nil)
		}
		before, e := int64(0), (*c)[place]
		if e == nil {
			e = new(element)
			e.init(p, 0, "")
			(*c)[place] = e
		} else {
			before = e.bytes.Load()
		}
		if e.asked <= firstAsked || 4*e.len.Load() <= 3*e.asked {
			e.asked++
			p.assign(at, e.at(e.intern(at)))
			return e.bytes.Load() - before
		}
		return e.elements.keep(p, at, manyValues)
	}
	p.own(at, 0)
	return p.bytes(at)
}
