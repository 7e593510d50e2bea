package crowd

import (
	"context"
	"sync"
	"time"
)

// Quiescer pauses the clients of a crowd right after an acknowledgement. The zero value is ready to use. Its methods
// are safe for concurrent use, but each Quiesce must be followed by a Resume before the next Quiesce.
type Quiescer struct {
	mu   sync.Mutex
	gate *gate // nil while the crowd is not running
}

func (q *Quiescer) attach(g *gate) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.gate = g
}

func (q *Quiescer) attached() *gate {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.gate
}

// Quiesce stops clients from starting operations, except one last write, once nothing else is in flight, at the server
// with the given index. It waits until that is acknowledged, and reports whether it was before the context was done.
// From then on clients start nothing, and if it returned true, only hanging operations are in flight: those that take
// long are not waited for, and another write is tried, at any server. If no client may write any more, reads are used
// instead.
func (q *Quiescer) Quiesce(ctx context.Context, server int) bool {
	g := q.attached()
	if g == nil {
		return false
	}
	g.mu.Lock()
	quiet := make(chan struct{})
	g.mood, g.still, g.gets = quiescing, quiet, 0
	g.pauses++
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
	g.mood = quiescent
	return was == quiescent
}

// Resume lets clients continue: first with one read at each server, concurrently, to check whether anything was lost
// before they overwrite it. When these have ended, or after a while, clients continue as before.
func (q *Quiescer) Resume() {
	g := q.attached()
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
	pause := g.pauses
	time.AfterFunc(lookPatience, func() { g.relent(pause) })
}

// lookPatience is how long the first reads after a pause may delay other operations.
const lookPatience = 250 * time.Millisecond
