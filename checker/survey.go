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

	// The transitions of a batch of states.
	successors []uint64
	sources    []uint16
	cut        []uint16 // states with a transition that the boundary cuts, with repeats
	alive      []bool   // states with a transition to another state
	keys       []uint64
	unknown    []uint64
	places     []place
	counts     []int    // of edges that are recorded
	anew       []int    // states of a batch whose edges were not
	again      []uint64 // these

	// Of a batch that was expanded with labels: those of successors and of cut, and by state the sets that are enabled.
	labels, cutLabels []uint32
	enabled           [][]uint32
}

// survey looks once more at all states that a search visited. Nothing is inserted meanwhile. If the search was cut
// short, left marks the states that it did not expand.
type survey struct {
	e    *engine
	left *places // nil if every visited state was expanded
	of   []*surveyor
}

// newSurvey begins to look; left are the states that were not expanded, nil for none.
func (e *engine) newSurvey(left *store.Frontier) (*survey, error) {
	s := &survey{e: e}
	for _, w := range e.workers {
		s.of = append(s.of, &surveyor{
			survey: s, w: w, cut: make([]uint16, 0, batchLength), alive: make([]bool, batchLength),
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

func (s *survey) free() { s.left.free() }

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

// expand finds the transitions of at most batchLength states that were expanded in the search. It reports false if it
// must stop.
func (v *surveyor) expand(keys []uint64) bool {
	w := v.w
	w.cutFrom = v.cut[:0]
	ok := w.expand(keys)
	if ok {
		w.findAlive(keys, v.alive)
	}
	v.cut, w.cutFrom = w.cutFrom, nil
	if !ok {
		if !v.over() {
			v.e.failAt(errChanged, nil)
		}
		return false
	}
	v.successors = append(v.successors[:0], w.successors...)
	v.sources = append(v.sources[:0], w.sources...)
	return true
}

// errChanged reports that a state has other transitions than it had during the search.
var errChanged = errors.New("a state does not lead where it led: the model is not the same as during the search")
