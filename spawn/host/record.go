package host

import (
	"errors"
	"fmt"
	"os"

	"synod/actor"
	"synod/spawn/faults"
	"synod/spawn/record"
)

// openRecord opens the record file, if configured.
func (s *Host) openRecord() error {
	if s.Record == "" {
		return nil
	}
	unwritable := func(err error) error {
		var inner *os.PathError
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return fmt.Errorf("the record %q cannot be written: %w", s.Record, err)
	}
	var err error
	if s.record, err = record.Open(s.Record); err != nil {
		return unwritable(err)
	}
	s.closers = append(s.closers, s.record.Close)
	if s.record.Used() && s.Program.Keeps(s.ids) && !s.Ephemeral && s.DataDir == "" {
		return fmt.Errorf("the record %q is of servers with persisted state: name their --data-dir, "+
			"or a new file", s.Record)
	}
	return nil
}

// openRecorder adds a recorder to a server.
func (s *Host) openRecorder(r *Server, id actor.ID) error {
	if s.record == nil {
		return nil
	}
	recorder, err := record.New(s.record, record.Header{
		Server: id, Servers: s.ids, Model: s.Program.Model, Version: s.Program.Version, Config: s.Variant,
		Durable: !s.Ephemeral, Transport: s.Transport,
		Faults: s.Faults != (faults.Plan{}) || s.Control, Build: record.Build(),
	}, nil)
	if err != nil {
		return fmt.Errorf("the record %q: %w", s.Record, err)
	}
	r.Record = recorder
	return nil
}
