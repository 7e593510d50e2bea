package consistency

import (
	"fmt"
	"reflect"
	"runtime/debug"
	"sync/atomic"

	"github.com/anishathalye/porcupine"
)

// Spec is a sequential object with states S, inputs I and outputs O: what an object does that is used by one client at
// a time. It is deterministic and total: in each state each input has one next state and one output. So an operation
// whose output is unknown can always take effect.
type Spec[S, I, O any] struct {
	// Name describes what the object is, for people.
	Name string
	// Init is the state before any operation.
	Init S
	// Step returns the next state and the output. It is pure: it changes neither the state nor the input (copy maps and
	// slices), and may be called by several goroutines at once. A panic in it reaches the caller of the check.
	Step func(state S, in I) (S, O)
	// SameState reports whether two states are the same. If it is nil, == decides for types on which that cannot panic,
	// reflect.DeepEqual for others. A function that calls equal states different costs time and is otherwise harmless;
	// one that calls different states equal makes answers wrong.
	SameState func(a, b S) bool
	// SameOutput reports whether an output is the one that the object gives. Nil is as for SameState.
	SameOutput func(a, b O) bool
}

// Equal returns the comparison of states, which is never nil.
func (s Spec[S, I, O]) Equal() func(a, b S) bool { return s.withEqualities().SameState }

// withEqualities fills in the two comparisons.
func (s Spec[S, I, O]) withEqualities() Spec[S, I, O] {
	if s.SameState == nil {
		s.SameState = equality[S]()
	}
	if s.SameOutput == nil {
		s.SameOutput = equality[O]()
	}
	return s
}

func equality[T any]() func(a, b T) bool {
	if strictlyComparable(reflect.TypeFor[T]()) {
		return func(a, b T) bool { return any(a) == any(b) }
	}
	return func(a, b T) bool { return reflect.DeepEqual(a, b) }
}

// strictlyComparable reports whether == on the type means equal contents: it cannot panic, as on an interface that
// holds a slice, and does not compare addresses.
func strictlyComparable(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return strictlyComparable(t.Elem())
	case reflect.Struct:
		for f := range t.Fields() {
			if !strictlyComparable(f.Type) {
				return false
			}
		}
		return true
	case reflect.Interface, reflect.Pointer, reflect.Map, reflect.Slice, reflect.Func:
		return false
	default:
		return t.Comparable()
	}
}

// guard carries a panic out of porcupine's goroutine, where nobody could recover from it.
type guard struct {
	caught atomic.Pointer[string]
}

// watch is deferred around every call of a specification.
func (g *guard) watch() {
	if r := recover(); r != nil {
		text := fmt.Sprintf("%v\n\n%s", r, debug.Stack())
		g.caught.CompareAndSwap(nil, &text)
	}
}

// release panics in the caller's goroutine if a specification did in porcupine's.
func (g *guard) release(name string) {
	if text := g.caught.Load(); text != nil {
		panic(fmt.Sprintf("consistency: specification %q: %s", name, *text))
	}
}

// model is the specification as porcupine sees it. States are *S, so that a nil interface is a state like any other;
// inputs are *entry and outputs are not used, so that boxing them costs nothing.
func (s Spec[S, I, O]) model(g *guard) porcupine.Model {
	return porcupine.Model{
		Init: func() any {
			init := s.Init
			return &init
		},
		Step: func(state, input, _ any) (ok bool, next any) {
			defer g.watch()
			return s.take(state.(*S), input.(*entry[I, O]))
		},
		Equal: func(a, b any) (same bool) {
			defer g.watch()
			return s.SameState(*a.(*S), *b.(*S))
		},
		DescribeOperation: func(input, _ any) string { return describe(input.(*entry[I, O])) },
		DescribeState:     func(state any) string { return fmt.Sprint(*state.(*S)) },
	}
}

// take applies an operation if its output, where it is known, is the object's.
func (s Spec[S, I, O]) take(state *S, e *entry[I, O]) (bool, any) {
	next, out := s.Step(*state, e.in)
	if !e.pending && !s.SameOutput(out, e.out) {
		return false, nil
	}
	moved := new(S)
	*moved = next
	return true, moved
}
