package intern

import (
	"maps"
	"reflect"
	"runtime"
	"sync"
	"unsafe"
)

// mapOps walks the maps of one map type. A map is passed as the pointer in a map variable, which is not nil.
type mapOps interface {
	hash(p *plan, m unsafe.Pointer) (sum uint64, n int)
	equal(p *plan, a, b unsafe.Pointer) bool
	clone(p *plan, m unsafe.Pointer, order int) unsafe.Pointer
	// each calls show for every entry, at addresses that are valid only during the call.
	each(p *plan, m unsafe.Pointer, show func(k, v unsafe.Pointer))
	len(p *plan, m unsafe.Pointer) int
}

// mapOpsFor selects typed access for the usual map types, or else reflection.
func mapOpsFor(p *plan) mapOps {
	if p.persistent {
		return persistentOps{}
	}
	var ops, reader mapOps
	switch {
	case p.key.kind == reflect.String:
		ops, reader = shapedBy[string](p.elem), sizedBy[string](p.elem)
	case p.key.kind < reflect.Int || p.key.kind > reflect.Uintptr:
	case p.key.size == 8:
		ops, reader = shapedBy[uint64](p.elem), sizedBy[uint64](p.elem)
	case p.key.size == 4:
		ops, reader = shapedBy[uint32](p.elem), sizedBy[uint32](p.elem)
	}
	if ops == nil {
		return newReflected(p, reader)
	}
	return ops
}

// sizedBy selects by the size of the element alone. That is enough for reading, as long as the map itself keeps alive
// what the copy of an element refers to.
func sizedBy[K comparable](elem *plan) mapOps {
	const word = unsafe.Sizeof(uint64(0))
	if uintptr(elem.typ.Align()) != word {
		return nil
	}
	switch elem.size / word {
	case 2:
		return shaped[K, [2]uint64]{}
	case 3:
		return shaped[K, [3]uint64]{}
	case 4:
		return shaped[K, [4]uint64]{}
	case 5:
		return shaped[K, [5]uint64]{}
	case 6:
		return shaped[K, [6]uint64]{}
	case 7:
		return shaped[K, [7]uint64]{}
	case 8:
		return shaped[K, [8]uint64]{}
	case 9:
		return shaped[K, [9]uint64]{}
	case 10:
		return shaped[K, [10]uint64]{}
	case 11:
		return shaped[K, [11]uint64]{}
	case 12:
		return shaped[K, [12]uint64]{}
	}
	return nil
}

// shapedBy selects by the size, alignment and pointers of the element.
func shapedBy[K comparable](elem *plan) mapOps {
	align := uintptr(elem.typ.Align())
	switch {
	case elem.kind == reflect.String:
		return shaped[K, string]{}
	case elem.kind == reflect.Interface:
		return shaped[K, [2]unsafe.Pointer]{}
	case elem.kind == reflect.Slice:
		return shaped[K, slice]{}
	case elem.kind == reflect.Pointer || elem.kind == reflect.Map:
		return shaped[K, unsafe.Pointer]{}
	case elem.pointers:
		return nil
	case elem.size == 0 && align == 1:
		return shaped[K, struct{}]{}
	case elem.size == 1:
		return shaped[K, uint8]{}
	case elem.size == 4 && align == 4:
		return shaped[K, uint32]{}
	case elem.size == 8 && align == unsafe.Alignof(uint64(0)):
		return shaped[K, uint64]{}
	}
	return sizedBy[K](elem)
}

// shaped accesses a map as a map[K]V with the same memory layout. Go's == must be exact for its keys.
type shaped[K comparable, V any] struct{}

func (shaped[K, V]) of(m *unsafe.Pointer) map[K]V { return *(*map[K]V)(unsafe.Pointer(m)) }

func (s shaped[K, V]) len(_ *plan, m unsafe.Pointer) int { return len(s.of(&m)) }

func (s shaped[K, V]) hash(p *plan, m unsafe.Pointer) (sum uint64, n int) {
	entries := s.of(&m)
	for k, v := range entries {
		sum += p.hashEntry(unsafe.Pointer(&k), unsafe.Pointer(&v))
	}
	return sum, len(entries)
}

func (s shaped[K, V]) equal(p *plan, a, b unsafe.Pointer) bool {
	x, y := s.of(&a), s.of(&b)
	if len(x) != len(y) {
		return false
	}
	for k, v := range x {
		w, ok := y[k]
		if !ok || !p.elem.equal(unsafe.Pointer(&v), unsafe.Pointer(&w)) {
			return false
		}
	}
	return true
}

func (s shaped[K, V]) clone(p *plan, m unsafe.Pointer, order int) unsafe.Pointer {
	entries := s.of(&m)
	if order > 0 && len(entries) > 1 {
		return s.rebuild(p, entries, order)
	}
	if !p.elem.owns {
		to := maps.Clone(entries)
		return *(*unsafe.Pointer)(unsafe.Pointer(&to))
	}
	to := make(map[K]V, len(entries))
	for k, v := range entries {
		p.elem.own(unsafe.Pointer(&v), order)
		to[k] = v
	}
	return *(*unsafe.Pointer)(unsafe.Pointer(&to))
}

// rebuild is clone with an order.
func (shaped[K, V]) rebuild(p *plan, entries map[K]V, order int) unsafe.Pointer {
	type entry struct {
		k K
		v V
	}
	all := make([]entry, 0, len(entries))
	for k, v := range entries {
		if p.elem.owns {
			p.elem.own(unsafe.Pointer(&v), order)
		}
		all = append(all, entry{k, v})
	}
	to := make(map[K]V, roomFor(len(all), order))
	for i := range all {
		e := &all[arranged(i, len(all), order)]
		to[e.k] = e.v
	}
	return *(*unsafe.Pointer)(unsafe.Pointer(&to))
}

