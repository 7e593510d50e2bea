package intern

import (
	"bytes"
	"slices"
)

// SortedBy returns items in the order of their keys. It computes each key once, and does not change its argument.
func SortedBy[T any](items []T, key func(T) []byte) []T {
	type keyed struct {
		key  []byte
		item T
	}
	all := make([]keyed, len(items))
	for i, item := range items {
		all[i] = keyed{key(item), item}
	}
	slices.SortFunc(all, func(a, b keyed) int { return bytes.Compare(a.key, b.key) })
	in := make([]T, len(all))
	for i := range all {
		in[i] = all[i].item
	}
	return in
}
