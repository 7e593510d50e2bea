package checker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"synod/checker/internal/expand"
	"synod/checker/internal/judge"
	"synod/checker/internal/memo"
	"synod/checker/internal/store"
	"synod/internal/offheap"
	"synod/model/statespace"
)

// engine is the common base of all drivers: a space, its units, the layout of a packed state and the visited set.
type engine struct {
	halting
	crew
	gauge
	spaces
	turning turning
	options Options
	units   *expand.Units
	states  *store.States  // with the same units
	inside  *memo.Function // the boundary, or nil
	judge   *judge.Judge

	initial  [][]statespace.PartID // within the boundary
	started  time.Time
	underway bool        // all initial states are known
	movable  bool        // the search moves to new tables when memory runs out
	overflow atomic.Bool // an id outgrew its field: the layout must widen
	levels   []Level
	front    *store.Frontier // of a breadth-first search: the states of the last complete level
	left     *store.Frontier // states that a breadth-first search did not expand because of a limit, or nil
	depth    atomic.Int64
	deepCut  atomic.Bool  // a depth-first search reached its depth limit
	results  sync.Mutex   // guards paths that workers record
	waiting  atomic.Int64 // states on the frontier
}

// search searches a source, and searches it again with explicit losses if a property turns out to need them.
func search(ctx context.Context, name string, src statespace.Source, o Options, drive func(*engine, *Result)) *Result {
	r := searchReduced(ctx, name, src, o, drive)
	var needs *statespace.ExplicitLossError
	if losses, ok := src.(statespace.Explicable); ok && errors.As(r.Err, &needs) {
		r.Close()
		r = searchReduced(ctx, name, losses.Explicit(), o, drive)
		r.Notes = append(r.Notes, fmt.Sprintf("The search was restarted with explicit losses: the property %q reads "+
			"the network, and is not declared monotone.", needs.Property))
	}
	return r
}

// searchOnce builds an engine, runs a driver on it, and returns the result.
func searchOnce(
	ctx context.Context, name string, src statespace.Source, red *reduction, o Options, drive func(*engine, *Result),
) *Result {
	r := newResult(name, o)
	if r.Err = o.validate(); r.Err != nil {
		return r
	}
	if src == nil {
		r.Err = errors.New("no model to search")
		return r
	}
	e := newEngine(src, o)
	e.reduction = red
	e.movable, e.unordered = name == "walk", name == "bfs"
	if ctx.Err() != nil {
		e.stop(stopInterrupt) // The watcher may notice too late to keep a small search from starting.
	}
	unwatch := e.watch(ctx)
	if r.Err = e.furnish(); r.Err != nil {
		unwatch()
		return r
	}
	r.announce(e)
	if e.underway = e.halt.Load() == 0; e.underway {
		e.guard(func() {
			drive(e, r)
			if e.audit(e.halt.Load() == 0 && name != "walk") {
				e.judgePaths(r)
				e.settleDoubts(r)
			}
			e.unreduce(r)
		})
	}
	unwatch()
	e.conclude(r)
	e.join(r)
	return r
}

// newEngine returns an engine without tables.
func newEngine(src statespace.Source, o Options) *engine {
	e := &engine{options: o, started: time.Now(), gauge: gauge{limit: o.MemoryLimit, alone: o.OwnMemory}}
	e.source, e.from = src, o.From
	e.stopped = make(chan struct{})
	e.crew.halting = &e.halting
	for i := range o.workers() {
		e.workers = append(e.workers, &worker{e: e, number: i})
	}
	return e
}

// furnish creates a space and all tables, which contain only the initial states.
func (e *engine) furnish() error {
	space, err := e.makeSpace()
	if err != nil {
		return err
	}
	if space, err = e.takeApart(space); err != nil {
		return err
	}
	if err := e.findSymmetry(space); err != nil {
		if space.Close(); e.outer != nil {
			e.outer.Close()
		}
		return err
	}
	e.space, e.initial = space, nil
	e.overflow.Store(false)
	if e.judge, err = judge.New(space, e.options.only, e.turning.leaves); err != nil {
		e.closer()()
		return err
	}
	if inside := space.Boundary(); inside != nil {
		e.inside = memo.NewOnce(space, "the state constraint", inside)
	}
	e.turn()
	e.makeStates()
	for _, w := range e.workers {
		w.settleIn()
	}
	if err := e.begin(); err != nil {
		e.close()
		return err
	}
	e.held.Store(&holdings{e.states.Arena, space}) // The memory limit applies from here on: only a search handles it.
	return nil
}

