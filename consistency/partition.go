package consistency

// Partition divides the operations of a history among independent objects: [ByKey] of a map, [ByElement] of a set. The
// function part must be pure.
//
// Linearizability is local (Herlihy and Wing, 1990, theorem 1): a history is linearizable if and only if, for each object,
// what it did to that object is. So [LinearizableByPart] decides it part by part, which takes time exponential in the operations
// that overlap on one part, rather than on all. Sequential consistency is not local: each part may have an order of its own, and
// these may contradict one another. So there is no such function for it.
type Partition[I any, P comparable] func(in I) P

// ByKey divides the requests to a map among its keys.
func ByKey[K, V comparable](in MapInput[K, V]) K { return in.Key }

// ByElement divides the requests to a set among its elements.
func ByElement[E comparable](in SetInput[E]) E { return in.Element }

// LinearizableByPart reports what [Linearizable] does, for an object that consists of independent parts: the answer to
// an operation depends on the operations of its own part only, and spec, from its initial state on, says how a part answers
// as well as how the whole does. That is so of [Map] by key and of [Set] by element, and not of [Log].
func LinearizableByPart[S, I, O any, P comparable](spec Spec[S, I, O], h History[I, O], part Partition[I, P]) bool {
	for _, p := range partsOf(h, part) {
		if !Linearizable(spec, h.restrict(func(in I) bool { return part(in) == p })) {
			return false
		}
	}
	return true
}

// partsOf lists the parts of which there are operations, in the order in which they first occur.
func partsOf[I, O any, P comparable](h History[I, O], part Partition[I, P]) []P {
	known := make(map[P]bool)
	var all []P
	for _, l := range h.lines {
		for _, e := range l.entries {
			if p := part(e.in); !known[p] {
				known[p] = true
				all = append(all, p)
			}
		}
	}
	return all
}

// restrict returns the history of the operations whose input is wanted. Their happens-before order is the same: of each
// client, an operation knows how many of the wanted ones had returned.
func (h History[I, O]) restrict(wanted func(I) bool) History[I, O] {
	// kept[c][n] is how many of the first n operations of a client are wanted.
	kept := make(map[Client][]int)
	for _, l := range h.lines {
		counts := make([]int, len(l.entries)+1)
		for i, e := range l.entries {
			counts[i+1] = counts[i]
			if wanted(e.in) {
				counts[i+1]++
			}
		}
		kept[l.client] = counts
	}
	var part History[I, O]
	for _, l := range h.lines {
		var entries []entry[I, O]
		for _, e := range l.entries {
			if !wanted(e.in) {
				continue
			}
			var knew []knowledge
			for _, k := range e.knew {
				if n := kept[k.client][k.returned]; n > 0 {
					knew = append(knew, knowledge{k.client, n})
				}
			}
			e.knew = knew
			entries = append(entries, e)
		}
		if len(entries) > 0 {
			part.lines = append(part.lines, line[I, O]{l.client, entries})
		}
	}
	return part
}
