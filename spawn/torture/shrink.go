package torture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"synod/internal/noun"
	"synod/spawn/nemesis"
)

const (
	// mostReruns is the maximum number of runs when shrinking a schedule.
	mostReruns = 200
	// futile is the number of unsuccessful shrinking attempts in a row after which shrinking stops: a schedule may pass
	// by chance.
	futile = 2
	// aftermath is the time that a rerun continues after its last fault, or after the failure.
	aftermath = time.Second
)

// wrong describes a failure of a run.
type wrong struct {
	violated bool
	at       time.Duration // since the start of the run; 0 if unknown
}

// wrong returns the failure of the trial.
func (o *Trial) wrong() wrong {
	w := wrong{violated: o.violated()}
	switch {
	case len(o.checked.Findings) > 0:
		w.at = o.checked.Findings[0].Last.EndedAt
	case o.stopped != nil:
		w.at = o.elapsed
	}
	return w
}

// beginning returns the relevant part of a schedule: what follows the wrong answer cannot have caused it.
func (w wrong) beginning(s nemesis.Schedule) nemesis.Schedule {
	if w.at == 0 {
		return s
	}
	return s.Until(w.at + aftermath)
}

// calm returns the time that a run must continue after its last fault for the failure to show again.
func (w wrong) calm(s nemesis.Schedule) time.Duration {
	if w.at == 0 {
		return max(aftermath, s.Duration-s.LastEnd())
	}
	return max(aftermath, w.at+aftermath-s.LastEnd())
}

// reruns performs runs of schedules.
type reruns struct {
	run    func(ctx context.Context, s nemesis.Schedule) (wrong, error)
	count  int   // runs that were not cut off
	broken error // why no further runs are possible
}

func (r *reruns) over(ctx context.Context) bool {
	return ctx.Err() != nil || r.broken != nil || r.count >= mostReruns
}

// shrink searches for fewer faults of a schedule that still cause a failure, until the context ends.
func (r *reruns) shrink(ctx context.Context, s nemesis.Schedule, w wrong) nemesis.Schedule {
	small := w.beginning(s)
	calm := w.calm(small)
	fails := func(s nemesis.Schedule) (nemesis.Schedule, bool) {
		if r.over(ctx) {
			return s, false
		}
		s = s.Short(calm)
		w, err := r.run(ctx, s)
		// A run that was cut off shows nothing, unless it had already failed.
		if r.broken = err; err != nil || !w.violated && ctx.Err() != nil {
			return s, false
		}
		r.count++
		if w.violated {
			s = w.beginning(s)
			calm = w.calm(s)
		}
		return s, w.violated
	}
	for idle := 0; idle < futile && len(small.Faults) > 0 && !r.over(ctx); idle++ {
		next := nemesis.Shrink(small, fails, mostReruns)
		if len(next.Faults) < len(small.Faults) {
			idle = -1
		}
		small = next
	}
	return small
}

// Shrunk is a reduced schedule that still causes a violation.
type Shrunk struct {
	File   string // of the schedule
	Faults []nemesis.Fault
	from   int
	runs   int
}

// Shrink repeats a violated trial with fewer faults, until the time is over or the context ends. It writes the
// reduced schedule into the folder of the trial.
func (o *Trial) Shrink(ctx context.Context, atMost time.Duration) (Shrunk, error) {
	ctx, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	again := &reruns{run: func(ctx context.Context, s nemesis.Schedule) (w wrong, err error) {
		dir, err := os.MkdirTemp("", "paxos-") // a short path, because it contains sockets
		if err != nil {
			return w, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		o, err := o.plan.run(ctx, s, dir)
		if ctx.Err() != nil {
			err = nil // The error may be due to the interruption.
		}
		return o.wrong(), err
	}}
	small := again.shrink(ctx, o.plan.Schedule, o.wrong())
	if again.broken != nil {
		return Shrunk{}, again.broken
	}
	r := Shrunk{
		File: filepath.Join(o.dir, ShrunkName), Faults: small.Faults, from: len(o.plan.Schedule.Faults), runs: again.count,
	}
	return r, writeFile(r.File, small.Write)
}

// Evidence completes the evidence of a violation in the folder of the trial, and returns a description of it.
func (o *Trial) Evidence(ctx context.Context) (string, error) {
	page := ""
	if len(o.checked.Findings) > 0 {
		page = "porcupine's page, "
		// An interrupt ends the search for fewer faults, but not the report of what is known.
		write := func(w io.Writer) error { return o.checked.Findings[0].Page(context.WithoutCancel(ctx), w) }
		if err := writeFile(filepath.Join(o.dir, PageName), write); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("Evidence in %s: the history, %sthe schedule, and each server's record, data and log\n", o.dir, page), nil
}

// mostShown is the maximum number of faults listed.
const mostShown = 20

// Text returns the remaining faults in human-readable form.
func (r *Shrunk) Text() string {
	var b strings.Builder
	b.WriteString(r.headline())
	for i, f := range r.Faults {
		if i == mostShown {
			fmt.Fprintf(&b, "  … %d more\n", len(r.Faults)-i)
			break
		}
		fmt.Fprintf(&b, "  %v\n", f)
	}
	return b.String()
}

// headline returns the number of remaining faults.
func (r *Shrunk) headline() string {
	left := len(r.Faults)
	all, runs := noun.Count(r.from, "fault"), noun.Count(r.runs, "run")
	switch {
	case left == r.from && r.runs == 0:
		return "There was no time to look for fewer faults:\n"
	case left == r.from:
		return fmt.Sprintf("Could not shrink below %s (%s tried):\n", all, runs)
	case r.runs == 0:
		return fmt.Sprintf("%[2]d of %[1]s began before the violation:\n", all, left)
	}
	return fmt.Sprintf("Shrunk from %s to %d, in %s:\n", all, left, runs)
}

// Document returns the result in machine-readable form.
func (r *Shrunk) Document() *ShrunkDocument {
	d := &ShrunkDocument{From: r.from, Runs: r.runs, File: r.File, Faults: []string{}}
	for _, f := range r.Faults {
		d.Faults = append(d.Faults, f.String())
	}
	return d
}
