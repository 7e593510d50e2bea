package intern

import (
	"fmt"
	"reflect"
	"unsafe"
)

// Walker walks values of the static type T, which may be an interface, or boxed values (see [Boxed]). It is immutable
// and safe for concurrent use, as long as the values are not changed at the same time. A func that is not nil, or a
// channel inside an interface, is compared by address and copied as it is; only Check reports it.
type Walker[T any] struct {
	plan  *plan
	typ   reflect.Type
	boxed bool // T is any, and the value in it has the plan's type
}

// For returns the walker of T. If T's static type contains a channel or an unsafe pointer, the error has the path to
// it. Blank fields are ignored.
func For[T any]() (*Walker[T], error) {
	t := reflect.TypeFor[T]()
	if f := checkType(t, map[reflect.Type]bool{}); f != nil {
		return nil, fmt.Errorf("walk %w", f.error(t))
	}
	return &Walker[T]{plan: planOf(t), typ: t}, nil
}

// Boxed returns a walker of values of type t that are held in an any. It treats the value in the any exactly as the
// walker of t would, so that code that works on values of many types need not be instantiated for each of them. It
// must not be used with an any that holds a value of another type, or nil; if t is an interface, the any may hold a
// value of any type that implements t, or nil. The errors are those of [For].
//
// Text and encoding of a value therefore omit its type, unlike those of For[any].
func Boxed(t reflect.Type) (*Walker[any], error) {
	if f := checkType(t, map[reflect.Type]bool{}); f != nil {
		return nil, fmt.Errorf("walk %w", f.error(t))
	}
	if t.Kind() == reflect.Interface {
		return &Walker[any]{plan: planOf(reflect.TypeFor[any]()), typ: t}, nil
	}
	return &Walker[any]{plan: planOf(t), typ: t, boxed: true}, nil
}

// at returns the address of the value that v points to, or of the value in the any there.
func (w *Walker[T]) at(v *T) unsafe.Pointer {
	if !w.boxed {
		return unsafe.Pointer(v)
	}
	held := (*iface)(unsafe.Pointer(v))
	if w.plan.direct {
		return unsafe.Pointer(&held.data)
	}
	return held.data
}

// Check returns an error, with the path, if v cannot be part of a state because it contains
//
//   - a cycle, or pointers, slices, maps and interfaces nested deeper than 10,000;
//   - a func that is not nil, or, inside an interface, a channel or an unsafe pointer;
//   - mutable memory that can be reached in two ways, which would be separate in a copy: a pointer or a map that two
//     places hold, a pointer to an element of a slice or to a field, or slices whose arrays overlap, including spare
//     capacity. Strings, values without bytes, and times are not such memory.
//
// It costs nothing if the static type can contain none of them. The time it takes depends only on the memory of v.
func (w *Walker[T]) Check(v T) error {
	return w.check(v, false)
}

// CheckAt is Check of the value that v points to, without copying it.
func (w *Walker[T]) CheckAt(v *T) error {
	if !w.plan.risky && !w.plan.shares {
		return nil
	}
	if at := w.at(v); !w.plan.fit(at, false) {
		return w.plan.explain(w.typ, at, false)
	}
	return nil
}

// CheckShared is Check for a value that is only read: it may contain memory that can be reached in several ways, but
// not in more than about a million.
func (w *Walker[T]) CheckShared(v T) error {
	return w.check(v, true)
}

func (w *Walker[T]) check(v T, sharing bool) error {
	if !w.plan.risky && !w.plan.shares {
		return nil
	}
	looked := v // A value that is walked moves to the heap; this one only if it is.
	if at := w.at(&looked); !w.plan.fit(at, sharing) {
		return w.plan.explain(w.typ, at, sharing)
	}
	return nil
}

// Copy returns a deep copy that shares no mutable memory with v: it may share strings, and the value in an interface
// if that refers to nothing else. Nil stays nil, empty stays empty, slices have no spare capacity.
func (w *Walker[T]) Copy(v T) T { return w.Rebuild(v, 0) }

// Rebuild is Copy with maps that are filled in another order, and allocated with another size, for each order from 1
// on. A function whose result depends on the iteration order of a map returns different results for some of them,
// although the copies are equal.
func (w *Walker[T]) Rebuild(v T, order int) T {
	if !w.plan.owns {
		return v
	}
	c := v
	if held := (*iface)(unsafe.Pointer(&c)); w.boxed && !w.plan.direct {
		held.data = w.plan.clone(held.data, order)
		return c
	}
	w.plan.own(w.at(&c), order)
	return c
}

// Orders reports whether v contains a map with several entries, so that its copies may iterate in different orders.
func (w *Walker[T]) Orders(v T) bool {
	looked := v
	return w.plan.orders(w.at(&looked))
}

