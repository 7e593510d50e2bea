package cli

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"synod/internal/outfile"
	"synod/spawn"
	"synod/spawn/record"
	"synod/spawn/replay"
	"synod/trace"
)

// exitDeviates is the exit code for a run that the model does not admit.
const exitDeviates = 1

// replayFlags are the flags of the command replay.
type replayFlags struct {
	traceOut string
	events   eventRange
	around   aroundFlags
}

func (a *app) replayCommand() *cobra.Command {
	f := new(replayFlags)
	cmd := &cobra.Command{
		Use:   "replay FILE…",
		Short: "Validate a recorded run against the model",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("replay: name the record files of all servers of a cluster")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			explores, err := f.around.asked(cmd.Flags())
			switch {
			case err != nil:
				return err
			case explores && cmd.Flags().Changed("events"):
				return errors.New("--events cannot be combined with --explore-around, whose trace begins at its event")
			case explores:
				return a.exploreAround(args, f, cmd.Flags().Changed("trace-out"))
			}
			if cmd.Flags().Changed("events") && f.traceOut == "" {
				return errors.New("--events requires --trace-out")
			}
			var out *recordedTrace
			if cmd.Flags().Changed("trace-out") {
				var err error
				if out, err = f.open(); err != nil {
					return err
				}
			}
			return a.replay(args, out)
		},
	}
	set := cmd.Flags()
	set.StringVar(&f.traceOut, "trace-out", "",
		"write the run, or the exploration's path, to this `file`, in the format given by its extension")
	f.around.add(set)
	set.Var(&f.events, "events", "write only these events to the trace, such as 1..100")
	return cmd
}

// exploreAround replays records up to an event and explores from there.
func (a *app) exploreAround(files []string, f *replayFlags, traced bool) error {
	var out *recordedTrace
	if traced {
		var err error
		if out, err = f.open(); err != nil {
			return err
		}
	}
	records, err := openRecords(files)
	if err != nil {
		return err
	}
	defer records.Close()
	a.code, err = f.around.perform(a, records, out)
	if wrong := a.refuted(err); wrong != "" {
		return nil
	}
	return err
}

// replay replays records and prints the result.
func (a *app) replay(files []string, out *recordedTrace) error {
	records, err := openRecords(files)
	if err != nil {
		return err
	}
	defer records.Close()
	config := replay.Config{Program: a.programOf}
	if out != nil {
		config.Visit = out.tracer.Visit
	}
	result, err := records.Run(config)
	if wrong := a.refuted(err); wrong != "" {
		if out != nil {
			out.tracer.Note(wrong)
			return out.write(a)
		}
		return nil
	}
	if err != nil {
		return err
	}
	if out != nil {
		if err := out.write(a); err != nil {
			return err
		}
	}
	return a.print(result.Text())
}

// refuted returns the reason why a replay refuted a run, for a trace, or an empty string if it did not.
func (a *app) refuted(err error) string {
	var deviation *replay.Deviation
	var violation *replay.Violation
	switch {
	case errors.As(err, &deviation):
		fmt.Fprintf(a.stderr, "%s: trace not admitted by the model: %v\n", a.name, deviation)
		a.code = exitDeviates
		return "the next recorded event is not admitted by the model: " + deviation.Error()
	case errors.As(err, &violation):
		fmt.Fprintf(a.stderr, "%s: the run violates an invariant: %v\n", a.name, violation)
		a.code = exitDeviates
		return "an invariant is violated: " + violation.Error()
	}
	return ""
}

// recordedTrace is the output file for the trace of a recorded run.
type recordedTrace struct {
	file   *outfile.File
	format trace.Format
	tracer *replay.Tracer
}

// open opens the file of the trace before the replay starts.
func (f *replayFlags) open() (*recordedTrace, error) {
	format, err := trace.FormatOf(f.traceOut)
	if err != nil {
		return nil, fmt.Errorf("--trace-out %q: %w", f.traceOut, err)
	}
	if format.Name == "go" {
		return nil, fmt.Errorf("--trace-out %q: a Go test needs a path of a catalogue model, not "+
			"a recorded run; choose another format", f.traceOut)
	}
	file, err := outfile.New("trace-out", f.traceOut)
	if err != nil {
		return nil, err
	}
	return &recordedTrace{file, format, replay.NewTracer(f.events.bounds())}, nil
}

// write writes the trace. If it has no steps, it prints a note instead.
func (t *recordedTrace) write(a *app) error {
	stderr := a.stderr
	d, ok := t.tracer.Document()
	d.Package = a.packageOf(d.Model)
	if !ok {
		t.file.Untouched(stderr, "There is no event in this range")
		return nil
	}
	var b bytes.Buffer
	if err := t.format.Write(&b, d); err != nil {
		return fmt.Errorf("--trace-out %q: %w; --events takes a part of the run", t.file.Given, err)
	}
	return t.file.Replace(b.Bytes())
}

// packageOf returns the package from which a generated test imports a model, or an empty string.
func (a *app) packageOf(model string) string {
	e, err := a.entries.Find(model)
	if err != nil {
		return ""
	}
	return e.Package
}

// eventRange is a range of events, counted from 1; 0 means no bound.
type eventRange struct{ first, last int }

func (r *eventRange) Type() string { return "range" }

func (r *eventRange) String() string {
	if r.last == 0 {
		return ""
	}
	return fmt.Sprintf("%d..%d", r.first, r.last)
}

func (r *eventRange) Set(text string) error {
	from, to, ok := strings.Cut(text, "..")
	first, err := strconv.ParseUint(from, 10, 31)
	last, wrong := strconv.ParseUint(to, 10, 31)
	if !ok || err != nil || wrong != nil || first < 1 || last < first {
		return errors.New("expected the numbers of the first and the last event, from 1, such as 1..100")
	}
	r.first, r.last = int(first), int(last)
	return nil
}

// bounds returns the first and the last event.
func (r *eventRange) bounds() (first, last int) {
	if r.last == 0 {
		return 1, math.MaxInt
	}
	return r.first, r.last
}

func openRecords(files []string) (*replay.Records, error) {
	records, err := replay.Open(files...)
	var inner *os.PathError
	if errors.As(err, &inner) {
		err = fmt.Errorf("%q cannot be read (%w); pass a file written by spawn --record", inner.Path, inner.Err)
	}
	return records, err
}

// programOf returns the program of the servers of a recorded run.
func (a *app) programOf(h *record.Header) (spawn.Program, error) {
	return a.program(h.Model, h.Config)
}
