package intern

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"unsafe"
)

// Renaming replaces values wherever they occur: in fields, lists, maps, interfaces, behind pointers, and as map keys.
// Values are matched by type: a number that is not an actor.ID never matches one.
//
// A list whose elements are strictly ascending values of such a type, or structs that begin with them, is taken for a
// set or a table, and sorted again after renaming. So the renaming of a set and of a sequence may be equal; users of
// a Renaming must check that the inverse restores the original.
type Renaming struct {
	to      map[any]any
	types   map[reflect.Type]bool
	touched sync.Map // *plan to bool: whether a value of it may contain a renamed value
}

// NewRenaming returns the renaming of each key to its value, which has the same type. The types must be numbers,
// strings, or comparable structs and arrays.
func NewRenaming(to map[any]any) *Renaming {
	r := &Renaming{to: to, types: make(map[reflect.Type]bool)}
	for v := range to {
		r.types[reflect.TypeOf(v)] = true
	}
	return r
}

// Of returns the image of a value that is not part of another.
func (r *Renaming) Of(v any) any {
	if to, known := r.to[v]; known {
		return to
	}
	return v
}

// Rename returns a copy of v with all values renamed.
func (w *Walker[T]) Rename(r *Renaming, v T) T {
	if !r.touches(w.plan) {
		return v
	}
	c := v
	if held := (*iface)(unsafe.Pointer(&c)); w.boxed && !w.plan.direct {
		held.data = w.plan.clone(held.data, 0)
		r.rename(w.plan, held.data)
		return c
	}
	at := w.at(&c)
	if w.plan.owns {
		w.plan.own(at, 0)
	}
	r.rename(w.plan, at)
	return c
}

// touches reports whether a value of a plan may contain a renamed value.
func (r *Renaming) touches(p *plan) bool {
	if known, ok := r.touched.Load(p); ok {
		return known.(bool)
	}
	found := r.reaches(p, make(map[*plan]bool))
	r.touched.Store(p, found)
	return found
}

func (r *Renaming) reaches(p *plan, seen map[*plan]bool) bool {
	if seen[p] {
		return false
	}
	seen[p] = true
	switch {
	case r.types[p.typ]:
		return true
	case p.op == opInterface:
		return len(r.types) > 0
	case p.op == opStruct:
		return slices.ContainsFunc(p.fields, func(f field) bool { return r.reaches(f.plan, seen) })
	}
	return p.key != nil && r.reaches(p.key, seen) || p.elem != nil && r.reaches(p.elem, seen)
}

// rename changes the value at v, which must be private.
func (r *Renaming) rename(p *plan, v unsafe.Pointer) {
	if !r.touches(p) {
		return
	}
	if r.types[p.typ] {
		value := reflect.NewAt(p.typ, v).Elem()
		if to, known := r.to[value.Interface()]; known {
			value.Set(reflect.ValueOf(to))
		}
		return
	}
	switch p.op {
	case opStruct:
		for i := range p.fields {
			r.rename(p.fields[i].plan, unsafe.Add(v, p.fields[i].offset))
		}
	case opPointer:
		to := (*unsafe.Pointer)(v)
		if *to != nil && p.persistent {
			*to = p.elem.clone(*to, 0)
		}
		if *to != nil {
			r.rename(p.elem, *to)
		}
	case opSlice:
		s := (*slice)(v)
		r.renameList(p.elem, s.data, s.len, reflect.NewAt(p.typ, v).Elem())
	case opArray:
		for i := range p.count {
			r.rename(p.elem, unsafe.Add(v, uintptr(i)*p.elem.size))
		}
	case opMap:
		r.renameMap(p, v)
	case opInterface:
		i := (*iface)(v)
		if i.tab == nil {
			return
		}
		d, at := p.dynamicOf(i)
		if r.touches(d) {
			held := d.clone(at, 0)
			r.rename(d, held)
			reflect.NewAt(p.typ, v).Elem().Set(reflect.NewAt(d.typ, held).Elem())
		}
	}
}

