package checker

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"synod/model"
)

// DFS visits every reachable state of a model depth first, which needs little memory besides the visited set, and
// often meets a deep violation soon. Its paths are not shortest ones, and Depth is the number of states on the longest
// path that it held. It uses one worker unless told otherwise; with more, paths and Depth vary from run to run. With
// MaxDepth, a state that was first reached at that depth is not expanded, even if a shorter path leads to it.
func DFS(ctx context.Context, src model.Source, o Options) *Result {
	if o.Workers == 0 {
		o.Workers = 1
	}
	return search(ctx, "dfs", src, o, (*engine).depthFirst)
}

// deepSpareBits is by how many bits fields are wider than they need be. A depth-first search meets new ids at any time, and
// each time that a field is too narrow it moves all states.
const deepSpareBits = 2

// stack is what a worker of a depth-first search holds: a path, and of every state on it the successors that are still
// to be visited. All were new when they were put here, so every state is on a stack at most once.
type stack struct {
	path    []uint64 // packed
	frames  []frame  // one per state on the path
	pending []uint64 // the successors of all frames, one frame after the other
}

// frame is a state's part of pending: from from, before the next frame's start. What lies between start and from was
// given away.
type frame struct{ start, from int }

// depths lets idle workers of a depth-first search get work from busy ones.
type depths struct {
	mu      sync.Mutex
	wake    sync.Cond
	idle    int
	hungry  atomic.Int32 // idle workers, less what is on offer
	offers  []stack
	workers int
	over    bool
}

func (e *engine) depthFirst(r *Result) {
	e.spareBits = deepSpareBits
	stacks := make([]stack, len(e.workers))
	into := &frontier{}
	e.enter(into)
	e.discover(r, 1)
	var roots []uint64
	for _, chunk := range into.chunks {
		roots = append(roots, chunk.keys...)
	}
	stacks[0] = stack{frames: []frame{{}}, pending: roots}
	for {
		d := &depths{workers: len(e.workers), offers: slices.Clone(stacks[len(e.workers):])}
		d.wake.L = &d.mu
		d.hungry.Store(-int32(len(d.offers)))
		stacks = stacks[:len(e.workers)]
		e.parallel(func(w *worker) { w.descend(r, d, &stacks[slices.Index(e.workers, w)]) })
		if !e.overflow.Load() || e.halt.Load() != 0 {
			break
		}
		waiting := &frontier{}
		stacks = append(stacks, d.offers...)
		for _, s := range stacks {
			waiting.add(0, s.path)
			waiting.add(0, s.pending)
		}
		us := e.units
		if e.wantsGroups(e.unique()) {
			us = newUnits(e.space, e.arena, e.chooseGroups())
		}
		if err := e.relayout(us, waiting); err != nil {
			e.stop(stopMemory)
			break
		}
	}
	left := 0
	for _, s := range stacks {
		left += len(s.pending)
	}
	e.waiting.Store(int64(left))
}

// descend searches from a stack, and then from what others offer, until no one has anything left.
func (w *worker) descend(r *Result, d *depths, s *stack) {
	for {
		if !w.dive(r, d, s) {
			d.end()
			return
		}
		if !d.take(s) {
			return
		}
	}
}

// dive searches a stack to its end. It reports false if the search must pause or stop.
func (w *worker) dive(r *Result, d *depths, s *stack) bool {
	e := w.e
	o := e.options
	for len(s.frames) > 0 {
		top := &s.frames[len(s.frames)-1]
		if len(s.pending) == top.from {
			s.pending = s.pending[:top.start]
			s.frames = s.frames[:len(s.frames)-1]
			if len(s.path) > 0 {
				s.path = s.path[:len(s.path)-1]
			}
			continue
		}
		e.pause()
		if e.halt.Load() != 0 || e.overflow.Load() {
			return false
		}
		if d.hungry.Load() > 0 {
			d.offer(s)
		}
		next := s.pending[len(s.pending)-1]
		if o.MaxDepth > 0 && len(s.path)+1 >= o.MaxDepth {
			s.pending = s.pending[:len(s.pending)-1]
			e.deepCut.Store(true)
			w.deepen(len(s.path) + 1)
			continue
		}
		if !w.expand(append(w.one[:0], next)) {
			if e.halt.Load() == uint32(stopError) {
				r.fail(e, w.statesOf(append(slices.Clone(s.path), next)))
			}
			return false
		}
		s.pending = s.pending[:len(s.pending)-1]
		s.path = append(s.path, next)
		s.frames = append(s.frames, frame{len(s.pending), len(s.pending)})
		w.deepen(len(s.path))
		w.generated.Add(int64(len(w.successors)))
		w.cuts.Add(int64(w.cut))
		if w.refining != nil {
			w.refinePath(r, s)
		}
		w.visit(r, s)
		if cause := e.enoughDeep(r); cause != running {
			e.stop(cause)
		}
	}
	return true
}

