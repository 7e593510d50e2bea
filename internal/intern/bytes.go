package intern

import (
	"reflect"
	"unsafe"
)

// bytes estimates the memory in bytes that the value at v holds outside its own, in heap blocks rounded up. Memory
// that two places share is counted twice, except memory shared by the runtime and the binary (types, locations of
// times).
func (p *plan) bytes(v unsafe.Pointer) int64 {
	if !p.outside {
		return 0
	}
	switch p.op {
	case opString:
		return block(int64(len(*(*string)(v))))
	case opStruct:
		sum := int64(0)
		for i := range p.fields {
			sum += p.fields[i].plan.bytes(unsafe.Add(v, p.fields[i].offset))
		}
		return sum
	case opPointer:
		if to := *(*unsafe.Pointer)(v); to != nil {
			return block(int64(p.elem.size)) + p.elem.bytes(to)
		}
	case opSlice:
		s := (*slice)(v)
		return block(int64(s.cap)*int64(p.elem.size)) + p.elem.bytesOfAll(s.data, s.len)
	case opArray:
		return p.elem.bytesOfAll(v, p.count)
	case opMap:
		m := *(*unsafe.Pointer)(v)
		switch {
		case m == nil:
		case p.persistent: // a tree with a leaf for each entry, and one branch fewer
			sum := int64(2*p.maps.len(p, m)-1) * block(int64(p.nodeSize()))
			if p.elem.outside {
				p.maps.each(p, m, func(_, v unsafe.Pointer) { sum += p.elem.bytes(v) })
			}
			return sum
		default:
			return p.bytesOfMap(m)
		}
	case opInterface:
		if i := (*iface)(v); i.tab != nil {
			d, at := p.dynamicOf(i)
			if d.direct {
				return d.bytes(at)
			}
			return block(int64(d.size)) + d.bytes(at)
		}
	}
	return 0
}

// nodeSize returns the size of the node that a persistent map points to.
func (p *plan) nodeSize() uintptr {
	t := p.typ
	for t.Kind() == reflect.Struct {
		t = t.Field(0).Type
	}
	return t.Elem().Size()
}

func (p *plan) bytesOfAll(v unsafe.Pointer, n int) int64 {
	if !p.outside {
		return 0
	}
	sum := int64(0)
	for i := range n {
		sum += p.bytes(unsafe.Add(v, uintptr(i)*p.size))
	}
	return sum
}

// bytesOfMap follows the runtime's tables: a header and groups of eight slots and eight control bytes, a power of two
// of groups at most 7/8 full. Keys and elements above 128 bytes are in blocks of their own.
func (p *plan) bytesOfMap(m unsafe.Pointer) int64 {
	const header, group, indirect = 48, 8, 128
	n := int64(p.maps.len(p, m))
	slot, apart := int64(0), int64(0)
	for _, q := range []*plan{p.key, p.elem} {
		if q.size > indirect {
			slot += int64(unsafe.Sizeof(uintptr(0)))
			apart += n * block(int64(q.size))
			continue
		}
		slot += int64(q.size)
	}
	slots := int64(0)
	if n > 0 {
		slots = group
	}
	for n > group && slots*7/8 < n {
		slots *= 2
	}
	sum := header + block(slots*slot+slots) + apart
	if p.key.outside || p.elem.outside {
		p.maps.each(p, m, func(k, v unsafe.Pointer) { sum += p.key.bytes(k) + p.elem.bytes(v) })
	}
	return sum
}

// block rounds a heap request up, roughly as the size classes do.
func block(n int64) int64 {
	switch {
	case n <= 8:
		return (n + 7) &^ 7
	case n <= 256:
		return (n + 15) &^ 15
	}
	return n + n/16 // classes are about an eighth apart
}
