package liveness

import (
	"slices"
	"sync/atomic"

	"synod/checker/internal/store"
	"synod/model/statespace"
)

// place numbers a visited state.
type place = store.Place

// Graph is the transitions between the visited states of a search. It takes a step of every state once more, and keeps
// the steps as far as there is room.
type Graph struct {
	*Search
	left  *store.Places // nil if every visited state was expanded
	of    []*visitor    // one for each worker
	edges *edges        // nil if there is no room
	seeds map[int]seeds // by property
}

// New returns the graph of a search. The error wraps offheap.ErrLimit if there is no room for it.
func New(s *Search) (*Graph, error) {
	g := &Graph{Search: s, seeds: make(map[int]seeds)}
	for _, w := range s.Workers {
		g.of = append(g.of, &visitor{Graph: g, w: w, next: [2]gatherer{{of: s.Chunks}, {of: s.Chunks}}, labelled: s.Just != nil})
	}
	if s.Left == nil {
		return g, nil
	}
	var err error
	g.left, err = s.PlacesOf(s.Left)
	return g, err
}

// Close returns the memory of the graph.
func (g *Graph) Close() {
	g.left.Free()
	g.edges.free()
	for property := range g.seeds {
		g.freeSeeds(property)
	}
}

// visitor is a worker that visits states of the graph.
type visitor struct {
	*Graph
	w        Worker
	holds    Asker // for the property being decided
	next     [2]gatherer
	labelled bool // steps have labels

	// States of a batch without known transitions, and the transitions found.
	anew      []place
	again     []uint64 // the states, packed
	expansion Expansion
	found     []found
	runs      [][]uint32
	scratch   []uint32 // the runs, if they are not stored

	refs    []uint32 // by state of a batch: the start of its run
	batch   []place
	unknown []place
	keys    []uint64
}

// gatherer collects places of states into the chunks of a frontier.
type gatherer struct {
	of    *store.Chunks
	into  *store.Frontier
	chunk []uint64
}

func (c *gatherer) add(at place) {
	if len(c.chunk) == cap(c.chunk) {
		c.close()
		c.chunk = c.of.Get()
	}
	c.chunk = append(c.chunk, uint64(at))
}

// close hands over the last chunk.
func (c *gatherer) close() {
	if len(c.chunk) > 0 {
		c.into.Add(0, c.chunk)
	}
	c.chunk = nil
}

// isLeft reports whether a state was not expanded.
func (g *Graph) isLeft(at place) bool { return g.left.Has(at) }

// pack packs a state.
func (g *Graph) pack(state []statespace.PartID) uint64 { return g.Workers[0].Pack(state) }

// parallel runs f on every visitor.
func (g *Graph) parallel(f func(v *visitor)) {
	g.Parallel(func(worker int) { f(g.of[worker]) })
}

// each calls f with all visited states that are wanted, in batches, in parallel. A batch is valid during the call. A
// visitor stops when f returns false.
func (g *Graph) each(wanted func(place) bool, f func(v *visitor, batch []place) bool) {
	var taken atomic.Int64
	g.parallel(func(v *visitor) {
		batch := make([]place, 0, store.ChunkLength)
		more := true
		for i := int(taken.Add(1)) - 1; i < g.Shards() && more; i = int(taken.Add(1)) - 1 {
			g.Each(i, func(at place) bool {
				if !wanted(at) {
					return true
				}
				if batch = append(batch, at); len(batch) == store.ChunkLength {
					more = !g.Over() && f(v, batch)
					batch = batch[:0]
				}
				return more
			})
		}
		if more && len(batch) > 0 && !g.Over() {
			f(v, batch)
		}
	})
}

// drain calls f with all states of a frontier, in batches, in parallel, and frees it. A visitor stops when f returns
// false.
func (g *Graph) drain(from *store.Frontier, f func(v *visitor, batch []place) bool) {
	g.parallel(func(v *visitor) {
		var taken store.Run
		for chunk := from.Take(&taken); chunk != nil; chunk = from.Take(&taken) {
			for all := range slices.Chunk(chunk, store.ChunkLength) {
				v.batch = v.batch[:0]
				for _, at := range all {
					v.batch = append(v.batch, place(at))
				}
				if g.Over() || !f(v, v.batch) {
					return
				}
			}
			g.Chunks.Put(chunk)
		}
	})
}

// collect runs f, and returns the states that the visitors add meanwhile as two frontiers, one for each phase of a
// path.
func (g *Graph) collect(f func()) [2]*store.Frontier {
	into := [2]*store.Frontier{{}, {}}
	for _, v := range g.of {
		v.next[0].into, v.next[1].into = into[0], into[1]
	}
	f()
	for _, v := range g.of {
		v.next[0].close()
		v.next[1].close()
	}
	return into
}

// expand calls f with the steps of each of at most store.ChunkLength states that the search expanded. The steps are
// valid during the call. It reports false if the search must stop.
func (v *visitor) expand(batch []place, f func(i int, s steps)) bool {
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

// stepsOf returns the steps of one state, which are valid until this visitor expands the next. It reports false if
// the search must stop.
func (v *visitor) stepsOf(at place) (steps, bool) {
	return v.stepsAt(ahead{at, v.edges.of(at)})
}

// stepsAt is stepsOf for a state whose run was already looked up.
func (v *visitor) stepsAt(s ahead) (steps, bool) {
	if s.run != 0 {
		return v.read(v.edges.at(s.run)), true
	}
	if v.anew = append(v.anew[:0], s.at); !v.expandAnew() {
		return steps{}, false
	}
	return v.read(v.runs[0]), true
}

// expandAnew finds the transitions of states for which they are not stored.
func (v *visitor) expandAnew() bool {
	v.again = v.again[:0]
	for _, at := range v.anew {
		v.again = append(v.again, v.Packed(at))
	}
	ok := v.w.Expand(v.again, &v.expansion) && v.record()
	if !ok && !v.Over() {
		v.Fail(store.ErrChanged)
	}
	return ok
}

// inspect calls f with the parts of each of some states, which are valid during the call. It reports false if f
// failed, which ends the search.
func (v *visitor) inspect(batch []place, f func(at place, state []statespace.PartID) error) bool {
	v.keys = v.keys[:0]
	for _, at := range batch {
		v.keys = append(v.keys, v.Packed(at))
	}
	return v.w.Inspect(v.keys, func(i int, state []statespace.PartID) error { return f(batch[i], state) })
}
