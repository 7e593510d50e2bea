package intern

import (
	"fmt"
	"reflect"
	"unsafe"
)

// Walker walks values of the static type T, which may be an interface, or the values that [Boxed] is for. It is immutable and safe for concurrent use,
// as long as nobody changes the values meanwhile. A func that is not nil, or a channel inside an interface, which
// only Check reports, is compared by address and copied as it is.
type Walker[T any] struct {
	plan  *plan
	typ   reflect.Type
	boxed bool // T is any, and a value what that holds, of the plan's type
}

// For returns the walker of T. The error names the path to a channel or an unsafe pointer, if T's static type holds
// one. Blank fields are not looked at.
func For[T any]() (*Walker[T], error) {
	t := reflect.TypeFor[T]()
	if f := checkType(t, map[reflect.Type]bool{}); f != nil {
		return nil, fmt.Errorf("walk %w", f.error(t))
	}
	return &Walker[T]{plan: planOf(t), typ: t}, nil
}

// Boxed returns a walker of values of type t that are held in an any: it does with what is held exactly as the walker of
// t itself would do, so that code that works on values of many types need not be instantiated for each of them. An any
// that holds anything else, or nothing, must not be given to it; if t is an interface, it may hold whatever that may, and
// nothing for its nil. The error is that of [For].
//
// Text and encoding of a value thus do not tell its type, unlike those of For[any].
func Boxed(t reflect.Type) (*Walker[any], error) {
	if f := checkType(t, map[reflect.Type]bool{}); f != nil {
		return nil, fmt.Errorf("walk %w", f.error(t))
	}
	if t.Kind() == reflect.Interface {
		return &Walker[any]{plan: planOf(reflect.TypeFor[any]()), typ: t}, nil
	}
	return &Walker[any]{plan: planOf(t), typ: t, boxed: true}, nil
}

// at returns where the value lies that v points to, or that the any there holds.
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

// Check returns an error, with the path, if v cannot be part of a state: if it holds
//
//   - a cycle, or nests pointers, slices, maps and interfaces deeper than 10,000;
//   - a func that is not nil, or, inside an interface, a channel or an unsafe pointer;
//   - memory that can be reached in two ways and changed, which would be two in a copy: a pointer or a map that two places
//     hold, a pointer to an element of a slice or to a field, or slices whose arrays overlap, spare capacity included.
//     Strings, what has no bytes, and times are no such memory.
//
// It costs nothing if the static type can hold none of them. It takes a time that depends on the memory of v alone.
func (w *Walker[T]) Check(v T) error {
	return w.check(v, false)
}

// CheckAt is Check of what v points to, which it does not copy.
func (w *Walker[T]) CheckAt(v *T) error {
	if !w.plan.risky && !w.plan.shares {
		return nil
	}
	if at := w.at(v); !w.plan.fit(at, false) {
		return w.plan.explain(w.typ, at, false)
	}
	return nil
}

// CheckShared is Check for a value that is only read: it may hold memory that can be reached in several ways, as long as
// it does not refer to that in more than a million ways.
func (w *Walker[T]) CheckShared(v T) error {
	return w.check(v, true)
}

func (w *Walker[T]) check(v T, sharing bool) error {
	if !w.plan.risky && !w.plan.shares {
		return nil
	}
	looked := v // What is walked moves to the heap; if nothing is, nothing does.
	if at := w.at(&looked); !w.plan.fit(at, sharing) {
		return w.plan.explain(w.typ, at, sharing)
	}
	return nil
}

// Copy returns a deep copy that shares nothing with v that could be changed: strings may be shared, and what an
// interface holds if it refers to nothing else. Nil stays nil, empty stays empty, slices have no spare capacity.
func (w *Walker[T]) Copy(v T) T { return w.Rebuild(v, 0) }

// Rebuild is Copy with maps whose entries entered in another order, and into maps of other sizes, for each order from 1 on.
// A function whose answer depends on the order of a map gives another one for some of them, though the copies are equal.
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

// Orders reports whether v holds a map of several entries, so that its copies may show them in different orders.
func (w *Walker[T]) Orders(v T) bool {
	looked := v
	return w.plan.orders(w.at(&looked))
}

