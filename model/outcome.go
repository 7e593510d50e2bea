package model

import (
	"sync"
	"sync/atomic"

	"synod/internal/offheap"
	"synod/internal/words"
	"synod/model/statespace"
)

// outcome is the result of a handler for a local state and an event, in the numbers of the space.
type outcome struct {
	once    sync.Once
	filled  atomic.Bool
	ignored statespace.Reason
	idle    bool   // the handler had no effect, regardless of the network
	local   uint32 // next local state; for a crash, the kept data
	effects []statespace.SlotEffect
	more    *more // nil for most outcomes
}

// more holds the fields that few outcomes need.
type more struct {
	err     error
	timers  []timerCommand
	choices []uint32 // each a list of options
}

// unfinished is the value of more in an outcome that is being filled.
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

// add returns o.more, which it allocates if necessary.
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

// broken is the error of an outcome that an internal panic, such as one for exhausted memory, left unfinished.
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

// whole returns the outcome, or repeats the panic of the call that should have filled it.
func (o *outcome) whole() *outcome {
	if o.more != nil {
		if b, ok := o.more.err.(*broken); ok { //nolint:errorlint // it is never wrapped
			panic(b.cause)
		}
	}
	return o
}

// judge decides whether the handler had an effect, and whether the event is therefore a transition. The network is
// considered later: an ignored delivery may still unblock a flow.
func (o *outcome) judge(e event, commands int) {
	unchanged := !e.start && e.kind != statespace.Recover && o.local == e.local
	again := e.kind == statespace.Timeout && o.onlySets(e.what, commands)
	o.idle = unchanged && (commands == 0 || again)
	// A timeout without commands removes the timer, and a choice that was made is no longer pending: these are
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

// outcomes caches the handler calls of an actor, by local state and action. One goroutine makes a call; others wait
// for it.
type outcomes struct {
	numbers *words.Map
	all     atomic.Pointer[[]*[outcomeRun]outcome] // outcomes never move
	mu      sync.Mutex
	keys    []outcomeKey // of all outcomes; guarded by mu
}

// outcomeRun is the number of outcomes in an allocated block.
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

// get returns the place of an outcome, which is filled under its once.
func (o *outcomes) get(k outcomeKey) *outcome {
	key := uint64(k.local)<<32 | uint64(k.action)
	n, ok := o.numbers.Get(key)
	if !ok {
		n, _ = o.numbers.Put(key, func() uint32 {
			o.mu.Lock()
			defer o.mu.Unlock()
			if len(o.keys)%outcomeRun == 0 {
				// Appending in place is safe: readers use only published numbers.
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

// len returns the number of outcomes.
func (o *outcomes) len() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.keys)
}

// each calls f for every filled outcome until f returns false.
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
