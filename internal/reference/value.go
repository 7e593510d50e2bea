package reference

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unsafe"
)

// Dump returns a string that is the same for equal values only: pointers are dumped by what they point to, maps
// sorted by their dumped keys, floats by their bits; nil differs from empty, and interfaces include the dynamic type.
// It panics on channels, non-nil funcs and unsafe pointers, and does not terminate on a cycle.
func Dump(v any) string {
	var b strings.Builder
	dumpInterface(&b, reflect.ValueOf(v))
	return b.String()
}

func dumpInterface(b *strings.Builder, v reflect.Value) {
	if !v.IsValid() {
		b.WriteString("nil")
		return
	}
	b.WriteString(v.Type().PkgPath())
	b.WriteByte(' ')
	b.WriteString(v.Type().String())
	b.WriteByte(':')
	dump(b, v)
}

func dump(b *strings.Builder, v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		b.WriteString(strconv.FormatBool(v.Bool()))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		b.WriteString(strconv.FormatInt(v.Int(), 10))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		b.WriteString(strconv.FormatUint(v.Uint(), 10))
	case reflect.Float32, reflect.Float64:
		fmt.Fprintf(b, "%x", math.Float64bits(v.Float()))
	case reflect.Complex64, reflect.Complex128:
		fmt.Fprintf(b, "%x+%xi", math.Float64bits(real(v.Complex())), math.Float64bits(imag(v.Complex())))
	case reflect.String:
		b.WriteString(strconv.Quote(v.String()))
	case reflect.Interface:
		dumpInterface(b, v.Elem())
	case reflect.Struct:
		b.WriteByte('{')
		for i := range v.NumField() {
			dump(b, v.Field(i))
			b.WriteByte(' ')
		}
		b.WriteByte('}')
	case reflect.Array:
		dumpList(b, v)
	case reflect.Slice, reflect.Pointer, reflect.Map, reflect.Func:
		dumpReference(b, v)
	case reflect.Chan, reflect.UnsafePointer, reflect.Invalid:
		panic("reference: a state holds a " + v.Type().String())
	}
}

func dumpReference(b *strings.Builder, v reflect.Value) {
	if v.IsNil() {
		b.WriteString("nil")
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		b.WriteByte('&')
		dump(b, v.Elem())
	case reflect.Slice:
		dumpList(b, v)
	case reflect.Map:
		var entries []string
		for all := v.MapRange(); all.Next(); {
			var entry strings.Builder
			dump(&entry, all.Key())
			entry.WriteByte(':')
			dump(&entry, all.Value())
			entries = append(entries, entry.String())
		}
		slices.Sort(entries)
		b.WriteString("map[" + strings.Join(entries, " ") + "]")
	default:
		panic("reference: a state holds a " + v.Type().String())
	}
}

func dumpList(b *strings.Builder, v reflect.Value) {
	b.WriteByte('[')
	for i := range v.Len() {
		dump(b, v.Index(i))
		b.WriteByte(' ')
	}
	b.WriteByte(']')
}

// clone returns a deep copy of a value, which shares nothing mutable with it.
func clone[T any](v T) T {
	out := reflect.New(reflect.TypeFor[T]()).Elem()
	copyTo(out, reflect.ValueOf(&v).Elem())
	return out.Interface().(T)
}

// copyTo copies from, which must be addressable, to a value of the same type.
func copyTo(to, from reflect.Value) {
	switch from.Kind() {
	case reflect.Struct:
		for i := range from.NumField() {
			copyTo(open(to.Field(i)), open(from.Field(i)))
		}
	case reflect.Array:
		for i := range from.Len() {
			copyTo(to.Index(i), from.Index(i))
		}
	case reflect.Slice:
		if !from.IsNil() {
			to.Set(reflect.MakeSlice(from.Type(), from.Len(), from.Len()))
			for i := range from.Len() {
				copyTo(to.Index(i), from.Index(i))
			}
		}
	case reflect.Pointer:
		if !from.IsNil() {
			to.Set(reflect.New(from.Type().Elem()))
			copyTo(to.Elem(), from.Elem())
		}
	case reflect.Map:
		if !from.IsNil() {
			to.Set(reflect.MakeMapWithSize(from.Type(), from.Len()))
			for all := from.MapRange(); all.Next(); {
				to.SetMapIndex(copyOf(all.Key()), copyOf(all.Value()))
			}
		}
	case reflect.Interface:
		if !from.IsNil() {
			to.Set(copyOf(from.Elem()))
		}
	default:
		to.Set(from)
	}
}

// copyOf copies a value that need not be addressable.
func copyOf(v reflect.Value) reflect.Value {
	from, to := reflect.New(v.Type()).Elem(), reflect.New(v.Type()).Elem()
	from.Set(v)
	copyTo(to, from)
	return to
}

// open returns a field that can be read and set even if it is not exported.
func open(field reflect.Value) reflect.Value {
	return reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem()
}