// renameList renames the elements of a list, and sorts them if they were strictly ascending.
func (r *Renaming) renameList(elem *plan, data unsafe.Pointer, n int, list reflect.Value) {
	at := func(i int) unsafe.Pointer { return unsafe.Add(data, uintptr(i)*elem.size) }
	ascends := r.ascends(elem, data, n)
	for i := range n {
		r.rename(elem, at(i))
	}
	if !ascends {
		return
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return compareAt(r.leads(elem), at(a), at(b)) })
	sorted := reflect.MakeSlice(list.Type(), n, n)
	for i, from := range order {
		sorted.Index(i).Set(reflect.NewAt(elem.typ, at(from)).Elem())
	}
	reflect.Copy(list, sorted)
}

// ascends reports whether the elements of a list are in strictly ascending order of the renamed values that lead them.
func (r *Renaming) ascends(elem *plan, data unsafe.Pointer, n int) bool {
	leads := r.leads(elem)
	if n < 2 || leads == nil {
		return false
	}
	for i := 1; i < n; i++ {
		if compareAt(leads, unsafe.Add(data, uintptr(i-1)*elem.size), unsafe.Add(data, uintptr(i)*elem.size)) >= 0 {
			return false
		}
	}
	return true
}

// leads returns the plan of the renamed, ordered value at the start of every value of a plan, or nil.
func (r *Renaming) leads(p *plan) *plan {
	for !r.types[p.typ] {
		if p.op != opStruct || len(p.fields) == 0 || p.fields[0].offset != 0 {
			return nil
		}
		p = p.fields[0].plan
	}
	if p.op == opString || p.op == opScalar && p.kind >= reflect.Int && p.kind <= reflect.Uintptr {
		return p
	}
	return nil
}

// compareAt compares two numbers or strings.
func compareAt(p *plan, a, b unsafe.Pointer) int {
	x, y := reflect.NewAt(p.typ, a).Elem(), reflect.NewAt(p.typ, b).Elem()
	switch {
	case p.op == opString:
		return cmp.Compare(x.String(), y.String())
	case x.CanInt():
		return cmp.Compare(x.Int(), y.Int())
	}
	return cmp.Compare(x.Uint(), y.Uint())
}

// renameMap replaces a map by a renamed one.
func (r *Renaming) renameMap(p *plan, v unsafe.Pointer) {
	m := p.mapAt(v)
	if m == nil || p.maps.len(p, m) == 0 {
		return
	}
	var keys, values []reflect.Value
	p.maps.each(p, m, func(k, v unsafe.Pointer) {
		key, value := p.key.clone(k, 0), p.elem.clone(v, 0)
		r.rename(p.key, key)
		r.rename(p.elem, value)
		keys, values = append(keys, reflect.NewAt(p.key.typ, key).Elem()), append(values, reflect.NewAt(p.elem.typ, value).Elem())
	})
	place := reflect.NewAt(p.typ, v).Elem()
	if p.persistent {
		renamed := reflect.New(p.extends())
		for i := range keys {
			renamed.Elem().Set(renamed.Elem().MethodByName("With").Call([]reflect.Value{keys[i], values[i]})[0])
		}
		place.Set(reflect.NewAt(p.typ, renamed.UnsafePointer()).Elem())
		return
	}
	renamed := reflect.MakeMapWithSize(p.typ, len(keys))
	for i := range keys {
		renamed.SetMapIndex(keys[i], values[i])
	}
	place.Set(renamed)
}

// extends returns the type whose method With adds an entry to a persistent map: the type of the map, or of the map
// that it embeds, which is the same pointer.
func (p *plan) extends() reflect.Type {
	for t := p.typ; t.Kind() == reflect.Struct && t.NumField() == 1; t = t.Field(0).Type {
		m, ok := t.MethodByName("With")
		if ok && m.Type == reflect.FuncOf([]reflect.Type{t, p.key.typ, p.elem.typ}, []reflect.Type{t}, false) {
			return t
		}
	}
	panic(fmt.Sprintf("%v has no method With that sets an entry, which symmetry requires", p.typ))
}
