package checker

import (
	"context"
	"errors"
	"fmt"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"time"

	"synod/checker/internal/store"
	"synod/internal/offheap"
	"synod/internal/visited"
	"synod/model/statespace"
)

// tagBits is the size of what the visited set keeps with a state: its level, modulo 16. That is enough to walk back from a
// discovery level by level, as a successor of a state is at most one level further.
const (
	tagBits = 4
	tags    = 1 << tagBits
)

// engine is what every driver stands on: a space, its units, the layout of a packed state and the visited set.
type engine struct {
	source    statespace.Source
	reduction *reduction // nil if the space is the full one
	turning   turning
	space     statespace.Space
	whole     statespace.Expander // the space, if its states are expanded as a whole
	outer     statespace.Space    // what it was made of then; else nil
	options   Options
	arena     *offheap.Arena
	units     *units
	layout    *store.Layout
	shards    []*store.Shard
	inside    *predicate // the boundary, or nil
	judge     *judge
	refiners  []*refiner
	stuck     []*stuck // of quiescence properties
	workers   []*worker
	chunks    store.Chunks

	held      atomic.Pointer[holdings]
	aside     atomic.Pointer[offheap.Arena] // what holds tables that come and go, or nil
	initial   [][]statespace.PartID         // within the boundary
	started   time.Time
	halt      atomic.Uint32 // a stopCause: workers return soon
	underway  bool          // the initial states are known, all of them
	failure   atomic.Pointer[failure]
	movable   bool        // the search moves to new tables when memory runs out
	unordered bool        // nothing depends on the order of the initial states
	overflow  atomic.Bool // an id outgrew its field: the layout must widen
	regrouped int         // the number of states at the last choice of units
	relaid    int         // the number of states at the last relayout
	paired    int         // the number of states when pairs were last chosen
	pairRoom  int         // see chooseLayout
	spareBits int         // see newLayout
	levels    []Level
	pace      time.Duration   // of a worker, per state of the last level
	front     *store.Frontier // of a breadth-first search: the states of the last level that is complete
	left      *store.Frontier // what a breadth-first search did not expand because of a limit, or nil
	depth     atomic.Int64
	deepCut   atomic.Bool   // a depth-first search met its depth limit
	results   sync.Mutex    // of paths that workers find
	waiting   atomic.Int64  // states on the frontier
	stopped   chan struct{} // closed once halt is set
	stopping  sync.Once
}

// stopCause describes why a search ended before it was exhausted. The order is that of precedence.
type stopCause uint32

const (
	running stopCause = iota
	stopDecided
	stopViolated
	stopDepth
	stopStates
	stopRefuted // a guess of a reduced search was wrong: it begins again
	stopTime
	stopMemory
	stopInterrupt
	stopError
)

// search searches a source, and once more with explicit losses if a property turns out to need them.
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

// searchOnce builds an engine, lets a driver use it, and puts what was found into a result.
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
		e.stop(stopInterrupt) // The watcher may look too late to keep a small search from beginning.
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
	for range o.workers() {
		e.workers = append(e.workers, &worker{e: e})
	}
	return e
}

// furnish builds a space and all tables, empty but for the initial states.
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
	e.space, e.arena, e.initial = space, offheap.New(), nil
	e.overflow.Store(false)
	e.chunks = store.Chunks{Arena: e.arena}
	if e.refiners, err = e.newRefiners(space); err != nil {
		e.closer()()
		e.arena.Close()
		return err
	}
	e.judge = newJudge(space)
	e.judge.focus(e.options.only)
	e.judge.leave(e.leaves)
	e.stuck = newStuck(e.judge)
	if inside := space.Boundary(); inside != nil {
		e.inside = newPredicate(space, "the state constraint", inside)
	}
	groups := make([][]int, space.Slots())
	for slot := range groups {
		groups[slot] = []int{slot}
	}
	e.units = newUnits(space, e.arena, groups)
	for _, w := range e.workers {
		w.settleIn()
	}
	if err := e.begin(); err != nil {
		e.close()
		return err
	}
	e.held.Store(&holdings{e.arena, space}) // From now on memory is rationed, which only a search can bear.
	return nil
}

