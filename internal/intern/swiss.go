//go:build (amd64 || arm64) && !go1.27

package intern

import (
	"iter"
	"math/bits"
	"reflect"
	"sync"
	"unsafe"
)

// Most of the time that a hash takes goes into iterating over maps, which in Go begins at a place that is drawn anew and
// bears changes meanwhile. A hash needs neither: it sums the entries in whatever order they lie. So their memory is read
// as Go 1.24 to 1.26 lays it out (internal/runtime/maps). Where that is not known to be so, as another version may do it
// otherwise, maps are iterated over. The hash is the same.

// swissMap begins what a map variable points to.
type swissMap struct {
	used      uint64
	seed      uintptr
	directory unsafe.Pointer // [tables]*swissTable, or the only group of a map that never was larger than one
	tables    int            // 0 for one that never was
}

// swissTable is a part of a map. One may stand several times in a row in a directory.
type swissTable struct {
	_      [3]uint16
	_      uint8
	_      int
	groups unsafe.Pointer
	mask   uint64 // the number of groups less 1
}

// A group begins with a byte for each slot; its highest bit is not set if there is an entry. The slots follow.
const (
	swissSlots = 8
	swissFree  = 0x80
	swissInner = 128 // bytes that a key or an element may have to lie in its slot
)

// swiss says how the entries of a map type lie in memory.
type swiss struct {
	known bool // otherwise the rest is not
	elem  uintptr
	slot  uintptr // bytes
}

// swissOf gives the layout of a map type, from the size and the alignment of key and element.
func swissOf(p *plan) swiss {
	key, elem := p.key.typ, p.elem.typ
	if key.Size() > swissInner || elem.Size() > swissInner || !swissHolds() {
		return swiss{}
	}
	return swissLayout(key, elem)
}

func swissLayout(key, elem reflect.Type) swiss {
	up := func(n, align uintptr) uintptr { return (n + align - 1) &^ (align - 1) }
	s := swiss{known: true, elem: up(key.Size(), uintptr(elem.Align()))}
	end := s.elem + elem.Size()
	if elem.Size() == 0 && end > 0 {
		end++ // What comes behind must not lie at the address of the element.
	}
	s.slot = up(end, uintptr(max(key.Align(), elem.Align())))
	return s
}

// small gives the only group of a map, which is not nil, if it has no more: nil if it has none yet.
func (swiss) small(m unsafe.Pointer) (group unsafe.Pointer, ok bool) {
	h := (*swissMap)(m)
	return h.directory, h.tables == 0
}

// groups gives the groups of a map, which is not nil.
func (s swiss) groups(m unsafe.Pointer) iter.Seq[unsafe.Pointer] {
	return func(show func(group unsafe.Pointer) bool) {
		if group, ok := s.small(m); ok {
			if group != nil {
				show(group)
			}
			return
		}
		tables := s.tables(m)
		for i, t := range tables {
			for k := range t.count(tables[:i]) {
				if !show(t.group(k, s.group())) {
					return
				}
			}
		}
	}
}

// tables gives the tables of a map that is not small. One that stands there again has no groups.
func (swiss) tables(m unsafe.Pointer) []*swissTable {
	h := (*swissMap)(m)
	return unsafe.Slice((**swissTable)(h.directory), h.tables)
}

// count gives the number of groups of a table, for which others stand before it: 0 if it was the last of them.
func (t *swissTable) count(before []*swissTable) int {
	if n := len(before); n > 0 && before[n-1] == t {
		return 0
	}
	return int(t.mask) + 1
}

// group gives the i-th group, of so many bytes.
func (t *swissTable) group(i int, size uintptr) unsafe.Pointer {
	return unsafe.Add(t.groups, uintptr(i)*size)
}

// swissEntries gives the slots of a group that hold an entry: a bit in the byte of each, its highest.
func swissEntries(group unsafe.Pointer) uint64 {
	return ^*(*uint64)(group) & (swissFree * 0x0101010101010101)
}

// group is how many bytes a group has.
func (s swiss) group() uintptr { return swissSlots + swissSlots*s.slot }

// at gives where a slot of a group lies.
func (s swiss) at(group unsafe.Pointer, slot int) unsafe.Pointer {
	return unsafe.Add(group, swissSlots+uintptr(slot)*s.slot)
}

// len gives the number of entries of a map, which is not nil.
func (swiss) len(m unsafe.Pointer) int { return int((*swissMap)(m).used) }

// hash sums the hashes of the entries of a map, which is not nil.
func (s swiss) hash(p *plan, m unsafe.Pointer) (sum uint64) {
	if group, ok := s.small(m); ok {
		if group == nil {
			return 0
		}
		return s.hashGroup(p, group)
	}
	tables := s.tables(m)
	for i, t := range tables {
		for k := range t.count(tables[:i]) {
			sum += s.hashGroup(p, t.group(k, s.group()))
		}
	}
	return sum
}

func (s swiss) hashGroup(p *plan, group unsafe.Pointer) (sum uint64) {
	for entries := swissEntries(group); entries != 0; entries &= entries - 1 {
		slot := s.at(group, bits.TrailingZeros64(entries)/8)
		sum += p.hashEntry(slot, unsafe.Add(slot, s.elem))
	}
	return sum
}

// swissHolds finds out by trying whether maps lie in memory as it says here.
var swissHolds = sync.OnceValue(func() bool {
	return swissTry(func(i int) (uint64, uint64) { return uint64(i), uint64(i) << 40 }) &&
		swissTry(func(i int) (uint8, [3]uint64) { return uint8(i), [3]uint64{1, uint64(i)} }) &&
		swissTry(func(i int) (string, int32) { return string(rune(i)), int32(i) }) &&
		swissTry(func(i int) (uint32, struct{}) { return uint32(i), struct{}{} })
})

// swissTry tries it on maps of all sizes, small and large, growing and shrinking.
func swissTry[K, V comparable](entry func(i int) (K, V)) bool {
	layout := swissLayout(reflect.TypeFor[K](), reflect.TypeFor[V]())
	m := make(map[K]V)
	same := func() bool {
		n, right := 0, true
		held := *(*unsafe.Pointer)(unsafe.Pointer(&m))
		for group := range layout.groups(held) {
			for entries := swissEntries(group); entries != 0; entries &= entries - 1 {
				slot := layout.at(group, bits.TrailingZeros64(entries)/8)
				w, ok := m[*(*K)(slot)]
				right = right && ok && w == *(*V)(unsafe.Add(slot, layout.elem))
				n++
			}
		}
		right = right && layout.len(held) == n
		return right && n == len(m)
	}
	const most = 200
	for i := range most {
		k, v := entry(i)
		m[k] = v
		if (i < 20 || i == most-1) && !same() {
			return false
		}
	}
	for i := range most {
		if i%3 > 0 {
			k, _ := entry(i)
			delete(m, k)
		}
	}
	return same()
}