// visit inserts the successors of the state on top of a stack, judges the new ones and leaves them pending.
func (w *worker) visit(r *Result, s *stack) {
	e := w.e
	for _, successor := range w.successors {
		shard, key := e.layout.shardOf(successor)
		own := e.shards[shard]
		own.owner.Lock()
		fresh, err := own.set.Insert(key, 0)
		own.owner.Unlock()
		if err != nil {
			e.stop(stopMemory)
			return
		}
		if fresh {
			s.pending = append(s.pending, successor)
		}
	}
	fresh := s.pending[s.frames[len(s.frames)-1].from:]
	w.inserted.Add(int64(len(fresh)))
	if !e.judge.anything.Load() {
		return
	}
	for len(fresh) > 0 {
		n := min(len(fresh), batchLength)
		w.judge(fresh[:n], func(packed uint64, decides []int) {
			for _, property := range decides {
				if e.judge.settle(property) {
					w.record(r, property, append(slices.Clone(s.path), packed))
				}
			}
		})
		fresh = fresh[n:]
	}
}

// refinePath decides the refinements that a transition of the state on top of a stack violates.
func (w *worker) refinePath(r *Result, s *stack) {
	w.refine(s.path[len(s.path)-1:], func(property, _ int, successor uint64) {
		if w.e.judge.settle(property) {
			w.record(r, property, append(slices.Clone(s.path), successor))
		}
	})
}

// record gives a property the path along packed states.
func (w *worker) record(r *Result, property int, packed []uint64) {
	e := w.e
	path, err := pathAlong(e.space, w.statesOf(packed))
	if err != nil {
		e.failAt(err, nil)
		return
	}
	e.results.Lock()
	r.Properties[property].Path = path
	e.results.Unlock()
}

// statesOf unpacks states.
func (w *worker) statesOf(packed []uint64) [][]model.PartID {
	e := w.e
	states := make([][]model.PartID, len(packed))
	ids := make([]uint32, len(e.layout.fields))
	for i, p := range packed {
		states[i] = make([]model.PartID, e.space.Slots())
		e.now().unpack(p, ids, states[i])
	}
	return states
}

// deepen notes the length of a path.
func (w *worker) deepen(n int) {
	for {
		depth := w.e.depth.Load()
		if int64(n) <= depth || w.e.depth.CompareAndSwap(depth, int64(n)) {
			return
		}
	}
}

// enoughDeep tells whether a depth-first search may end.
func (e *engine) enoughDeep(r *Result) stopCause {
	o := e.options
	switch {
	case o.FinishWhen == Decided && e.judge.allDecided():
		return stopDecided
	case o.FinishWhen == FirstViolation && e.judge.violation.Load():
		return stopViolated
	case o.MaxStates > 0 && e.inserted() >= o.MaxStates:
		return stopStates
	}
	return running
}

// offer gives half of the pending states nearest to the root to an idle worker.
func (d *depths) offer(s *stack) {
	for k := range s.frames[:max(len(s.frames)-1, 0)] {
		f := &s.frames[k]
		n := s.frames[k+1].start - f.from
		if n == 0 {
			continue
		}
		given := stack{
			path:    slices.Clone(s.path[:k]),
			pending: slices.Clone(s.pending[f.from : f.from+(n+1)/2]),
		}
		given.frames = make([]frame, k+1)
		f.from += (n + 1) / 2
		d.mu.Lock()
		d.offers = append(d.offers, given)
		d.hungry.Add(-1)
		d.wake.Signal()
		d.mu.Unlock()
		return
	}
}

// take waits for work. It reports false when there will be none.
func (d *depths) take(s *stack) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.idle++
	d.hungry.Add(1)
	for {
		if n := len(d.offers); n > 0 && !d.over {
			*s = d.offers[n-1]
			d.offers = d.offers[:n-1]
			d.idle--
			return true
		}
		if d.over || d.idle == d.workers {
			d.over = true
			d.wake.Broadcast()
			return false
		}
		d.wake.Wait()
	}
}

// end lets every waiting worker return.
func (d *depths) end() {
	d.mu.Lock()
	d.over = true
	d.wake.Broadcast()
	d.mu.Unlock()
}
