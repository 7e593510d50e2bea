package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/pflag"

	"synod/actor"
	"synod/catalog"
	"synod/checker"
	"synod/model"
	"synod/network"
	"synod/register"
	"synod/spawn"
	"synod/spawn/record"
	"synod/spawn/replay"
	"synod/spawn/transports"
	"synod/trace"
)

// around is what --explore-around and the flags beside it ask for.
type around struct {
	event, steps                    positive
	clients, puts, readers, crashes count
	network                         choice
	workers, maxStates              positive
	timeout                         duration
	memoryLimit                     size
	asJSON                          bool
}

// aroundFlags are the names of the flags that need --explore-around.
var aroundFlags = []string{
	"steps", "clients", "puts", "readers", "crashes", "network", "workers", "max-states", "timeout", "memory-limit", "json",
}

func (f *around) add(set *pflag.FlagSet) {
	*f = around{steps: 8, clients: 1, puts: 1, readers: 1, network: choice{known: networkNames()}}
	set.Var(&f.event, "explore-around", "check everything that could have happened next after this event, counted from 1, with new clients")
	set.Var(&f.steps, "steps", "how far to explore")
	set.Var(&f.clients, "clients", "new clients, each with its puts and then a get")
	set.Var(&f.puts, "puts", "puts of each new client")
	set.Var(&f.readers, "readers", "new clients that only read, each twice")
	set.Var(&f.crashes, "crashes", "crashes that may happen")
	set.Var(&f.network, "network", "what the network may do (ordered over TCP, else unordered_nonduplicating)")
	set.Var(&f.workers, "workers", "goroutines (one per core unless given)")
	set.Var(&f.maxStates, "max-states", "end the exploration once so many distinct states were visited")
	set.Var(&f.timeout, "timeout", "end the judgement of what was before, and the exploration, after so long, such as 30s or 5m")
	set.Var(&f.memoryLimit, "memory-limit", "end the exploration once the process takes so much, such as 500MB or 2GiB")
	set.BoolVar(&f.asJSON, "json", false, "print one JSON document on what was found around the event")
}

// asked tells whether an exploration was asked for, and what is wrong with the flags.
func (f *around) asked(set *pflag.FlagSet) (bool, error) {
	if set.Changed("explore-around") {
		return true, f.validate()
	}
	for _, name := range aroundFlags {
		if set.Changed(name) {
			return false, fmt.Errorf("--%s: expected --explore-around as well", name)
		}
	}
	return false, nil
}

func (f *around) validate() error {
	switch {
	case f.puts < 1:
		return errors.New("--puts 0: expected at least 1")
	case int(f.clients) > register.MaxClients(int(f.puts)):
		return fmt.Errorf("--clients %d: expected at most %d", f.clients, register.MaxClients(int(f.puts)))
	case f.clients+f.readers == 0:
		return errors.New("--clients 0 --readers 0: expected at least one new client")
	case f.readers > maxNewReaders || f.crashes > maxNewReaders:
		return fmt.Errorf("expected at most %d readers and crashes", maxNewReaders)
	}
	return nil
}

const (
	maxNewReaders = 16
)

// exploration is what came of it.
type exploration struct {
	*around
	global *replay.Global // the state after the event
	before catalog.Before
	model  catalog.Moment
	result *checker.Result // nil if what was before is violated, so that nothing was explored
}

// perform checks everything that could have happened within some steps of an event, prints what it found, and gives the
// exit code.
func (f *around) perform(a *app, records *replay.Records, out *recordedTrace) (int, error) {
	stdout, stderr := a.stdout, a.stderr
	ctx, stop := interruptible()
	defer stop()
	x, err := f.explore(ctx, a, records)
	if err != nil {
		return 0, err
	}
	if x.result != nil {
		defer x.result.Close()
	}
	b := bufio.NewWriter(stdout)
	closing := io.Writer(b)
	if f.asJSON {
		closing = stderr
		err = writeJSON(b, x.document())
	} else {
		x.text(b)
	}
	if out != nil && err == nil {
		d := trace.Document{
			Model: x.global.Header.Model, Config: x.global.Header.Config, Package: a.packageOf(x.global.Header.Model),
		}
		if x.result != nil {
			d.Traces = x.result.Traces()
		}
		err = out.file.write(out.format, d, stderr)
	}
	if r := x.result; r != nil {
		fmt.Fprintf(closing, "Done. states=%d, unique=%d, depth=%d, sec=%.2f\n", r.Generated, r.Unique, r.Depth, r.Elapsed.Seconds())
	}
	return x.code(), errors.Join(err, b.Flush())
}

