package consistency

import (
	"context"
	"fmt"
	"slices"
)

// Outcome is the result of a bounded check.
type Outcome uint8

// The outcomes. The zero value asserts nothing.
const (
	Undecided Outcome = iota // a limit ended the check
	Holds                    // the object could have given these answers
	Violated                 // it could not have
)

// String returns "undecided", "holds" or "violated".
func (o Outcome) String() string {
	switch o {
	case Holds:
		return "holds"
	case Violated:
		return "violated"
	case Undecided:
	}
	return "undecided"
}

// WindowsConfig configures a [Windows].
type WindowsConfig[S any, I comparable, O any] struct {
	Spec Spec[S, I, O]
	// Before returns the operations of unknown outcome that could matter if they took effect in this state right before
	// an operation with this input and answer: without them the answer or the state after it would differ. It is called
	// again for the state that each of them leads to. If all is set, any operation could matter.
	//
	// Omitting one that matters makes results wrong; additional ones only cost time. Nil means that any can always
	// matter, which takes time exponential in the number of unknown operations. The function depending returns the
	// inputs of operations that do not overwrite, possibly with repeats.
	Before func(state S, in I, out O, depending func() []I) (which []I, all bool)
	// Effect returns the effect of an operation with this input and answer; out is nil if the outcome is unknown. A
	// wrong effect makes results wrong. Nil means Depends for all, which is slow with many concurrent clients.
	Effect func(in I, out *O) Effect
	// Exact decides windows without a search where it applies; nil means to search always.
	Exact Exact[S, I, O]
	// MaxOperations bounds the completed operations of one window that is searched; 0 means 20,000.
	MaxOperations int
	// Lighten is the number of completed operations of a window after which the check tries to forget some of them
	// before the window ends; 0 means 2,048.
	Lighten int
	// MaxMemory bounds the estimated memory of one window and its search, in bytes; 0 means 1 GiB.
	MaxMemory int64
}

// Windows decides whether the operations on one object are linearizable, for histories of any length: it takes events
// in the order in which they happened and forgets what it has decided.
//
// A window ends when every outstanding operation has an unknown outcome, whose answer will never come. What matters
// from then on is the object's state and which of the unknown operations have taken effect; the set of all possible
// such pairs is carried over to the next window. An unknown operation may take effect in any later window, once, or
// never. Of two pairs with the same state, only the one in which fewer unknown operations have taken effect is kept,
// since it allows everything that the other allows.
//
// Where the answers determine what took effect when, as in a register to which no value is written twice, a window
// needs no search, and need not end either: see [Exact].
//
// In a search, an unknown operation takes effect only right before a completed one: taking effect earlier makes no
// observable difference. So it is not an operation of the search itself. The result is that of [Linearizable] for the
// whole history.
//
// A Windows is not safe for concurrent use.
type Windows[S any, I comparable, O any] struct {
	config  WindowsConfig[S, I, O]
	clock   int64
	open    map[Client]int      // by waiting client: the index of its operation in current
	current []windowed[I, O]    // the operations of this window, in order of invocation
	done    int                 // how many of them have returned
	pool    pool[I]             // unknown operations of earlier windows
	front   []possibility[S]    // the possibilities at the beginning of the window
	later   bool                // the window is continued, since too much is possible
	look    int                 // the number of operations at which the window is analysed before it ends
	outcome Outcome             // Holds until another is known
	reason  string              // why it is Undecided
	found   *Violation[S, I, O] // set if it is Violated
	stats   WindowsStats
}

// WindowsStats counts the work of a check.
type WindowsStats struct {
	Windows    int // windows decided
	Exact      int // of these, without a search
	Operations int // completed operations in them
	Longest    int // completed operations of the longest window
	Widest     int // the maximum number of pairs carried over to a window
	Unknown    int // operations of unknown outcome
}

// windowed is an operation of the current window.
type windowed[I comparable, O any] struct {
	client    Client
	in        I
	out       O
	call, ret int64 // times, as numbers of events
	fate      fate
}

type fate uint8

const (
	waiting fate = iota
	returned
	failed
	lost // the outcome will never be known
)

