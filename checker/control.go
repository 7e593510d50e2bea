package checker

import (
	"sync"
	"sync/atomic"

	"synod/model/statespace"
)

// Control pauses and resumes a search from outside; its context stops it. The zero value lets it run. Give it to one
// search, in Options. It is safe for concurrent use.
//
// A pause keeps the tables. What is in flight is finished first, which is at most a few thousand states. Time goes on
// for Options.Timeout.
type Control struct {
	mu     sync.Mutex
	resume chan struct{} // closed by Resume; nil while the search runs
	paused atomic.Bool   // resume is not nil
}

// Pause keeps the workers from expanding more states. It does not wait for them.
func (c *Control) Pause() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.resume == nil {
		c.resume = make(chan struct{})
		c.paused.Store(true)
	}
}

// Resume lets the workers go on.
func (c *Control) Resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.resume != nil {
		close(c.resume)
		c.resume = nil
		c.paused.Store(false)
	}
}

// Paused reports whether the search is asked to pause.
func (c *Control) Paused() bool {
	return c.paused.Load()
}

// wait returns when the search is not to pause, or is to stop.
func (c *Control) wait(stopped <-chan struct{}) {
	for c.Paused() {
		c.mu.Lock()
		resume := c.resume
		c.mu.Unlock()
		if resume == nil {
			return
		}
		select {
		case <-resume:
		case <-stopped:
			return
		}
	}
}

// Found is a discovery, as soon as its path is known. The path and the space are valid during the call only.
type Found struct {
	Property statespace.Property
	Space    statespace.Space
	Path     statespace.Path
}

// pause is called by every worker of a search now and then, between two states.
func (e *engine) pause() {
	if c := e.options.Control; c != nil {
		c.wait(e.stopped)
	}
}

// tell reports a discovery.
func (e *engine) tell(property int, path *statespace.Path) {
	if f := e.options.Found; f != nil && path != nil {
		full, err := e.inFull(path)
		if err != nil {
			return // The end of the search looks into it.
		}
		f(Found{Property: e.judge.properties[property], Space: e.shown(), Path: *e.joined(e.outward(full))})
	}
}
