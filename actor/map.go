package actor

import (
	"fmt"
	"iter"
	"maps"
	"math/bits"
	"sync/atomic"
)

// Map is a map that is a value itself: With and Without return another one and leave it as it was, and the two share what
// they have in common. So a copy costs nothing, an update little, and what changed between two maps is found without
// looking at what did not. It is for the part of a state that has an entry for each of many clients or slots, above all if
// it is kept across crashes; a Go map does for the rest.
//
// The values must refer to nothing that can be changed: to no pointers, slices, maps or interfaces, but for a Map or a
// List of such values. The zero Map is empty. Maps are safe for concurrent use. To a checker two are equal if they have
// the same entries; Go's == may tell equal ones apart.
//
// It is the big-endian Patricia tree of C. Okasaki and A. Gill, "Fast Mergeable Integer Maps" (1998): its shape depends on
// the keys alone, not on the order in which they came.
type Map[K ~uint64, V comparable] struct{ root *node[K, V] }

// Table is a Map from ids.
type Table[V comparable] = Map[ID, V]

// node is a leaf, or a branch between keys that agree above a bit.
type node[K ~uint64, V comparable] struct {
	key         K      // of a leaf; of a branch what its keys have in common, with zeros from its bit downwards
	bit         uint64 // by which a branch divides; 0 in a leaf
	left, right *node[K, V]
	size        int
	sum         atomic.Uint64 // see Sum; 0 while nobody asked
	value       V
}

func leaf[K ~uint64, V comparable](key K, v V) *node[K, V] {
	return &node[K, V]{key: key, size: 1, value: v}
}

func branch[K ~uint64, V comparable](prefix K, bit uint64, left, right *node[K, V]) *node[K, V] {
	return &node[K, V]{key: prefix, bit: bit, left: left, right: right, size: left.size + right.size}
}

// below returns the bits of a node that its prefix does not determine.
func below[K ~uint64](bit uint64) K { return K(bit | (bit - min(bit, 1))) }

// holds reports whether an key is one of those that the prefix of a node begins.
func (n *node[K, V]) holds(key K) bool { return (key^n.key)&^below[K](n.bit) == 0 }

// join builds a branch of two nodes whose prefixes differ.
func join[K ~uint64, V comparable](a, b *node[K, V]) *node[K, V] {
	bit := uint64(1) << (63 - bits.LeadingZeros64(uint64(a.key^b.key)))
	if uint64(a.key)&bit != 0 {
		a, b = b, a
	}
	return branch(a.key&^below[K](bit), bit, a, b)
}

// Len is the number of entries.
func (m Map[K, V]) Len() int {
	if m.root == nil {
		return 0
	}
	return m.root.size
}

// Get returns the value of an key, and whether there is one.
func (m Map[K, V]) Get(key K) (v V, ok bool) {
	n := m.root
	for n != nil && n.bit != 0 {
		if uint64(key)&n.bit == 0 {
			n = n.left
		} else {
			n = n.right
		}
	}
	if n == nil || n.key != key {
		return v, false
	}
	return n.value, true
}

// With returns a map in which an key has a value.
func (m Map[K, V]) With(key K, v V) Map[K, V] { return Map[K, V]{m.root.with(key, v)} }

func (n *node[K, V]) with(key K, v V) *node[K, V] {
	switch {
	case n == nil:
		return leaf(key, v)
	case !n.holds(key):
		return join(n, leaf(key, v))
	case n.bit == 0 && n.value == v:
		return n
	case n.bit == 0:
		return leaf(key, v)
	}
	left, right := n.left, n.right
	if uint64(key)&n.bit == 0 {
		left = left.with(key, v)
	} else {
		right = right.with(key, v)
	}
	return n.of(left, right)
}

// Without returns a map in which an key has no value.
func (m Map[K, V]) Without(key K) Map[K, V] { return Map[K, V]{m.root.without(key)} }

func (n *node[K, V]) without(key K) *node[K, V] {
	switch {
	case n == nil || !n.holds(key):
		return n
	case n.bit == 0:
		return nil
	}
	left, right := n.left, n.right
	if uint64(key)&n.bit == 0 {
		left = left.without(key)
	} else {
		right = right.without(key)
	}
	return n.of(left, right)
}