// begin finds the initial states and a layout for them. A search that is stopped before it has begun may have none, or some
// of them only.
func (e *engine) begin() error {
	if e.tooLate() {
		return e.layOut(store.NewLayout(e.limits(), nil, 0, 0, 0))
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
			if inside, err = e.inside.ask(reading, state); err != nil {
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
		for _, u := range e.units.of {
			u.id(state)
			u.id(e.least(state))
		}
	}
	return e.layOut(store.NewLayout(e.limits(), nil, 0, 0, 0))
}

// tooLate reports whether the search was stopped before it began.
func (e *engine) tooLate() bool { return !e.underway && e.halt.Load() != 0 }

func (e *engine) limits() []uint32 {
	limits := make([]uint32, len(e.units.of))
	for i, u := range e.units.of {
		limits[i] = u.limit.Load()
	}
	return limits
}

// layOut builds an empty visited set for a layout.
func (e *engine) layOut(l *store.Layout) error {
	e.layout = l
	e.shards = make([]*store.Shard, 1<<l.Shards)
	for i := range e.shards {
		set, err := visited.NewShard(e.arena, l.Bits-l.Shards, tagBits, visited.Stagger(16, i, len(e.shards)))
		if err != nil {
			return err
		}
		e.shards[i] = &store.Shard{Set: set}
	}
	for _, w := range e.workers {
		w.fit()
	}
	return nil
}

// unique is the number of visited states.
func (e *engine) unique() int {
	n := 0
	for _, s := range e.shards {
		n += s.Set.Len()
	}
	return n
}

// parallel runs f on every worker and waits for all.
func (e *engine) parallel(f func(w *worker)) { e.parallelOn(len(e.workers), f) }

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

// guard turns a panic that says that memory is out, or an arena's limit reached, into a stop. Others are ours, and pass.
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

// stop asks the workers to return; the greatest cause wins.
func (e *engine) stop(cause stopCause) {
	defer e.stopping.Do(func() { close(e.stopped) })
	for {
		now := e.halt.Load()
		if uint32(cause) <= now || e.halt.CompareAndSwap(now, uint32(cause)) {
			return
		}
	}
}

// failAt stops the search with an error that came up in a state; the first one wins.
func (e *engine) failAt(err error, state []statespace.PartID) {
	e.failure.CompareAndSwap(nil, &failure{err, state})
	e.stop(stopError)
}

// failure is an error and the state in which it came up, nil for none.
type failure struct {
	err   error
	state []statespace.PartID
}

// memoryLimit returns the bytes that a search may take, or 0 for any number: what it was told, or nine tenths of what the process
// may take, as a machine that swaps does not get any further.
func (e *engine) memoryLimit() int64 {
	if limit := e.options.MemoryLimit; limit != 0 {
		return limit
	}
	return physical() / 10 * 9
}

// watch stops the engine when the context ends, time is up, or memory runs out. The function that it returns ends it.
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

// ration stops the search if it takes more memory than the limit. Until it looks again, the tables may grow by what is left
// and a twentieth of the limit, however long that is: on a busy machine it may be long.
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

// progress returns how far the search is.
func (e *engine) progress() Progress {
	p := Progress{
		Generated: e.generated(), Depth: int(e.depth.Load()), Frontier: int(e.waiting.Load()),
		Memory: e.memory(), Elapsed: time.Since(e.started),
	}
	p.Unique = e.inserted()
	return p
}

// inserted is the number of visited states, as far as workers have told.
func (e *engine) inserted() int {
	n := int64(0)
	for _, w := range e.workers {
		n += w.inserted.Load()
	}
	return int(n)
}

// memory is what the search holds, if only that counts, else what the process takes: as the system counts it, or else an
// estimate, of the runtime's memory and what lies outside its heap. The estimate leaves out the program itself, and counts what is allocated and not touched yet.
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

// own is what the engine and the space hold.
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

// offHeap is what the engine and the space hold outside the Go heap.
func (e *engine) offHeap() int64 {
	h := e.held.Load()
	if h == nil {
		return 0
	}
	return h.arena.Bytes() + e.asideBytes() + h.space.OffHeap()
}

// holdings are the tables that are in use, for readers outside the search; nil until there are any.
type holdings struct {
	arena *offheap.Arena
	space statespace.Space
}

func (e *engine) close() {
	closeRefiners(e.refiners)
	e.arena.Close()
	e.closer()()
	if red := e.reduction; red != nil && red.space != nil {
		red.space.Close()
		red.space = nil
	}
}
