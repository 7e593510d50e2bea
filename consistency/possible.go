package consistency

import "slices"

// possibility is what may be so at some moment: the object's state, and which unknown operations have taken effect.
type possibility[S any] struct {
	state   S
	applied []int32 // places in the pool, ascending; never changed
}

func (p possibility[S]) has(id int32) bool {
	_, found := slices.BinarySearch(p.applied, id)
	return found
}

// plus is p in another state after one more unknown operation.
func (p possibility[S]) plus(state S, id int32) possibility[S] {
	at, _ := slices.BinarySearch(p.applied, id)
	applied := make([]int32, 0, len(p.applied)+1)
	applied = append(append(append(applied, p.applied[:at]...), id), p.applied[at:]...)
	return possibility[S]{state, applied}
}

// subset tells whether every element of a is one of b. Both ascend.
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

// renumbered gives the places after those of gone were taken out of the pool. Both ascend, and ids contains gone.
func renumbered(ids, gone []int32) []int32 {
	var left []int32
	for _, id := range ids {
		if at, found := slices.BinarySearch(gone, id); !found {
			left = append(left, id-int32(at))
		}
	}
	return left
}

// include adds p to what is possible, unless one is there already that allows all that p allows; those of which p
// allows all go. It tells whether p was added. The slice that is given is changed.
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

// unknown is an operation that may take effect at any time after its invocation, or never.
type unknown[I comparable] struct {
	client Client
	in     I
	after  int // how many operations of the window had returned when it was invoked
}

// pool holds the unknown operations, in the order of their invocation. It is an immutable value.
type pool[I comparable] struct {
	ops    []unknown[I]
	inputs []I           // the distinct inputs, in the order in which they first occur
	places map[I][]int32 // of each input, ascending
}

func poolOf[I comparable](ops []unknown[I]) pool[I] {
	p := pool[I]{ops: ops}
	if len(ops) > 0 {
		p.places = make(map[I][]int32)
	}
	for i, op := range ops {
		if p.places[op.in] == nil {
			p.inputs = append(p.inputs, op.in)
		}
		p.places[op.in] = append(p.places[op.in], int32(i))
	}
	return p
}

func (p pool[I]) with(more []unknown[I]) pool[I] {
	if len(more) == 0 {
		return p
	}
	return poolOf(slices.Concat(p.ops, more))
}

// settled is the pool after the end of a window: all in it were invoked before everything that follows.
func (p pool[I]) settled() pool[I] {
	for i := range p.ops {
		if p.ops[i].after > 0 {
			p.ops = slices.Clone(p.ops)
			for k := range p.ops {
				p.ops[k].after = 0
			}
			break
		}
	}
	return p
}

func (p pool[I]) without(gone []int32) pool[I] {
	var left []unknown[I]
	for i, op := range p.ops {
		if _, found := slices.BinarySearch(gone, int32(i)); !found {
			left = append(left, op)
		}
	}
	return poolOf(left)
}

// next gives the unknown operation with an input that can take effect next, when the first lead returns of the window
// belong to operations that have taken effect. Of equal ones it is always the one that was invoked first: it can do
// whatever the others can.
func (p pool[I]) next(in I, applied []int32, lead int) (int32, bool) {
	for _, id := range p.places[in] {
		if p.ops[id].after > lead {
			return 0, false
		}
		if _, found := slices.BinarySearch(applied, id); !found {
			return id, true
		}
	}
	return 0, false
}
