package spawn

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"synod/spawn/machine"
	"synod/storage"
)

// Server executes a Config one event at a time, without blocking or starting goroutines. Run drives it by arriving
// messages and the clock; callers with their own clock and network call Begin, and then Take, Flush and Next. It is
// not safe for concurrent use.
type Server struct {
	Config
	arrived          machine.Event // a message that waits for timers that are due; no message otherwise
	batch            batch
	requests         requests
	rejected, unsent Limiter
}

// NewServer returns a server that has taken no event. It uses only Send of its transport.
func NewServer(c Config) *Server {
	if c.Clock == nil {
		start := time.Now()
		c.Clock = func() time.Duration { return time.Since(start) }
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Metrics == nil {
		c.Metrics = new(Metrics)
	}
	return &Server{Config: c}
}

// Begin takes the first event: a recovery if the store is not empty, or else a start.
func (s *Server) Begin() error {
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
	return s.Step(first)
}

// Next returns the internal event that is due now, if any, to be passed to Step.
func (s *Server) Next() (machine.Event, bool) { return s.Machine.Next(s.Clock()) }

// Due returns the time of the next event from Next, if any.
func (s *Server) Due() (time.Duration, bool) { return s.Machine.Due() }

// Step is Take followed by Flush: the machine takes an event, and its effects are executed.
func (s *Server) Step(e machine.Event) error {
	if err := s.Take(e); err != nil {
		return err
	}
	return s.Flush()
}

// Take makes the machine take an event, such as the arrival of a message. Its messages are sent at once if nothing
// has to be saved before. Otherwise they wait for Flush, as do those of later steps, so that steps can share a save.
// After an error the server must take no further event: what waits is neither saved nor sent.
func (s *Server) Take(e machine.Event) error {
	if e.Kind == machine.Receive {
		s.Metrics.Received.Add(1)
	}
	s.logEvent(e)
	now := s.Clock()
	effects, err := s.Machine.Step(e, now)
	if err != nil {
		return s.stop(err)
	}
	if s.Record != nil {
		if err := s.Record.Step(s.Machine, e, effects, now, s.Waits()); err != nil {
			return fmt.Errorf("server %s stops because it cannot write its record: %w", Describe(s.Machine.Self()), err)
		}
	}
	if effects.Rejected != nil {
		s.reject(effects.Rejected, len(e.Data))
		return nil
	}
	if effects.Request != "" {
		s.requests.arrived(e.From, effects.Request, now, s.Metrics)
	}
	if e.Kind == machine.Timeout {
		s.Metrics.Timeouts.Add(1)
	}
	s.logTimers(effects)
	if s.Waits() || len(effects.Save) > 0 {
		s.batch.add(effects)
		return nil
	}
	for _, m := range effects.Send {
		s.send(m)
	}
	return nil
}

// Waits reports whether effects wait for Flush.
func (s *Server) Waits() bool { return s.batch.steps > 0 }

// Full reports whether Flush must be called before the next step.
func (s *Server) Full() bool { return s.batch.steps >= MaxBatch }

// Flush saves all pending changes at once, and then sends the messages that waited for them. After an error the
// server must take no further event.
func (s *Server) Flush() error {
	if !s.Waits() {
		return nil
	}
	if err := s.save(s.batch.changes); err != nil {
		return s.stop(err)
	}
	for _, m := range s.batch.send {
		s.send(m)
	}
	s.batch.reset()
	return nil
}

// stop records that the server stops, and why, and returns the reason.
func (s *Server) stop(reason error) error {
	if s.Record == nil {
		return reason
	}
	return errors.Join(reason, s.Record.Stop(s.Clock(), reason))
}

// save persists changes.
func (s *Server) save(changes []storage.Record) error {
	if len(changes) == 0 {
		return nil
	}
	began := s.Clock()
	if err := s.Store.Save(changes); err != nil {
		return fmt.Errorf("server %s stops because it cannot save: %w", Describe(s.Machine.Self()), err)
	}
	took := s.Clock() - began
	s.Metrics.saved(changes, s.batch.steps, took)
	if s.Log.Enabled(context.Background(), slog.LevelDebug) {
		for _, r := range changes {
			s.Log.Debug("save", "record", r.Name, "data", string(r.Data), "took", took)
		}
	}
	return nil
}

func (s *Server) send(m machine.Message) {
	if s.Log.Enabled(context.Background(), slog.LevelInfo) {
		s.Log.Info("send", "to", Describe(m.To), "message", string(m.Data))
	}
	if err := s.Transport.Send(m.To, m.Data); err != nil {
		s.Metrics.Unsent.Add(1)
		if n, ok := s.unsent.Allow(s.Clock()); ok {
			s.Log.Warn("a message could not be sent", "to", Describe(m.To), "error", err, "more", n)
		}
		return
	}
	s.Metrics.Sent.Add(1)
	s.requests.answered(m.To, s.Clock(), s.Metrics)
}

func (s *Server) reject(r *machine.Rejection, size int) {
	s.Metrics.Rejected[r.Reason].Add(1)
	if n, ok := s.rejected.Allow(s.Clock()); ok {
		detail := ""
		if r.Err != nil {
			detail = r.Err.Error()
		}
		s.Log.Warn("a message was dropped", "from", Describe(r.From), "bytes", size, "reason", r.Reason.String(),
			"detail", detail, "more", n)
	}
}

func (s *Server) logEvent(e machine.Event) {
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

func (s *Server) logTimers(e machine.Effects) {
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

// Limiter lets at most one of many equal log lines per second through. It is not safe for concurrent use.
type Limiter struct {
	next time.Duration
	held uint64
}

// Allow reports whether a line may be written now, and how many were suppressed since the last one. Now is a time of
// a monotonic clock.
func (l *Limiter) Allow(now time.Duration) (held uint64, ok bool) {
	if now < l.next {
		l.held++
		return 0, false
	}
	held, l.held, l.next = l.held, 0, now+time.Second
	return held, true
}
