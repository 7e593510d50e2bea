// Package crowd is a load generator: many clients use servers concurrently, and their operations and answers are
// recorded as the history by which the servers are checked.
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
	Writes, Reads   int // acknowledged writes, and answered reads
	Refused         int // writes refused by a write-once register
	Unknown, Failed int
	Rounds          int // how often no operation was in flight between two rounds
}

// UnknownShare returns the share of writes of unknown outcome, from 0 to 1.
func (c Counts) UnknownShare() float64 {
	return float64(c.Unknown) / float64(max(c.Writes+c.Refused+c.Unknown, 1))
}

// Acknowledged returns the number of acknowledged or answered operations.
func (c Counts) Acknowledged() int { return c.Writes + c.Reads }

// Config configures a load generator.
type Config struct {
	Service  service.Service // of every client
	Workload nemesis.Workload
	Seed     uint64
	// Connect returns the configuration of a client, which the crowd owns until Run returns, except for the transport,
	// which it does not close. Retries are limited by Patience.
	Connect  func() (client.Config, error)
	Patience time.Duration // the maximum time of an operation; at least one attempt
	// Round is the number of operations between two moments at which none is in flight, where a history can be divided
	// and the number of active clients changes; 0 means 200.
	Round int
	// Quiescer lets another goroutine pause the clients; may be nil.
	Quiescer *Quiescer
	// Record is called for each event, by one goroutine at a time and in order of time since the beginning.
	Record func(oplog.Event)
}

// Run runs the clients until the context is done and all outstanding operations have ended. The error is that of
// Connect.
//
// A client whose operation has an unknown outcome continues under a new process number, since one process cannot have
// two outstanding operations.
func Run(ctx context.Context, c Config) (Counts, error) {
	r := &run{Config: c, began: time.Now(), gate: newGate(c.Workload, reads(c.Service), cmp.Or(c.Round, 200), c.Seed)}
	if c.Quiescer != nil {
		c.Quiescer.attach(r.gate)
		defer c.Quiescer.attach(nil)
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

// reads reports whether a service has a read-only operation.
func reads(s service.Service) bool {
	return slices.ContainsFunc(s.Operations(), func(o service.Info) bool { return o.Reads })
}

// run is a running load generator.
type run struct {
	Config
	began time.Time
	gate  *gate

	mu     sync.Mutex
	counts Counts
}

// work runs a client.
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

// operate performs one operation, and returns how it ended. The end of the run does not interrupt it.
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
