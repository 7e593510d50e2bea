package intern

import (
	"reflect"
	"runtime"
	"unsafe"
)

// A persistent map is an immutable type that behaves like a map, such as actor.Map. It is a struct of one pointer,
// nil in the empty map; the types of its keys and values are those of its method All. A persistent list is an
// immutable struct of a pointer to a slice, nil in the empty list, such as actor.List.

// persistent is implemented by persistent maps. Entries passes pointers to keys and values, in ascending order of
// keys.
type persistent interface {
	Len() int
	Entries(show func(key, value any))
	Sum(entry func(key, value any) uint64) uint64
}

// unchanging is implemented by persistent lists.
type unchanging interface {
	Len() int
	Unchanging()
}

var (
	persistentType = reflect.TypeFor[persistent]()
	unchangingType = reflect.TypeFor[unchanging]()
)

// PersistentMap returns the key and value types of a persistent map type, or false for other types.
func PersistentMap(t reflect.Type) (key, value reflect.Type, ok bool) {
	if t.Kind() != reflect.Struct || t.Size() != unsafe.Sizeof(uintptr(0)) || !t.Implements(persistentType) {
		return nil, nil, false
	}
	return allOf(t)
}

// PersistentList returns the element type of a persistent list type, or false for other types.
func PersistentList(t reflect.Type) (elem reflect.Type, ok bool) {
	if t.Kind() != reflect.Struct || t.Size() != unsafe.Sizeof(uintptr(0)) || !t.Implements(unchangingType) {
		return nil, false
	}
	_, elem, ok = allOf(t)
	for t.Kind() == reflect.Struct && t.NumField() == 1 {
		t = t.Field(0).Type
	}
	return elem, ok && t == reflect.PointerTo(reflect.SliceOf(elem))
}

// allOf returns the types of the pairs that the method All of a type iterates over.
func allOf(t reflect.Type) (first, second reflect.Type, ok bool) {
	all, ok := t.MethodByName("All")
	if !ok || all.Type.NumOut() != 1 || !all.Type.Out(0).CanSeq2() {
		return nil, nil, false
	}
	yield := all.Type.Out(0).In(0)
	return yield.In(0), yield.In(1), true
}

// isPersistent reports whether a type is a persistent map or list, whose values cannot be changed.
func isPersistent(t reflect.Type) bool {
	_, _, isMap := PersistentMap(t)
	_, isList := PersistentList(t)
	return isMap || isList
}

// persistentOps walks a persistent map by its own methods.
type persistentOps struct{}

// empty represents the pointer of an empty persistent map, to distinguish it from a nil map.
var empty [1]uintptr

// mapAt returns the map pointer in the variable at v; nil only for a nil map.
func (p *plan) mapAt(v unsafe.Pointer) unsafe.Pointer {
	m := *(*unsafe.Pointer)(v)
	if m == nil && p.persistent {
		return unsafe.Pointer(&empty)
	}
	return m
}

func (persistentOps) of(p *plan, m unsafe.Pointer) persistent {
	if m == unsafe.Pointer(&empty) {
		m = nil
	}
	return reflect.NewAt(p.typ, unsafe.Pointer(&m)).Elem().Interface().(persistent)
}

// held returns the pointer in an interface.
func held(pointer any) unsafe.Pointer { return (*iface)(unsafe.Pointer(&pointer)).data }

func (o persistentOps) len(p *plan, m unsafe.Pointer) int { return o.of(p, m).Len() }

func (o persistentOps) hash(p *plan, m unsafe.Pointer) (sum uint64, n int) {
	t := o.of(p, m)
	return t.Sum(func(k, v any) uint64 { return p.hashEntry(held(k), held(v)) }), t.Len()
}

func (o persistentOps) equal(p *plan, a, b unsafe.Pointer) bool {
	defer runtime.KeepAlive(a)
	x, y := o.of(p, a), o.of(p, b)
	if x.Len() != y.Len() {
		return false
	}
	type entry struct{ k, v unsafe.Pointer }
	entries := make([]entry, 0, x.Len())
	x.Entries(func(k, v any) { entries = append(entries, entry{held(k), held(v)}) })
	same := true
	y.Entries(func(k, v any) {
		same = same && p.key.equal(entries[0].k, held(k)) && p.elem.equal(entries[0].v, held(v))
		entries = entries[1:]
	})
	return same
}

// clone returns the map itself, which cannot be changed.
func (persistentOps) clone(_ *plan, m unsafe.Pointer, _ int) unsafe.Pointer {
	if m == unsafe.Pointer(&empty) {
		return nil
	}
	return m
}

func (o persistentOps) each(p *plan, m unsafe.Pointer, show func(k, v unsafe.Pointer)) {
	o.of(p, m).Entries(func(k, v any) { show(held(k), held(v)) })
}

// refers reports whether values of a type can refer to mutable memory.
func refers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return true
	case reflect.Array:
		return refers(t.Elem())
	case reflect.Struct:
		if key, value, ok := PersistentMap(t); ok {
			return refers(key) || refers(value)
		}
		if elem, ok := PersistentList(t); ok {
			return refers(elem)
		}
		for i := range t.NumField() {
			if refers(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}