// NewWindows returns a check of an object in its initial state.
func NewWindows[S any, I comparable, O any](config WindowsConfig[S, I, O]) *Windows[S, I, O] {
	config.Spec = config.Spec.withEqualities()
	if config.MaxOperations == 0 {
		config.MaxOperations = 20_000
	}
	if config.Lighten == 0 {
		config.Lighten = 2048
	}
	if config.MaxMemory == 0 {
		config.MaxMemory = 1 << 30
	}
	overwrites := func(in I) bool { return config.Effect != nil && config.Effect(in, nil) == Overwrites }
	bars := func(in I) bool { return config.Exact != nil && config.Exact.cannot(in) }
	return &Windows[S, I, O]{
		config: config, open: make(map[Client]int), outcome: Holds, pool: newPool(overwrites, bars), look: firstLook(config),
		front: []possibility[S]{{state: config.Spec.Init}},
	}
}

// Invoke records that client c invoked an operation. It returns an error wrapping [ErrPending] if c's previous
// operation has not returned.
func (w *Windows[S, I, O]) Invoke(c Client, in I) error {
	if _, waits := w.open[c]; waits {
		return fmt.Errorf("client %d invokes: %w", c, ErrPending)
	}
	w.clock++
	w.open[c] = len(w.current)
	w.current = append(w.current, windowed[I, O]{client: c, in: in, call: w.clock})
	return nil
}

// Return records that client c's operation returned. If that ends a window, the window is decided before Return
// returns; if ctx is done first, the outcome is undecided from there on. It returns an error wrapping [ErrNotPending]
// if c has no outstanding operation.
func (w *Windows[S, I, O]) Return(ctx context.Context, c Client, out O) error {
	return w.end(ctx, c, returned, out)
}

// Fail records that client c's operation did not take effect and never will. Otherwise it is like Return.
func (w *Windows[S, I, O]) Fail(ctx context.Context, c Client) error {
	var none O
	return w.end(ctx, c, failed, none)
}

// Lose records that the outcome of client c's operation will never be known: it may take effect at any later time, or
// never. The client may invoke another one. Otherwise it is like Return.
func (w *Windows[S, I, O]) Lose(ctx context.Context, c Client) error {
	var none O
	return w.end(ctx, c, lost, none)
}

func (w *Windows[S, I, O]) end(ctx context.Context, c Client, f fate, out O) error {
	at, waits := w.open[c]
	if !waits {
		return fmt.Errorf("client %d returns: %w", c, ErrNotPending)
	}
	w.clock++
	delete(w.open, c)
	op := &w.current[at]
	op.fate, op.out, op.ret = f, out, w.clock
	switch f {
	case returned:
		w.done++
	case lost:
		w.stats.Unknown++
	case failed, waiting:
	}
	if len(w.open) == 0 {
		w.close(ctx, false)
	} else if w.done > w.look {
		w.lighten()
	}
	return nil
}

// Finish ends the history: all outstanding operations have an unknown outcome. It returns the outcome of the whole;
// [Windows.States] are then the possible final states.
func (w *Windows[S, I, O]) Finish(ctx context.Context) Outcome { return w.finish(ctx, false) }

// Conclude is like Finish for callers that do not use the final states, some of which may be missing. One order of
// the last window is then enough, which is found sooner than all of them.
func (w *Windows[S, I, O]) Conclude(ctx context.Context) Outcome { return w.finish(ctx, true) }

func (w *Windows[S, I, O]) finish(ctx context.Context, last bool) Outcome {
	for i := range w.current {
		if op := &w.current[i]; op.fate == waiting {
			op.fate = lost
			w.stats.Unknown++
		}
	}
	clear(w.open)
	w.close(ctx, last)
	return w.outcome
}

// Oldest returns the number of the first event that still matters, from 1.
func (w *Windows[S, I, O]) Oldest() int64 {
	if len(w.current) == 0 {
		return w.clock + 1
	}
	return w.current[0].call
}

// Idle reports whether a window has just ended, so that everything known has been decided.
func (w *Windows[S, I, O]) Idle() bool { return len(w.current) == 0 }

// States returns the possible states of the object at the end of the last window, without repeats.
func (w *Windows[S, I, O]) States() []S { return w.distinct(w.front) }

// Outcome returns the outcome of the windows that have ended so far. Once it is not Holds, it does not change.
func (w *Windows[S, I, O]) Outcome() Outcome { return w.outcome }

// Reason returns why the outcome is Undecided.
func (w *Windows[S, I, O]) Reason() string { return w.reason }

// Violation returns the violation; it is nil unless the outcome is Violated.
func (w *Windows[S, I, O]) Violation() *Violation[S, I, O] { return w.found }

