package checker

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"synod/checker/internal/expand"
	"synod/checker/internal/store"
	"synod/model/statespace"
)

// DFS visits every reachable state of a model depth first, which needs little memory besides the visited set, and
// often reaches a deep violation early. Each worker descends a few branches in turn. Paths are not shortest ones, and
// Depth is the number of states on the longest path explored. It uses one worker unless configured otherwise; with
// more, paths and Depth vary between runs. With MaxDepth, a state first reached at that depth is not expanded, even
// if a shorter path leads to it.
func DFS(ctx context.Context, src statespace.Source, o Options) *Result {
	if o.Workers == 0 {
		o.Workers = 1
	}
	return search(ctx, "dfs", src, o, (*engine).depthFirst)
}

// deepSpareBits is the number of spare bits of fields. A depth-first search finds new ids at any time, and each time
// a field is too narrow all states must be moved.
const deepSpareBits = 2

// lateGrouping is the number of states above which units are no longer regrouped. A depth-first search may have many
// states before it has to move them, and then moving them to other units takes longer than widening the fields.
const lateGrouping = 4 * store.SecondGrouping

// depths distributes work of a depth-first search from busy workers to idle ones.
type depths struct {
	mu      sync.Mutex
	wake    sync.Cond
	idle    int
	hungry  atomic.Int32 // idle workers minus offers
	offers  []stack
	workers int
	over    bool
}

func (e *engine) depthFirst(r *Result) {
	e.states.Spare = deepSpareBits
	stacks := make([]stack, lanes*len(e.workers))
	into := &store.Frontier{}
	e.enter(into)
	e.discover(r, 1)
	var roots []uint64
	for _, chunk := range into.Chunks {
		roots = append(roots, chunk.Keys...)
	}
	stacks[0] = stack{frames: []frame{{}}, pending: roots}
	for {
		d := &depths{workers: len(e.workers), offers: slices.Clone(stacks[lanes*len(e.workers):])}
		d.wake.L = &d.mu
		d.hungry.Store(-int32(len(d.offers)))
		stacks = stacks[:lanes*len(e.workers)]
		e.parallel(func(w *worker) {
			own := lanes * w.number
			newDiver(w, r, d, stacks[own:own+lanes]).descend()
		})
		if !e.overflow.Load() || e.halt.Load() != 0 {
			break
		}
		waiting := &store.Frontier{}
		stacks = append(stacks, d.offers...)
		for _, s := range stacks {
			waiting.Add(0, s.path)
			waiting.Add(0, s.pending)
		}
		us := e.units
		if e.states.Len() < lateGrouping && e.wantsGroups() {
			us = expand.New(e.space, e.states.Arena, e.states.Groups())
		}
		if !e.relayout(us, waiting) {
			break
		}
	}
	left := 0
	for _, s := range stacks {
		left += len(s.pending)
	}
	e.waiting.Store(int64(left))
}

// record records the path along packed states for a property.
func (w *worker) record(r *Result, property int, packed []uint64) {
	e := w.e
	path, err := e.paths().along(w.statesOf(packed))
	if err != nil {
		e.failAt(err, nil)
		return
	}
	e.results.Lock()
	r.Properties[property].Path = path
	e.results.Unlock()
}

// statesOf unpacks states.
func (w *worker) statesOf(packed []uint64) [][]statespace.PartID {
	e := w.e
	states := make([][]statespace.PartID, len(packed))
	ids := e.states.Row()
	for i, p := range packed {
		states[i] = make([]statespace.PartID, e.space.Slots())
		e.states.Unpack(p, ids, states[i])
	}
	return states
}

// deepen raises the depth of the search to n.
func (w *worker) deepen(n int) {
	for {
		depth := w.e.depth.Load()
		if int64(n) <= depth || w.e.depth.CompareAndSwap(depth, int64(n)) {
			return
		}
	}
}

// enoughDeep returns why a depth-first search ends, or running.
func (e *engine) enoughDeep(r *Result) stopCause {
	o := e.options
	switch {
	case o.FinishWhen == Decided && e.judge.AllDecided():
		return stopDecided
	case o.FinishWhen == FirstViolation && e.judge.Violation():
		return stopViolated
	case o.MaxStates > 0 && e.inserted() >= o.MaxStates:
		return stopStates
	}
	return running
}

// offer offers a part of a stack to idle workers.
func (d *depths) offer(s stack) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.offers = append(d.offers, s)
	d.hungry.Add(-1)
	d.wake.Signal()
}

// take waits for work. It reports false if the search has ended.
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

// end ends the search and wakes all waiting workers.
func (d *depths) end() {
	d.mu.Lock()
	d.over = true
	d.wake.Broadcast()
	d.mu.Unlock()
}
