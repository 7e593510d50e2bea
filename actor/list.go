package actor

import (
	"fmt"
	"iter"
	"slices"
)

// List is an immutable slice: its elements never change, so that it may occur in several places of states and
// messages, and a copy costs nothing. As with the values of a [Map], the elements must not refer to anything mutable.
//
// The zero List is empty. A checker treats two lists as equal if their elements are equal; Go's == may distinguish
// equal ones.
type List[E any] struct{ items *[]E } // nil if there are no items; otherwise not empty

// ListOf returns a list of the items, which it copies.
func ListOf[E any](items ...E) List[E] {
	if len(items) == 0 {
		return List[E]{}
	}
	own := slices.Clone(items)
	return List[E]{&own}
}

// Unchanging marks the type for packages that walk arbitrary states: a list points to a slice that never changes.
func (l List[E]) Unchanging() {}

// Len returns the number of elements.
func (l List[E]) Len() int { return len(l.slice()) }

// At returns element i, counted from 0.
func (l List[E]) At(i int) E { return l.slice()[i] }

// All returns the elements with their indices, in order.
func (l List[E]) All() iter.Seq2[int, E] { return slices.All(l.slice()) }

// Slice returns a copy of the elements; nil if there are none.
func (l List[E]) Slice() []E { return slices.Clone(l.slice()) }

// With returns the list with e appended.
func (l List[E]) With(e E) List[E] { return l.Insert(l.Len(), e) }

// Insert returns the list with e inserted at index at, which may be the length of the list.
func (l List[E]) Insert(at int, e E) List[E] {
	items := make([]E, 0, l.Len()+1)
	items = append(append(append(items, l.slice()[:at]...), e), l.slice()[at:]...)
	return List[E]{&items}
}

// Format formats the list as a slice.
func (l List[E]) Format(f fmt.State, verb rune) { fmt.Fprintf(f, fmt.FormatString(f, verb), l.slice()) }

func (l List[E]) slice() []E {
	if l.items == nil {
		return nil
	}
	return *l.items
}
