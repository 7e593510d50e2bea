// Package spawn runs actors on a network: the same values that a checker checks, with a transport, a store and a
// clock. Package machine is the pure part; Run drives one machine in one goroutine.
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

// Transport carries messages, which may be lost, duplicated and reordered. Receive is called by one goroutine at a
// time; Send and Close are safe for concurrent use.
type Transport interface {
	// Receive waits for a message, at most for wait unless that is negative; 0 means not to block. Its data is valid
	// until the next call. The error is os.ErrDeadlineExceeded after wait, and net.ErrClosed once the transport is
	// closed.
	Receive(wait time.Duration) (from actor.ID, data []byte, err error)
	// Send sends a message, and does not retain data. After an error the message is lost.
	Send(to actor.ID, data []byte) error
	// Close unblocks Receive.
	Close() error
}

// Store persists records. See storage.File.
type Store interface {
	Load() ([]storage.Record, error)
	// Save applies changes, each to a different record. It does not retain their data.
	Save(changes []storage.Record) error
}

// Recorder records what a server does; package record implements it. An error stops the server.
type Recorder interface {
	// Step is called for every event that a machine took, including refused ones, before any of its effects are saved or
	// sent. If joins is set, changes of earlier events are not saved yet: they are saved together with those of this
	// event, or not at all. Step must not retain its arguments.
	Step(m Machine, e machine.Event, effects machine.Effects, now time.Duration, joins bool) error
	// Stop is called once the server takes no further event: with the error that stopped it, in which case nothing of
	// the last event was sent, or with nil.
	Stop(now time.Duration, reason error) error
}

// Config configures a server. Machine and Transport are required.
type Config struct {
	Machine   Machine
	Transport Transport
	Store     Store                // required for a durable machine, unused otherwise
	Clock     func() time.Duration // a monotonic clock; nil for the process's
	Log       *slog.Logger         // may be nil
	Metrics   *Metrics             // may be nil
	Record    Recorder             // may be nil
	Pulse     *Pulse               // tracks the other servers; may be nil
}

// Run runs an actor until the context is done, which is not an error, and closes the transport. The actor recovers if
// the store is not empty. If its state cannot be saved, or the actor cannot continue, Run returns an error before
// sending anything of that step.
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

// run waits for events, and takes one after another.
func (s *Server) run() error {
	if err := s.Begin(); err != nil {
		return err
	}
	for {
		s.beat()
		// Events available now share a save with pending changes, and wait for it.
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

// event returns the next event. If there is none, it waits until there may be one, or with atOnce returns false. A
// message comes after all timers that are due once it has arrived: an actor may rely on a timer, such as the end of a
// lease, to know what it must not do any more, and the process may have been stopped while it waited.
func (s *Server) event(atOnce bool) (machine.Event, bool, error) {
	if event, ok := s.Next(); ok {
		return event, true, nil
	}
	if s.arrived.Kind == machine.Receive {
		event := s.arrived
		s.arrived = machine.Event{}
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
	s.arrived = machine.Event{Kind: machine.Receive, From: from, Data: data}
	return s.event(atOnce)
}
