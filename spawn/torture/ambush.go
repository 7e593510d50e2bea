package torture

import (
	"context"
	"slices"
	"sync"
	"time"

	"synod/internal/wait"
	"synod/spawn/nemesis"
)

// Lull is how clients are made to pause for an ambush. One goroutine uses it.
type Lull interface {
	// Begin lets clients begin nothing more, and waits until a last put was acknowledged, by a certain server if it
	// answers, and nothing is in flight. It tells whether there was such a moment before the context ended.
	Begin(ctx context.Context, server int) bool
	// End lets clients go on, and look first whether anything was lost.
	End()
}

// stillness is how long an ambush may take to wait for its moment.
const stillness = 400 * time.Millisecond

// ambush is servers that are killed together right after an answer. It may be of several faults that begin at once.
type ambush struct {
	at, ends time.Duration // when it is due, and when the first of its faults ends
	servers  []int         // all that it kills
	first    []int         // those that come back when the first fault ends
	knows    int           // who is to answer last: one that comes back last, so that the others have to know by themselves

	struck chan struct{} // closed at the moment of the kill
	mu     sync.Mutex
	left   int           // of first, how many are not back
	back   chan struct{} // closed when they all are
}

// ambushes returns those of a schedule, in their order. One that begins before the last one is over is left out: its
// kills are like others.
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

// ambushOf is the ambush of some faults that begin at once, without servers if there is none among them.
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

// returned notes that a server has got over the end of the first fault.
func (a *ambush) returned() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.left--; a.left == 0 {
		close(a.back)
	}
}

// lie waits for the moments of ambushes, one after the other.
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

// Ambushes returns how many ambushes had their moment so far.
func (c *Cluster) Ambushes() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ambushed
}

// plot is what one server has to do with ambushes. It is asked for ever later times.
type plot struct {
	all  []*ambush // that are not over
	self int
}

// due returns the ambush that is to kill the server at a time, or nil.
func (p *plot) due(at time.Duration) *ambush {
	if len(p.all) > 0 && p.all[0].at == at && slices.Contains(p.all[0].servers, p.self) {
		return p.all[0]
	}
	return nil
}

// over notes that the server has become what it ought to be from a time on.
func (p *plot) over(at time.Duration) {
	if len(p.all) > 0 && p.all[0].ends == at {
		if slices.Contains(p.all[0].first, p.self) {
			p.all[0].returned()
		}
		p.all = p.all[1:]
	}
}
