package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"synod/checker"
	"synod/spawn/nemesis"
	"synod/spawn/record"
	"synod/spawn/rehearse"
)

func (a *app) rehearseCommand() *cobra.Command {
	f := new(rehearseFlags)
	cmd := &cobra.Command{
		Use:   "rehearse",
		Short: "Run servers on virtual time, with clients and faults from a seed, and judge what the clients see",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := f.plan(cmd.Flags(), a.program)
			if err != nil {
				return err
			}
			ctx, stop := serving()
			defer stop()
			a.code, err = a.rehearse(ctx, p)
			return err
		},
	}
	f.add(cmd, a.entries)
	return cmd
}

// rehearsal is what came of the command.
type rehearsal struct {
	name string // of the command
	rehearsePlan
	summary rehearse.Summary
	took    time.Duration
	small   *rehearse.Run // the first violation, shrunk
	folder  string        // where it is
}

// rehearse makes the runs, and gives the exit code. An error is one of the call, or of the machine.
func (a *app) rehearse(ctx context.Context, p rehearsePlan) (int, error) {
	r := rehearsal{name: a.name, rehearsePlan: p}
	began := time.Now()
	m := newMeter(p.flags.progress.value, a.stderr)
	if !m.off {
		p.campaign.Progress = func(s rehearse.Summary) {
			elapsed := time.Since(began)
			m.tell(elapsed, func() string { return progressLine(s, elapsed) })
		}
	}
	var err error
	r.summary, err = p.config.Perform(ctx, p.campaign)
	m.clear()
	if err != nil {
		return 0, err
	}
	if len(r.summary.Violated) > 0 {
		if err := r.investigate(ctx); err != nil {
			first := r.summary.Violated[0]
			return 0, fmt.Errorf("seed %d is violated, %s, but what shows it cannot be written down: %w", first.Seed, firstLine(first), err)
		}
	}
	r.took = time.Since(began)
	if p.flags.asJSON {
		return r.code(), a.printJSON(r.document())
	}
	return r.code(), a.print(r.report())
}

// investigate makes the first violation small, and writes it down.
func (r *rehearsal) investigate(ctx context.Context) error {
	small, err := r.config.Shrink(ctx, r.summary.Violated[0])
	if err != nil {
		return err
	}
	if r.folder = r.flags.dir; r.folder == "" {
		if r.folder, err = os.MkdirTemp("", "paxos-rehearse-"); err != nil {
			return err
		}
	}
	if r.folder, err = filepath.Abs(r.folder); err != nil {
		return err
	}
	// An interrupt ends the search for a smaller one, and not the telling of it.
	small, err = r.config.Write(context.WithoutCancel(ctx), r.folder, small.Seed, small.Schedule, record.Header{
		Config: r.variant, Build: build(),
	})
	r.small = &small
	return err
}

// code is the exit code.
func (r *rehearsal) code() int {
	switch {
	case r.summary.Violations > 0:
		return checker.ExitViolated
	case len(r.lacking()) > 0:
		return checker.ExitUndecided
	}
	return checker.ExitOK
}

// lacking says what the runs would need to be evidence.
func (r *rehearsal) lacking() []string {
	var all []string
	s := &r.summary
	switch {
	case s.Ended:
		all = append(all, fmt.Sprintf("it was interrupted after %d of %s", s.Runs, plural(r.campaign.Runs, "run")))
	case s.Runs < r.campaign.Runs:
		all = append(all, fmt.Sprintf("%s of %d had %d acknowledged operations", plural(s.Runs, "run"), s.Runs+s.Idle,
			rehearse.Enough))
	}
	if s.Undecided > 0 {
		all = append(all, fmt.Sprintf("the history of %s could not be decided", plural(s.Undecided, "run")))
	}
	for _, k := range s.Tally.Missing(r.config.Kinds) {
		all = append(all, fmt.Sprintf("%v never happened", k))
	}
	return all
}

// progressLine says how far it is.
func progressLine(s rehearse.Summary, elapsed time.Duration) string {
	return fmt.Sprintf("runs=%d, idle=%d, operations=%d, violations=%d, runs/s=%.0f, sec=%.1f",
		s.Runs, s.Idle, s.Acknowledged, s.Violations, float64(s.Runs+s.Idle)/elapsed.Seconds(), elapsed.Seconds())
}

// report tells what the runs were, and what they say.
func (r *rehearsal) report() string {
	var b strings.Builder
	c, s := &r.config, &r.summary
	fmt.Fprintf(&b, "Rehearsed %s, servers=%d, clients=%d, transport=%s, seed=%d, sec=%.2f.\n",
		r.flags.model, c.Servers, c.Clients, r.flags.transport.value, r.campaign.Seed, r.took.Seconds())
	fmt.Fprintf(&b, "runs        %d, %v of virtual time, and %d idle\n", s.Runs, s.Virtual, s.Idle)
	fmt.Fprintf(&b, "operations  %d acknowledged, %d unknown, %d failed\n", s.Acknowledged, s.Unknown, s.Failed)
	fmt.Fprintf(&b, "servers     %d events, %d messages, %d starts\n", s.Steps, s.Messages, s.Restarts)
	fmt.Fprintf(&b, "faults      %v\n", &s.Tally)
	if r.small != nil {
		r.violation(&b)
		return b.String()
	}
	lacking := r.lacking()
	if s.Undecided == 0 && s.Runs > 0 {
		b.WriteString("holds       \"linearizable\", and servers keep what they promise\n")
	}
	for _, what := range lacking {
		fmt.Fprintf(&b, "not enough evidence: %s\n", what)
	}
	return b.String()
}

