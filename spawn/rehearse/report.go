package rehearse

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"synod/actor"
	"synod/consistency/oplog"
	"synod/spawn"
	"synod/spawn/nemesis"
	"synod/spawn/record"
	"synod/spawn/transports"
)

// The files of a run's folder. RecordName returns those of the servers' records.
const (
	HistoryName  = "history.ndjson"
	PageName     = "violation.html"
	ScheduleName = "schedule.json"
	LogName      = "log.txt"
)

// RecordName returns the name of the file of a server's record.
func RecordName(place int) string { return fmt.Sprintf("server-%d.ndjson", place) }

// beginning is the time of day at which recorded runs begin.
var beginning = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)

// Write repeats the run with a seed and a schedule, and writes files to a folder, which it creates: the history, the
// schedule, a log of all events, each server's record, and, if the history is wrong, porcupine's page. The header has
// the data about the servers that only the caller knows.
func (c Config) Write(ctx context.Context, folder string, seed uint64, s nemesis.Schedule, h record.Header) (Run, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return Run{}, err
	}
	var r Run
	var files closers
	err := c.watched(ctx, folder, seed, s, h, &files, &r)
	if err = errors.Join(err, files.close()); err != nil {
		return r, err
	}
	err = writeFile(filepath.Join(folder, ScheduleName), s.Write)
	err = errors.Join(err, writeFile(filepath.Join(folder, HistoryName), func(w io.Writer) error {
		return c.writeHistory(w, r)
	}))
	if len(r.Check.Findings) > 0 {
		err = errors.Join(err, writeFile(filepath.Join(folder, PageName), func(w io.Writer) error {
			return r.Check.Findings[0].Page(ctx, w)
		}))
	}
	return r, err
}

// watched performs a run that is recorded.
func (c Config) watched(
	ctx context.Context, folder string, seed uint64, s nemesis.Schedule, h record.Header, files *closers, r *Run,
) error {
	var failed error
	log, err := files.create(filepath.Join(folder, LogName))
	if err != nil {
		return err
	}
	ids := c.servers()
	records := make([]io.Writer, len(ids))
	for place := range ids {
		if records[place], err = files.create(filepath.Join(folder, RecordName(place))); err != nil {
			return err
		}
	}
	*r, err = c.rehearse(ctx, seed, s, watching{
		log: func(at time.Duration, line string) {
			_, err := fmt.Fprintf(log, "%12.6f %s\n", at.Seconds(), line)
			failed = errors.Join(failed, err)
		},
		server: func(place int, now func() time.Duration, sc spawn.Config) spawn.Config {
			recorder, err := record.New(records[place], c.header(h, ids, place), func() time.Time {
				return beginning.Add(now())
			})
			failed = errors.Join(failed, err)
			sc.Record = recorder
			return sc
		},
	})
	return errors.Join(err, failed)
}

// header returns the header of a server's record.
func (c Config) header(h record.Header, ids []actor.ID, place int) record.Header {
	h.Server, h.Servers = ids[place], ids
	h.Model, h.Version, h.Durable, h.Faults = c.Program.Model, c.Program.Version, !c.Ephemeral, !c.Streams
	h.Transport = transports.Like(c.Streams)
	return h
}

func (c Config) writeHistory(out io.Writer, r Run) error {
	w, err := oplog.NewWriter(out, oplog.Header{
		Spec: c.Service.Check().Spec, About: fmt.Sprintf("a rehearsal of %s, seed %d", c.Program.Model, r.Seed),
	}, nil)
	if err != nil {
		return err
	}
	for _, e := range Events(r.Outcome.Notes, c.Clients) {
		if err := w.Write(e); err != nil {
			return err
		}
	}
	return nil
}

// closers are open buffered files.
type closers []func() error

func (c *closers) create(name string) (io.Writer, error) {
	file, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	buffer := bufio.NewWriter(file)
	*c = append(*c, func() error { return errors.Join(buffer.Flush(), file.Close()) })
	return buffer, nil
}

func (c *closers) close() error {
	var err error
	for _, f := range *c {
		err = errors.Join(err, f())
	}
	return err
}

// writeFile creates a file and writes it by a function.
func writeFile(name string, write func(io.Writer) error) error {
	var files closers
	w, err := files.create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(w), files.close())
}
