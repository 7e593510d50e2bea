package consistency

import (
	"context"
	"fmt"
	"slices"
)

// Outcome is what a bounded check says.
type Outcome uint8

// The outcomes. The zero value claims nothing.
const (
	Undecided Outcome = iota // a limit ended the check
	Holds                    // the object could have answered so
	Violated                 // it could not
)

// String is "undecided", "holds" or "violated".
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

// WindowsConfig describes what a [Windows] checks.
type WindowsConfig[S any, I comparable, O any] struct {
	Spec Spec[S, I, O]
	// Before lists the operations of unknown outcome that could matter if they took effect right before an operation
	// with this input and this answer, in this state: without which the answer would not be given, or the state after it
	// would be another one. It is asked again in the state that one of them leads to. With all set it could be any.
	// Leaving out one that matters makes answers wrong; the rest only costs time. Nil is all, always, and then time
	// grows exponentially with the number of unknown operations. The function depending returns the inputs of
	// those that do not overwrite, some perhaps twice.
	Before func(state S, in I, out O, depending func() []I) (which []I, all bool)
	// Effect returns what is known of an operation with this input and this answer; of an unknown one, out is nil.
	// Claiming what is not so makes answers wrong. Nil is Depends, always, and then many clients at once take long.
	Effect func(in I, out *O) Effect
	// Exact decides windows without a search where it applies; nil is a search, always.
	Exact Exact[S, I, O]
	// MaxOperations bounds the completed operations of one window that is searched; 0 means 20,000.
	MaxOperations int
	// Lighten is how many completed operations of a window are a reason to look whether some of them can be forgotten before it
	// ends; 0 means 2,048.
	Lighten int
	// MaxMemory bounds what one window and its search may hold, estimated, in bytes; 0 means 1 GiB.
	MaxMemory int64
}

// Windows decides whether the operations on one object are linearizable, however many there are: it takes events in the
// order in which they happened and forgets what it has decided.
//
// It works in windows. A window ends at a moment when every outstanding operation has an unknown outcome, whose answer
// will never come. All that the future can tell of the past is then the object's state, and which of the unknown
// operations have taken effect; so the set of all the pairs of these that are possible is what is carried over. An unknown
// operation may take effect in every later window, once, or never. Of two pairs with the same state, the one in which
// fewer unknown operations have taken effect allows all that the other one allows, and is kept alone.
//
// Where the answers show what took effect when, as in a register to which no value is written twice, a window is not searched,
// and need not end either: see [Exact].
//
// In a search, an unknown operation needs to take effect only right before a completed one: if it does so earlier, nobody sees the
// difference. So it is no operation of the search within a window. The answer is that of [Linearizable] for the whole.
//
// One client at a time may use a Windows.
type Windows[S any, I comparable, O any] struct {
	config  WindowsConfig[S, I, O]
	clock   int64
	open    map[Client]int      // of the clients that wait, their operation's place in current
	current []windowed[I, O]    // of this window, in the order of invocation
	done    int                 // how many of them have returned
	pool    pool[I]             // unknown operations of earlier windows
	front   []possibility[S]    // what may be so at the beginning of the window
	later   bool                // it goes on, since too much is possible
	look    int                 // how long the window has to be for a look at it before it ends
	outcome Outcome             // Holds until there is another
	reason  string              // why it is undecided
	found   *Violation[S, I, O] // if it is violated
	stats   WindowsStats
}

// WindowsStats counts what was checked.
type WindowsStats struct {
	Windows    int // that were decided
	Exact      int // of them, without a search
	Operations int // completed ones in them
	Longest    int // completed operations of the longest window
	Widest     int // the most pairs that were carried from one window to the next
	Unknown    int // operations of unknown outcome
}

// windowed is an operation of the current window.
type windowed[I comparable, O any] struct {
	client    Client
	in        I
	out       O
	call, ret int64 // moments: the number of the event
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

// Invoke notes that client c has invoked an operation. It returns [ErrPending], wrapped, if c has not had the answer to
// the one before.
func (w *Windows[S, I, O]) Invoke(c Client, in I) error {
	if _, waits := w.open[c]; waits {
		return fmt.Errorf("client %d invokes: %w", c, ErrPending)
	}
	w.clock++
	w.open[c] = len(w.current)
	w.current = append(w.current, windowed[I, O]{client: c, in: in, call: w.clock})
	return nil
}

// Return notes that client c was answered. If that ends a window, it is decided before Return returns; when ctx is done
// first, everything from there on is undecided. It returns [ErrNotPending], wrapped, if c waits for nothing.
func (w *Windows[S, I, O]) Return(ctx context.Context, c Client, out O) error {
	return w.end(ctx, c, returned, out)
}

// Fail notes that client c's operation did not take effect, and never will. Otherwise it is as Return.
func (w *Windows[S, I, O]) Fail(ctx context.Context, c Client) error {
	var none O
	return w.end(ctx, c, failed, none)
}

// Lose notes that client c will never know what became of its operation: it may take effect at any later time, or never.
// The client may invoke another one. Otherwise it is as Return.
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

// Finish notes that nothing more happens: all outstanding operations have an unknown outcome. It returns the outcome of
// the whole, and [Windows.States] what the object may be in then.
func (w *Windows[S, I, O]) Finish(ctx context.Context) Outcome { return w.finish(ctx, false) }

// Conclude is as Finish for a caller that does not ask for the states at the end, some of which may be missing. So one
// order of the last window is enough, which is found sooner than all of them.
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

// Idle reports whether a window has just ended: nothing is known that is not decided.
func (w *Windows[S, I, O]) Idle() bool { return len(w.current) == 0 }

// States returns those that the object may be in at the end of the last window, each once.
func (w *Windows[S, I, O]) States() []S { return w.distinct(w.front) }

// Outcome is that of the windows that have ended so far. Once it is not Holds, it stays what it is.
func (w *Windows[S, I, O]) Outcome() Outcome { return w.outcome }

// Reason returns what ended a check that is undecided.
func (w *Windows[S, I, O]) Reason() string { return w.reason }

// Violation describes what is wrong, and is nil unless the outcome is Violated.
func (w *Windows[S, I, O]) Violation() *Violation[S, I, O] { return w.found }

// Stats counts what was checked so far.
func (w *Windows[S, I, O]) Stats() WindowsStats { return w.stats }

// restless abandons a window that is too long to be searched.
func (w *Windows[S, I, O]) restless(ops int) {
	w.giveUp(fmt.Sprintf("%d operations followed one another without a moment at which none was under way", ops))
}

func (w *Windows[S, I, O]) giveUp(reason string) {
	if w.outcome == Holds {
		w.outcome, w.reason = Undecided, reason
	}
	w.forget()
}

// forget begins a new window.
func (w *Windows[S, I, O]) forget() {
	kept := w.current[:0]
	for _, op := range w.current {
		if op.fate == waiting { // only after the outcome is known: nobody looks at it again
			w.open[op.client] = len(kept)
			kept = append(kept, op)
		}
	}
	clear(w.current[len(kept):])
	w.current, w.done = kept, 0
}

// close decides the window that has ended. For the last one, some of what is possible at its end will do.
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
	if !d.known && len(ops) > w.config.MaxOperations+1 { // it went on as long as it had not to be searched
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

// divide separates operations of the window that have returned before a moment, in the order of their invocation, from
// those that were invoked before it and may take effect or not. These are put into a pool with those of earlier windows.
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

// shed drops unknown operations that have taken effect in every possibility.
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