// Stats returns the counts so far.
func (w *Windows[S, I, O]) Stats() WindowsStats { return w.stats }

// restless abandons a window that is too long to be searched.
func (w *Windows[S, I, O]) restless(ops int) {
	w.giveUp(fmt.Sprintf("%d operations overlapped without a moment at which none was outstanding", ops))
}

func (w *Windows[S, I, O]) giveUp(reason string) {
	if w.outcome == Holds {
		w.outcome, w.reason = Undecided, reason
	}
	w.forget()
}

// forget starts a new window.
func (w *Windows[S, I, O]) forget() {
	kept := w.current[:0]
	for _, op := range w.current {
		if op.fate == waiting { // only after the outcome is known: it is not used again
			w.open[op.client] = len(kept)
			kept = append(kept, op)
		}
	}
	clear(w.current[len(kept):])
	w.current, w.done = kept, 0
}

// close decides the window that has ended. For the last window, not all possibilities at its end are needed.
func (w *Windows[S, I, O]) close(ctx context.Context, last bool) {
	if w.outcome != Holds {
		w.forget()
		return
	}
	if len(w.current) < w.look && w.later && !last {
		return
	}
	w.later = false
	defer func() {
		if !w.later {
			w.forget()
		}
	}()
	ops, pool := w.divide(w.current, w.clock+1)
	if len(ops) == 0 {
		w.pool = pool.settled()
		return
	}
	if bounds := (bounds{ctx: ctx, most: w.config.MaxMemory, steps: -1}); bounds.halted() {
		w.count(len(ops))
		w.giveUp(bounds.stopped)
		return
	}
	d := w.config.exactly(w.front, ops, pool)
	if !d.known && len(ops) > w.config.MaxOperations+1 { // it was continued as long as it did not have to be searched
		w.count(len(ops))
		w.restless(len(ops))
		return
	}
	if d.known && d.later && !last {
		w.later, w.look = true, 2*len(w.current)
		return
	}
	w.look = firstLook(w.config)
	w.count(len(ops))
	after := d.after
	if d.known {
		w.stats.Exact++
	} else {
		s := newSearch(ctx, &w.config, pool)
		s.once = last
		after = s.all(w.front, ops)
		if s.stopped != "" {
			w.giveUp(s.stopped)
			return
		}
	}
	switch {
	case len(after) > 0:
		w.front = after
		w.stats.Widest = max(w.stats.Widest, len(after))
		w.pool = pool.settled()
		w.shed()
	case !d.later:
		w.violate()
	}
}

func (w *Windows[S, I, O]) count(ops int) {
	w.stats.Windows++
	w.stats.Operations += ops
	w.stats.Longest = max(w.stats.Longest, ops)
}

func (w *Windows[S, I, O]) violate() {
	w.outcome = Violated
	w.found = w.violation()
}

// divide separates the operations of the window that returned before a moment, in order of invocation, from those
// that were invoked before it and may or may not take effect. The latter go into a pool with those of earlier
// windows.
func (w *Windows[S, I, O]) divide(current []windowed[I, O], moment int64) ([]operation[I, O], pool[I]) {
	var rets []int64
	var ops []operation[I, O]
	for i, op := range current {
		if op.fate == returned && op.ret < moment {
			rets = append(rets, op.ret)
			ops = append(ops, operation[I, O]{windowed: op, at: i})
		}
	}
	slices.Sort(rets)
	before := func(moment int64) int {
		n, _ := slices.BinarySearch(rets, moment)
		return n
	}
	for i := range ops {
		ops[i].rank = before(ops[i].ret)
	}
	var more []unknown[I]
	for i, op := range current {
		if op.call < moment && op.fate != failed && (op.fate != returned || op.ret >= moment) {
			more = append(more, unknown[I]{in: op.in, after: before(op.call), call: op.call, at: i, waiting: op.fate != lost})
		}
	}
	return ops, w.pool.with(more)
}

// shed removes unknown operations that have taken effect in every possibility.
func (w *Windows[S, I, O]) shed() {
	var gone []int32
	for _, id := range w.front[0].applied {
		everywhere := true
		for _, p := range w.front[1:] {
			everywhere = everywhere && p.has(id)
		}
		if everywhere {
			gone = append(gone, id)
		}
	}
	if len(gone) == 0 {
		return
	}
	w.pool.remove(gone)
	for i := range w.front {
		w.front[i].applied = minus(w.front[i].applied, gone)
	}
}
