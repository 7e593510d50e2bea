package consistency

// Partition assigns operations to independent objects: [ByKey] of a map, [ByElement] of a set. It must be a pure
// function.
//
// Linearizability is local (Herlihy and Wing, 1990, theorem 1): a history is linearizable if and only if its
// restriction to each object is. So [LinearizableByPart] decides it part by part, in time exponential in the
// operations that overlap on one part rather than on all. Sequential consistency is not local: each part may have its
// own order, and these may contradict one another. So there is no such function for it.
type Partition[I any, P comparable] func(in I) P

// ByKey assigns the requests to a map to its keys.
func ByKey[K, V comparable](in MapInput[K, V]) K { return in.Key }

// ByElement assigns the requests to a set to its elements.
func ByElement[E comparable](in SetInput[E]) E { return in.Element }

// LinearizableByPart is like [Linearizable], for an object that consists of independent parts: the answer to an
// operation depends only on the operations of its own part, and spec describes a single part, from its initial state
// on, as well as the whole. This is true of [Map] by key and of [Set] by element, but not of [Log].
func LinearizableByPart[S, I, O any, P comparable](spec Spec[S, I, O], h History[I, O], part Partition[I, P]) bool {
	for _, p := range partsOf(h, part) {
		if !Linearizable(spec, h.restrict(func(in I) bool { return part(in) == p })) {
			return false
		}
	}
	return true
}

// partsOf returns the parts that have operations, in order of first occurrence.
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

// restrict returns the history of the operations with a wanted input, with the same happens-before order between
// them.
func (h History[I, O]) restrict(wanted func(I) bool) History[I, O] {
	// kept[c][n] is the number of wanted operations among the first n of a client.
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
