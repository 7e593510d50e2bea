package intern

import (
	"reflect"
	"slices"
	"unsafe"
)

// Colouring assigns colours to values that a Renaming renames, wherever they occur. A hash by colours is the same for a value and a
// renamed one if each value has the colour of its image.
type Colouring struct {
	of      *Renaming // of which only the types matter
	colours map[any]uint64
}

// NewColouring returns the colouring of each key. Values without a colour are hashed as they are.
func NewColouring(colours map[any]uint64) *Colouring {
	same := make(map[any]any)
	for v := range colours {
		same[v] = v
	}
	return &Colouring{NewRenaming(same), colours}
}

// HashColours returns a hash that equal values share, and values that differ only in what has one colour. Like Rename, it takes
// a list in ascending order of such values for a set.
func (w *Walker[T]) HashColours(c *Colouring, v T) uint64 {
	if !c.of.touches(w.plan) {
		return w.Hash(v)
	}
	walked := v
	return spread(c.hash(w.plan, w.at(&walked), seed))
}

// hash is plan.hash by colours.
func (c *Colouring) hash(p *plan, v unsafe.Pointer, h uint64) uint64 {
	if !c.of.touches(p) {
		return p.hash(v, h)
	}
	if c.of.types[p.typ] {
		if colour, known := c.colours[reflect.NewAt(p.typ, v).Elem().Interface()]; known {
			return mix(mix(h, 1), colour)
		}
		return p.hash(v, mix(h, 0))
	}
	switch p.op {
	case opStruct:
		for i := range p.fields {
			h = c.hash(p.fields[i].plan, unsafe.Add(v, p.fields[i].offset), h)
		}
		return h
	case opPointer:
		to := *(*unsafe.Pointer)(v)
		if to == nil {
			return mix(h, 0)
		}
		return c.hash(p.elem, to, mix(h, 1))
	case opSlice:
		s := (*slice)(v)
		if s.data == nil {
			return mix(h, 0)
		}
		return c.hashList(p.elem, s.data, s.len, mix(h, 1+uint64(s.len)))
	case opArray:
		for i := range p.count {
			h = c.hash(p.elem, unsafe.Add(v, uintptr(i)*p.elem.size), h)
		}
		return h
	case opMap:
		m := p.mapAt(v)
		if m == nil {
			return mix(h, 0)
		}
		sum, n := uint64(0), uint64(0)
		p.maps.each(p, m, func(k, v unsafe.Pointer) {
			sum += spread(c.hash(p.elem, v, c.hash(p.key, k, seed)))
			n++
		})
		return mix(mix(h, 1+n), sum)
	case opInterface:
		i := (*iface)(v)
		if i.tab == nil {
			return mix(h, 0)
		}
		d, at := p.dynamicOf(i)
		return c.hash(d, at, mix(h, d.typeHash))
	}
	return p.hash(v, h)
}

// hashList adds the elements of a list: in any order if they ascend.
func (c *Colouring) hashList(elem *plan, data unsafe.Pointer, n int, h uint64) uint64 {
	at := func(i int) unsafe.Pointer { return unsafe.Add(data, uintptr(i)*elem.size) }
	if !c.of.ascends(elem, data, n) {
		for i := range n {
			h = c.hash(elem, at(i), h)
		}
		return h
	}
	sum := uint64(0)
	for i := range n {
		sum += spread(c.hash(elem, at(i), seed))
	}
	return mix(h, sum)
}

// HashPlace returns a hash of the element at index i of the value of a component, which is a list, or a map whose keys are such
// indexes; 0 if there is none.
func (s *Split[T]) HashPlace(component int, id uint32, i int) uint64 {
	c := &s.columns[component]
	v := reflect.NewAt(c.plan.typ, c.at(id)).Elem()
	switch kind := v.Kind(); {
	case kind == reflect.Slice && i < v.Len():
		list := (*slice)(c.at(id))
		return spread(c.plan.elem.hash(unsafe.Add(list.data, uintptr(i)*c.plan.elem.size), seed))
	case kind == reflect.Array && i < v.Len():
		return spread(c.plan.elem.hash(unsafe.Add(c.at(id), uintptr(i)*c.plan.elem.size), seed))
	case kind == reflect.Map && slices.Contains(placeKinds, v.Type().Key().Kind()) && v.Len() > 0:
		sum := uint64(0)
		c.plan.maps.each(c.plan, c.plan.mapAt(c.at(id)), func(key, value unsafe.Pointer) {
			if reflect.NewAt(c.plan.key.typ, key).Elem().Int() == int64(i) {
				sum = spread(c.plan.elem.hash(value, seed))
			}
		})
		return sum
	}
	return 0
}
