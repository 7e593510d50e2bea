package checker

import (
	"errors"
	"slices"
	"sync/atomic"

	"synod/checker/internal/store"
	"synod/model/statespace"
)

// gatherer collects places of states into the chunks of a frontier.
type gatherer struct {
	e     *engine
	into  *store.Frontier
	chunk []uint64
}

func (g *gatherer) add(at place) {
	if len(g.chunk) == cap(g.chunk) {
		g.close()
		g.chunk = g.e.chunks.Get()
	}
	g.chunk = append(g.chunk, uint64(at))
}

// close hands over the last chunk.
func (g *gatherer) close() {
	if len(g.chunk) > 0 {
		g.into.Add(0, g.chunk)
	}
	g.chunk = nil
}

// surveyor is a worker that examines visited states again.
type surveyor struct {
	*survey
	w        *worker
	holds    *replica // for the property being judged
	next     [2]gatherer
	labelled bool // steps have labels

	// States of a batch without known transitions, and the transitions found.
	anew    []place
	again   []uint64 // the states, packed
	cuts    []uint16 // the sources of transitions cut by the boundary
	found   []found
	runs    [][]uint32
	scratch []uint32 // the runs, if they are not stored

	refs    []uint32 // by state of a batch: the start of its run
	batch   []place
	unknown []place
	keys    []uint64
}

// survey examines again all states that a search visited. Nothing is inserted meanwhile. If the search was cut short,
// left contains the states that it did not expand.
type survey struct {
	*ground
	left  *places // nil if every visited state was expanded
	of    []*surveyor
	edges *edges        // nil if there is no room
	seeds map[int]seeds // by property
}

// newSurvey returns a survey; left are the states that were not expanded, nil for none.
func (e *engine) newSurvey(left *store.Frontier) (*survey, error) {
	g, err := e.newGround()
	if err != nil {
		return nil, err
	}
	s := &survey{ground: g, seeds: make(map[int]seeds)}
	for _, w := range e.workers {
		s.of = append(s.of, &surveyor{
			survey: s, w: w, cuts: make([]uint16, 0, batchLength), next: [2]gatherer{{e: e}, {e: e}},
			labelled: e.units.just != nil,
		})
	}
	if left == nil {
		return s, nil
	}
	s.left, err = g.placesOf(left)
	return s, err
}

func (s *survey) free() {
	s.left.free()
	s.edges.free()
	for property := range s.seeds {
		s.freeSeeds(property)
	}
}

// isLeft reports whether a state was not expanded.
func (s *survey) isLeft(at place) bool { return s.left.has(at) }

// over reports whether time or memory has run out.
func (s *survey) over() bool { return s.e.halt.Load() >= uint32(stopTime) }

// parallel runs f on every surveyor.
func (s *survey) parallel(f func(v *surveyor)) {
	s.e.parallel(func(w *worker) { f(s.of[slices.Index(s.e.workers, w)]) })
}

// each calls f with all visited states that are wanted, in batches, in parallel. A batch is valid during the call. A
// surveyor stops when f returns false.
func (s *survey) each(wanted func(place) bool, f func(v *surveyor, batch []place) bool) {
	var taken atomic.Int64
	s.parallel(func(v *surveyor) {
		batch := make([]place, 0, batchLength)
		more := true
		for i := int(taken.Add(1)) - 1; i < len(s.e.shards) && more; i = int(taken.Add(1)) - 1 {
			s.eachOf(i, func(at place) bool {
				if !wanted(at) {
					return true
				}
				if batch = append(batch, at); len(batch) == batchLength {
					more = !s.over() && f(v, batch)
					batch = batch[:0]
				}
				return more
			})
		}
		if more && len(batch) > 0 && !s.over() {
			f(v, batch)
		}
	})
}

// drain calls f with all states of a frontier, in batches, in parallel, and frees it. A surveyor stops when f returns
// false.
func (s *survey) drain(from *store.Frontier, f func(v *surveyor, batch []place) bool) {
	s.parallel(func(v *surveyor) {
		var taken store.Run
		for chunk := from.Take(&taken); chunk != nil; chunk = from.Take(&taken) {
			for all := range slices.Chunk(chunk, batchLength) {
				v.batch = v.batch[:0]
				for _, at := range all {
					v.batch = append(v.batch, place(at))
				}
				if s.over() || !f(v, v.batch) {
					return
				}
			}
			s.e.chunks.Put(chunk)
		}
	})
}

// collect runs f, and returns the states that the surveyors add meanwhile as two frontiers, one for each phase of a
// path.
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

// expand calls f with the steps of each of at most batchLength states that the search expanded. The steps are valid
// during the call. It reports false if the survey must stop.
func (v *surveyor) expand(batch []place, f func(i int, s steps)) bool {
	v.anew, v.refs = v.anew[:0], v.refs[:0]
	for _, at := range batch {
		ref := v.edges.of(at)
		if v.refs = append(v.refs, ref); ref == 0 {
			v.anew = append(v.anew, at)
		}
	}
	if len(v.anew) > 0 && !v.expandAnew() {
		return false
	}
	fresh := 0
	for i, ref := range v.refs {
		if ref != 0 {
			f(i, v.read(v.edges.at(ref)))
			continue
		}
		f(i, v.read(v.runs[fresh]))
		fresh++
	}
	return true
}

// stepsOf returns the steps of one state, which are valid until this surveyor expands the next. It reports false if
// the survey must stop.
func (v *surveyor) stepsOf(at place) (steps, bool) {
	return v.stepsAt(ahead{at, v.edges.of(at)})
}

// stepsAt is stepsOf for a state whose run was already looked up.
func (v *surveyor) stepsAt(s ahead) (steps, bool) {
	if s.run != 0 {
		return v.read(v.edges.at(s.run)), true
	}
	if v.anew = append(v.anew[:0], s.at); !v.expandAnew() {
		return steps{}, false
	}
	return v.read(v.runs[0]), true
}

// expandAnew finds the transitions of states for which they are not stored.
func (v *surveyor) expandAnew() bool {
	v.again = v.again[:0]
	for _, at := range v.anew {
		v.again = append(v.again, v.packed(at))
	}
	w := v.w
	w.labelling, w.cutLabels, w.cutFrom = v.labelled, w.cutLabels[:0], v.cuts[:0]
	ok := w.expand(v.again)
	v.cuts, w.cutFrom, w.labelling = w.cutFrom, nil, false
	if ok = ok && v.record(); !ok && !v.over() {
		v.e.failAt(errChanged, nil)
	}
	return ok
}

// inspect calls f with the parts of each of some states, which are valid during the call. It reports false if f
// failed, which ends the search.
func (v *surveyor) inspect(batch []place, f func(at place, state []statespace.PartID) error) bool {
	v.keys = v.keys[:0]
	for _, at := range batch {
		v.keys = append(v.keys, v.packed(at))
	}
	return v.w.inspect(v.keys, func(i int, state []statespace.PartID) error { return f(batch[i], state) })
}

// errChanged reports that a state has other transitions than during the search.
var errChanged = errors.New("a state does not lead where it led: the model is not the same as during the search")
