// Package spawn runs actors for real: the same values that a checker checks, with a transport, a store and a clock around
// them. Package machine is the pure part; Run drives one machine in one goroutine.
package spawn

import (
	"context"
	"errors"
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
	// Receive waits for a message, not longer than wait unless that is negative; with 0 it takes one that is there. Its data
	// is valid until the next call.
	// The error is os.ErrDeadlineExceeded when the time is over, and net.ErrClosed once the transport is closed.
	Receive(wait time.Duration) (from actor.ID, data []byte, err error)
	// Send sends a message, and keeps nothing of data. After an error the message is lost.
	Send(to actor.ID, data []byte) error
	// Close unblocks Receive.
	Close() error
}

// Store keeps records. See storage.File.
type Store interface {
	Load() ([]storage.Record, error)
	// Save applies changes, each to a different record. It keeps nothing of their data.
	Save(changes []storage.Record) error
}

// Recorder writes down what a server does; package record has one. An error stops the server.
type Recorder interface {
	// Step is called with every event that a machine took, a refused one included, before anything of it is saved or sent.
	// It joins the events before it if what these changed is not saved yet: all of that is saved with it or not at all.
	// Of what it is given it keeps nothing.
	Step(m Machine, e machine.Event, effects machine.Effects, now time.Duration, joins bool) error
	// Stop is called once the server takes no further event: because of an error, after which nothing of the last event was
	// sent, or in order, with nil.
	Stop(now time.Duration, reason error) error
}

// Config is a server. Machine and Transport are required.
type Config struct {
	Machine   Machine
	Transport Transport
	Store     Store                // required of a machine that is durable, not used by others
	Clock     func() time.Duration // counts from any moment and never goes back; nil for the clock of the process
	Log       *slog.Logger         // nil for no log
	Metrics   *Metrics             // nil for nobody to see them
	Record    Recorder             // nil for no record
	Pulse     *Pulse               // what is known of the other servers; nil for nothing
}

// Run runs an actor until the context ends, which is no error, and closes the transport. The actor recovers if the store
// holds something. What cannot be saved, or an actor that cannot go on, ends it before anything of that step is sent.
func Run(ctx context.Context, c Config) error {
	s := NewServer(c)
	stop := context.AfterFunc(ctx, func() { c.Transport.Close() })
	defer stop()
	defer c.Transport.Close()
	err := s.run()
	if errors.Is(err, net.ErrClosed) && ctx.Err() != nil {
		return s.stop(nil)
	}
	return err
}

// run waits for events, and takes one after the other.
func (s *Server) run() error {
	if err := s.Begin(); err != nil {
		return err
	}
	for {
		s.beat()
		// All that is there already shares a save with what has to be saved, and waits for it.
		event, ok, err := s.event(s.Waits())
		switch {
		case err != nil:
			if failed := s.Flush(); failed != nil {
				return failed
			}
			return err
		case ok:
			err = s.Take(event)
		}
		if err == nil && (!ok || s.Full()) {
			err = s.Flush()
		}
		if err != nil {
			return err
		}
	}
}

// event returns the next event. If there is none yet it waits until there may be one, or reports false at once.
func (s *Server) event(atOnce bool) (machine.Event, bool, error) {
	if event, ok := s.Next(); ok {
		return event, true, nil
	}
	wait := time.Duration(-1)
	if due, ok := s.Due(); ok {
		wait = max(due-s.Clock(), 0)
	}
	if s.Pulse != nil {
		if beat := s.Pulse.wait(); beat >= 0 && (wait < 0 || beat < wait) {
			wait = beat
		}
	}
	if atOnce {
		wait = 0
	}
	from, data, err := s.Transport.Receive(wait)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return machine.Event{}, false, nil
	case err != nil:
		return machine.Event{}, false, err
	}
	if s.Pulse != nil && s.Pulse.Hear(from) && IsHeartbeat(data) {
		return machine.Event{}, false, nil
	}
	return machine.Event{Kind: machine.Receive, From: from, Data: data}, true, nil
}
