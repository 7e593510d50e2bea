package checker

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"synod/checker/internal/expand"
	"synod/checker/internal/store"
	"synod/model/statespace"
)

// BFS visits every reachable state of a model, level by level, so that the path to each discovery is a shortest one.
// For the same model it returns the same counts and paths at any number of workers. It returns when the search is
// exhausted, a limit of o is reached, or ctx is done.
func BFS(ctx context.Context, src statespace.Source, o Options) *Result {
	return search(ctx, "bfs", src, o, func(e *engine, r *Result) {
		e.breadthFirst(r)
		e.pathToFailure(r)
	})
}

// breadthFirst runs the search. Level 1 consists of the initial states.
func (e *engine) breadthFirst(r *Result) {
	current := &store.Frontier{}
	e.enter(current)
	for level := 1; ; level++ {
		waiting := current.Size()
		e.levels = append(e.levels, Level{Unique: waiting, Generated: e.generated()})
		r.growth.record(e.space, level)
		e.depth.Store(int64(level))
		e.waiting.Store(int64(waiting))
		e.front = current
		if !e.audit(waiting == 0) {
			return
		}
		e.discover(r, level)
		if e.halt.Load() != 0 {
			return
		}
		if cause := e.enough(level, waiting); cause != running {
			e.left = current
			e.stop(cause)
			return
		}
		if waiting == 0 {
			return
		}
		e.regroup(current)
		e.units.Forget(e.states.Len())
		next := &store.Frontier{}
		e.expandLevel(current, next, level+1)
		if e.halt.Load() != 0 {
			if e.audit(false) {
				e.discover(r, level+1)
			}
			e.waiting.Store(int64(current.Size() + next.Size()))
			return
		}
		next.Sort()
		current = next
	}
}

// enter inserts and judges the initial states.
func (e *engine) enter(into *store.Frontier) {
	e.refineInitial()
	w := e.workers[0]
	w.tag, w.into = 1, into
	w.successors = w.successors[:0]
	for _, state := range e.initial {
		w.successors = append(w.successors, w.packLeast(state))
	}
	w.generated.Add(int64(len(e.initial)))
	w.scatter()
	w.flush()
	w.closeChunks()
}

// enough returns why the search ends after a level, or running.
func (e *engine) enough(level, waiting int) stopCause {
	o := e.options
	switch {
	case o.FinishWhen == Decided && e.judge.AllDecided():
		return stopDecided
	case o.FinishWhen == FirstViolation && e.judge.Violation():
		return stopViolated
	case waiting > 0 && o.MaxDepth > 0 && level >= o.MaxDepth:
		return stopDepth
	case waiting > 0 && o.MaxStates > 0 && e.states.Len() >= o.MaxStates:
		return stopStates
	}
	return running
}

// expandLevel expands every state of current and adds the new states to next.
func (e *engine) expandLevel(current, next *store.Frontier, level int) {
	size, began := current.Size(), time.Now()
	n := e.handsFor(size)
	defer func() { e.pace = time.Since(began) * time.Duration(n) / time.Duration(size) }()
	for {
		e.parallelOn(n, func(w *worker) {
			w.tag, w.into = uint8(level%store.Tags), next
			w.expandAll(current)
			w.flush()
		})
		var taken atomic.Int64
		e.parallelOn(n, func(w *worker) {
			w.tag, w.into = uint8(level%store.Tags), next
			for i := int(taken.Add(1)) - 1; i < len(e.states.Shards); i = int(taken.Add(1)) - 1 {
				w.finish(i)
			}
			w.closeChunks()
		})
		current.Rest()
		if !e.overflow.Load() || e.halt.Load() != 0 {
			return
		}
		if !e.relayout(e.units, current, next) {
			return
		}
	}
}

// expandAll takes chunks and expands them until none is left or the search must pause.
func (w *worker) expandAll(current *store.Frontier) {
	e := w.e
	var taken store.Run
	for {
		e.pause()
		chunk := current.Take(&taken)
		if chunk == nil {
			return
		}
		for keys := chunk; len(keys) > 0; {
			n := min(len(keys), w.portion())
			if e.overflow.Load() || e.halt.Load() != 0 || !w.expandFirst(keys[:n]) {
				current.GiveBack(keys)
				return
			}
			w.generated.Add(int64(len(w.successors)))
			if w.cut > 0 {
				w.cuts.Add(int64(w.cut))
			}
			if w.refining != nil {
				w.noteRefined(keys[:n])
			}
			if w.ends != nil {
				w.noteEnds(keys[:n])
			}
			w.scatter()
			keys = keys[n:]
		}
		e.states.Chunks.Put(chunk)
	}
}

// maxSuccessors is the approximate number of successors in a batch. A larger batch takes more memory, and delays the
// worker's next check whether to stop.
const maxSuccessors = 1 << 15

// portion returns how many states to expand together, estimated from the successors of the previous batches.
func (w *worker) portion() int {
	each := w.made/max(w.batch, 1) + 1
	return max(1, min(batchLength, maxSuccessors/each))
}

// discover records paths for the properties that the last level decided.
func (e *engine) discover(r *Result, level int) {
	for i, states := range e.judge.Take() {
		refined := r.Properties[i].Expect == statespace.Refines
		at := level
		if refined && level > 1 {
			at-- // The sources of the transitions that were generated at this level.
		}
		path, err := e.pathTo(states, at)
		if err == nil && refined {
			err = e.refinedPath(path, i)
		}
		if err != nil {
			e.failAt(err, nil)
			return
		}
		r.Properties[i].Path = path
		e.tell(i, path)
	}
}

// wantsGroups reports whether to choose units anew. Those of several slots only help with steps.
func (e *engine) wantsGroups() bool { return e.whole == nil && e.states.WantsGroups() }

// regroup chooses new units at the end of a level, if that is due.
func (e *engine) regroup(current *store.Frontier) {
	if !e.wantsGroups() {
		return
	}
	groups := e.states.Groups()
	if e.halt.Load() != 0 {
		return
	}
	same := slices.EqualFunc(groups, e.units.Of, func(g []int, u *expand.Unit) bool { return slices.Equal(g, u.Slots) })
	if same {
		return
	}
	e.relayout(expand.New(e.space, e.states.Arena, groups), current)
}
