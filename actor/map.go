package actor

import (
	"fmt"
	"iter"
	"maps"
	"math/bits"
	"sync/atomic"
)

// Map is an immutable map: With and Without return a new map and leave the receiver unchanged; the two share
// structure. A copy costs nothing and an update little, and the differences between two maps are found without
// visiting the parts that they share. Use it for a part of a state with an entry for each of many clients or slots,
// above all if that part is kept across crashes; elsewhere a Go map will do.
//
// The values must not refer to anything mutable: no pointers, slices, maps or interfaces, except a Map or a List of
// such values. The zero Map is empty. Maps are safe for concurrent use. A checker treats two maps as equal if they
// have the same entries; Go's == may distinguish equal ones.
//
// The implementation is the big-endian Patricia tree of C. Okasaki and A. Gill, "Fast Mergeable Integer Maps" (1998):
// its shape depends only on the keys, not on the order of insertion.
type Map[K ~uint64, V comparable] struct{ root *node[K, V] }

// Table is a Map keyed by actor ID.
type Table[V comparable] = Map[ID, V]

// node is a leaf, or a branch between keys that agree above a bit.
type node[K ~uint64, V comparable] struct {
	key         K      // a leaf's key; in a branch the common prefix of its keys, zero from bit downwards
	bit         uint64 // the bit that a branch tests; 0 in a leaf
	left, right *node[K, V]
	size        int
	sum         atomic.Uint64 // cached result of Sum; 0 until computed
	value       V
}

func leaf[K ~uint64, V comparable](key K, v V) *node[K, V] {
	return &node[K, V]{key: key, size: 1, value: v}
}

func branch[K ~uint64, V comparable](prefix K, bit uint64, left, right *node[K, V]) *node[K, V] {
	return &node[K, V]{key: prefix, bit: bit, left: left, right: right, size: left.size + right.size}
}

// below returns the mask of the bits that a node's prefix does not determine.
func below[K ~uint64](bit uint64) K { return K(bit | (bit - min(bit, 1))) }

// holds reports whether key has the node's prefix.
func (n *node[K, V]) holds(key K) bool { return (key^n.key)&^below[K](n.bit) == 0 }

// join returns a branch of two nodes whose prefixes differ.
func join[K ~uint64, V comparable](a, b *node[K, V]) *node[K, V] {
	bit := uint64(1) << (63 - bits.LeadingZeros64(uint64(a.key^b.key)))
	if uint64(a.key)&bit != 0 {
		a, b = b, a
	}
	return branch(a.key&^below[K](bit), bit, a, b)
}

// Len returns the number of entries.
func (m Map[K, V]) Len() int {
	if m.root == nil {
		return 0
	}
	return m.root.size
}

// Get returns the value of key, and whether there is one.
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

// With returns m with key set to v.
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

// Without returns m without key.
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

// of returns n with other children; a branch with only one child is replaced by that child.
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

// all calls show with the leaves in ascending order of their keys until show returns false. It reports whether show
// never did.
func (n *node[K, V]) all(show func(leaf *node[K, V]) bool) bool {
	switch {
	case n == nil:
		return true
	case n.bit == 0:
		return show(n)
	}
	return n.left.all(show) && n.right.all(show)
}

// From returns the entries whose keys are at least first. It takes time proportional to the depth of the tree.
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

// Changes returns, in ascending order, the keys whose entries differ between m and after. If one was made from the
// other by a few updates, it takes time proportional to their number and the depth of the tree.
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

// Entries calls show with pointers to each key and its value, in ascending order of keys. It is for packages that
// walk arbitrary states; nothing may be changed through the pointers.
func (m Map[K, V]) Entries(show func(key, value any)) {
	m.root.all(func(n *node[K, V]) bool {
		show(&n.key, &n.value)
		return true
	})
}

// Sum returns the sum, modulo 2^64, of entry over all entries, which are passed as by Entries. All calls for maps of
// one type must pass the same function, since sums are cached in the nodes that maps share.
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
