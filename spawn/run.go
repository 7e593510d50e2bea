// Package spawn runs actors for real: the same values that a checker checks, with a transport, a store and a clock around
// them. Package machine is the pure part; Run drives one machine in one goroutine.
package spawn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"synod/actor"
	"synod/spawn/machine"
	"synod/storage"
)

// Transport carries messages, which may get lost, be repeated and overtake one another. Receive is called by one
// goroutine at a time, Send and Close by any.
type Transport interface {
	// Receive waits for a message, not longer than wait unless that is negative. Its data is valid until the next call.
	// The error is os.ErrDeadlineExceeded when the time is over, and net.ErrClosed once the transport is closed.
	Receive(wait time.Duration) (from actor.ID, data []byte, err error)
	// Send sends a message, and keeps nothing of data. After an error the message is lost.
	Send(to actor.ID, data []byte) error
	// Close makes Receive return.
	Close() error
}

// Store keeps records. See storage.File.
type Store interface {
	Load() ([]storage.Record, error)
	Save(changes []storage.Record) error
}

// Config is a server. Machine and Transport are required.
type Config struct {
	Machine   Machine
	Transport Transport
	Store     Store                // required of a machine that is durable, not used by others
	Clock     func() time.Duration // counts from any moment and never goes back; nil for the clock of the process
	Log       *slog.Logger         // nil for no log
	Metrics   *Metrics             // nil for nobody to see them
}

// Run runs an actor until the context ends, which is no error, and closes the transport. The actor recovers if the store
// holds something. What cannot be saved, or an actor that cannot go on, ends it before anything of that step is sent.
func Run(ctx context.Context, c Config) error {
	s := server{Config: c}
	if s.Clock == nil {
		start := time.Now()
		s.Clock = func() time.Duration { return time.Since(start) }
	}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	if s.Metrics == nil {
		s.Metrics = new(Metrics)
	}
	stop := context.AfterFunc(ctx, func() { c.Transport.Close() })
	defer stop()
	defer c.Transport.Close()
	err := s.run()
	if errors.Is(err, net.ErrClosed) && ctx.Err() != nil {
		return nil
	}
	return err
}

// server is a Config at work.
type server struct {
	Config
	rejected, unsent limiter
}

func (s *server) run() error {
	first := machine.Event{Kind: machine.Start}
	if s.Machine.Durable() {
		records, err := s.Store.Load()
		if err != nil {
			return err
		}
		if len(records) > 0 {
			first = machine.Event{Kind: machine.Recover, Records: records}
		}
	}
	if err := s.step(first); err != nil {
		return err
	}
	for {
		event, ok := s.Machine.Next(s.Clock())
		if !ok {
			var err error
			event, ok, err = s.receive()
			if err != nil {
				return err
			}
		}
		if !ok {
			continue
		}
		if err := s.step(event); err != nil {
			return err
		}
	}
}

// receive waits for a message until something else is due, which it tells by false.
func (s *server) receive() (machine.Event, bool, error) {
	wait := time.Duration(-1)
	if due, ok := s.Machine.Due(); ok {
		wait = max(due-s.Clock(), 0)
	}
	from, data, err := s.Transport.Receive(wait)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return machine.Event{}, false, nil
	case err != nil:
		return machine.Event{}, false, err
	}
	s.Metrics.Received.Add(1)
	return machine.Event{Kind: machine.Receive, From: from, Data: data}, true, nil
}

// step lets the machine take an event, and does what it wants done.
func (s *server) step(e machine.Event) error {
	s.logEvent(e)
	effects, err := s.Machine.Step(e, s.Clock())
	if err != nil {
		return err
	}
	if effects.Rejected != nil {
		s.reject(effects.Rejected, len(e.Data))
		return nil
	}
	if e.Kind == machine.Timeout {
		s.Metrics.Timeouts.Add(1)
	}
	s.logTimers(effects)
	if err := s.save(effects.Save); err != nil {
		return err
	}
	for _, m := range effects.Send {
		s.send(m)
	}
	return nil
}

// save makes changes durable.
func (s *server) save(changes []storage.Record) error {
	if len(changes) == 0 {
		return nil
	}
	began := s.Clock()
	if err := s.Store.Save(changes); err != nil {
		return fmt.Errorf("server %s stops, as it cannot save: %w", Describe(s.Machine.Self()), err)
	}
	took := s.Clock() - began
	s.Metrics.saved(changes, took)
	if s.Log.Enabled(context.Background(), slog.LevelDebug) {
		for _, r := range changes {
			s.Log.Debug("save", "record", r.Name, "data", string(r.Data), "took", took)
		}
	}
	return nil
}

func (s *server) send(m machine.Message) {
	if s.Log.Enabled(context.Background(), slog.LevelInfo) {
		s.Log.Info("send", "to", Describe(m.To), "message", string(m.Data))
	}
	if err := s.Transport.Send(m.To, m.Data); err != nil {
		s.Metrics.Unsent.Add(1)
		if n, ok := s.unsent.allow(s.Clock()); ok {
			s.Log.Warn("a message could not be sent", "to", Describe(m.To), "error", err, "more", n)
		}
		return
	}
	s.Metrics.Sent.Add(1)
}

func (s *server) reject(r *machine.Rejection, size int) {
	s.Metrics.Rejected[r.Reason].Add(1)
	if n, ok := s.rejected.allow(s.Clock()); ok {
		s.Log.Warn("a message was dropped", "from", Describe(r.From), "bytes", size, "reason", r.Reason.String(),
			"detail", fmt.Sprint(r.Err), "more", n)
	}
}

func (s *server) logEvent(e machine.Event) {
	level := slog.LevelInfo
	if e.Kind == machine.Timeout || e.Kind == machine.Choice {
		level = slog.LevelDebug
	}
	if !s.Log.Enabled(context.Background(), level) {
		return
	}
	switch e.Kind {
	case machine.Start:
		s.Log.Info("start")
	case machine.Recover:
		s.Log.Info("recover", "records", len(e.Records))
	case machine.Receive:
		s.Log.Info("receive", "from", Describe(e.From), "message", string(e.Data))
	case machine.Timeout:
		s.Log.Debug("timeout", "timer", fmt.Sprint(e.Timer))
	case machine.Choice:
		s.Log.Debug("choice", "option", fmt.Sprint(e.Option))
	}
}

func (s *server) logTimers(e machine.Effects) {
	if !s.Log.Enabled(context.Background(), slog.LevelDebug) {
		return
	}
	for _, a := range e.Arm {
		s.Log.Debug("arm", "timer", fmt.Sprint(a.Timer), "in", a.At-s.Clock())
	}
	for _, t := range e.Disarm {
		s.Log.Debug("disarm", "timer", fmt.Sprint(t))
	}
}

// limiter lets one of many equal log lines through each second.
type limiter struct {
	next time.Duration
	held uint64
}

// allow tells whether a line may be written now, and how many were held back since the last one.
func (l *limiter) allow(now time.Duration) (held uint64, ok bool) {
	if now < l.next {
		l.held++
		return 0, false
	}
	held, l.held, l.next = l.held, 0, now+time.Second
	return held, true
}
