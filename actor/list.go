package actor

import (
	"fmt"
	"iter"
	"slices"
)

// List is a slice that is a value itself: its elements never change, so that it may lie in several places of a state, and
// of messages, and a copy costs nothing. The elements must refer to nothing that can be changed, as the values of a [Map].
//
// The zero List is empty. To a checker two are equal if they have equal elements; Go's == may tell equal ones apart.
type List[E any] struct{ items *[]E } // nil for no items; otherwise there are some

// ListOf returns the list of some elements, which it copies.
func ListOf[E any](items ...E) List[E] {
	if len(items) == 0 {
		return List[E]{}
	}
	own := slices.Clone(items)
	return List[E]{&own}
}

// Unchanging marks the type for packages that walk any state: a list is a pointer to a slice that nobody changes.
func (l List[E]) Unchanging() {}

// Len is the number of elements.
func (l List[E]) Len() int { return len(l.slice()) }

// At returns an element, counted from 0.
func (l List[E]) At(i int) E { return l.slice()[i] }

// All returns the elements with their places, in order.
func (l List[E]) All() iter.Seq2[int, E] { return slices.All(l.slice()) }

// Slice returns the elements in a slice that the caller owns; nil for none.
func (l List[E]) Slice() []E { return slices.Clone(l.slice()) }

// With returns the list with another element behind the others.
func (l List[E]) With(e E) List[E] { return l.Insert(l.Len(), e) }

// Insert returns the list with another element before the one at a place, which may be that behind the last.
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
