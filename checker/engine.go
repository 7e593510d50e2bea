package checker

import (
	"context"
	"errors"
	"fmt"
	"runtime/metrics"
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
	source    statespace.Source
	reduction *reduction // nil if the space is the full one
	turning   turning
	space     statespace.Space
	whole     statespace.Expander // the space, if its states are expanded as a whole; else nil
	outer     statespace.Space    // the space that whole was made of; else nil
	options   Options
	units     *expand.Units
	states    *store.States  // with the same units
	inside    *memo.Function // the boundary, or nil
	judge     *judge.Judge
	workers   []*worker

	held      atomic.Pointer[holdings]
	aside     atomic.Pointer[offheap.Arena] // holds temporary tables, or nil
	initial   [][]statespace.PartID         // within the boundary
	started   time.Time
	halt      atomic.Uint32 // a stopCause; if not 0, workers return soon
	underway  bool          // all initial states are known
	failure   atomic.Pointer[failure]
	movable   bool        // the search moves to new tables when memory runs out
	unordered bool        // nothing depends on the order of the initial states
	overflow  atomic.Bool // an id outgrew its field: the layout must widen
	levels    []Level
	pace      time.Duration   // time of one worker per state, on the last level
	front     *store.Frontier // of a breadth-first search: the states of the last complete level
	left      *store.Frontier // states that a breadth-first search did not expand because of a limit, or nil
	depth     atomic.Int64
	deepCut   atomic.Bool   // a depth-first search reached its depth limit
	results   sync.Mutex    // guards paths that workers record
	waiting   atomic.Int64  // states on the frontier
	stopped   chan struct{} // closed once halt is set
	stopping  sync.Once
}

// stopCause is why a search ended before it was exhausted, in order of precedence.
type stopCause uint32

const (
	running stopCause = iota
	stopDecided
	stopViolated
	stopDepth
	stopStates
	stopRefuted // an assumption of a reduced search was wrong: the search restarts
	stopTime
	stopMemory
	stopInterrupt
	stopError
)

// search searches a source, and searches it again with explicit losses if a property turns out to need them.
func search(ctx context.Context, name string, src statespace.Source, o Options, drive func(*engine, *Result)) *Result {
	r := searchReduced(ctx, name, src, o, drive)
	var needs *statespace.ExplicitLossError
	if losses, ok := src.(statespace.Explicable); ok && errors.As(r.Err, &needs) {
		r.Close()
		r = searchReduced(ctx, name, losses.Explicit(), o, drive)
		r.Notes = append(r.Notes, fmt.Sprintf("The search was begun anew, with explicit losses: the property %q reads "+
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
	e := &engine{source: src, options: o, started: time.Now(), stopped: make(chan struct{})}
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
	if e.judge, err = judge.New(space, e.options.only, e.leaves); err != nil {
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
			u.ID(e.least(state))
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

// parallel runs f on every worker and waits for all of them.
func (e *engine) parallel(f func(w *worker)) { e.parallelOn(len(e.workers), f) }

// parallelBy is parallel for functions of the number of a worker.
func (e *engine) parallelBy(f func(worker int)) { e.parallel(func(w *worker) { f(w.number) }) }

// parallelOn runs f on the first n workers and waits for them.
func (e *engine) parallelOn(n int, f func(w *worker)) {
	if n <= 1 {
		e.guard(func() { f(e.workers[0]) })
		return
	}
	var wg sync.WaitGroup
	for _, w := range e.workers[:n] {
		wg.Go(func() { e.guard(func() { f(w) }) })
	}
	wg.Wait()
}

// guard runs f, and stops the search on a panic with offheap.ErrLimit: memory is exhausted or an arena reached its
// limit. Other panics are bugs, and are propagated.
func (e *engine) guard(f func()) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		if err, ok := r.(error); ok && errors.Is(err, offheap.ErrLimit) {
			e.stop(stopMemory)
			return
		}
		panic(r)
	}()
	f()
}

// stop asks the workers to return. The greatest cause is kept.
func (e *engine) stop(cause stopCause) {
	defer e.stopping.Do(func() { close(e.stopped) })
	for {
		now := e.halt.Load()
		if uint32(cause) <= now || e.halt.CompareAndSwap(now, uint32(cause)) {
			return
		}
	}
}

// halted reports whether the search is to stop.
func (e *engine) halted() bool { return e.halt.Load() != 0 }

// failAt stops the search with an error that occurred in a state. Only the first error is kept.
func (e *engine) failAt(err error, state []statespace.PartID) {
	e.failure.CompareAndSwap(nil, &failure{err, state})
	e.stop(stopError)
}

// failure is an error and the state in which it occurred, or nil.
type failure struct {
	err   error
	state []statespace.PartID
}

// memoryLimit returns the number of bytes that the search may use, or 0 for no limit: the limit in the options, or
// nine tenths of the memory available to the process, as a search that swaps makes no progress.
func (e *engine) memoryLimit() int64 {
	if limit := e.options.MemoryLimit; limit != 0 {
		return limit
	}
	return physical() / 10 * 9
}

// watch stops the engine when the context ends, time is up, or memory runs out. The function it returns stops the
// watching.
func (e *engine) watch(ctx context.Context) func() {
	ended, done := make(chan struct{}), make(chan struct{})
	limit := e.memoryLimit()
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
				if limit > 0 && !e.movable {
					e.ration(limit)
				}
			}
		}
	}()
	return func() { close(ended); <-done }
}

// ration stops the search if it uses more memory than the limit. Until the next check, the tables may grow by the
// remainder and a twentieth of the limit. On a busy machine that may take long.
func (e *engine) ration(limit int64) {
	taken := e.memory()
	if taken > limit {
		e.stop(stopMemory)
	}
	h := e.held.Load()
	if h == nil {
		return
	}
	arena := h.arena
	arena.SetLimit(max(1, arena.Bytes()+limit+limit/20-taken))
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

// inserted returns the number of visited states that workers have reported.
func (e *engine) inserted() int {
	n := int64(0)
	for _, w := range e.workers {
		n += w.inserted.Load()
	}
	return int(n)
}

// memory returns the bytes used by the search alone if OwnMemory is set, else those of the process: the resident
// memory, or if that is not known an estimate from the memory of the runtime and the off-heap tables. The estimate
// excludes the program itself, and includes memory that is allocated but not yet touched.
func (e *engine) memory() int64 {
	if e.options.OwnMemory {
		return e.own()
	}
	if bytes, ok := resident(); ok {
		return bytes
	}
	samples := []metrics.Sample{
		{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"},
	}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64()-samples[1].Value.Uint64()) + e.offHeap()
}

// own returns the bytes held by the engine and the space.
func (e *engine) own() int64 {
	h := e.held.Load()
	if h == nil {
		return 0
	}
	return h.arena.Bytes() + e.asideBytes() + statespace.Bytes(h.space)
}

func (e *engine) asideBytes() int64 {
	if a := e.aside.Load(); a != nil {
		return a.Bytes()
	}
	return 0
}

// offHeap returns the bytes that the engine and the space hold outside the Go heap.
func (e *engine) offHeap() int64 {
	h := e.held.Load()
	if h == nil {
		return 0
	}
	return h.arena.Bytes() + e.asideBytes() + h.space.OffHeap()
}

// holdings are the tables in use, for readers outside the search.
type holdings struct {
	arena *offheap.Arena
	space statespace.Space
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
