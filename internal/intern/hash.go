package intern

import (
	"encoding/binary"
	"time"
	"unsafe"
)

// hash takes the value at v into the hash h.
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
			h = r.hash(unsafe.Add(v, r.offset), h)
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
		m := *(*unsafe.Pointer)(v)
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

// hash takes what lies at a run's place into the hash h.
func (r *run) hash(at unsafe.Pointer, h uint64) uint64 {
	switch {
	case r.plan != nil && r.plan.op == opString:
		return hashString(*(*string)(at), h)
	case r.plan != nil:
		return r.plan.hash(at, h)
	case r.size == 8:
		return mix(h, binary.LittleEndian.Uint64(bytesAt(at, 8)))
	case r.size == 16:
		words := bytesAt(at, 16)
		return mix(mix(h, binary.LittleEndian.Uint64(words)), binary.LittleEndian.Uint64(words[8:]))
	}
	return hashMemory(at, r.size, h)
}

// hashFlat is hash for a flat type. It keeps v on the stack, as nothing but memory is looked at.
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
		at := unsafe.Add(v, r.offset)
		switch {
		case r.plan == nil:
			h = hashMemory(at, r.size, h)
		case r.plan.op == opString:
			h = hashString(*(*string)(at), h)
		default:
			h = r.plan.hashFlat(at, h)
		}
	}
	return h
}

func hashMemory(v unsafe.Pointer, n uintptr, h uint64) uint64 {
	return hashBytes(bytesAt(v, n), h)
}

// hashAll takes n values that lie side by side into the hash.
func (p *plan) hashAll(v unsafe.Pointer, n int, h uint64) uint64 {
	if p.mem {
		return hashBytes(bytesAt(v, uintptr(n)*p.size), h)
	}
	for i := range n {
		h = p.hash(unsafe.Add(v, uintptr(i)*p.size), h)
	}
	return h
}

// hashEntry hashes one entry of a map so well that entries may be summed in any order.
func (p *plan) hashEntry(k, v unsafe.Pointer) uint64 {
	h := uint64(seed)
	if p.key.mem && p.key.size == 8 {
		h = mix(h, binary.LittleEndian.Uint64(bytesAt(k, 8)))
	} else {
		h = p.key.hash(k, h)
	}
	if p.elem.mem {
		return spread(hashMemory(v, p.elem.size, h))
	}
	return spread(p.elem.hash(v, h))
}