// Changeable reports whether v refers to anything that can be changed, so that a copy would differ from v in more than
// its place. It may say so of a value that cannot, never the reverse.
func (w *Walker[T]) Changeable(v T) bool {
	if !w.plan.owns {
		return false
	}
	looked := v
	return w.plan.changeable(w.at(&looked))
}

// ChangeableAt is Changeable of what v points to, which it does not copy.
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

// EqualAt is Equal of what a and b point to, which it does not copy.
func (w *Walker[T]) EqualAt(a, b *T) bool { return w.plan.equal(w.at(a), w.at(b)) }

// Same is Equal for values that may be too entangled to be compared, as something else changed them: then it returns false.
func (w *Walker[T]) Same(a, b T) bool {
	if w.plan.risky && (w.CheckShared(a) != nil || w.CheckShared(b) != nil) {
		return false
	}
	return w.Equal(a, b)
}

// SameAt is Same of what a and b point to, which it does not copy.
func (w *Walker[T]) SameAt(a, b *T) bool {
	if w.plan.risky && (!w.plan.fit(w.at(a), true) || !w.plan.fit(w.at(b), true)) {
		return false
	}
	return w.EqualAt(a, b)
}

// Hash returns a hash that equal values share. It is the same in every process of one build, and does not depend on
// the order of maps. It is no cryptographic hash: values can be made to collide.
func (w *Walker[T]) Hash(v T) uint64 {
	if w.plan.flat {
		return spread(w.plan.hashFlat(w.at(&v), seed))
	}
	walked := v
	return spread(w.plan.hash(w.at(&walked), seed))
}

// HashAt is Hash of what v points to, which it does not copy.
func (w *Walker[T]) HashAt(v *T) uint64 { return spread(w.plan.hash(w.at(v), seed)) }

// Encode appends the canonical encoding of v to dst and returns the extended slice. Exactly the equal values have
// equal encodings, and no method of v is called, so that encodings serve as order of content and as keys that may be
// shared between processes.
//
// Structs are {Field:value,…}, slices and arrays [value,…], maps {key:value,…} sorted by encoded key, strings and
// byte slices quoted, pointers &value, and nil is nil. Only what an interface holds carries its type: register.Put{…},
// &register.Put{…}, actor.ID(3). A type's name depends on nothing but the type: package name and type name for a type of
// this module, else its import path and name, example.com/me/proto.Ping; names.go says the rest.
func (w *Walker[T]) Encode(dst []byte, v T) []byte {
	return w.plan.encode(dst, w.at(&v))
}

// Flat reports whether the type of the values is made only of booleans, integers, strings, arrays and structs of them, so that Go's == is
// exact. Values of such types need no copying.
func (w *Walker[T]) Flat() bool { return w.plan.flat }

// Text returns v for people: the encoding with types by their short names, with the texts of values that are a fmt.Stringer, and zero structs as {}.
// A String method gets a copy; where it panics, or is merely promoted from an embedded field, the value is spelt out.
//
// Instead of a value that does not pass CheckShared, it returns what is wrong with it, as Brief, Diff and Tree do.
func (w *Walker[T]) Text(v T) string {
	if err := w.CheckShared(v); err != nil {
		return unreadable(err)
	}
	return string(w.plan.text(nil, w.at(&v)))
}

func unreadable(err error) string { return "(" + err.Error() + ")" }

// Change is one difference between two values. Path leads to it, as in Prepares[2].Ballot, with map keys in their
// encoding; it is empty if the values differ as a whole. Old and New are texts; one of them is empty if there is
// nothing at that path in that value.
type Change struct {
	Path, Old, New string
}

// Diff lists the differences between a and b, sorted by path (numbers by value); none if and only if they are equal.
// It goes into structs, arrays, slices by index, maps by key, pointers, and interfaces of the same dynamic type. Two
// differing values with the same text are shown by their encodings.
func (w *Walker[T]) Diff(a, b T) []Change {
	errA, errB := w.CheckShared(a), w.CheckShared(b)
	if errA != nil || errB != nil {
		return []Change{{Old: w.Text(a), New: w.Text(b)}}
	}
	return w.plan.changes(w.at(&a), w.at(&b))
}
