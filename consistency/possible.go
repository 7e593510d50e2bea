package consistency

import "slices"

// possibility is a possible situation: the object's state, and which unknown operations have taken effect.
type possibility[S any] struct {
	state   S
	applied []int32 // numbers in the pool, ascending; never changed
}

func (p possibility[S]) has(id int32) bool {
	_, found := slices.BinarySearch(p.applied, id)
	return found
}

// plus returns p in another state, after one more unknown operation.
func (p possibility[S]) plus(state S, id int32) possibility[S] {
	at, _ := slices.BinarySearch(p.applied, id)
	applied := make([]int32, 0, len(p.applied)+1)
	applied = append(append(append(applied, p.applied[:at]...), id), p.applied[at:]...)
	return possibility[S]{state, applied}
}

// subset reports whether a is a subset of b. Both are ascending.
func subset(a, b []int32) bool {
	if len(a) > len(b) {
		return false
	}
	for len(a) > 0 {
		if len(b) == 0 || b[0] > a[0] {
			return false
		}
		if b[0] == a[0] {
			a = a[1:]
		}
		b = b[1:]
	}
	return true
}

// minus returns the elements of ids that are not in gone. Both are ascending.
func minus(ids, gone []int32) []int32 {
	var left []int32
	for _, id := range ids {
		if _, found := slices.BinarySearch(gone, id); !found {
			left = append(left, id)
		}
	}
	return left
}

// include adds p to all, unless an element allows everything that p allows, and removes the elements that allow no
// more than p. It reports whether p was added. It changes the slice passed to it.
func include[S any](all []possibility[S], p possibility[S], same func(a, b S) bool) ([]possibility[S], bool) {
	for i := 0; i < len(all); i++ {
		if !same(all[i].state, p.state) {
			continue
		}
		if subset(all[i].applied, p.applied) {
			return all, false
		}
		if subset(p.applied, all[i].applied) {
			all = slices.Delete(all, i, i+1)
			i--
		}
	}
	return append(all, p), true
}
