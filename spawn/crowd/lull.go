package crowd

import (
	"context"
	"sync"
	"time"
)

// Lull quiesces the clients of a crowd right after an acknowledgement. The zero value is ready to use. Its methods
// are safe for concurrent use, but each Begin must be followed by an End before the next Begin.
type Lull struct {
	mu   sync.Mutex
	gate *gate // nil while the crowd is not running
}

func (l *Lull) attach(g *gate) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gate = g
}

func (l *Lull) attached() *gate {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.gate
}

// Begin stops clients from starting operations, except one last write, once nothing else is in flight, at the server
// with the given index. It waits until that is acknowledged, and reports whether it was before the context was done.
// From then on clients start nothing, and if it returned true, only hanging operations are in flight: those that take
// long are not waited for, and another write is tried, at any server. If no client may write any more, reads are used
// instead.
func (l *Lull) Begin(ctx context.Context, server int) bool {
	g := l.attached()
	if g == nil {
		return false
	}
	g.mu.Lock()
	quiet := make(chan struct{})
	g.mood, g.still, g.gets = hushing, quiet, 0
	g.lulls++
	g.whom = server
	g.change.Broadcast()
	g.mu.Unlock()
	tick := time.NewTicker(hung / 3)
	defer tick.Stop()
	for waits := true; waits; {
		select {
		case <-quiet:
			return true
		case <-tick.C:
			g.hasten()
		case <-ctx.Done():
			waits = false
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	was := g.mood
	g.mood = hushed
	return was == hushed
}

// End lets clients continue: first with one read at each server, concurrently, to check whether anything was lost
// before they overwrite it. When these have ended, or after a while, clients continue as before.
func (l *Lull) End() {
	g := l.attached()
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.reads {
		g.mood = open
		g.change.Broadcast()
		return
	}
	g.mood, g.looks = looking, g.servers
	g.change.Broadcast()
	lull := g.lulls
	time.AfterFunc(lookPatience, func() { g.relent(lull) })
}

// lookPatience is how long the first reads after a lull may delay other operations.
const lookPatience = 250 * time.Millisecond
