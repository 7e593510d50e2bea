package consistency

import (
	"fmt"
	"reflect"
	"runtime/debug"
	"sync/atomic"

	"github.com/anishathalye/porcupine"
)

// Spec is a sequential object with states S, inputs I and outputs O: the behaviour of an object used by one client at
// a time. It is deterministic and total: in each state each input has one next state and one output, so an operation
// of unknown output can always take effect.
type Spec[S, I, O any] struct {
	// Name is a human-readable name of the object.
	Name string
	// Init is the state before any operation.
	Init S
	// Step returns the next state and the output. It must be pure: it changes neither the state nor the input (copy maps
	// and slices), and may be called concurrently. A panic in it reaches the caller of the check.
	Step func(state S, in I) (S, O)
	// SameState reports whether two states are equal. If it is nil, states are compared by == if that cannot panic for
	// their type, or else by reflect.DeepEqual. If the function calls equal states different, the check only takes
	// longer; if it calls different states equal, results are wrong.
	SameState func(a, b S) bool
	// SameOutput reports whether two outputs are equal. Nil has the same meaning as for SameState.
	SameOutput func(a, b O) bool
}

// Equal returns the comparison of states, which is never nil.
func (s Spec[S, I, O]) Equal() func(a, b S) bool { return s.withEqualities().SameState }

// withEqualities returns s with the default comparisons filled in.
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

// strictlyComparable reports whether == on the type compares contents: it cannot panic, as on an interface that holds
// a slice, and does not compare addresses.
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

// guard carries a panic out of porcupine's goroutine, where callers could not recover from it.
type guard struct {
	caught atomic.Pointer[string]
}

// watch is deferred around each call of a specification.
func (g *guard) watch() {
	if r := recover(); r != nil {
		text := fmt.Sprintf("%v\n\n%s", r, debug.Stack())
		g.caught.CompareAndSwap(nil, &text)
	}
}

// release panics in the caller's goroutine if a specification panicked in porcupine's.
func (g *guard) release(name string) {
	if text := g.caught.Load(); text != nil {
		panic(fmt.Sprintf("consistency: specification %q: %s", name, *text))
	}
}

// model returns the specification as a porcupine model. States are *S, so that a nil interface is an ordinary state;
// inputs are *entry and outputs are unused, so that boxing them costs nothing.
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

// take applies an operation if the object gives its output, where that is known.
func (s Spec[S, I, O]) take(state *S, e *entry[I, O]) (bool, any) {
	next, out := s.Step(*state, e.in)
	if !e.pending && !s.SameOutput(out, e.out) {
		return false, nil
	}
	moved := new(S)
	*moved = next
	return true, moved
}
