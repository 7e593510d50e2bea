package intern

import (
	"fmt"
	"math"
	"reflect"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// Split splits values of T into components, and assigns a dense id, from 0 in order of arrival, to every distinct
// value of a component. The components of a struct are its fields, except blank ones; a struct of one field is
// treated as that field, and a value of any other type is one component. It is exact: two values have the same ids if
// and only if they are equal as defined by [Walker.Equal]. It is safe for concurrent use, and never removes values;
// look-ups take no lock.
//
// The method is the collapse of states in SPIN (Holzmann, "State Compression in SPIN", 1997), with a component for
// each field.
type Split[T any] struct {
	walker  *Walker[T]
	columns []column
	simple  bool  // no component has references behind references: see shallow
	refer   []int // the components that refer to mutable memory
}

// Part is a component of a value and the id of its value.
type Part struct{ Component, ID uint32 }

// NewSplit returns empty tables. The errors are those of [For].
func NewSplit[T any]() (*Split[T], error) {
	w, err := For[T]()
	if err != nil {
		return nil, fmt.Errorf("new split: %w", err)
	}
	s := &Split[T]{walker: w, simple: true}
	p, offset, prefix := w.plan, uintptr(0), ""
	for p.op == opStruct && len(p.fields) == 1 {
		f := &p.fields[0]
		p, offset, prefix = f.plan, offset+f.offset, join(prefix, f.name)
	}
	if p.op == opStruct && len(p.fields) > 0 {
		s.columns = make([]column, len(p.fields))
		for i, f := range p.fields {
			s.columns[i].init(f.plan, offset+f.offset, join(prefix, f.name))
		}
	} else {
		s.columns = make([]column, 1)
		s.columns[0].init(p, offset, prefix)
	}
	for i := range s.columns {
		s.simple = s.simple && s.columns[i].plan.shallow()
		if !s.columns[i].plan.bare {
			s.refer = append(s.refer, i)
		}
	}
	return s, nil
}

// Len returns the number of components, at least 1.
func (s *Split[T]) Len() int { return len(s.columns) }

// Name returns the name of a component: the name of the field, preceded by those of the enclosing structs; empty if
// there is no field.
func (s *Split[T]) Name(component int) string { return s.columns[component].name }

// Values returns the number of distinct values of a component.
func (s *Split[T]) Values(component int) int { return int(s.columns[component].len.Load()) }

// Intern sets ids to the ids of a value's components. The caller keeps the value: new components are copied.
func (s *Split[T]) Intern(v *T, ids []uint32) {
	for i := range s.columns {
		c := &s.columns[i]
		ids[i] = c.intern(unsafe.Add(unsafe.Pointer(v), c.offset))
	}
}

// Changes appends the components of to that differ from those of from, whose ids are in ids. It does not compare
// memory that both share, so from must not have been changed.
func (s *Split[T]) Changes(from, to *T, ids []uint32, into []Part) []Part {
	for i := range s.columns {
		c := &s.columns[i]
		a, b := unsafe.Add(unsafe.Pointer(from), c.offset), unsafe.Add(unsafe.Pointer(to), c.offset)
		if c.plan.alike(a, b) {
			continue
		}
		if id := c.intern(b); id != ids[i] {
			into = append(into, Part{uint32(i), id})
		}
	}
	return into
}

// Value sets v to the value whose components have these ids. Memory that it refers to belongs to the tables, and must
// not be changed.
func (s *Split[T]) Value(ids []uint32, v *T) {
	for i := range s.columns {
		c := &s.columns[i]
		c.plan.assign(unsafe.Add(unsafe.Pointer(v), c.offset), c.at(ids[i]))
	}
}

// Revalue is Value for a v that currently holds the value for the ids in was.
func (s *Split[T]) Revalue(was, ids []uint32, v *T) {
	for i := range s.columns {
		if was[i] != ids[i] {
			c := &s.columns[i]
			c.plan.assign(unsafe.Add(unsafe.Pointer(v), c.offset), c.at(ids[i]))
			was[i] = ids[i]
		}
	}
}

// Fits is [Walker.Check] of to, which was derived from from, a value returned by Value. It is cheaper than Check.
func (s *Split[T]) Fits(from, to *T) error {
	p := s.walker.plan
	if !p.risky && !p.shares || s.simple && s.disjoint(from, to) {
		return nil
	}
	if !p.fit(unsafe.Pointer(to), false) {
		return p.explain(s.walker.typ, unsafe.Pointer(to), false)
	}
	return nil
}

// disjoint reports whether the components of to refer to different memory. It requires that those of from do, and
// that all components are shallow.
func (s *Split[T]) disjoint(from, to *T) bool {
	for _, i := range s.refer {
		c := &s.columns[i]
		b := unsafe.Add(unsafe.Pointer(to), c.offset)
		if c.plan.sameReference(unsafe.Add(unsafe.Pointer(from), c.offset), b) {
			continue
		}
		start, end := c.plan.extent(b)
		for _, k := range s.refer {
			other := &s.columns[k]
			if k == i {
				continue
			}
			if a, z := other.plan.extent(unsafe.Add(unsafe.Pointer(to), other.offset)); start < z && a < end {
				return false
			}
		}
	}
	return true
}

// Verify rehashes all values. If one was changed since it was interned, it returns the first such component and id,
// and false.
func (s *Split[T]) Verify() (component int, id uint32, ok bool) {
	for i := range s.columns {
		if id, ok := s.columns[i].verify(); !ok {
			return i, id, false
		}
	}
	return 0, 0, true
}

// Text returns the value of a component as text for people.
func (s *Split[T]) Text(component int, id uint32) string {
	c := &s.columns[component]
	at := c.at(id)
	if c.plan.risky && !c.plan.fit(at, true) {
		return unreadable(c.plan.explain(c.plan.typ, at, true))
	}
	return string(c.plan.text(nil, at))
}

// Encode appends the canonical encoding of the value of a component.
func (s *Split[T]) Encode(dst []byte, component int, id uint32) []byte {
	c := &s.columns[component]
	return c.plan.encode(dst, c.at(id))
}

// Bytes estimates the memory in bytes that the tables hold.
func (s *Split[T]) Bytes() int64 {
	n := int64(0)
	for i := range s.columns {
		n += s.columns[i].bytes.Load()
	}
	return n
}

// column is the table of a component. It works like Table, which is for values of a static type.
type column struct {
	plan   *plan
	offset uintptr // within T
	name   string

	mu     sync.Mutex // held by writers
	index  atomic.Pointer[[]uint64]
	values [chunkCount]atomic.Pointer[byte] // arrays of the plan's type
	owns   [chunkCount]atomic.Pointer[[]uint64]
	len    atomic.Uint32
	bytes  atomic.Int64

	elements elements // once there are many values
	_        [64]byte // Keep neighbours off this cache line.
}

func (c *column) init(p *plan, offset uintptr, name string) {
	c.plan, c.offset, c.name = p, offset, name
	index := make([]uint64, firstIndex)
	c.index.Store(&index)
	c.bytes.Store(8 * firstIndex)
}

// at returns the address of the value with an id.
func (c *column) at(id uint32) unsafe.Pointer {
	chunk, i, _ := locateID(id)
	return unsafe.Add(unsafe.Pointer(c.values[chunk].Load()), uintptr(i)*c.plan.size)
}

// intern returns the id of the value at v, which it copies if it is new.
func (c *column) intern(v unsafe.Pointer) uint32 {
	own := spread(c.plan.hash(v, seed))
	if id, ok := c.find(own, v); ok {
		return id
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if id, ok := c.find(own, v); ok {
		return id
	}
	return c.add(own, v)
}

func (c *column) find(own uint64, v unsafe.Pointer) (uint32, bool) {
	index := *c.index.Load()
	mask := len(index) - 1
	for i := int(own >> 32); ; i++ {
		entry := atomic.LoadUint64(&index[i&mask])
		if entry == 0 {
			return 0, false
		}
		if (entry^own)&hashMask == 0 {
			if id := uint32(entry) - 1; c.plan.equal(c.at(id), v) {
				return id, true
			}
		}
	}
}

// add appends a copy of the value at v. The lock is held.
func (c *column) add(own uint64, v unsafe.Pointer) uint32 {
	id := c.len.Load()
	if id == math.MaxUint32 {
		panic("intern: a component has too many values")
	}
	chunk, i, size := locateID(id)
	if c.values[chunk].Load() == nil {
		c.values[chunk].Store((*byte)(reflect.MakeSlice(reflect.SliceOf(c.plan.typ), int(size), int(size)).UnsafePointer()))
		owns := make([]uint64, size)
		c.owns[chunk].Store(&owns)
		c.bytes.Add(int64(size) * int64(c.plan.size+8))
	}
	at := c.at(id)
	c.plan.assign(at, v)
	c.bytes.Add(c.elements.keep(c.plan, at, id))
	(*c.owns[chunk].Load())[i] = own
	c.len.Store(id + 1) // after the cell: a reader of the new length sees the cell
	enter(*c.room(id), own&hashMask|uint64(id+1))
	return id
}

// room returns an index with a free place for value n, growing it if necessary. The lock is held.
func (c *column) room(n uint32) *[]uint64 {
	p := c.index.Load()
	if 4*(int(n)+1) <= 3*len(*p) {
		return p
	}
	index := make([]uint64, 2*len(*p))
	for _, entry := range *p {
		if entry != 0 {
			enter(index, entry)
		}
	}
	c.bytes.Add(int64(8 * len(*p)))
	c.index.Store(&index)
	return &index
}

func (c *column) verify() (uint32, bool) {
	if c.plan.flat {
		return 0, true
	}
	for id := range c.len.Load() {
		chunk, i, _ := locateID(id)
		at := c.at(id)
		if c.plan.risky && !c.plan.fit(at, true) || spread(c.plan.hash(at, seed)) != (*c.owns[chunk].Load())[i] {
			return id, false
		}
	}
	return 0, true
}

// alike reports whether the values at a and b are certainly equal, judging by their own memory only.
func (p *plan) alike(a, b unsafe.Pointer) bool {
	switch {
	case p.mem:
		return equalBytes(a, b, p.size)
	case p.op == opSlice:
		x, y := (*slice)(a), (*slice)(b)
		return x.data == y.data && x.len == y.len
	case p.op == opString:
		x, y := (*string)(a), (*string)(b)
		return len(*x) == len(*y) && unsafe.StringData(*x) == unsafe.StringData(*y)
	case p.op == opPointer, p.op == opMap:
		return *(*unsafe.Pointer)(a) == *(*unsafe.Pointer)(b)
	case p.op == opInterface:
		x, y := (*iface)(a), (*iface)(b)
		return x.tab == y.tab && x.data == y.data
	}
	return p.equal(a, b)
}

// assign copies the value at from, shallowly.
func (p *plan) assign(to, from unsafe.Pointer) {
	if !p.pointers {
		switch p.size {
		case 1:
			*(*uint8)(to) = *(*uint8)(from)
		case 8:
			*(*[8]byte)(to) = *(*[8]byte)(from)
		default:
			copy(bytesAt(to, p.size), bytesAt(from, p.size))
		}
		return
	}
	switch {
	case p.op == opSlice:
		*(*[]struct{})(to) = *(*[]struct{})(from)
	case p.op == opString:
		*(*string)(to) = *(*string)(from)
	case p.op == opInterface:
		*(*iface)(to) = *(*iface)(from)
	case p.op == opTime && p.typ == timeType:
		*(*time.Time)(to) = *(*time.Time)(from)
	case p.op == opTime:
		reflect.NewAt(p.typ, to).Elem().Set(reflect.NewAt(p.typ, from).Elem())
	case p.op == opStruct:
		for i := range p.runs {
			r := &p.runs[i]
			if r.plan != nil {
				r.plan.assign(unsafe.Add(to, r.offset), unsafe.Add(from, r.offset))
				continue
			}
			copy(bytesAt(unsafe.Add(to, r.offset), r.size), bytesAt(unsafe.Add(from, r.offset), r.size))
		}
	case p.op == opArray:
		for i := range uintptr(p.count) {
			p.elem.assign(unsafe.Add(to, i*p.elem.size), unsafe.Add(from, i*p.elem.size))
		}
	default:
		*(*unsafe.Pointer)(to) = *(*unsafe.Pointer)(from)
	}
}

// shallow reports whether a value refers to no mutable memory, or to one piece that holds no such references itself.
func (p *plan) shallow() bool {
	if p.bare {
		return true
	}
	switch p.op {
	case opSlice, opPointer:
		return !p.persistent && p.elem.bare
	case opMap:
		return !p.persistent && p.key.bare && p.elem.bare
	}
	return false
}

// sameReference reports whether two values of a shallow type refer to the same memory, with the same extent.
func (p *plan) sameReference(a, b unsafe.Pointer) bool {
	if p.op != opSlice {
		return *(*unsafe.Pointer)(a) == *(*unsafe.Pointer)(b)
	}
	x, y := (*slice)(a), (*slice)(b)
	return x.data == y.data && x.cap == y.cap
}

// extent returns the memory that a value of a shallow type refers to.
func (p *plan) extent(v unsafe.Pointer) (start, end uintptr) {
	key, extent := p.reference(v)
	return uintptr(key.start), uintptr(key.start) + extent
}
