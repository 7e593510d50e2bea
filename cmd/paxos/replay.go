package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"synod/examples/catalog"
	"synod/spawn"
	"synod/spawn/record"
	"synod/spawn/replay"
)

// exitDeviates is the exit code for a run that is not the model's.
const exitDeviates = 1

func (a *app) replayCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "replay FILE…",
		Short: "Hold a run that spawn --record wrote down against the model",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("replay: expected the files of the records of all servers of a cluster")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			records, err := openRecords(args)
			if err != nil {
				return err
			}
			result, err := records.Run(replay.Config{Program: a.programOf})
			var deviation *replay.Deviation
			if errors.As(err, &deviation) {
				fmt.Fprintf(a.stderr, "paxos: the run is not the model's: %v\n", deviation)
				a.code = exitDeviates
				return nil
			}
			if err != nil {
				return err
			}
			return reportReplay(a.stdout, result)
		},
	}
	return cmd
}

func openRecords(files []string) (*replay.Records, error) {
	records, err := replay.Open(files...)
	var inner *os.PathError
	if errors.As(err, &inner) {
		err = fmt.Errorf("%q cannot be read (%w): expected a file that spawn --record wrote", inner.Path, inner.Err)
	}
	return records, err
}

// programOf gives what the servers of a recorded run run.
func (a *app) programOf(h *record.Header) (spawn.Program, error) {
	v, err := catalog.ParseVariant(h.Config)
	if err != nil {
		return spawn.Program{}, err
	}
	return a.program(h.Model, v)
}

// reportReplay says what a replay confirmed.
func reportReplay(w io.Writer, r *replay.Result) error {
	var b strings.Builder
	for _, s := range r.Servers {
		fmt.Fprintf(&b, "%s: %s", spawn.Describe(s.Server), counted(s.Events, "event"))
		for _, part := range []struct {
			n    int
			what string
		}{{s.Crashes, "crash"}, {s.Torn, "torn line"}, {s.Undone, "event not saved"}} {
			if part.n > 0 {
				fmt.Fprintf(&b, ", %s", counted(part.n, part.what))
			}
		}
		if s.Recovered {
			b.WriteString(", recovered at first from before the record")
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "Between servers %s repeated, %d never came.\n", counted(r.Repeats, "message"), r.Missing)
	fmt.Fprintf(&b, "Confirmed: the run of %s is the model's.\n", counted(r.Events, "event"))
	_, err := io.WriteString(w, b.String())
	return err
}

// counted is a number of things.
func counted(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "sh"):
		return fmt.Sprintf("%d %ses", n, what)
	case strings.HasPrefix(what, "event "):
		return fmt.Sprintf("%d events%s", n, strings.TrimPrefix(what, "event"))
	}
	return fmt.Sprintf("%d %ss", n, what)
}
