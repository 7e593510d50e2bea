package intern

import (
	"time"
	"unsafe"
)

// hash adds the value at v to the hash h.
func (p *plan) hash(v unsafe.Pointer, h uint64) uint64 {
	if p.mem {
		return hashMemory(v, p.size, h)
	}
	switch p.op {
	case opString:
		return hashString(*(*string)(v), h)
	case opStruct:
		for i := range p.runs {
			r := &p.runs[i]
			if r.plan == nil {
				h = hashMemory(unsafe.Add(v, r.offset), r.size, h)
			} else {
				h = r.plan.hash(unsafe.Add(v, r.offset), h)
			}
		}
		return h
	case opPointer:
		to := *(*unsafe.Pointer)(v)
		if to == nil {
			return mix(h, 0)
		}
		return p.elem.hash(to, mix(h, 1))
	case opSlice:
		s := (*slice)(v)
		if s.data == nil {
			return mix(h, 0)
		}
		return p.elem.hashAll(s.data, s.len, mix(h, 1+uint64(s.len)))
	case opArray:
		return p.elem.hashAll(v, p.count, h)
	case opMap:
		m := p.mapAt(v)
		if m == nil {
			return mix(h, 0)
		}
		sum, n := p.maps.hash(p, m)
		return mix(mix(h, 1+uint64(n)), sum)
	case opInterface:
		i := (*iface)(v)
		if i.tab == nil {
			return mix(h, 0)
		}
		d, at := p.dynamicOf(i)
		return d.hash(at, mix(h, d.typeHash))
	case opTime:
		t := (*time.Time)(v)
		_, offset := t.Zone()
		h = mix(mix(mix(h, uint64(t.Unix())), uint64(t.Nanosecond())), uint64(offset))
		return hashString(t.Location().String(), h)
	}
	if *(*unsafe.Pointer)(v) == nil {
		return mix(h, 0)
	}
	return mix(h, 1)
}

// hashFlat is hash for a flat type. It keeps v on the stack, since it only looks at memory.
func (p *plan) hashFlat(v unsafe.Pointer, h uint64) uint64 {
	switch {
	case p.mem:
		return hashMemory(v, p.size, h)
	case p.op == opString:
		return hashString(*(*string)(v), h)
	case p.op == opArray:
		for i := range p.count {
			h = p.elem.hashFlat(unsafe.Add(v, uintptr(i)*p.elem.size), h)
		}
		return h
	}
	for i := range p.runs {
		r := &p.runs[i]
		if r.plan == nil {
			h = hashMemory(unsafe.Add(v, r.offset), r.size, h)
		} else {
			h = r.plan.hashFlat(unsafe.Add(v, r.offset), h)
		}
	}
	return h
}

func hashMemory(v unsafe.Pointer, n uintptr, h uint64) uint64 {
	return hashBytes(bytesAt(v, n), h)
}

// hashAll adds n adjacent values to the hash.
func (p *plan) hashAll(v unsafe.Pointer, n int, h uint64) uint64 {
	if p.mem {
		return hashBytes(bytesAt(v, uintptr(n)*p.size), h)
	}
	for i := range n {
		h = p.hash(unsafe.Add(v, uintptr(i)*p.size), h)
	}
	return h
}

// hashEntry hashes one entry of a map well enough for entries to be summed in any order.
func (p *plan) hashEntry(k, v unsafe.Pointer) uint64 {
	return spread(p.elem.hash(v, p.key.hash(k, seed)))
}
