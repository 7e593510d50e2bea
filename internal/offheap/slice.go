package offheap

import (
	"fmt"
	"reflect"
	"unsafe"
)

// Slice reinterprets allocated bytes as a slice of T, with as many elements as fit. T must not contain pointers, as
// the collector does not scan this memory; Slice panics if it does. The result is valid as long as b.
func Slice[T any](b []byte) []T {
	if t := reflect.TypeFor[T](); t.Size() == 0 || !plain(t) {
		panic(fmt.Sprintf("offheap: slice of %v, which is empty or holds pointers", t))
	}
	var zero T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(zero)))
}

// plain reports whether values of the type contain no pointers.
func plain(t reflect.Type) bool {
	switch k := t.Kind(); k {
	case reflect.Array:
		return plain(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if !plain(t.Field(i).Type) {
				return false
			}
		}
		return true
	default:
		return k >= reflect.Bool && k <= reflect.Complex128
	}
}