// explore replays the records up to the event, judges what was before, and goes on from there.
func (f *around) explore(ctx context.Context, a *app, records *replay.Records) (*exploration, error) {
	x := &exploration{around: f}
	var name string
	var seen catalog.Past
	config := replay.Config{Until: int(f.event), Program: func(h *record.Header) (spawn.Program, error) {
		name = h.Model
		return a.programOf(h)
	}}
	config.Visit = func(e *replay.Event, run *replay.Run) error {
		var err error
		if seen == nil {
			if seen, err = a.past(name); err != nil {
				return err
			}
		}
		if err = follow(seen, e, run); err == nil && e.Number == int(f.event) {
			x.global, err = run.Global()
		}
		return err
	}
	result, err := records.Run(config)
	if err != nil {
		return nil, err
	}
	if x.global == nil || x.global.Header == nil {
		return nil, fmt.Errorf("--explore-around %d: expected one of the %s of the run", f.event, plural(result.Events, "event"))
	}
	var left time.Duration
	if x.before, left, err = f.judge(ctx, seen); err != nil || x.before.Violated != "" {
		return x, err
	}
	if x.model, err = f.configure(x.global, x.before); err != nil {
		return nil, err
	}
	sys, err := a.entries.Around(x.global.Header.Model, x.global.Header.Config, x.model)
	if err != nil {
		return nil, err
	}
	x.result = checker.BFS(ctx, sys, checker.Options{
		MaxDepth: int(f.steps) + 1, Workers: int(f.workers), MaxStates: int(f.maxStates),
		Timeout: left, MemoryLimit: int64(f.memoryLimit), FinishWhen: checker.FirstViolation,
	})
	if x.result.Err != nil {
		x.result.Close()
		return nil, x.result.Err
	}
	return x, nil
}

// past returns what follows the clients of a model's servers.
func (a *app) past(model string) (catalog.Past, error) {
	e, err := a.entries.Spawned(model)
	if err == nil && e.Servers.Past == nil {
		err = fmt.Errorf("the model %s says nothing of what is around a run of its servers", model)
	}
	if err != nil {
		return nil, err
	}
	return e.Servers.Past(), nil
}

// follow tells a past of the messages of an event that clients sent or got.
func follow(p catalog.Past, e *replay.Event, run *replay.Run) error {
	if e.Event == record.Receive && e.Rejected == "" && e.Data != nil && !run.Peer(e.Server, e.From) {
		m, err := run.Message(e.Data)
		if err != nil {
			return fmt.Errorf("event %d: %w", e.Number, err)
		}
		p.Received(e.Number, e.Server, e.From, m)
	}
	if e.Undone {
		return nil // Nothing of it left.
	}
	for _, s := range e.Send {
		if run.Peer(e.Server, s.To) {
			continue
		}
		m, err := run.Message(s.Data)
		if err != nil {
			return fmt.Errorf("event %d: %w", e.Number, err)
		}
		p.Sent(e.Number, e.Server, s.To, m)
	}
	return nil
}

// judge goes through what clients did before, and tells how much of the timeout is left then: 0 only if there is none.
func (f *around) judge(ctx context.Context, seen catalog.Past) (catalog.Before, time.Duration, error) {
	if f.timeout == 0 {
		before, err := seen.Judge(ctx)
		return before, 0, err
	}
	ends := time.Now().Add(time.Duration(f.timeout))
	ctx, cancel := context.WithDeadline(ctx, ends)
	defer cancel()
	before, err := seen.Judge(ctx)
	return before, max(time.Until(ends), time.Nanosecond), err
}

// configure returns the state of the run, and what comes new into it.
func (f *around) configure(g *replay.Global, before catalog.Before) (catalog.Moment, error) {
	h := g.Header
	m := catalog.Moment{
		Servers: h.Servers, Actors: make(map[actor.ID]model.Begun), Waiting: before.Waiting, Before: before.History,
		First: before.First, Forget: !h.Durable, Unjudged: before.Unjudged != "",
		Clients: int(f.clients), Puts: int(f.puts), Readers: int(f.readers),
	}
	down := 0
	for _, s := range g.Servers {
		switch {
		case s.Up:
			begun := model.Begun{State: s.State}
			for _, a := range s.Timers {
				begun.Timers = append(begun.Timers, a.Timer)
			}
			for _, o := range s.Options {
				begun.Choices = append(begun.Choices, []actor.Option{o})
			}
			m.Actors[s.Server] = begun
		case s.Started && (s.KeptValue != nil || !h.Durable):
			down++
			m.Actors[s.Server] = model.Begun{Down: true, Kept: s.KeptValue}
		}
	}
	for _, flying := range g.Flying {
		for range flying.Sent {
			m.Flights = append(m.Flights, actor.Envelope[any]{From: flying.From, To: flying.To, Message: flying.Message})
		}
	}
	c := &m.Config
	if transports.Ordered(h.Transport) && !h.Faults {
		c.Network = network.Ordered
	}
	if f.network.value != "" {
		var err error
		if c.Network, err = network.Parse(f.network.value); err != nil {
			return m, err
		}
	}
	if crashes := down + int(f.crashes); crashes > 0 {
		c.MaxDown, c.MaxCrashes = min(crashes, len(h.Servers)), crashes
		c.Lossy = c.Network == network.Ordered // Who crashes may lose what it sent last.
	}
	return m, nil
}
