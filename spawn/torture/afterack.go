package torture

import (
	"context"
	"slices"
	"sync"
	"time"

	"synod/internal/wait"
	"synod/spawn/nemesis"
)

// Quiescer pauses clients for a kill-after-ack fault. It is used by one goroutine.
type Quiescer interface {
	// Quiesce stops clients from starting operations, and waits until a last write was acknowledged, by the given server
	// if it answers, and nothing is in flight. It reports whether that happened before the context was done.
	Quiesce(ctx context.Context, server int) bool
	// Resume lets clients continue, after checking whether anything was lost.
	Resume()
}

// stillness is the maximum time that a kill waits for an acknowledgement.
const stillness = 400 * time.Millisecond

// ackKill is a group of servers that are killed together right after an answer, by one or more faults that begin at
// once.
type ackKill struct {
	at, ends time.Duration // when it is due, and when the first of its faults ends
	servers  []int         // the servers to kill
	first    []int         // those that restart when the first fault ends
	knows    int           // the server that answers last: one that restarts last, so the others cannot rely on it

	struck chan struct{} // closed at the moment of the kill
	mu     sync.Mutex
	left   int           // how many of first have not restarted
	back   chan struct{} // closed when they all have
}

// ackKills returns the kills of a schedule that wait for an acknowledgement, in order. One that begins before the previous one has ended is
// omitted: its kills are ordinary ones.
func ackKills(s nemesis.Schedule) []*ackKill {
	var all []*ackKill
	for i := 0; i < len(s.Faults); {
		f := s.Faults[i]
		end := i + 1
		for end < len(s.Faults) && s.Faults[end].At == f.At {
			end++
		}
		a := ackKillOf(f.At, s.Faults[i:end])
		i = end
		if len(a.servers) > 0 && (len(all) == 0 || all[len(all)-1].ends < a.at) {
			all = append(all, a)
		}
	}
	return all
}

// ackKillOf returns the kill of faults that begin at once; it has no servers if none of them waits for an acknowledgement.
func ackKillOf(at time.Duration, faults []nemesis.Fault) *ackKill {
	a := &ackKill{at: at, struck: make(chan struct{}), back: make(chan struct{})}
	last := make(map[int]time.Duration)
	for _, f := range faults {
		if !f.AfterAck {
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
func (a *ackKill) returned() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.left--; a.left == 0 {
		close(a.back)
	}
}

// killAfterAcks waits for the acknowledgements, one after another, and lets the servers be killed.
func (c *Cluster) killAfterAcks(ctx context.Context, began time.Time, all []*ackKill) {
	for _, a := range all {
		if !wait.For(ctx, time.Until(began.Add(a.at))) {
			return
		}
		moment, cancel := context.WithTimeout(ctx, stillness)
		still := c.quiescer.Quiesce(moment, a.knows)
		cancel()
		close(a.struck)
		if still {
			c.mu.Lock()
			c.killsAfterAck++
			c.mu.Unlock()
		}
		select {
		case <-a.back:
		case <-ctx.Done():
		}
		c.quiescer.Resume()
	}
}

// KillsAfterAck returns how many kills right after an acknowledgement have taken place so far.
func (c *Cluster) KillsAfterAck() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.killsAfterAck
}

// ackKillQueue tracks the kills after acknowledgements of one server. Its methods must be called with ascending times.
type ackKillQueue struct {
	all  []*ackKill // those that have not ended
	self int
}

// due returns the kill that affects the server at a time, or nil.
func (p *ackKillQueue) due(at time.Duration) *ackKill {
	if len(p.all) > 0 && p.all[0].at == at && slices.Contains(p.all[0].servers, p.self) {
		return p.all[0]
	}
	return nil
}

// over records that the server has reached its condition for a time.
func (p *ackKillQueue) over(at time.Duration) {
	if len(p.all) > 0 && p.all[0].ends == at {
		if slices.Contains(p.all[0].first, p.self) {
			p.all[0].returned()
		}
		p.all = p.all[1:]
	}
}
