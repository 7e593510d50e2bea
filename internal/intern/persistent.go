package intern

import (
	"reflect"
	"runtime"
	"unsafe"
)

// A persistent map is a type that is a map to anyone who looks at it, but never changes: actor.Map is one. It is a struct of
// one pointer, nil in the empty map, and its method All says of which types its keys and values are. A persistent list is
// a struct of a pointer to a slice, nil in the empty list, that never changes either: actor.List is one.

// persistent is what such a type has besides. What is shown are pointers to keys and values, in ascending order of keys.
type persistent interface {
	Len() int
	Entries(show func(key, value any))
	Sum(entry func(key, value any) uint64) uint64
}

// unchanging is what a persistent list has.
type unchanging interface {
	Len() int
	Unchanging()
}

var (
	persistentType = reflect.TypeFor[persistent]()
	unchangingType = reflect.TypeFor[unchanging]()
)

// PersistentMap returns the types of the keys and values of a type that is a persistent map.
func PersistentMap(t reflect.Type) (key, value reflect.Type, ok bool) {
	if t.Kind() != reflect.Struct || t.Size() != unsafe.Sizeof(uintptr(0)) || !t.Implements(persistentType) {
		return nil, nil, false
	}
	return allOf(t)
}

// PersistentList returns the type of the elements of a type that is a persistent list.
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

// allOf returns the types of the pairs that the method All of a type goes over.
func allOf(t reflect.Type) (first, second reflect.Type, ok bool) {
	all, ok := t.MethodByName("All")
	if !ok || all.Type.NumOut() != 1 || !all.Type.Out(0).CanSeq2() {
		return nil, nil, false
	}
	yield := all.Type.Out(0).In(0)
	return yield.In(0), yield.In(1), true
}

// isPersistent reports whether a type is a persistent map or list: nothing of its values can be changed.
func isPersistent(t reflect.Type) bool {
	_, _, isMap := PersistentMap(t)
	_, isList := PersistentList(t)
	return isMap || isList
}

// persistentOps walks a persistent map by its own methods.
type persistentOps struct{}

// empty stands for the pointer of a persistent map that has none, as a map that is nil is another thing.
var empty [1]uintptr

// mapAt returns what the variable at v of a plan that is a map holds: nil only for the nil map.
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

// held returns the pointer that an interface holds.
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

// clone returns the map itself, which nobody can change.
func (persistentOps) clone(_ *plan, m unsafe.Pointer, _ int) unsafe.Pointer {
	if m == unsafe.Pointer(&empty) {
		return nil
	}
	return m
}

func (o persistentOps) each(p *plan, m unsafe.Pointer, show func(k, v unsafe.Pointer)) {
	o.of(p, m).Entries(func(k, v any) { show(held(k), held(v)) })
}

// refers reports whether values of a type can refer to something that can be changed.
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
