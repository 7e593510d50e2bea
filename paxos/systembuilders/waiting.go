package systembuilders

import (
	"fmt"
	"iter"
	"maps"

	"synod/actor"
	"synod/paxos/rsm"
)

// Waiting is a set of pending updates by id. Like an actor.Map it is a value: copying it costs nothing, and the cost
// of With and Without hardly depends on its size. The zero Waiting is empty.
type Waiting[O any] struct{ root *waiting[O] } // nil for none

type waiting[O any] struct {
	n  int
	of actor.Map[rsm.Client, actor.Map[rsm.Local, *held[O]]] // no client has an empty map
}

// held is a pending update. It is immutable.
type held[O any] struct {
	id rsm.ID
	of Pending[O]
}

// clients returns the updates by client.
func (w Waiting[O]) clients() actor.Map[rsm.Client, actor.Map[rsm.Local, *held[O]]] {
	if w.root == nil {
		return actor.Map[rsm.Client, actor.Map[rsm.Local, *held[O]]]{}
	}
	return w.root.of
}

// Len returns the number of updates.
func (w Waiting[O]) Len() int {
	if w.root == nil {
		return 0
	}
	return w.root.n
}

// Get returns the update with an id, and whether there is one.
func (w Waiting[O]) Get(id rsm.ID) (p Pending[O], ok bool) {
	client, _ := w.clients().Get(id.Client)
	h, ok := client.Get(id.Local)
	if !ok {
		return p, false
	}
	return h.of, true
}

// With returns the updates with p added, or in place of one with the same id.
func (w Waiting[O]) With(id rsm.ID, p Pending[O]) Waiting[O] {
	client, _ := w.clients().Get(id.Client)
	after := client.With(id.Local, &held[O]{id, p})
	return Waiting[O]{&waiting[O]{w.Len() + after.Len() - client.Len(), w.clients().With(id.Client, after)}}
}

// Without returns the updates without the one with this id.
func (w Waiting[O]) Without(id rsm.ID) Waiting[O] {
	client, _ := w.clients().Get(id.Client)
	after := client.Without(id.Local)
	switch n := w.Len() + after.Len() - client.Len(); {
	case n == w.Len():
		return w
	case n == 0:
		return Waiting[O]{}
	case after.Len() == 0:
		return Waiting[O]{&waiting[O]{n, w.clients().Without(id.Client)}}
	default:
		return Waiting[O]{&waiting[O]{n, w.clients().With(id.Client, after)}}
	}
}

// All returns the updates, ordered by client and number.
func (w Waiting[O]) All() iter.Seq2[rsm.ID, Pending[O]] {
	return func(yield func(rsm.ID, Pending[O]) bool) {
		for _, client := range w.clients().All() {
			for _, h := range client.All() {
				if !yield(h.id, h.of) {
					return
				}
			}
		}
	}
}

// names returns the ids of all updates.
func (w Waiting[O]) names() iter.Seq[rsm.ID] {
	return func(yield func(rsm.ID) bool) {
		for id := range w.All() {
			if !yield(id) {
				return
			}
		}
	}
}

// Of returns the ids of a client's updates, ordered by number.
func (w Waiting[O]) Of(client rsm.Client) iter.Seq[rsm.ID] {
	return func(yield func(rsm.ID) bool) {
		own, _ := w.clients().Get(client)
		for _, h := range own.All() {
			if !yield(h.id) {
				return
			}
		}
	}
}

// Changes returns the ids of the updates that differ between w and after. It takes time in proportion to their number
// if one was made from the other by a few changes. An update that was replaced by an equal one may be among them.
func (w Waiting[O]) Changes(after Waiting[O]) iter.Seq[rsm.ID] {
	return func(yield func(rsm.ID) bool) {
		for client := range w.clients().Changes(after.clients()) {
			own, _ := w.clients().Get(client)
			then, _ := after.clients().Get(client)
			for local := range own.Changes(then) {
				if !yield(rsm.ID{Client: client, Local: local}) {
					return
				}
			}
		}
	}
}

// Entries passes every id and update to show, for packages that walk arbitrary states, like Entries of actor.Map.
func (w Waiting[O]) Entries(show func(key, value any)) {
	for _, client := range w.clients().All() {
		for _, h := range client.All() {
			show(&h.id, &h.of)
		}
	}
}

// Sum returns the sum of entry over all entries, like Sum of actor.Map.
func (w Waiting[O]) Sum(entry func(key, value any) uint64) uint64 {
	return w.clients().Sum(func(_, client any) uint64 {
		return client.(*actor.Map[rsm.Local, *held[O]]).Sum(func(_, h any) uint64 {
			one := *h.(**held[O])
			return entry(&one.id, &one.of)
		})
	})
}

// Format formats the updates as a Go map.
func (w Waiting[O]) Format(f fmt.State, verb rune) {
	fmt.Fprintf(f, fmt.FormatString(f, verb), maps.Collect(w.All()))
}
