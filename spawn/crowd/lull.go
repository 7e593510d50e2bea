package crowd

import (
	"context"
	"sync"
	"time"
)

// Lull quiesces the clients of a crowd right after an acknowledgement. The zero value is
// that of a crowd that does not work yet. Its methods are safe for concurrent use, but each Begin is to be followed by an End
// before the next one.
type Lull struct {
	mu   sync.Mutex
	gate *gate // nil while the crowd does not work
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

// Begin lets clients begin nothing more, but for one last put, when nothing else is in flight, at a server that is named by
// its place from 0. It waits until that is acknowledged, and tells whether it was before the context ended. From then on
// clients begin nothing, and if it was, nothing is in flight but what hangs: operations that take long are not waited for,
// and another put is tried, at any server. If no client may put any more, gets are as good.
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

// End lets clients go on: first with a get at each server, all at once, with which they look whether anything was lost
// before they write over it. When these have come to an end, or after a while, they go on as before.
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

// lookPatience is how long the first gets after a lull may keep the others waiting.
const lookPatience = 250 * time.Millisecond
