package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"synod/checker"
	"synod/consistency"
)

// The files of a run's folder, beside those of the servers.
const (
	historyName  = "history.ndjson"
	pageName     = "violation.html"
	scheduleName = "schedule.json"
	shrunkName   = "shrunk.json"
)

func (a *app) tortureCommand() *cobra.Command {
	f := new(tortureFlags)
	cmd := &cobra.Command{
		Use:   "torture",
		Short: "Run servers for real, with clients and faults, and judge what the clients see",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := a.planTorture(f, cmd.Flags())
			if err != nil {
				return err
			}
			ctx, stop := serving()
			defer stop()
			a.code, err = a.torture(ctx, &p)
			return err
		},
	}
	f.add(cmd, a.entries)
	return cmd
}

// torture runs a plan and reports. An error is one of the call, or of the machine.
func (a *app) torture(ctx context.Context, p *torturePlan) (int, error) {
	dir, err := p.folder()
	if err != nil {
		return 0, err
	}
	if err := writeFile(filepath.Join(dir, scheduleName), p.schedule.Write); err != nil {
		return 0, err
	}
	o, err := a.ordeal(ctx, p, p.schedule, dir)
	if err != nil {
		return 0, errors.Join(err, p.sweep(dir))
	}
	code := o.verdict(p)
	d := p.document(o, code)
	if err := a.tell(p, o.report(p)); err != nil {
		return code, err
	}
	switch {
	case code == checker.ExitViolated:
		d.Folder = dir
		err = a.evidence(ctx, p, o, &d)
	case code == checker.ExitOK || !o.finished:
		err = p.sweep(dir)
	}
	if err != nil {
		return code, err
	}
	if _, left := os.Stat(dir); left == nil && code != checker.ExitViolated {
		d.Folder = dir
		if err := a.tell(p, fmt.Sprintf("History, schedule and logs in %s\n", dir)); err != nil {
			return code, err
		}
	}
	if p.flags.asJSON {
		return code, a.printJSON(d)
	}
	return code, nil
}

// tell prints a text for people, unless a document is asked for.
func (a *app) tell(p *torturePlan, text string) error {
	if p.flags.asJSON {
		return nil
	}
	return a.print(text)
}

// folder gives the folder of the run.
func (p *torturePlan) folder() (string, error) {
	dir := p.flags.dir
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "paxos-"); err != nil { // short, as sockets are in it
			return "", err
		}
	}
	return filepath.Abs(dir)
}

// sweep removes the folder, unless it is to be kept or has its name from the user.
func (p *torturePlan) sweep(dir string) error {
	if p.flags.keep || p.flags.dir != "" {
		return nil
	}
	return os.RemoveAll(dir)
}

// verdict gives the exit code of a run.
func (o *ordeal) verdict(p *torturePlan) int {
	switch {
	case o.violated():
		return checker.ExitViolated
	case o.checked.Outcome != consistency.Holds, len(o.lacking(p)) > 0:
		return checker.ExitUndecided
	}
	return checker.ExitOK
}

// lacking says what a run would need to be evidence.
func (o *ordeal) lacking(p *torturePlan) []string {
	var all []string
	if !o.finished {
		all = append(all, "it was interrupted")
	}
	if n := o.counts.Acknowledged(); n < int(p.flags.least) {
		all = append(all, fmt.Sprintf("%s acknowledged, expected at least %d (--least)", plural(n, "operation"), p.flags.least))
	}
	writes, reads := p.words()
	if o.counts.Writes == 0 && writes != "" {
		all = append(all, "no "+writes+" was acknowledged")
	}
	if o.counts.Reads == 0 && reads != "" {
		all = append(all, "no "+reads+" was answered")
	}
	for _, k := range o.tally.Missing(p.kinds) {
		all = append(all, fmt.Sprintf("%v never happened", k))
	}
	return all
}

// words are what operations are called that write, and those that only read: by the name of the only one, if there is one,
// and empty if there is none.
func (p *torturePlan) words() (writes, reads string) {
	for _, o := range p.entry.Servers.Service.Operations() {
		word, many := &writes, "write"
		if o.Reads {
			word, many = &reads, "read"
		}
		if *word != "" {
			*word = many
			continue
		}
		*word = o.Name
	}
	return writes, reads
}

// counts says how many operations there were of either kind.
func counts(writes int, write string, reads int, read string) string {
	var all []string
	if write != "" {
		all = append(all, plural(writes, write))
	}
	if read != "" {
		all = append(all, plural(reads, read))
	}
	return strings.Join(all, ", ")
}

