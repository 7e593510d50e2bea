package cli

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"

	"synod/actor"
	"synod/spawn/faults"
	"synod/spawn/record"
)

// openRecord opens the file of the record, if there is to be one.
func (s *process) openRecord() error {
	if s.flags.record == "" {
		return nil
	}
	unwritable := func(err error) error {
		var inner *os.PathError
		if errors.As(err, &inner) {
			err = inner.Err
		}
		return fmt.Errorf("--record %q cannot be written: %w", s.flags.record, err)
	}
	var err error
	if s.record, err = record.Open(s.flags.record); err != nil {
		return unwritable(err)
	}
	s.closers = append(s.closers, s.record.Close)
	if s.record.Used() && keeps(s.program, s.ids) && !s.flags.ephemeral && s.flags.dataDir == "" {
		return fmt.Errorf("--record %q holds a record of servers that kept something: expected their --data-dir, "+
			"or a new file", s.flags.record)
	}
	return nil
}

// openRecorder lets a server be recorded.
func (s *process) openRecorder(r *runner, id actor.ID) error {
	if s.record == nil {
		return nil
	}
	recorder, err := record.New(s.record, record.Header{
		Server: id, Servers: s.ids, Model: s.program.Model, Version: s.program.Version, Config: s.variant,
		Durable: !s.flags.ephemeral, Transport: s.flags.transport.value,
		Faults: s.faults != (faults.Plan{}) || s.flags.control, Build: build(),
	}, nil)
	if err != nil {
		return fmt.Errorf("--record %q: %w", s.flags.record, err)
	}
	r.Record = recorder
	return nil
}

// build says which program this is.
func build() string {
	text := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		text = info.Main.Path + " " + info.Main.Version
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" || setting.Key == "vcs.modified" && setting.Value == "true" {
				text += " " + setting.Value
			}
		}
	}
	return fmt.Sprintf("%s %s %s/%s", text, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
