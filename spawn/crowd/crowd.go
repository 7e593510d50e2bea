// Package crowd lets many clients ask servers at the same time, and notes what they are told: the history by which the servers
// are judged.
package crowd

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"synod/consistency/oplog"
	"synod/internal/wait"
	"synod/spawn/client"
	"synod/spawn/nemesis"
	"synod/spawn/service"
)

// Counts are numbers of operations.
type Counts struct {
	Writes, Reads   int // acknowledged, and answered
	Refused         int // writes, by a register that is written once
	Unknown, Failed int
	Rounds          int // moments at which none was in flight, between others
}

// UnknownShare is the share of puts of which nobody knows whether they happened, from 0 to 1.
func (c Counts) UnknownShare() float64 {
	return float64(c.Unknown) / float64(max(c.Writes+c.Refused+c.Unknown, 1))
}

// Acknowledged is how many were acknowledged or answered.
func (c Counts) Acknowledged() int { return c.Writes + c.Reads }

// Config is a crowd.
type Config struct {
	Service  service.Service // of every client
	Workload nemesis.Workload
	Seed     uint64
	// Connect returns what each client works with, which belongs to the crowd until Run returns, but for the transport,
	// which is not closed. Of the attempts that it allows, those are made that Patience has time for.
	Connect  func() (client.Config, error)
	Patience time.Duration // how long an operation may take; at least one attempt
	// Round is how many operations there are from one moment at which none is in flight to the next: where a history can
	// be cut in two, and another number of the clients go on. 0 is 200.
	Round int
	// Lull lets somebody else make the clients pause; nil for nobody.
	Lull *Lull
	// Record is told of each event, by one goroutine at a time and in the order of time, which counts from the beginning.
	Record func(oplog.Event)
}

// Run lets the clients work until the context ends and all outstanding operations have ended. The error is that of
// Connect.
//
// A client whose operation is unknown goes on under a new number, as it would be two operations of one client at once
// otherwise.
func Run(ctx context.Context, c Config) (Counts, error) {
	r := &run{Config: c, began: time.Now(), gate: newGate(c.Workload, reads(c.Service), cmp.Or(c.Round, 200), c.Seed)}
	if c.Lull != nil {
		c.Lull.attach(r.gate)
		defer c.Lull.attach(nil)
	}
	defer context.AfterFunc(ctx, r.gate.wake)()
	var clients []*client.Client
	for range c.Workload.Clients {
		config, err := c.Connect()
		if err != nil {
			return Counts{}, err
		}
		config.Service = c.Service
		clients = append(clients, client.New(config))
	}
	var wg sync.WaitGroup
	for i, cl := range clients {
		wg.Go(func() { r.work(ctx, i, cl) })
	}
	wg.Wait()
	r.counts.Rounds = r.gate.rounds
	return r.counts, nil
}

// reads reports whether a service has an operation that only reads.
func reads(s service.Service) bool {
	return slices.ContainsFunc(s.Operations(), func(o service.Info) bool { return o.Reads })
}

// run is a crowd at work.
type run struct {
	Config
	began time.Time
	gate  *gate

	mu     sync.Mutex
	counts Counts
}

// work is what a client does.
func (r *run) work(ctx context.Context, index int, c *client.Client) {
	script := r.Workload.Client(index, rand.NewPCG(r.Seed, uint64(index)))
	process := int64(index)
	for {
		o := script.Next()
		if !wait.For(ctx, o.Think) {
			return
		}
		draw := service.Draw{Client: index, Count: o.Count, Value: o.Value, Random: o.Random}
		call := r.Service.Draw(o.Read, draw)
		for began := false; !began; {
			t := r.gate.enter(ctx, index, !call.Reads)
			var ended oplog.Type
			switch t.kind {
			case over:
				return
			case look:
				ended = r.operate(ctx, process, t.server, r.Service.Draw(true, draw), c)
			case last, work:
				began = true
				if t.kind == last && t.server != anybody {
					o.Server = t.server
				}
				ended = r.operate(ctx, process, o.Server, call, c)
			}
			r.gate.leave(t, began && !call.Reads && ended == oplog.Ok)
			if ended == oplog.Unknown {
				process += int64(r.Workload.Clients)
			}
		}
	}
}

// operate performs one operation, and returns how it ended. The end of the crowd's work does not cut it off.
func (r *run) operate(ctx context.Context, process int64, server int, call service.Call, c *client.Client) oplog.Type {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.Patience)
	defer cancel()
	begin := r.Service.Invoked(call)
	begin.Process = process
	r.note(begin, call)
	end := oplog.Event{Type: oplog.Ok, Process: process, Op: begin.Op}
	out, err := c.Do(ctx, server, call)
	switch {
	case err == nil, errors.Is(err, client.ErrRefused):
		end = r.Service.Told(call, out)
		end.Process = process
	case errors.Is(err, client.ErrUnknown):
		end.Type = oplog.Unknown
	default:
		end.Type = oplog.Fail
	}
	r.note(end, call)
	return end.Type
}

// note records an event and counts it.
func (r *run) note(e oplog.Event, call service.Call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.Time = time.Since(r.began)
	switch {
	case e.Refused:
		r.counts.Refused++
	case e.Type == oplog.Ok && call.Reads:
		r.counts.Reads++
	case e.Type == oplog.Ok:
		r.counts.Writes++
	case e.Type == oplog.Unknown:
		r.counts.Unknown++
	case e.Type == oplog.Fail:
		r.counts.Failed++
	}
	r.Record(e)
}
