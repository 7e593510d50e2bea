//go:build (amd64 || arm64) && !go1.27

package intern

import (
	"math/bits"
	"unsafe"
)

// sums remembers the memory of a map, what its entries refer to, and their hashes. What lies there as it lay before has the
// hash that it had, whichever map it is in: so nothing need be known about who changes which map, and how.
type sums struct {
	plan   *plan // nil for what is no map that can be remembered
	refs   []reference
	memory []byte   // of the groups, one behind the other
	told   [][]byte // what the entries referred to, by slot; nil without refs
	hashes []uint64 // of the entries, by slot; 0 where there is none
	sum    uint64   // of all hashes
}

// reference is a place in an entry that refers to plain memory outside.
type reference struct {
	offset uintptr // in the slot
	op     op      // opString, opSlice or opPointer
	size   uintptr // of one element, in bytes
}

// sumsOf gives the memory for a map of a type. What its entries refer to must be plain memory.
func sumsOf(p *plan) (s sums) {
	if p == nil || p.op != opMap || !p.swiss.known {
		return s
	}
	refs, ok := p.key.references(nil, 0)
	if ok {
		refs, ok = p.elem.references(refs, p.swiss.elem)
	}
	if ok {
		s.plan, s.refs = p, refs
	}
	return s
}

// references appends the references of a value that lies at an offset. It gives up at what is more than plain memory away.
func (p *plan) references(all []reference, offset uintptr) ([]reference, bool) {
	switch {
	case !p.pointers:
	case p.op == opString:
		all = append(all, reference{offset, opString, 1})
	case (p.op == opSlice || p.op == opPointer) && p.elem.mem:
		all = append(all, reference{offset, p.op, p.elem.size})
	case p.op == opStruct:
		for i := range p.fields {
			var ok bool
			if all, ok = p.fields[i].plan.references(all, offset+p.fields[i].offset); !ok {
				return nil, false
			}
		}
	default:
		return nil, false
	}
	return all, true
}

// bytes gives the memory that an entry refers to.
func (r *reference) bytes(slot unsafe.Pointer) []byte {
	at := unsafe.Add(slot, r.offset)
	switch r.op {
	case opString:
		s := *(*string)(at)
		return unsafe.Slice(unsafe.StringData(s), len(s))
	case opSlice:
		s := (*slice)(at)
		return bytesAt(s.data, uintptr(s.len)*r.size)
	default:
		if to := *(*unsafe.Pointer)(at); to != nil {
			return bytesAt(to, r.size)
		}
		return nil
	}
}

// hash sums the hashes of the entries of a map, which is not nil, as plan.sumOf does.
func (s *sums) hash(m unsafe.Pointer) uint64 {
	n, layout := 0, &s.plan.swiss
	if group, ok := layout.small(m); !ok {
		tables := layout.tables(m)
		for i, t := range tables {
			for k := range t.count(tables[:i]) {
				s.look(t.group(k, layout.group()), n)
				n++
			}
		}
	} else if group != nil {
		s.look(group, 0)
		n = 1
	}
	if n*swissSlots < len(s.hashes) {
		s.forget(n)
	}
	return s.sum
}

// look looks at the n-th group.
func (s *sums) look(group unsafe.Pointer, n int) {
	size := int(s.plan.swiss.group())
	if n*size == len(s.memory) {
		s.grow(size)
	}
	old := s.memory[n*size : (n+1)*size]
	if s.refs != nil || string(bytesAt(group, uintptr(size))) != string(old) {
		s.take(group, unsafe.Pointer(&old[0]), n*swissSlots)
	}
}

// grow remembers one group more, without an entry.
func (s *sums) grow(size int) {
	at := len(s.memory)
	s.memory = append(s.memory, make([]byte, size)...)
	for i := range swissSlots {
		s.memory[at+i] = swissFree
	}
	s.hashes = append(s.hashes, make([]uint64, swissSlots)...)
	for s.refs != nil && len(s.told) < len(s.hashes) {
		s.told = append(s.told, nil)
	}
}

// forget forgets the groups from the n-th on.
func (s *sums) forget(n int) {
	for _, h := range s.hashes[n*swissSlots:] {
		s.sum -= h
	}
	s.hashes, s.memory = s.hashes[:n*swissSlots], s.memory[:n*int(s.plan.swiss.group())]
}

// take takes over what changed of the slots of a group. What is remembered of it lies at old, and its first slot is the
// one that is named.
func (s *sums) take(group, old unsafe.Pointer, first int) {
	l := &s.plan.swiss
	now, before := swissEntries(group), swissEntries(old)
	for left := now | before; left != 0; left &= left - 1 {
		bit, i := left&-left, bits.TrailingZeros64(left)/8
		at, slot, was := first+i, l.at(group, i), l.at(old, i)
		if now&before&bit != 0 && string(bytesAt(slot, l.slot)) == string(bytesAt(was, l.slot)) && s.same(slot, at) {
			continue
		}
		h := uint64(0)
		if now&bit != 0 {
			h = s.plan.hashEntry(slot, unsafe.Add(slot, l.elem))
			copy(bytesAt(was, l.slot), bytesAt(slot, l.slot))
			s.tell(slot, at)
		}
		s.sum += h - s.hashes[at]
		s.hashes[at] = h
	}
	*(*uint64)(old) = *(*uint64)(group)
}

// same tells whether an entry that is as it was, but for what it refers to, refers to the same.
func (s *sums) same(slot unsafe.Pointer, at int) bool {
	if s.refs == nil {
		return true
	}
	told := s.told[at]
	for i := range s.refs {
		now := s.refs[i].bytes(slot)
		if len(now) > len(told) || string(now) != string(told[:len(now)]) {
			return false
		}
		told = told[len(now):]
	}
	return len(told) == 0
}

// tell remembers what an entry refers to.
func (s *sums) tell(slot unsafe.Pointer, at int) {
	if s.refs == nil {
		return
	}
	told := s.told[at][:0]
	for i := range s.refs {
		told = append(told, s.refs[i].bytes(slot)...)
	}
	s.told[at] = told
}