// of returns a branch with other children, of which there may be fewer.
func (n *node[K, V]) of(left, right *node[K, V]) *node[K, V] {
	switch {
	case left == nil:
		return right
	case right == nil:
		return left
	case left == n.left && right == n.right:
		return n
	}
	return branch(n.key, n.bit, left, right)
}

// All returns the entries in ascending order of their keys.
func (m Map[K, V]) All() iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		m.root.all(func(n *node[K, V]) bool { return yield(n.key, n.value) })
	}
}

// all shows the leaves in ascending order of their keys, until show returns false, and reports whether it never did.
func (n *node[K, V]) all(show func(leaf *node[K, V]) bool) bool {
	switch {
	case n == nil:
		return true
	case n.bit == 0:
		return show(n)
	}
	return n.left.all(show) && n.right.all(show)
}

// From returns a map of the entries whose keys are not below one. It takes time in proportion to the depth of the tree.
func (m Map[K, V]) From(first K) Map[K, V] { return Map[K, V]{m.root.from(first)} }

func (n *node[K, V]) from(first K) *node[K, V] {
	switch {
	case n == nil || n.key|below[K](n.bit) < first:
		return nil
	case n.key >= first:
		return n
	}
	return n.of(n.left.from(first), n.right.from(first))
}

// Last returns the entry with the greatest key, and whether there is one.
func (m Map[K, V]) Last() (key K, v V, ok bool) {
	n := m.root
	if n == nil {
		return key, v, false
	}
	for n.bit != 0 {
		n = n.right
	}
	return n.key, n.value, true
}

// Changes returns the keys whose entries in after are not those in m, in ascending order. If after was made of m by a few
// updates, or the other way round, it takes time in proportion to their number and the depth of the tree.
func (m Map[K, V]) Changes(after Map[K, V]) iter.Seq[K] {
	return func(yield func(K) bool) {
		changes(m.root, after.root, func(leaf *node[K, V]) bool { return yield(leaf.key) })
	}
}

func changes[K ~uint64, V comparable](a, b *node[K, V], show func(leaf *node[K, V]) bool) bool {
	switch {
	case a == b:
		return true
	case a == nil:
		return b.all(show)
	case b == nil:
		return a.all(show)
	case a.bit == b.bit && a.key == b.key:
		if a.bit == 0 {
			return a.value == b.value || show(a)
		}
		return changes(a.left, b.left, show) && changes(a.right, b.right, show)
	case a.bit < b.bit && b.holds(a.key):
		return changes(b, a, show)
	case b.bit < a.bit && a.holds(b.key) && uint64(b.key)&a.bit == 0:
		return changes(a.left, b, show) && a.right.all(show)
	case b.bit < a.bit && a.holds(b.key):
		return a.left.all(show) && changes(a.right, b, show)
	case a.key < b.key:
		return a.all(show) && b.all(show)
	}
	return b.all(show) && a.all(show)
}

// Format formats the map as a Go map.
func (m Map[K, V]) Format(f fmt.State, verb rune) {
	fmt.Fprintf(f, fmt.FormatString(f, verb), maps.Collect(m.All()))
}

// Entries shows pointers to every key and its value, in ascending order, for packages that walk any state. Nothing may be
// changed through them.
func (m Map[K, V]) Entries(show func(key, value any)) {
	m.root.all(func(n *node[K, V]) bool {
		show(&n.key, &n.value)
		return true
	})
}

// Sum returns the sum of what a function returns for the entries, which are shown as Entries does, modulo 2^64. It must be
// the same function at every call for maps of this type, as sums are remembered for what maps share.
func (m Map[K, V]) Sum(entry func(key, value any) uint64) uint64 { return m.root.total(entry) }

func (n *node[K, V]) total(entry func(key, value any) uint64) uint64 {
	if n == nil {
		return 0
	}
	if known := n.sum.Load(); known != 0 {
		return known
	}
	sum := uint64(0)
	if n.bit == 0 {
		sum = entry(&n.key, &n.value)
	} else {
		sum = n.left.total(entry) + n.right.total(entry)
	}
	n.sum.Store(sum)
	return sum
}
