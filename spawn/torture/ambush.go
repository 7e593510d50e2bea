package torture

import (
	"context"
	"slices"
	"sync"
	"time"

	"synod/internal/wait"
	"synod/spawn/nemesis"
)

// Lull pauses clients for a kill-after-ack fault (ambush). It is used by one goroutine.
type Lull interface {
	// Begin stops clients from starting operations, and waits until a last write was acknowledged, by the given server
	// if it answers, and nothing is in flight. It reports whether that happened before the context was done.
	Begin(ctx context.Context, server int) bool
	// End lets clients continue, after checking whether anything was lost.
	End()
}

// stillness is how long an ambush may wait for its moment.
const stillness = 400 * time.Millisecond

// ambush is a group of servers that are killed together right after an answer, by one or more faults that begin at
// once.
type ambush struct {
	at, ends time.Duration // when it is due, and when the first of its faults ends
	servers  []int         // the servers to kill
	first    []int         // those that restart when the first fault ends
	knows    int           // the server that answers last: one that restarts last, so that the others cannot rely on it

	struck chan struct{} // closed at the moment of the kill
	mu     sync.Mutex
	left   int           // how many of first have not restarted
	back   chan struct{} // closed when they all have
}

// ambushes returns the ambushes of a schedule, in order. One that begins before the previous one has ended is
// omitted: its kills are ordinary ones.
func ambushes(s nemesis.Schedule) []*ambush {
	var all []*ambush
	for i := 0; i < len(s.Faults); {
		f := s.Faults[i]
		end := i + 1
		for end < len(s.Faults) && s.Faults[end].At == f.At {
			end++
		}
		a := ambushOf(f.At, s.Faults[i:end])
		i = end
		if len(a.servers) > 0 && (len(all) == 0 || all[len(all)-1].ends < a.at) {
			all = append(all, a)
		}
	}
	return all
}

// ambushOf returns the ambush of faults that begin at once; it has no servers if none of them is an ambush.
func ambushOf(at time.Duration, faults []nemesis.Fault) *ambush {
	a := &ambush{at: at, struck: make(chan struct{}), back: make(chan struct{})}
	last := make(map[int]time.Duration)
	for _, f := range faults {
		if !f.Ambush {
			continue
		}
		if len(a.servers) == 0 || f.Ends() < a.ends {
			a.ends = f.Ends()
		}
		for _, p := range f.Servers {
			last[p] = max(last[p], f.Ends())
			a.servers = append(a.servers, p)
		}
	}
	slices.Sort(a.servers)
	a.servers = slices.Compact(a.servers)
	for _, p := range a.servers {
		if last[p] == a.ends {
			a.first = append(a.first, p)
		}
		if last[p] >= last[a.knows] {
			a.knows = p
		}
	}
	if a.left = len(a.first); a.left == 0 {
		close(a.back)
	}
	return a
}

// returned records that a server has restarted after the first fault.
func (a *ambush) returned() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.left--; a.left == 0 {
		close(a.back)
	}
}

// lie waits for the moments of ambushes, one after another.
func (c *Cluster) lie(ctx context.Context, began time.Time, all []*ambush) {
	for _, a := range all {
		if !wait.For(ctx, time.Until(began.Add(a.at))) {
			return
		}
		moment, cancel := context.WithTimeout(ctx, stillness)
		still := c.lull.Begin(moment, a.knows)
		cancel()
		close(a.struck)
		if still {
			c.mu.Lock()
			c.ambushed++
			c.mu.Unlock()
		}
		select {
		case <-a.back:
		case <-ctx.Done():
		}
		c.lull.End()
	}
}

// Ambushes returns how many ambushes have taken place so far.
func (c *Cluster) Ambushes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ambushed
}

// plot tracks the ambushes of one server. Its methods must be called with ascending times.
type plot struct {
	all  []*ambush // those that have not ended
	self int
}

// due returns the ambush that kills the server at a time, or nil.
func (p *plot) due(at time.Duration) *ambush {
	if len(p.all) > 0 && p.all[0].at == at && slices.Contains(p.all[0].servers, p.self) {
		return p.all[0]
	}
	return nil
}

// over records that the server has reached its condition for a time.
func (p *plot) over(at time.Duration) {
	if len(p.all) > 0 && p.all[0].ends == at {
		if slices.Contains(p.all[0].first, p.self) {
			p.all[0].returned()
		}
		p.all = p.all[1:]
	}
}
