// Package rehearse runs clusters in deterministic simulation: each run has faults and clients drawn from a seed, its
// history is checked, and a failing run is shrunk and written to files. Runs share nothing, so many can execute
// concurrently; a run depends on its seed alone.
package rehearse

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"synod/actor"
	"synod/consistency"
	"synod/consistency/oplog"
	"synod/spawn"
	"synod/spawn/nemesis"
	"synod/spawn/rehearse/stage"
	"synod/spawn/service"
)

// Config configures the runs. Program, Service, Servers, Clients and Length are required.
type Config struct {
	Program   spawn.Program
	Service   service.Service // the client operations
	Servers   int
	Clients   int
	Length    time.Duration  // the virtual duration of each run
	Kinds     []nemesis.Kind // the kinds of faults; none for no faults
	Every     time.Duration  // mean time between faults; 0 is half a second
	Streams   bool           // messages use streams rather than datagrams
	Ephemeral bool           // servers do not persist state
	Reads     float64        // the share of reads among operations, from 0 to 1
	Writes    int            // per client, after which it only reads; 0 means no limit
	Retries   int            // attempts of an operation after the first

	// Server modifies the configuration of a server before each start, to inject bugs; see stage.Config. It is called
	// concurrently by runs with different seeds.
	Server func(seed uint64, place int, now func() time.Duration, c spawn.Config) spawn.Config
	// Flaws are bugs in how records are stored.
	Flaws stage.Flaws
}

// Where servers and clients are. Nothing is ever sent there.
const (
	firstServer = actor.ID(127<<40 | 1<<16 | 3000)
	firstClient = actor.ID(127<<40 | 1<<16 | 20_000)
)

// MaxLength is the longest run.
const MaxLength = 24 * time.Hour

// Validate returns an error if the configuration is invalid.
func (c Config) Validate() error {
	switch {
	case c.Program.New == nil || c.Service == nil:
		return errors.New("Config must have a Program and a Service")
	case c.Length < time.Second || c.Length > MaxLength:
		return fmt.Errorf("run of %v: must be 1s to %v", c.Length, MaxLength)
	case slices.ContainsFunc(c.Kinds, func(k nemesis.Kind) bool { return k.Possible(2, false) && !k.Possible(2, c.Streams) }):
		return errors.New("streams deliver messages once and in order; remove duplicate and reorder from the faults")
	case c.Ephemeral && slices.ContainsFunc(c.Kinds, nemesis.Kind.OfDisks):
		return errors.New("disk faults require servers that persist state; remove them from the faults")
	}
	_, err := c.Schedule(0)
	if err == nil {
		err = c.workload().Validate()
	}
	return err
}

// Servers of a run, in ascending order.
func (c Config) servers() []actor.ID {
	ids := make([]actor.ID, c.Servers)
	for i := range ids {
		ids[i] = firstServer + actor.ID(i)
	}
	return ids
}

// thinking is the maximum think time of a client between two operations. It allows some hundred operations per minute:
// enough to find violations, and few enough for short runs.
const thinking = 600 * time.Millisecond

func (c Config) workload() nemesis.Workload {
	return nemesis.Workload{
		Clients: c.Clients, Servers: c.Servers, Reads: c.Reads, Writes: c.Writes, ThinkMost: thinking,
		Random: service.Varies(c.Service),
	}
}

// Schedule returns the faults of the run with a seed.
func (c Config) Schedule(seed uint64) (nemesis.Schedule, error) {
	if len(c.Kinds) == 0 {
		s := nemesis.Schedule{Servers: c.Servers, Duration: c.Length}
		return s, s.Validate()
	}
	return nemesis.Generate(nemesis.Config{
		Servers: c.Servers, Duration: c.Length, Kinds: c.Kinds, Every: c.Every,
	}, stage.NewSource(seed, stage.Faults))
}

// Run is the result of a run.
type Run struct {
	Seed     uint64
	Schedule nemesis.Schedule
	Outcome  stage.Outcome
	Check    oplog.Result
}

// Violated reports whether the run violates an invariant or consistency.
func (r Run) Violated() bool {
	return len(r.Outcome.Violations) > 0 || r.Check.Outcome == consistency.Violated
}

// Undecided reports whether the history check reached a limit.
func (r Run) Undecided() bool { return !r.Violated() && r.Check.Outcome == consistency.Undecided }

// Idle reports whether too little happened for the run to be evidence.
func (r Run) Idle() bool { return r.Outcome.Acknowledged < Enough }

// Enough is the number of acknowledged operations from which on a run counts.
const Enough = 100

// watching is what looks on at a run; see stage.Config.
type watching struct {
	log    func(at time.Duration, line string)
	server func(place int, now func() time.Duration, c spawn.Config) spawn.Config
}

// Rehearse performs the run with a seed and a schedule, which may be another one than the seed gives. The error is one
// of the configuration.
func (c Config) Rehearse(ctx context.Context, seed uint64, s nemesis.Schedule) (Run, error) {
	return c.rehearse(ctx, seed, s, watching{})
}

func (c Config) rehearse(ctx context.Context, seed uint64, s nemesis.Schedule, w watching) (Run, error) {
	config := stage.Config{
		Program: c.Program, Service: c.Service, Servers: c.servers(), Client: firstClient, Schedule: s, Workload: c.workload(),
		Seed: seed, Streams: c.Streams, Ephemeral: c.Ephemeral, Retries: c.Retries, Log: w.log, Flaws: c.Flaws,
	}
	if c.Server != nil || w.server != nil {
		config.Server = func(place int, now func() time.Duration, sc spawn.Config) spawn.Config {
			if w.server != nil {
				sc = w.server(place, now, sc)
			}
			if c.Server != nil {
				sc = c.Server(seed, place, now, sc)
			}
			return sc
		}
	}
	o, err := stage.Run(config)
	if err != nil {
		return Run{}, err
	}
	r := Run{Seed: seed, Schedule: s, Outcome: o}
	check := c.Service.Check()
	check.MaxMemory = maxMemory
	h := oplog.History{Header: oplog.Header{Spec: check.Spec}, Events: Events(o.Notes, c.Clients)}
	r.Check, err = oplog.Check(ctx, h, check)
	r.Check.Explain(ctx)
	return r, err
}

// maxMemory bounds the search of one window of a history, in bytes: there are as many at once as workers.
const maxMemory = 256 << 20

// Events returns the notes of a run with so many clients as a history. A client that does not know what became of its
// operation goes on as another process.
func Events(notes []stage.Note, clients int) []oplog.Event {
	all := make([]oplog.Event, 0, len(notes))
	process := make([]int64, clients)
	for i := range process {
		process[i] = int64(i)
	}
	for _, n := range notes {
		e := n.Event
		e.Process, e.Time, e.Line = process[n.Client], n.At, len(all)+firstLine
		switch n.What {
		case stage.Invoked:
			e.Type = oplog.Invoke
		case stage.Returned:
			e.Type = oplog.Ok
		case stage.Failed:
			e.Type = oplog.Fail
		case stage.Lost:
			e.Type = oplog.Unknown
			process[n.Client] += int64(clients)
		}
		all = append(all, e)
	}
	return all
}

// firstLine is the line of a history's file on which the first event stands.
const firstLine = 2
