// Package around checks what could have happened next in a recorded run: it visits every state that can follow the
// state after one of its events, with all messages in flight and new clients.
package around

import (
	"context"
	"errors"
	"fmt"
	"time"

	"synod/actor"
	"synod/catalog"
	"synod/checker"
	"synod/internal/noun"
	"synod/model"
	"synod/network"
	"synod/spawn"
	"synod/spawn/record"
	"synod/spawn/replay"
	"synod/spawn/transports"
)

// Config describes where an exploration begins, what is added there, and how far to go. Event and Steps are
// at least 1.
type Config struct {
	Program func(h *record.Header) (spawn.Program, error) // returns the program of the servers in the records
	Event   int                                           // number of the event, from 1, after which it begins
	Steps   int                                           // maximum depth
	Clients int                                           // number of new clients, each with its puts and then a get
	Puts    int                                           // of each new client, at least 1
	Readers int                                           // number of new clients that only read, each twice
	Crashes int                                           // maximum number of crashes
	Network string                                        // empty: ordered for TCP, else unordered_nonduplicating

	Workers     int // goroutines; 0 means one per core
	MaxStates   int // maximum number of states; 0 means no limit
	MemoryLimit int64
	Timeout     time.Duration // for checking the history and for the exploration; 0 means no limit
}

// Validate returns an error if the configuration is invalid. It names settings by their flags.
func (c Config) Validate() error {
	switch {
	case c.Puts < 1:
		return errors.New("--puts 0: expected at least 1")
	case c.Clients > maxClients:
		return fmt.Errorf("--clients %d: expected at most %d", c.Clients, maxClients)
	case c.Clients+c.Readers == 0:
		return errors.New("--clients 0 --readers 0: expected at least one new client")
	case c.Readers > maxReaders || c.Crashes > maxReaders:
		return fmt.Errorf("expected at most %d readers and crashes", maxReaders)
	}
	return nil
}

// The maximum numbers of new clients; an entry may reduce them. The maximum number of crashes is maxReaders too.
const (
	maxClients = 48
	maxReaders = 16
)

// Exploration is the result of an exploration.
type Exploration struct {
	config Config
	global *replay.Global // the state after the event
	before catalog.Before
	model  catalog.Moment
	result *checker.Result // nil if the history before is violated, so that there was no search
}

// Close releases the states.
func (x *Exploration) Close() {
	if x.result != nil {
		x.result.Close()
	}
}

// Result returns the result of the search, or nil if the history before is violated, so that there was no search.
func (x *Exploration) Result() *checker.Result { return x.result }

// Header returns the header of the records of the run.
func (x *Exploration) Header() *record.Header { return x.global.Header }

// Explore replays records up to the event, checks the history before, and continues from there with the models of the
// entries. The caller closes the result. The error is a *replay.Deviation if the model does not admit the run.
func (c Config) Explore(ctx context.Context, entries catalog.Catalogue, records *replay.Records) (*Exploration, error) {
	x := &Exploration{config: c}
	var name string
	var seen catalog.Past
	config := replay.Config{Until: c.Event, Program: func(h *record.Header) (spawn.Program, error) {
		name = h.Model
		return c.Program(h)
	}}
	config.Visit = func(e *replay.Event, run *replay.Run) error {
		var err error
		if seen == nil {
			var entry catalog.Entry
			if entry, err = entries.Spawned(name); err != nil {
				return err
			}
			if seen, err = pastOf(entry); err != nil {
				return err
			}
		}
		if err = follow(seen, e, run); err == nil && e.Number == c.Event {
			x.global, err = run.Global()
		}
		return err
	}
	result, err := records.Run(config)
	if err != nil {
		return nil, err
	}
	if x.global == nil || x.global.Header == nil {
		return nil, fmt.Errorf("--explore-around %d: expected one of the %s of the run", c.Event, noun.Count(result.Events, "event"))
	}
	var left time.Duration
	if x.before, left, err = c.judge(ctx, seen); err != nil || x.before.Violated != "" {
		return x, err
	}
	if x.model, err = c.configure(x.global, x.before); err != nil {
		return nil, err
	}
	sys, err := begin(entries, x.global.Header.Model, x.global.Header.Config, x.model)
	if err != nil {
		return nil, err
	}
	x.result = checker.BFS(ctx, sys, checker.Options{
		MaxDepth: c.Steps + 1, Workers: c.Workers, MaxStates: c.MaxStates,
		Timeout: left, MemoryLimit: c.MemoryLimit, FinishWhen: checker.FirstViolation,
	})
	if x.result.Err != nil {
		x.result.Close()
		return nil, x.result.Err
	}
	return x, nil
}

// follow reports to a past the messages that clients sent or received in an event.
func follow(p catalog.Past, e *replay.Event, run *replay.Run) error {
	if e.Event == record.Receive && e.Rejected == "" && e.Data != nil && !run.Peer(e.Server, e.From) {
		m, err := run.Message(e.Data)
		if err != nil {
			return fmt.Errorf("event %d: %w", e.Number, err)
		}
		p.Received(e.Number, e.Server, e.From, m)
	}
	if e.Undone {
		return nil // No message was sent.
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

// judge checks the history of the clients, and returns how much of the timeout is left: 0 only if there is none.
func (c Config) judge(ctx context.Context, seen catalog.Past) (catalog.Before, time.Duration, error) {
	if c.Timeout == 0 {
		before, err := seen.Judge(ctx)
		return before, 0, err
	}
	ends := time.Now().Add(c.Timeout)
	ctx, cancel := context.WithDeadline(ctx, ends)
	defer cancel()
	before, err := seen.Judge(ctx)
	return before, max(time.Until(ends), time.Nanosecond), err
}

// configure returns the state of the run, and the additions to it.
func (c Config) configure(g *replay.Global, before catalog.Before) (catalog.Moment, error) {
	h := g.Header
	m := catalog.Moment{
		Servers: h.Servers, Actors: make(map[actor.ID]model.Begun), Waiting: before.Waiting, Before: before.History,
		First: before.First, Forget: !h.Durable, Unjudged: before.Unjudged != "",
		Clients: c.Clients, Puts: c.Puts, Readers: c.Readers,
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
	limits := &m.Config
	if transports.Ordered(h.Transport) && !h.Faults {
		limits.Network = network.Ordered
	}
	if c.Network != "" {
		var err error
		if limits.Network, err = network.Parse(c.Network); err != nil {
			return m, err
		}
	}
	if crashes := down + c.Crashes; crashes > 0 {
		limits.MaxDown, limits.MaxCrashes = min(crashes, len(h.Servers)), crashes
		limits.Lossy = limits.Network == network.Ordered // A server that crashes may lose its last messages.
	}
	return m, nil
}
