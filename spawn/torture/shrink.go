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
	// mostReruns is how often a schedule is tried at most to shrink it.
	mostReruns = 200
	// futile is how often shrinking may find nothing, one time after the other: what was tried may have failed to fail by
	// chance.
	futile = 2
	// aftermath is how long a run goes on after its last fault, or after what went wrong, when it is tried again.
	aftermath = time.Second
)

// wrong is what went wrong in a run.
type wrong struct {
	violated bool
	at       time.Duration // from the start of the run; 0 if it is not known
}

// wrong returns what went wrong.
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

// beginning is as much of a schedule as matters: what came after the answer that is wrong has nothing to do with it.
func (w wrong) beginning(s nemesis.Schedule) nemesis.Schedule {
	if w.at == 0 {
		return s
	}
	return s.Until(w.at + aftermath)
}

// calm is how long a run has to go on after the last fault for that to show again.
func (w wrong) calm(s nemesis.Schedule) time.Duration {
	if w.at == 0 {
		return max(aftermath, s.Duration-s.LastEnd())
	}
	return max(aftermath, w.at+aftermath-s.LastEnd())
}

// reruns performs runs of schedules.
type reruns struct {
	run    func(ctx context.Context, s nemesis.Schedule) (wrong, error)
	count  int   // those that were not cut off
	broken error // why it is of no use to go on
}

func (r *reruns) over(ctx context.Context) bool {
	return ctx.Err() != nil || r.broken != nil || r.count >= mostReruns
}

// shrink looks for fewer faults than those of a schedule under which something went wrong, until the context ends.
func (r *reruns) shrink(ctx context.Context, s nemesis.Schedule, w wrong) nemesis.Schedule {
	small := w.beginning(s)
	calm := w.calm(small)
	fails := func(s nemesis.Schedule) (nemesis.Schedule, bool) {
		if r.over(ctx) {
			return s, false
		}
		s = s.Short(calm)
		w, err := r.run(ctx, s)
		// One that was cut off shows nothing, unless it had gone wrong before.
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

// Shrunk is what is left of the faults of a trial that is violated.
type Shrunk struct {
	File   string // with the schedule
	Faults []nemesis.Fault
	from   int
	runs   int
}

// Shrink runs a trial that is violated again with fewer faults, for so long at most or until the context ends, and writes
// the schedule of those that are left into its folder.
func (o *Trial) Shrink(ctx context.Context, atMost time.Duration) (Shrunk, error) {
	ctx, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	again := &reruns{run: func(ctx context.Context, s nemesis.Schedule) (w wrong, err error) {
		dir, err := os.MkdirTemp("", "paxos-") // short, as sockets are in it
		if err != nil {
			return w, err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		o, err := o.plan.run(ctx, s, dir)
		if ctx.Err() != nil {
			err = nil // Whatever it is, it may be since it was cut off.
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

// Evidence completes what shows a violation in the folder of the trial, and says what is there.
func (o *Trial) Evidence(ctx context.Context) (string, error) {
	page := ""
	if len(o.checked.Findings) > 0 {
		page = "porcupine's page, "
		// An interrupt ends the search for fewer faults, and not the telling of what is known.
		write := func(w io.Writer) error { return o.checked.Findings[0].Page(context.WithoutCancel(ctx), w) }
		if err := writeFile(filepath.Join(o.dir, PageName), write); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("Evidence in %s: the history, %sthe schedule, and each server's record, data and log\n", o.dir, page), nil
}

// mostShown is how many faults are listed.
const mostShown = 20

// Text returns which faults are left.
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

// headline returns how many faults are left.
func (r *Shrunk) headline() string {
	left := len(r.Faults)
	all, runs := noun.Count(r.from, "fault"), noun.Count(r.runs, "run")
	switch {
	case left == r.from && r.runs == 0:
		return "There was no time to look for fewer faults:\n"
	case left == r.from:
		return fmt.Sprintf("No fewer than all %s showed it again, in %s:\n", all, runs)
	case r.runs == 0:
		return fmt.Sprintf("Of %s, %d began before it went wrong:\n", all, left)
	}
	return fmt.Sprintf("Shrunk from %s to %d, in %s:\n", all, left, runs)
}

// Document returns what is left for programs.
func (r *Shrunk) Document() *ShrunkDocument {
	d := &ShrunkDocument{From: r.from, Runs: r.runs, File: r.File, Faults: []string{}}
	for _, f := range r.Faults {
		d.Faults = append(d.Faults, f.String())
	}
	return d
}
