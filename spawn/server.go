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

// Server is a Config at work, one event at a time: nothing here waits or starts a goroutine. Run drives one by what
// arrives and by the clock; a caller with a clock and a network of its own drives it by Begin, and then by Take, Flush
// and Next. It is not safe for concurrent use.
type Server struct {
	Config
	batch            batch
	requests         requests
	rejected, unsent Limiter
}

// NewServer returns a server, to which nothing has happened yet. It calls only Send of its transport.
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

// Begin takes the first event: a recovery if the store holds something, else a start.
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

// Next returns the event that is due by now without anything arriving, for Step, if there is one.
func (s *Server) Next() (machine.Event, bool) { return s.Machine.Next(s.Clock()) }

// Due returns the time of the next event that Next will give, if there is any.
func (s *Server) Due() (time.Duration, bool) { return s.Machine.Due() }

// Step is Take and Flush: the machine takes an event, and what it wants done is done.
func (s *Server) Step(e machine.Event) error {
	if err := s.Take(e); err != nil {
		return err
	}
	return s.Flush()
}

// Take lets the machine take an event; a message that arrives is one. What it sends leaves at once if nothing has to be
// saved before. Else it waits for Flush, and so does all that later steps send, so that steps can share a save. After an
// error the server must take no other event: what waits is neither saved nor sent.
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
			return fmt.Errorf("server %s stops, as it cannot record: %w", Describe(s.Machine.Self()), err)
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

// Waits reports whether something waits for Flush.
func (s *Server) Waits() bool { return s.batch.steps > 0 }

// Full reports whether so many steps wait for Flush that it has to come before the next one.
func (s *Server) Full() bool { return s.batch.steps >= MaxBatch }

// Flush saves what waits to be saved, all at once, and then sends what waited for it. After an error the server must take
// no other event.
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

// stop records that the server stops, and why, which it gives back.
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
		return fmt.Errorf("server %s stops, as it cannot save: %w", Describe(s.Machine.Self()), err)
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

// Limiter lets one of many equal log lines through each second. It is not safe for concurrent use.
type Limiter struct {
	next time.Duration
	held uint64
}

// Allow reports whether a line may be written now, and how many were held back since the last one. The time counts from any
// moment.
func (l *Limiter) Allow(now time.Duration) (held uint64, ok bool) {
	if now < l.next {
		l.held++
		return 0, false
	}
	held, l.held, l.next = l.held, 0, now+time.Second
	return held, true
}
