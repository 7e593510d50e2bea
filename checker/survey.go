package checker

import (
	"errors"
	"slices"
	"sync/atomic"

	"synod/checker/internal/store"
)

// gatherer collects packed states into the chunks of a frontier.
type gatherer struct {
	e     *engine
	into  *store.Frontier
	chunk []uint64
}

func (g *gatherer) add(packed uint64) {
	if len(g.chunk) == cap(g.chunk) {
		g.close()
		g.chunk = g.e.chunks.Get()
	}
	g.chunk = append(g.chunk, packed)
}

// close hands over the last chunk.
func (g *gatherer) close() {
	if len(g.chunk) > 0 {
		g.into.Add(0, g.chunk)
	}
	g.chunk = nil
}

// surveyor is a worker that looks at visited states once more.
type surveyor struct {
	*survey
	w           *worker
	holds, when *replica // of the property that is judged
	next        [2]gatherer

	// The transitions of a batch of states to other states.
	successors        []uint64
	sources           []uint16
	cut               []uint16 // states with a transition that the boundary cuts, with repeats
	labelling         bool
	labels, cutLabels []uint32 // of these and those, if they are wanted
	alive             []bool   // states with a transition to another state, be it one that the boundary cuts
	runs              []uint32 // of edges, by state of the batch
	anew              []int    // states of the batch whose transitions were not known
	again             []uint64 // these
	cuts              []uint16 // the worker's, of these
	found             []found  // by state of the batch

	keys    []uint64
	unknown []uint64
	enabled [][]uint32 // by state of a batch: the sets of actions that are enabled
}

// survey looks once more at all states that a search visited. Nothing is inserted meanwhile. If the search was cut
// short, left marks the states that it did not expand.
type survey struct {
	e     *engine
	left  *places // nil if every visited state was expanded
	of    []*surveyor
	edges *edges // nil if there is no room
}

// newSurvey begins to look; left are the states that were not expanded, nil for none.
func (e *engine) newSurvey(left *store.Frontier) (*survey, error) {
	s := &survey{e: e}
	for _, w := range e.workers {
		s.of = append(s.of, &surveyor{
			survey: s, w: w, cuts: make([]uint16, 0, batchLength), alive: make([]bool, batchLength),
			next: [2]gatherer{{e: e}, {e: e}},
		})
	}
	if left == nil {
		return s, nil
	}
	var err error
	s.left, err = e.placesOf(left)
	return s, err
}

func (s *survey) free() {
	s.left.free()
	s.edges.free()
}

// isLeft reports whether a state was not expanded.
func (s *survey) isLeft(at place) bool { return s.left.has(at) }

// over reports that there is no time or memory left to go on.
func (s *survey) over() bool { return s.e.halt.Load() >= uint32(stopTime) }

// parallel runs f on every surveyor.
func (s *survey) parallel(f func(v *surveyor)) {
	s.e.parallel(func(w *worker) { f(s.of[slices.Index(s.e.workers, w)]) })
}

// each calls f with all visited states of which the place is wanted, in batches, in parallel. The batches are valid
// during the call. It ends when f reports false.
func (s *survey) each(wanted func(place) bool, f func(v *surveyor, keys []uint64) bool) {
	e := s.e
	var taken atomic.Int64
	s.parallel(func(v *surveyor) {
		keys := make([]uint64, 0, batchLength)
		more := true
		for i := int(taken.Add(1)) - 1; i < len(e.shards) && more; i = int(taken.Add(1)) - 1 {
			e.shards[i].Set.EachAt(func(position int, key uint64) bool {
				if !wanted(place{i, position}) {
					return true
				}
				keys = append(keys, e.layout.Packed(i, key))
				if len(keys) == batchLength {
					more = !s.over() && f(v, keys)
					keys = keys[:0]
				}
				return more
			})
		}
		if more && len(keys) > 0 && !s.over() {
			f(v, keys)
		}
	})
}

// drain calls f with all states of a frontier, in batches, in parallel, and frees it. It ends when f reports false.
func (s *survey) drain(from *store.Frontier, f func(v *surveyor, keys []uint64) bool) {
	s.parallel(func(v *surveyor) {
		var taken store.Run
		for chunk := from.Take(&taken); chunk != nil; chunk = from.Take(&taken) {
			for keys := chunk; len(keys) > 0; {
				n := min(len(keys), batchLength)
				if s.over() || !f(v, keys[:n]) {
					return
				}
				keys = keys[n:]
			}
			s.e.chunks.Put(chunk)
		}
	})
}

// collect has the surveyors gather into frontiers while f runs, one for each of the two phases of a path.
func (s *survey) collect(f func()) [2]*store.Frontier {
	into := [2]*store.Frontier{{}, {}}
	for _, v := range s.of {
		v.next[0].into, v.next[1].into = into[0], into[1]
	}
	f()
	for _, v := range s.of {
		v.next[0].close()
		v.next[1].close()
	}
	return into
}

// expand finds the transitions of at most batchLength states that were expanded in the search to other states. It reports
// false if it must stop.
func (v *surveyor) expand(keys []uint64) bool {
	v.successors, v.sources, v.labels = v.successors[:0], v.sources[:0], v.labels[:0]
	v.cut, v.cutLabels = v.cut[:0], v.cutLabels[:0]
	v.anew, v.again, v.runs = v.anew[:0], v.again[:0], v.runs[:0]
	for i, key := range keys {
		ref := v.edges.of(v.e, key)
		if v.runs = append(v.runs, ref); ref == 0 {
			v.anew, v.again = append(v.anew, i), append(v.again, key)
		}
	}
	if len(v.anew) > 0 && !v.expandAnew() {
		return false
	}
	for i, ref := range v.runs {
		if ref != 0 {
			v.edges.recall(v, i, ref)
		}
	}
	clear(v.alive[:len(keys)])
	for _, source := range v.sources {
		v.alive[source] = true
	}
	for _, source := range v.cut {
		v.alive[source] = true
	}
	return true
}

// expandAnew adds the transitions of the states of a batch for which they are not known.
func (v *surveyor) expandAnew() bool {
	w := v.w
	labelled := v.labelling || v.edges != nil && v.edges.labelled
	w.labelling, w.cutLabels, w.cutFrom = labelled, w.cutLabels[:0], v.cuts[:0]
	ok := w.expand(v.again)
	v.cuts, w.cutFrom, w.labelling = w.cutFrom, nil, false
	if !ok {
		if !v.over() {
			v.e.failAt(errChanged, nil)
		}
		return false
	}
	for i, source := range w.sources {
		if w.successors[i] == v.again[source] {
			continue
		}
		v.successors, v.sources = append(v.successors, w.successors[i]), append(v.sources, uint16(v.anew[source]))
		if labelled {
			v.labels = append(v.labels, w.labels[i])
		}
	}
	for _, source := range v.cuts {
		v.cut = append(v.cut, uint16(v.anew[source]))
	}
	v.cutLabels = append(v.cutLabels, w.cutLabels...)
	v.edges.record(v)
	if !v.labelling {
		v.labels, v.cutLabels = v.labels[:0], v.cutLabels[:0]
	}
	return true
}

// errChanged reports that a state has other transitions than it had during the search.
var errChanged = errors.New("a state does not lead where it led: the model is not the same as during the search")
