package actor

import (
	"iter"
	"math/bits"
	"sync/atomic"
)

// Table is a map from ids to values that is a value itself: With and Without return another one and leave it as it was,
// and the two share what they have in common. So a copy costs nothing, an update little, and what changed between two
// tables is found without looking at what did not. It is for the part of a state that has an entry for each of many
// clients, above all if it is kept across crashes; a map does for the rest.
//
// The values must refer to nothing: no pointers, slices, maps or interfaces. The zero Table is empty. Tables are safe for
// concurrent use. To a checker two are equal if they have the same entries; Go's == may tell equal ones apart.
//
// It is the big-endian Patricia tree of C. Okasaki and A. Gill, "Fast Mergeable Integer Maps" (1998): its shape depends on
// the ids alone, not on the order in which they came.
type Table[V comparable] struct{ root *node[V] }

// node is a leaf, or a branch between ids that agree above a bit.
type node[V comparable] struct {
	id          ID     // of a leaf; of a branch what its ids have in common, with zeros from its bit downwards
	bit         uint64 // by which a branch divides; 0 in a leaf
	left, right *node[V]
	size        int
	sum         atomic.Uint64 // see Sum; 0 while nobody asked
	value       V
}

func leaf[V comparable](id ID, v V) *node[V] { return &node[V]{id: id, size: 1, value: v} }

func branch[V comparable](prefix ID, bit uint64, left, right *node[V]) *node[V] {
	return &node[V]{id: prefix, bit: bit, left: left, right: right, size: left.size + right.size}
}

// below returns the bits of a node that its prefix does not determine.
func below(bit uint64) ID { return ID(bit | (bit - min(bit, 1))) }

// holds reports whether an id is one of those that the prefix of a node begins.
func (n *node[V]) holds(id ID) bool { return (id^n.id)&^below(n.bit) == 0 }

// join makes a branch of two nodes whose prefixes differ.
func join[V comparable](a, b *node[V]) *node[V] {
	bit := uint64(1) << (63 - bits.LeadingZeros64(uint64(a.id^b.id)))
	if uint64(a.id)&bit != 0 {
		a, b = b, a
	}
	return branch(a.id&^below(bit), bit, a, b)
}

// Len is the number of entries.
func (t Table[V]) Len() int {
	if t.root == nil {
		return 0
	}
	return t.root.size
}

// Get returns the value of an id, and whether there is one.
func (t Table[V]) Get(id ID) (v V, ok bool) {
	n := t.root
	for n != nil && n.bit != 0 {
		if uint64(id)&n.bit == 0 {
			n = n.left
		} else {
			n = n.right
		}
	}
	if n == nil || n.id != id {
		return v, false
	}
	return n.value, true
}

// With returns a table in which an id has a value.
func (t Table[V]) With(id ID, v V) Table[V] { return Table[V]{t.root.with(id, v)} }

func (n *node[V]) with(id ID, v V) *node[V] {
	switch {
	case n == nil:
		return leaf(id, v)
	case !n.holds(id):
		return join(n, leaf(id, v))
	case n.bit == 0 && n.value == v:
		return n
	case n.bit == 0:
		return leaf(id, v)
	}
	left, right := n.left, n.right
	if uint64(id)&n.bit == 0 {
		left = left.with(id, v)
	} else {
		right = right.with(id, v)
	}
	if left == n.left && right == n.right {
		return n
	}
	return branch(n.id, n.bit, left, right)
}

// Without returns a table in which an id has no value.
func (t Table[V]) Without(id ID) Table[V] { return Table[V]{t.root.without(id)} }

func (n *node[V]) without(id ID) *node[V] {
	switch {
	case n == nil || !n.holds(id):
		return n
	case n.bit == 0:
		return nil
	}
	left, right := n.left, n.right
	if uint64(id)&n.bit == 0 {
		left = left.without(id)
	} else {
		right = right.without(id)
	}
	switch {
	case left == nil:
		return right
	case right == nil:
		return left
	case left == n.left && right == n.right:
		return n
	}
	return branch(n.id, n.bit, left, right)
}

// All returns the entries in ascending order of their ids.
func (t Table[V]) All() iter.Seq2[ID, V] {
	return func(yield func(ID, V) bool) {
		t.root.all(func(n *node[V]) bool { return yield(n.id, n.value) })
	}
}

// all shows the leaves in ascending order of their ids, until show returns false, and reports whether it never did.
func (n *node[V]) all(show func(leaf *node[V]) bool) bool {
	switch {
	case n == nil:
		return true
	case n.bit == 0:
		return show(n)
	}
	return n.left.all(show) && n.right.all(show)
}

// Changes returns the ids whose entries in after are not those in t, in ascending order. If after was made of t by a few
// updates, or the other way round, it takes time in proportion to their number and the depth of the tree.
func (t Table[V]) Changes(after Table[V]) iter.Seq[ID] {
	return func(yield func(ID) bool) {
		changes(t.root, after.root, func(leaf *node[V]) bool { return yield(leaf.id) })
	}
}

func changes[V comparable](a, b *node[V], show func(leaf *node[V]) bool) bool {
	switch {
	case a == b:
		return true
	case a == nil:
		return b.all(show)
	case b == nil:
		return a.all(show)
	case a.bit == b.bit && a.id == b.id:
		if a.bit == 0 {
			return a.value == b.value || show(a)
		}
		return changes(a.left, b.left, show) && changes(a.right, b.right, show)
	case a.bit < b.bit && b.holds(a.id):
		return changes(b, a, show)
	case b.bit < a.bit && a.holds(b.id) && uint64(b.id)&a.bit == 0:
		return changes(a.left, b, show) && a.right.all(show)
	case b.bit < a.bit && a.holds(b.id):
		return a.left.all(show) && changes(a.right, b, show)
	case a.id < b.id:
		return a.all(show) && b.all(show)
	}
	return b.all(show) && a.all(show)
}

// Entries shows pointers to every id and its value, in ascending order, for packages that walk any state. Nothing may be
// changed through them.
func (t Table[V]) Entries(show func(id, value any)) {
	t.root.all(func(n *node[V]) bool {
		show(&n.id, &n.value)
		return true
	})
}

// Sum returns the sum of what a function returns for the entries, which are shown as Entries does, modulo 2^64. It must be
// the same function at every call for tables of this type, as sums are remembered for what tables share.
func (t Table[V]) Sum(entry func(id, value any) uint64) uint64 { return t.root.total(entry) }

func (n *node[V]) total(entry func(id, value any) uint64) uint64 {
	if n == nil {
		return 0
	}
	if known := n.sum.Load(); known != 0 {
		return known
	}
	sum := uint64(0)
	if n.bit == 0 {
		sum = entry(&n.id, &n.value)
	} else {
		sum = n.left.total(entry) + n.right.total(entry)
	}
	n.sum.Store(sum)
	return sum
}
