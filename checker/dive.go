package checker

import (
	"slices"

	"synod/checker/internal/store"
)

// diver is a worker of a depth-first search. It descends a few stacks in turn, one state of each per round. The reads
// for one stack do not depend on the others, so it does not wait for memory at each look-up, as a single descent
// would.
type diver struct {
	w      *worker
	r      *Result
	d      *depths
	lanes  []stack
	rounds int

	// Per round: the stacks with a state to expand, and these states.
	on    []*stack
	keys  []uint64
	spots []spot // of the successors
	// The new successors, and their stacks.
	fresh []uint64
	of    []*stack
}

// spot is where a state is, or will be, in the visited set.
type spot struct {
	in  *store.Shard
	key uint64
}

const (
	// lanes is the number of stacks of a worker. More gain little.
	lanes = 8
	// refillEvery is the number of rounds between refills of exhausted stacks.
	refillEvery = 8
)

func newDiver(w *worker, r *Result, d *depths, own []stack) *diver {
	return &diver{w: w, r: r, d: d, lanes: own}
}

// descend searches the stacks, and then those offered by others, until no work is left.
func (v *diver) descend() {
	for {
		if !v.dive() {
			v.d.end()
			return
		}
		if !v.d.take(&v.lanes[0]) {
			return
		}
	}
}

// dive searches the stacks until they are exhausted. It reports false if the search must pause or stop.
func (v *diver) dive() bool {
	w := v.w
	e := w.e
	for v.gather() {
		e.pause()
		if e.halt.Load() != 0 || e.overflow.Load() {
			return false
		}
		v.share()
		if !w.expandFirst(v.keys) {
			v.failed()
			return false
		}
		for _, s := range v.on {
			s.enter()
			w.deepen(len(s.path))
		}
		w.generated.Add(int64(len(w.successors)))
		w.cuts.Add(int64(w.cut))
		if w.refining != nil {
			v.refine()
		}
		if w.ends != nil {
			w.noteEnds(v.keys)
		}
		v.visit()
		if cause := e.enoughDeep(v.r); cause != running {
			e.stop(cause)
		}
	}
	return true
}

// gather collects the states to expand in this round. It reports false if there are none.
func (v *diver) gather() bool {
	v.refill()
	e := v.w.e
	v.on, v.keys = v.on[:0], v.keys[:0]
	for i := range v.lanes {
		s := &v.lanes[i]
		next, ok := s.top()
		for deepest := e.options.MaxDepth; ok && deepest > 0 && len(s.path)+1 >= deepest; next, ok = s.top() {
			s.drop()
			e.deepCut.Store(true)
			v.w.deepen(len(s.path) + 1)
		}
		if ok {
			v.on, v.keys = append(v.on, s), append(v.keys, next)
		}
	}
	return len(v.keys) > 0
}

// refill moves parts of other stacks to exhausted ones, every refillEvery rounds.
func (v *diver) refill() {
	if v.rounds++; v.rounds%refillEvery != 0 || len(v.on) == lanes {
		return
	}
	from := 0
	for i := range v.lanes {
		if _, ok := v.lanes[i].top(); ok {
			continue
		}
		for ; from < len(v.lanes); from++ {
			if v.lanes[from].split(&v.lanes[i]) {
				break
			}
		}
	}
}

// share offers a part of a stack if a worker is idle.
func (v *diver) share() {
	if v.d.hungry.Load() <= 0 {
		return
	}
	for _, s := range v.on {
		var part stack
		if s.split(&part) {
			v.d.offer(part)
			return
		}
	}
}

// failed records the path to the state whose expansion failed, if one did.
func (v *diver) failed() {
	if at := v.w.failed; at >= 0 {
		v.r.fail(v.w.e, v.w.statesOf(append(slices.Clone(v.on[at].path), v.keys[at])))
	}
}

// refine decides the refinements that a transition of the round violates.
func (v *diver) refine() {
	v.w.refine(v.keys, func(property, source int, successor uint64) { v.settle(property, v.on[source], successor) })
}

// settle decides a property, unless it is decided, and records the path to packed, a successor of the end of the path
// of s.
func (v *diver) settle(property int, s *stack, packed uint64) {
	if v.w.e.judge.Settle(property) {
		v.w.record(v.r, property, append(slices.Clone(s.path), packed))
	}
}

// visit inserts the successors of the round, judges the new ones and adds them to the pending states.
func (v *diver) visit() {
	w := v.w
	e := w.e
	alone := len(e.workers) == 1
	v.spots = v.spots[:0]
	for _, successor := range w.successors {
		shard, key := e.states.Layout.ShardOf(successor)
		own := e.states.Shards[shard]
		if alone {
			own.Set.Touch(key)
		} else {
			own.Set.Prefetch(key) // A load would have to be complete before the next lock.
		}
		v.spots = append(v.spots, spot{own, key})
	}
	v.fresh, v.of = v.fresh[:0], v.of[:0]
	for i, successor := range w.successors {
		own := v.spots[i].in
		own.Owner.Lock()
		fresh, err := own.Set.Insert(v.spots[i].key, 0)
		own.Owner.Unlock()
		if err != nil {
			e.stop(stopMemory)
			return
		}
		if fresh {
			s := v.on[w.sources[i]]
			s.pending = append(s.pending, successor)
			v.fresh, v.of = append(v.fresh, successor), append(v.of, s)
		}
	}
	w.inserted.Add(int64(len(v.fresh)))
	if !e.judge.Anything() {
		return
	}
	for from := 0; from < len(v.fresh); from += batchLength {
		batch := v.fresh[from:min(from+batchLength, len(v.fresh))]
		w.judge(batch, func(packed uint64, decides []int) {
			for _, property := range decides {
				v.settle(property, v.of[from+slices.Index(batch, packed)], packed)
			}
		})
	}
}