// violation tells of the violations, and of the first one how to see it again.
func (r *rehearsal) violation(b *strings.Builder) {
	for _, v := range r.summary.Violated {
		fmt.Fprintf(b, "violated    seed %d: %s\n", v.Seed, firstLine(v))
	}
	if more := r.summary.Violations - len(r.summary.Violated); more > 0 {
		fmt.Fprintf(b, "            and %d more\n", more)
	}
	first, small := r.summary.Violated[0], r.small
	fmt.Fprintf(b, "Shrunk seed %d from %s to %d, and %v:\n", first.Seed, plural(len(first.Schedule.Faults), "fault"),
		len(small.Schedule.Faults), small.Schedule.Duration)
	for _, f := range small.Schedule.Faults {
		fmt.Fprintf(b, "  %v\n", f)
	}
	for _, v := range small.Outcome.Violations {
		fmt.Fprintf(b, "  → %v\n", v)
	}
	for _, f := range small.Check.Findings {
		fmt.Fprintf(b, "  → %s\n", strings.ReplaceAll(strings.TrimSuffix(f.String(), "\n"), "\n", "\n    "))
	}
	fmt.Fprintf(b, "History, schedule, log and records in %s\n", r.folder)
	fmt.Fprintf(b, "Again: %s\n", r.again())
}

// firstLine is what is wrong with a run, in a line.
func firstLine(v rehearse.Run) string {
	if len(v.Outcome.Violations) > 0 {
		return v.Outcome.Violations[0].String()
	}
	line, _, _ := strings.Cut(v.Check.Findings[0].String(), "\n")
	return line
}

// again gives the command that makes the small run.
func (r *rehearsal) again() string {
	f := r.flags
	words := []string{
		r.name, "rehearse --model", f.model, "--transport", f.transport.value,
		fmt.Sprintf("--clients %d --reads %g --puts %d --retries %d", r.config.Clients, r.config.Reads, r.config.Writes,
			r.config.Retries),
	}
	words = append(words, variantFlags(r.entry, r.variant)...)
	if f.ephemeral {
		words = append(words, "--ephemeral")
	}
	return strings.Join(append(words,
		fmt.Sprintf("--seed %d --schedule %s", r.small.Seed, filepath.Join(r.folder, rehearse.ScheduleName))), " ")
}

// rehearsalDocument is the result for programs.
type rehearsalDocument struct {
	Schema       string              `json:"schema"`
	Model        string              `json:"model"`
	Servers      int                 `json:"servers"`
	Clients      int                 `json:"clients"`
	Transport    string              `json:"transport"`
	Seconds      float64             `json:"seconds"` // of each run
	Seed         uint64              `json:"seed"`
	Exit         int                 `json:"exit"`
	Runs         int                 `json:"runs"`
	Idle         int                 `json:"idle"`
	Undecided    int                 `json:"undecided"`
	Acknowledged int                 `json:"acknowledged"`
	Unknown      int                 `json:"unknown"`
	Failed       int                 `json:"failed"`
	Events       uint64              `json:"events"`
	Messages     uint64              `json:"messages"`
	Starts       uint64              `json:"starts"`
	Faults       map[string]uint64   `json:"faults"`
	Lacking      []string            `json:"lacking"`
	Violations   int                 `json:"violations"`
	Violated     []violationDocument `json:"violated"`
	Folder       string              `json:"folder,omitempty"`
	Again        string              `json:"again,omitempty"`
	Runtime      struct {
		Seconds float64 `json:"seconds"`
	} `json:"runtime"`
}

// violationDocument is a run that is violated.
type violationDocument struct {
	Seed uint64 `json:"seed"`
	What string `json:"what"`
}

// rehearsalSchema names the form of the document.
const rehearsalSchema = "synod.rehearsal/1"

func (r *rehearsal) document() rehearsalDocument {
	c, s := &r.config, &r.summary
	d := rehearsalDocument{
		Schema: rehearsalSchema, Model: r.flags.model, Servers: c.Servers, Clients: c.Clients,
		Transport: r.flags.transport.value, Seconds: c.Length.Seconds(), Seed: r.campaign.Seed, Exit: r.code(),
		Runs: s.Runs, Idle: s.Idle, Undecided: s.Undecided, Acknowledged: s.Acknowledged, Unknown: s.Unknown, Failed: s.Failed,
		Events: s.Steps, Messages: s.Messages, Starts: s.Restarts, Faults: make(map[string]uint64),
		Lacking: append([]string{}, r.lacking()...), Violations: s.Violations, Violated: []violationDocument{},
		Folder: r.folder,
	}
	for _, k := range nemesis.VirtualKinds() {
		d.Faults[k.String()] = s.Tally[k]
	}
	for _, v := range s.Violated {
		d.Violated = append(d.Violated, violationDocument{v.Seed, firstLine(v)})
	}
	if r.small != nil {
		d.Again = r.again()
	}
	d.Runtime.Seconds = r.took.Seconds()
	return d
}

// printJSON prints a document on one line.
func (a *app) printJSON(document any) error {
	text, err := json.Marshal(document)
	if err != nil {
		return err
	}
	return a.print(string(text) + "\n")
}