// arranged returns which of n entries, in the iteration order of a map, is the i-th to enter its copy for an order.
// Go iterates over a small map in insertion order from a random start, usually the first entry, so that orders 1, 2,
// 5 and 6 reverse two entries, and orders 3, 4, 7 and 8 keep them.
func arranged(i, n, order int) int {
	if order%2 == 1 {
		i = n - 1 - i
	}
	return (i + order/2) % n
}

// roomFor returns the size of such a copy. In a larger map, entries are placed by a hash of their keys that differs
// for each map.
func roomFor(n, order int) int {
	if order%4 == 2 {
		return 4*n + 8
	}
	return n
}

func (s shaped[K, V]) each(_ *plan, m unsafe.Pointer, show func(k, v unsafe.Pointer)) {
	var at struct { // one place for all entries, since it moves to the heap
		k K
		v V
	}
	for at.k, at.v = range s.of(&m) {
		show(unsafe.Pointer(&at.k), unsafe.Pointer(&at.v))
	}
}

// reflected walks any map by reflection.
type reflected struct {
	cursors *sync.Pool // of *cursor: a walk may encounter a map of the same type inside
	reader  mapOps     // typed access to a map with the same memory layout, for fast reads; may be nil
}

// cursor holds one entry of a map.
type cursor struct {
	iter       reflect.MapIter
	key, value reflect.Value
	k, v       unsafe.Pointer
}

func newReflected(p *plan, reader mapOps) reflected {
	return reflected{&sync.Pool{New: func() any {
		k, v := reflect.New(p.key.typ), reflect.New(p.elem.typ)
		return &cursor{key: k.Elem(), value: v.Elem(), k: k.UnsafePointer(), v: v.UnsafePointer()}
	}}, reader}
}

func (reflected) of(p *plan, m unsafe.Pointer) reflect.Value {
	// Going through an interface yields a value that holds the map itself, not the address of m on this stack.
	return reflect.ValueOf(reflect.NewAt(p.typ, unsafe.Pointer(&m)).Elem().Interface())
}

func (r reflected) len(p *plan, m unsafe.Pointer) int { return r.of(p, m).Len() }

// start returns a cursor before the first entry. Release it with done.
func (r reflected) start(p *plan, m unsafe.Pointer) *cursor {
	c := r.cursors.Get().(*cursor)
	c.iter.Reset(r.of(p, m))
	return c
}

func (c *cursor) next() bool {
	if !c.iter.Next() {
		return false
	}
	c.key.SetIterKey(&c.iter)
	c.value.SetIterValue(&c.iter)
	return true
}

// done clears the entry, which the pool would otherwise keep alive.
func (r reflected) done(c *cursor) {
	c.key.SetZero()
	c.value.SetZero()
	c.iter.Reset(reflect.Value{})
	r.cursors.Put(c)
}

func (r reflected) hash(p *plan, m unsafe.Pointer) (sum uint64, n int) {
	if r.reader != nil {
		return r.reader.hash(p, m)
	}
	c := r.start(p, m)
	for c.next() {
		sum += p.hashEntry(c.k, c.v)
		n++
	}
	r.done(c)
	return sum, n
}

func (r reflected) equal(p *plan, a, b unsafe.Pointer) bool {
	if r.reader != nil {
		defer runtime.KeepAlive(a)
		defer runtime.KeepAlive(b) // The copies of elements that the reader makes keep nothing alive.
		return r.reader.equal(p, a, b)
	}
	y := r.of(p, b)
	if r.len(p, a) != y.Len() {
		return false
	}
	if !p.key.flat {
		return p.equalByEncoding(a, b)
	}
	c, other := r.start(p, a), r.cursors.Get().(*cursor)
	same := true
	for same && c.next() {
		w := y.MapIndex(c.key)
		if same = w.IsValid(); same {
			other.value.Set(w)
			same = p.elem.equal(c.v, other.v)
		}
	}
	r.done(c)
	r.done(other)
	return same
}

func (r reflected) clone(p *plan, m unsafe.Pointer, order int) unsafe.Pointer {
	n := r.len(p, m)
	if order > 0 && n > 1 {
		return r.rebuild(p, m, order)
	}
	to := reflect.MakeMapWithSize(p.typ, n)
	c := r.start(p, m)
	for c.next() {
		if p.key.owns {
			p.key.own(c.k, order)
		}
		if p.elem.owns {
			p.elem.own(c.v, order)
		}
		to.SetMapIndex(c.key, c.value)
	}
	r.done(c)
	return to.UnsafePointer()
}

// rebuild is clone with an order.
func (r reflected) rebuild(p *plan, m unsafe.Pointer, order int) unsafe.Pointer {
	var keys, values []reflect.Value
	r.each(p, m, func(k, v unsafe.Pointer) {
		keys = append(keys, reflect.NewAt(p.key.typ, p.key.clone(k, order)).Elem())
		values = append(values, reflect.NewAt(p.elem.typ, p.elem.clone(v, order)).Elem())
	})
	to := reflect.MakeMapWithSize(p.typ, roomFor(len(keys), order))
	for i := range keys {
		at := arranged(i, len(keys), order)
		to.SetMapIndex(keys[at], values[at])
	}
	return to.UnsafePointer()
}

func (r reflected) each(p *plan, m unsafe.Pointer, show func(k, v unsafe.Pointer)) {
	c := r.start(p, m)
	for c.next() {
		show(c.k, c.v)
	}
	r.done(c)
}