// report tells what a run was, and what it says.
func (o *ordeal) report(p *torturePlan) string {
	var b strings.Builder
	c := o.counts
	fmt.Fprintf(&b, "Tortured %s, servers=%d, transport=%s, clients=%d, seed=%d, sec=%.1f.\n",
		p.flags.model, p.schedule.Servers, p.flags.transport.value, p.workload.Clients, p.seed, o.elapsed.Seconds())
	writes, reads := p.words()
	refused := ""
	if c.Refused > 0 {
		refused = fmt.Sprintf(", %d refused", c.Refused)
	}
	unknown := fmt.Sprintf("%d unknown", c.Unknown)
	if c.Unknown > 0 {
		unknown += fmt.Sprintf(" (%.1f %% of all %ss)", 100*c.UnknownShare(), writes)
	}
	fmt.Fprintf(&b, "operations  %d acknowledged (%s)%s, %s, %d failed\n",
		c.Acknowledged(), counts(c.Writes, writes, c.Reads, reads), refused, unknown, c.Failed)
	fmt.Fprintf(&b, "faults      %v\n", &o.tally)
	if o.ambushes > 0 {
		fmt.Fprintf(&b, "ambushes    %d: kills right after an answer\n", o.ambushes)
	}
	n := o.checked.Counts
	fmt.Fprintf(&b, "checked     %s, %s, the longest of %s\n", plural(n.Keys, "register"), plural(n.Windows, "window"), plural(n.Longest, "operation"))
	if o.replayed != nil {
		fmt.Fprintf(&b, "replayed    %s, all of them the model's\n", counted(o.replayed.Events, "event"))
	}
	if o.deviates != nil {
		fmt.Fprintf(&b, "violated    the run is not the model's: %v\n", o.deviates)
	}
	if o.stopped != nil {
		fmt.Fprintf(&b, "violated    %v\n", o.stopped)
	}
	switch o.checked.Outcome {
	case consistency.Violated:
		b.WriteString("violated    \"linearizable\"\n")
		b.WriteString(o.checked.Findings[0].String())
	case consistency.Undecided:
		fmt.Fprintf(&b, "undecided   \"linearizable\": %s\n", o.checked.Reason)
	case consistency.Holds:
		b.WriteString("holds       \"linearizable\"\n")
	}
	if !o.violated() {
		for _, what := range o.lacking(p) {
			fmt.Fprintf(&b, "not enough evidence: %s\n", what)
		}
	}
	return b.String()
}

// evidence leaves what shows a violation, and looks for less that does.
func (a *app) evidence(ctx context.Context, p *torturePlan, o *ordeal, d *tortureDocument) error {
	if len(o.checked.Findings) > 0 {
		// An interrupt ends the search for fewer faults, and not the telling of what is known.
		page := func(w io.Writer) error { return o.checked.Findings[0].Page(context.WithoutCancel(ctx), w) }
		if err := writeFile(filepath.Join(o.dir, pageName), page); err != nil {
			return err
		}
	}
	if err := a.tell(p, fmt.Sprintf("Evidence in %s: the history, %sthe schedule, and each server's record, data and log\n",
		o.dir, map[bool]string{true: "porcupine's page, "}[len(o.checked.Findings) > 0])); err != nil {
		return err
	}
	small, again, err := a.shrink(ctx, p, o)
	if err != nil {
		return err
	}
	name := filepath.Join(o.dir, shrunkName)
	if err := writeFile(name, small.Write); err != nil {
		return err
	}
	command := p.again(a.name, "--schedule "+name)
	d.Again = command
	d.Shrunk = &shrunkDocument{From: len(p.schedule.Faults), Runs: again.count, File: name, Faults: []string{}}
	var b strings.Builder
	b.WriteString(again.report(len(p.schedule.Faults), len(small.Faults)))
	for _, f := range small.Faults {
		d.Shrunk.Faults = append(d.Shrunk.Faults, f.String())
	}
	for i, f := range small.Faults {
		if i == mostShown {
			fmt.Fprintf(&b, "  … %d more\n", len(small.Faults)-i)
			break
		}
		fmt.Fprintf(&b, "  %v\n", f)
	}
	fmt.Fprintf(&b, "Again: %s\n", command)
	return a.tell(p, b.String())
}

// mostShown is how many faults are listed.
const mostShown = 20

// again gives the command that runs the plan again.
func (p *torturePlan) again(name, more string) string {
	f := p.flags
	words := []string{
		name, "torture --model", f.model, "--transport", f.transport.value,
		fmt.Sprintf("--clients %d --reads %g --puts %d --timeout %v --patience %v --seed %d",
			f.clients, float64(f.reads), f.puts, time.Duration(f.timeout), time.Duration(f.patience), p.seed),
	}
	if f.think.most > 0 {
		words = append(words, "--think "+f.think.String())
	}
	words = append(words, variantFlags(p.entry, p.variant)...)
	return strings.Join(append(words, more), " ")
}

// writeFile writes a file by a function.
func writeFile(name string, write func(io.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Close())
}
