package checker

import (
	"sync"
	"sync/atomic"

	"synod/model/statespace"
)

// Control pauses and resumes a search; the context of the search stops it. The zero value is ready to use and not
// paused. A Control must be used for one search only. It is safe for concurrent use.
//
// A paused search keeps its tables. Work in progress is finished first, at most a few thousand states.
// Options.Timeout keeps running during a pause.
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

// Resume resumes the workers.
func (c *Control) Resume() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.resume != nil {
		close(c.resume)
		c.resume = nil
		c.paused.Store(false)
	}
}

// Paused reports whether a pause was requested.
func (c *Control) Paused() bool {
	return c.paused.Load()
}

// wait blocks while the search is paused and not stopped.
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

// Found is a discovery, reported when its path is known. The path and the space are valid only during the call.
type Found struct {
	Property statespace.Property
	Space    statespace.Space
	Path     statespace.Path
}

// pause blocks a worker while the search is paused. Workers call it between states.
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
			return // The error is reported at the end of the search.
		}
		f(Found{Property: e.judge.Properties[property], Space: e.shown(), Path: *e.joined(e.outward(full))})
	}
}
