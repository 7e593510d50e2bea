package model

import (
	"sync"
	"sync/atomic"

	"synod/internal/offheap"
	"synod/internal/words"
	"synod/model/statespace"
)

// outcome is what a handler made of a local state and an event, in the numbers of the space.
type outcome struct {
	once    sync.Once
	filled  atomic.Bool
	ignored statespace.Reason
	idle    bool   // the handler had no effect, whatever the network makes of it
	local   uint32 // of a crash, what is kept
	effects []statespace.SlotEffect
	more    *more // nil for most
}

// more is what few outcomes have.
type more struct {
	err     error
	timers  []timerCommand
	choices []uint32 // each a list of options
}

// unfinished stands in an outcome that is being filled.
var unfinished = &more{err: &broken{}}

func (o *outcome) err() error {
	if o.more == nil {
		return nil
	}
	return o.more.err
}

func (o *outcome) timers() []timerCommand {
	if o.more == nil {
		return nil
	}
	return o.more.timers
}

func (o *outcome) choices() []uint32 {
	if o.more == nil {
		return nil
	}
	return o.more.choices
}

// add returns the place for what few outcomes have.
func (o *outcome) add() *more {
	if o.more == nil || o.more == unfinished {
		o.more = &more{}
	}
	return o.more
}

// timerCommand sets or cancels a timer.
type timerCommand struct {
	timer uint32
	set   bool
}

// broken is the error of an outcome that an internal panic, such as that of memory that is out, left unfinished.
type broken struct{ cause any }

func (*broken) Error() string { return "an outcome was left unfinished" }

// fill runs the once of an outcome.
func (o *outcome) fill(f func() error) {
	o.more = unfinished
	defer func() {
		if r := recover(); r != nil {
			o.add().err = &broken{r}
		}
		o.filled.Store(true)
	}()
	if err := f(); err != nil {
		o.add().err = err
	} else if o.more == unfinished {
		o.more = nil
	}
}

// whole returns the outcome, or panics as the call that should have filled it did.
func (o *outcome) whole() *outcome {
	if o.more != nil {
		if b, ok := o.more.err.(*broken); ok { //nolint:errorlint // it is never wrapped
			panic(b.cause)
		}
	}
	return o
}

// judge decides whether the handler had an effect, and whether that makes the event a transition. This is judged before
// the network: a delivery that is ignored may still unblock a flow.
func (o *outcome) judge(e event, commands int) {
	unchanged := !e.start && e.kind != statespace.Recover && o.local == e.local
	again := e.kind == statespace.Timeout && o.onlySets(e.what, commands)
	o.idle = unchanged && (commands == 0 || again)
	// A timeout that commands nothing takes the timer away, and a choice that was made is no longer pending: these are
	// transitions although the handler had no effect.
	if o.idle && (e.kind == statespace.Deliver || again) {
		o.ignored = statespace.Unchanged
	}
}

// onlySets reports whether there are commands, and each sets this timer.
func (o *outcome) onlySets(timer uint32, commands int) bool {
	for _, t := range o.timers() {
		if t != (timerCommand{timer, true}) {
			return false
		}
	}
	return commands > 0 && len(o.timers()) == commands
}

// outcomes remembers every handler call of an actor, by local state and action. A call has one winner; others wait.
type outcomes struct {
	numbers *words.Map
	all     atomic.Pointer[[]*[outcomeRun]outcome] // they never move
	mu      sync.Mutex
	keys    []outcomeKey // of all; guarded by mu
}

// outcomeRun is how many outcomes lie side by side.
const outcomeRun = 64

type outcomeKey struct {
	local  uint32
	action statespace.ActionID
}

func newOutcomes(arena *offheap.Arena) *outcomes {
	o := &outcomes{numbers: words.NewMap(arena)}
	o.all.Store(&[]*[outcomeRun]outcome{})
	return o
}

// get returns the place of an outcome; it is filled under its once.
func (o *outcomes) get(k outcomeKey) *outcome {
	key := uint64(k.local)<<32 | uint64(k.action)
	n, ok := o.numbers.Get(key)
	if !ok {
		n, _ = o.numbers.Put(key, func() uint32 {
			o.mu.Lock()
			defer o.mu.Unlock()
			if len(o.keys)%outcomeRun == 0 {
				// Appending in place is safe: readers know only the numbers that were published to them.
				all := append(*o.all.Load(), new([outcomeRun]outcome))
				o.all.Store(&all)
			}
			o.keys = append(o.keys, k)
			return uint32(len(o.keys) - 1)
		})
	}
	return o.at(n)
}

func (o *outcomes) at(n uint32) *outcome { return &(*o.all.Load())[n/outcomeRun][n%outcomeRun] }

// len counts them.
func (o *outcomes) len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.keys)
}

// each calls f for every outcome that is known, until it returns false.
func (o *outcomes) each(f func(outcomeKey, *outcome) bool) {
	o.mu.Lock()
	keys := o.keys
	o.mu.Unlock()
	for i, k := range keys {
		if found := o.at(uint32(i)); found.filled.Load() && found.err() == nil && !f(k, found) {
			return
		}
	}
}
