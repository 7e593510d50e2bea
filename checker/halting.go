package checker

import (
	"errors"
	"sync"
	"sync/atomic"

	"synod/internal/offheap"
	"synod/model/statespace"
)

// halting is whether a search is to stop, and why.
type halting struct {
	halt     atomic.Uint32 // a stopCause; if not 0, workers return soon
	failure  atomic.Pointer[failure]
	stopped  chan struct{} // closed once halt is set
	stopping sync.Once
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

// stop asks the workers to return. The greatest cause is kept.
func (h *halting) stop(cause stopCause) {
	defer h.stopping.Do(func() { close(h.stopped) })
	for {
		now := h.halt.Load()
		if uint32(cause) <= now || h.halt.CompareAndSwap(now, uint32(cause)) {
			return
		}
	}
}

// halted reports whether the search is to stop.
func (h *halting) halted() bool { return h.halt.Load() != 0 }

// failAt stops the search with an error that occurred in a state. Only the first error is kept.
func (h *halting) failAt(err error, state []statespace.PartID) {
	h.failure.CompareAndSwap(nil, &failure{err, state})
	h.stop(stopError)
}

// failure is an error and the state in which it occurred, or nil.
type failure struct {
	err   error
	state []statespace.PartID
}

// guard runs f, and stops the search on a panic with offheap.ErrLimit: memory is exhausted or an arena reached its
// limit. Other panics are bugs, and are propagated.
func (h *halting) guard(f func()) {
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		if err, ok := r.(error); ok && errors.Is(err, offheap.ErrLimit) {
			h.stop(stopMemory)
			return
		}
		panic(r)
	}()
	f()
}

// isOver reports whether time or memory has run out.
func (h *halting) isOver() bool { return h.halt.Load() >= uint32(stopTime) }
