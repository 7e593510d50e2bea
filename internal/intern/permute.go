package intern

import (
	"fmt"
	"reflect"
	"slices"
	"unsafe"
)

// Component returns the component with a name, and whether there is one.
func (s *Split[T]) Component(name string) (component int, ok bool) {
	for i := range s.columns {
		if s.columns[i].name == name {
			return i, true
		}
	}
	return 0, false
}

// placeKinds are the kinds of keys of maps that may be indexes.
var placeKinds = []reflect.Kind{reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64}

// Permute returns the id of the value of a component with the element at index i moved to index to[i]. The value must
// be a slice or an array as long as to, or a map whose keys are such indexes. An empty value is unchanged. The error
// explains why the value cannot be permuted.
func (s *Split[T]) Permute(component int, id uint32, to []int) (uint32, error) {
	c := &s.columns[component]
	v := reflect.NewAt(c.plan.typ, c.at(id)).Elem()
	out := reflect.New(c.plan.typ).Elem()
	switch kind := v.Kind(); {
	case (kind == reflect.Slice || kind == reflect.Map) && v.Len() == 0:
		return id, nil
	case (kind == reflect.Slice || kind == reflect.Array) && v.Len() == len(to):
		if kind == reflect.Slice {
			out.Set(reflect.MakeSlice(c.plan.typ, len(to), len(to)))
		}
		for i, place := range to {
			out.Index(place).Set(v.Index(i))
		}
	case kind == reflect.Map && slices.Contains(placeKinds, v.Type().Key().Kind()):
		out.Set(reflect.MakeMapWithSize(c.plan.typ, v.Len()))
		for it := v.MapRange(); it.Next(); {
			key := it.Key()
			if i := key.Int(); i >= 0 && i < int64(len(to)) {
				key = reflect.New(key.Type()).Elem()
				key.SetInt(int64(to[i]))
			}
			out.SetMapIndex(key, it.Value())
		}
	default:
		return 0, fmt.Errorf("%s is %s: expected a list of %d, or a map from places", c.name, c.plan.text(nil, c.at(id)), len(to))
	}
	return c.intern(unsafe.Pointer(out.Addr().UnsafePointer())), nil
}
