package rehearse

import (
	"fmt"
	"strings"
	"time"

	"synod/consistency"
	"synod/consistency/oplog"
	"synod/internal/noun"
	"synod/spawn/nemesis"
)

// Report has the data of a campaign's report.
type Report struct {
	Config    Config
	Campaign  Campaign
	Transport string // that the network is like
	Summary   Summary
	Took      time.Duration
	Small     *Run   // the first violation, shrunk; nil if there is none
	Folder    string // where it was written
	Again     string // the command that reproduces it
}

// Verdict returns the verdict of the runs: a word of consistency.Outcome, or oplog.NoEvidence.
func (r *Report) Verdict() string {
	switch {
	case r.Summary.Violations > 0:
		return consistency.Violated.String()
	case len(r.lacking()) > 0:
		return oplog.NoEvidence
	}
	return consistency.Holds.String()
}

// lacking returns what the runs lack to be evidence.
func (r *Report) lacking() []string {
	var all []string
	s := &r.Summary
	switch {
	case s.Ended:
		all = append(all, fmt.Sprintf("it was interrupted after %d of %s", s.Runs, noun.Count(r.Campaign.Runs, "run")))
	case s.Runs < r.Campaign.Runs:
		all = append(all, fmt.Sprintf("%s of %d had %d acknowledged operations", noun.Count(s.Runs, "run"), s.Runs+s.Idle,
			Enough))
	}
	if s.Undecided > 0 {
		all = append(all, fmt.Sprintf("the history of %s could not be decided", noun.Count(s.Undecided, "run")))
	}
	for _, k := range s.Tally.Missing(r.Config.Kinds) {
		all = append(all, fmt.Sprintf("%v never happened", k))
	}
	return all
}

// Line returns a progress line of a campaign.
func (s *Summary) Line(elapsed time.Duration) string {
	return fmt.Sprintf("runs=%d, idle=%d, operations=%d, violations=%d, runs/s=%.0f, sec=%.1f",
		s.Runs, s.Idle, s.Acknowledged, s.Violations, float64(s.Runs+s.Idle)/elapsed.Seconds(), elapsed.Seconds())
}

// Text returns the report in human-readable form.
func (r *Report) Text() string {
	var b strings.Builder
	c, s := &r.Config, &r.Summary
	fmt.Fprintf(&b, "Rehearsed %s, servers=%d, clients=%d, transport=%s, seed=%d, sec=%.2f.\n",
		r.Config.Program.Model, c.Servers, c.Clients, r.Transport, r.Campaign.Seed, r.Took.Seconds())
	fmt.Fprintf(&b, "runs        %d, %v of virtual time, and %d idle\n", s.Runs, s.Virtual, s.Idle)
	fmt.Fprintf(&b, "operations  %d acknowledged, %d unknown, %d failed\n", s.Acknowledged, s.Unknown, s.Failed)
	fmt.Fprintf(&b, "servers     %d events, %d messages, %d starts\n", s.Steps, s.Messages, s.Restarts)
	fmt.Fprintf(&b, "faults      %v\n", &s.Tally)
	if r.Small != nil {
		r.violation(&b)
		return b.String()
	}
	lacking := r.lacking()
	if s.Undecided == 0 && s.Runs > 0 {
		b.WriteString("holds       \"linearizable\"\nholds       \"save before send\"\n")
		for _, v := range c.Program.Invariants {
			fmt.Fprintf(&b, "holds       %q, after every step of a server\n", v.Name())
		}
	}
	for _, what := range lacking {
		fmt.Fprintf(&b, "not enough evidence: %s\n", what)
	}
	return b.String()
}

// violation describes the violations, and how to reproduce the first one.
func (r *Report) violation(b *strings.Builder) {
	for _, v := range r.Summary.Violated {
		fmt.Fprintf(b, "violated    seed %d: %s\n", v.Seed, v.What())
	}
	if more := r.Summary.Violations - len(r.Summary.Violated); more > 0 {
		fmt.Fprintf(b, "            and %d more\n", more)
	}
	first, small := r.Summary.Violated[0], r.Small
	fmt.Fprintf(b, "Shrunk seed %d from %s to %d, in a run of %v:\n", first.Seed, noun.Count(len(first.Schedule.Faults), "fault"),
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
	fmt.Fprintf(b, "History, schedule, log and records in %s\n", r.Folder)
	fmt.Fprintf(b, "Again: %s\n", r.Again)
}

// What describes a violation in one line.
func (v *Run) What() string {
	if len(v.Outcome.Violations) > 0 {
		return v.Outcome.Violations[0].String()
	}
	line, _, _ := strings.Cut(v.Check.Findings[0].String(), "\n")
	return line
}

// Document is the machine-readable result.
type Document struct {
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
	Violated     []ViolationDocument `json:"violated"`
	Folder       string              `json:"folder,omitempty"`
	Again        string              `json:"again,omitempty"`
	Runtime      struct {
		Seconds float64 `json:"seconds"`
	} `json:"runtime"`
}

// ViolationDocument is a violated run.
type ViolationDocument struct {
	Seed uint64 `json:"seed"`
	What string `json:"what"`
}

// Schema names the version of the document's format.
const Schema = "synod.rehearsal/1"

// Document returns the report in machine-readable form, without the exit code.
func (r *Report) Document() Document {
	c, s := &r.Config, &r.Summary
	d := Document{
		Schema: Schema, Model: r.Config.Program.Model, Servers: c.Servers, Clients: c.Clients,
		Transport: r.Transport, Seconds: c.Length.Seconds(), Seed: r.Campaign.Seed,
		Runs: s.Runs, Idle: s.Idle, Undecided: s.Undecided, Acknowledged: s.Acknowledged, Unknown: s.Unknown, Failed: s.Failed,
		Events: s.Steps, Messages: s.Messages, Starts: s.Restarts, Faults: make(map[string]uint64),
		Lacking: append([]string{}, r.lacking()...), Violations: s.Violations, Violated: []ViolationDocument{},
		Folder: r.Folder, Again: r.Again,
	}
	for _, k := range nemesis.VirtualKinds() {
		d.Faults[k.String()] = s.Tally[k]
	}
	for _, v := range s.Violated {
		d.Violated = append(d.Violated, ViolationDocument{v.Seed, v.What()})
	}
	d.Runtime.Seconds = r.Took.Seconds()
	return d
}