// begin finds the initial states and a layout for them. If the search is stopped before it has begun, some or all of
// the initial states may be missing.
func (e *engine) begin() error {
	if e.tooLate() {
		return e.layOut()
	}
	initial, err := e.initials()
	if err != nil {
		return err
	}
	reading := statespace.NewReading(e.space)
	for _, state := range initial {
		if e.tooLate() {
			break
		}
		inside := true
		if e.inside != nil {
			if inside, err = e.inside.Ask(reading, state); err != nil {
				return err
			}
		}
		if inside {
			e.initial = append(e.initial, state)
		}
	}
	if len(e.initial) == 0 && !e.tooLate() {
		return errors.New("the model has no initial state")
	}
	e.raiseDoubts()
	for _, state := range e.initial {
		for _, u := range e.units.Of {
			u.ID(state)
			u.ID(e.turning.least(state))
		}
	}
	return e.layOut()
}

// makeStates creates units of one slot each, and states of them without a layout.
func (e *engine) makeStates() {
	arena := offheap.New()
	groups := make([][]int, e.space.Slots())
	for slot := range groups {
		groups[slot] = []int{slot}
	}
	e.units = expand.New(e.space, arena, groups)
	e.states = store.NewStates(arena, e.units, len(groups), store.Crew{
		Workers: len(e.workers), Parallel: e.parallelBy, Halted: e.halted, Guard: e.guard, Full: func() { e.stop(stopMemory) },
	})
}

// layOut creates an empty visited set for the ids in use.
func (e *engine) layOut() error {
	err := e.states.LayOut()
	if err == nil {
		e.fit()
	}
	return err
}

// fit makes the workers' buffers those of the current units and layout.
func (e *engine) fit() {
	for _, w := range e.workers {
		w.fit()
	}
}

// relayout moves all states to a layout that holds every id seen so far, and to the units us, see store.States.Relayout.
// It reports false if the search is to stop.
func (e *engine) relayout(us *expand.Units, frontiers ...*store.Frontier) bool {
	if limit := e.options.MemoryLimit; limit > 0 && e.memory()+e.states.Bytes() > limit {
		e.stop(stopMemory)
		return false
	}
	move, ok := e.states.Relayout(us, frontiers...)
	if ok {
		e.units = us
	}
	e.fit()
	if !ok {
		return false
	}
	e.judge.Move(e.states.Layout, move.Repack)
	e.overflow.Store(false)
	return !e.halted()
}

// tooLate reports whether the search was stopped before it began.
func (e *engine) tooLate() bool { return !e.underway && e.halt.Load() != 0 }

// watch stops the engine when the context ends, time is up, or memory runs out. The function it returns stops the
// watching.
func (e *engine) watch(ctx context.Context) func() {
	ended, done := make(chan struct{}), make(chan struct{})
	limit := e.most()
	go func() {
		defer close(done)
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		interval := e.options.Interval
		if interval <= 0 {
			interval = 200 * time.Millisecond
		}
		report := time.NewTicker(interval)
		defer report.Stop()
		var deadline <-chan time.Time
		if e.options.Timeout > 0 {
			timer := time.NewTimer(e.options.Timeout)
			defer timer.Stop()
			deadline = timer.C
		}
		for {
			select {
			case <-ended:
				return
			case <-ctx.Done():
				e.stop(stopInterrupt)
				return
			case <-deadline:
				e.stop(stopTime)
				deadline = nil
			case <-report.C:
				if e.options.Progress != nil {
					e.options.Progress(e.progress())
				}
			case <-tick.C:
				if limit > 0 && !e.movable && e.ration(limit) {
					e.stop(stopMemory)
				}
			}
		}
	}()
	return func() { close(ended); <-done }
}

// progress returns the progress of the search.
func (e *engine) progress() Progress {
	p := Progress{
		Generated: e.generated(), Depth: int(e.depth.Load()), Frontier: int(e.waiting.Load()),
		Memory: e.memory(), Elapsed: time.Since(e.started),
	}
	p.Unique = e.inserted()
	return p
}

func (e *engine) close() {
	e.judge.Close()
	e.states.Arena.Close()
	e.closer()()
	if red := e.reduction; red != nil && red.space != nil {
		red.space.Close()
		red.space = nil
	}
}