// Changeable reports whether v refers to mutable memory, so that a copy would differ from v in more than its address.
// It may return true for a value that does not, never the reverse.
func (w *Walker[T]) Changeable(v T) bool {
	if !w.plan.owns {
		return false
	}
	looked := v
	return w.plan.changeable(w.at(&looked))
}

// ChangeableAt is Changeable of the value that v points to, without copying it.
func (w *Walker[T]) ChangeableAt(v *T) bool { return w.plan.owns && w.plan.changeable(w.at(v)) }

// Equal reports whether a and b are exactly equal: floats by their bits (NaN equals itself, -0 differs from 0), nil
// and empty slices and maps differ, unexported fields count, pointers are compared by what they point to, and
// interfaces must hold the same dynamic type.
func (w *Walker[T]) Equal(a, b T) bool {
	if w.plan.flat {
		return w.plan.equalFlat(w.at(&a), w.at(&b))
	}
	x, y := a, b
	return w.plan.equal(w.at(&x), w.at(&y))
}

// EqualAt is Equal of the values that a and b point to, without copying them.
func (w *Walker[T]) EqualAt(a, b *T) bool { return w.plan.equal(w.at(a), w.at(b)) }

// Same is Equal for values that may have become too entangled to be compared because they were changed: then it
// returns false.
func (w *Walker[T]) Same(a, b T) bool {
	if w.plan.risky && (w.CheckShared(a) != nil || w.CheckShared(b) != nil) {
		return false
	}
	return w.Equal(a, b)
}

// SameAt is Same of the values that a and b point to, without copying them.
func (w *Walker[T]) SameAt(a, b *T) bool {
	if w.plan.risky && (!w.plan.fit(w.at(a), true) || !w.plan.fit(w.at(b), true)) {
		return false
	}
	return w.EqualAt(a, b)
}

// Hash returns a hash that equal values share. It is the same in every process of one build, and does not depend on
// the order of maps. It is not a cryptographic hash: values can be made to collide.
func (w *Walker[T]) Hash(v T) uint64 {
	if w.plan.flat {
		return spread(w.plan.hashFlat(w.at(&v), seed))
	}
	walked := v
	return spread(w.plan.hash(w.at(&walked), seed))
}

// HashAt is Hash of the value that v points to, without copying it.
func (w *Walker[T]) HashAt(v *T) uint64 { return spread(w.plan.hash(w.at(v), seed)) }

// Encode appends the canonical encoding of v to dst and returns the extended slice. Values have equal encodings if
// and only if they are equal, and no method of v is called, so that encodings serve to order values and as keys that
// processes can share.
//
// Structs are {Field:value,…}, slices and arrays [value,…], maps {key:value,…} sorted by encoded key, strings and
// byte slices quoted, pointers &value, and nil is nil. Only values in interfaces have their type: register.Put{…},
// &register.Put{…}, actor.ID(3). A type's name depends only on the type: package name and type name for a type of
// this module, or else its import path and name, example.com/me/proto.Ping; see names.go for details.
func (w *Walker[T]) Encode(dst []byte, v T) []byte {
	return w.plan.encode(dst, w.at(&v))
}

// Flat reports whether the type of the values consists only of booleans, integers, strings, arrays and structs of
// them, so that Go's == is exact. Values of such types need no copying.
func (w *Walker[T]) Flat() bool { return w.plan.flat }

// Text returns v as text for people: the encoding with short type names, with String of values that are a
// fmt.Stringer, and zero structs as {}. A String method gets a copy; if it panics, or is only promoted from an
// embedded field, the value is spelled out.
//
// For a value that does not pass CheckShared, it returns the error instead, as Brief, Diff and Tree do.
func (w *Walker[T]) Text(v T) string {
	if err := w.CheckShared(v); err != nil {
		return unreadable(err)
	}
	return string(w.plan.text(nil, w.at(&v)))
}

func unreadable(err error) string { return "(" + err.Error() + ")" }

// Change is one difference between two values. Path is its path, as in Prepares[2].Ballot, with encoded map keys; it
// is empty if the values differ as a whole. Old and New are texts; one of them is empty if that value has nothing at
// the path.
type Change struct {
	Path, Old, New string
}

// Diff returns the differences between a and b, sorted by path (numbers by value); none if and only if they are
// equal. It descends into structs, arrays, slices by index, maps by key, pointers, and interfaces of the same dynamic
// type. Two different values with the same text are shown by their encodings.
func (w *Walker[T]) Diff(a, b T) []Change {
	errA, errB := w.CheckShared(a), w.CheckShared(b)
	if errA != nil || errB != nil {
		return []Change{{Old: w.Text(a), New: w.Text(b)}}
	}
	return w.plan.changes(w.at(&a), w.at(&b))
}
