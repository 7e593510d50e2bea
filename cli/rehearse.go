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

	"synod/internal/command"
	"synod/spawn/record"
	"synod/spawn/rehearse"
)

func (a *app) rehearseCommand() *cobra.Command {
	f := new(rehearseFlags)
	cmd := &cobra.Command{
		Use:   "rehearse",
		Short: "Run servers, clients and faults in a deterministic simulation, and check what clients see",
		Args:  command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := f.plan(cmd.Flags(), a.program)
			if err != nil {
				return err
			}
			ctx, stop := command.Serving()
			defer stop()
			a.code, err = a.rehearse(ctx, p)
			return err
		},
	}
	f.add(cmd, a.entries)
	return cmd
}

// rehearsal is an invocation of the command.
type rehearsal struct {
	name string // of the command
	rehearsePlan
	report rehearse.Report
}

// rehearse performs the runs and returns the exit code. An error is a usage error or a failure of the machine.
func (a *app) rehearse(ctx context.Context, p rehearsePlan) (int, error) {
	r := rehearsal{name: a.name, rehearsePlan: p}
	began := time.Now()
	m := newMeter(p.flags.progress.Value, a.stderr)
	if !m.off {
		p.campaign.Progress = func(s rehearse.Summary) {
			elapsed := time.Since(began)
			m.tell(elapsed, func() string { return s.Line(elapsed) })
		}
	}
	summary, err := p.config.Perform(ctx, p.campaign)
	m.clear()
	if err != nil {
		return 0, err
	}
	r.report = rehearse.Report{Config: p.config, Campaign: p.campaign, Transport: p.flags.transport.Value, Summary: summary}
	if len(summary.Violated) > 0 {
		if err := r.investigate(ctx, summary.Violated[0]); err != nil {
			first := summary.Violated[0]
			return 0, fmt.Errorf("seed %d: %s; write evidence: %w", first.Seed, first.What(), err)
		}
	}
	r.report.Took = time.Since(began)
	code := exitOf(r.report.Verdict())
	if p.flags.asJSON {
		d := r.report.Document()
		d.Exit = code
		return code, a.printJSON(d)
	}
	return code, a.print(r.report.Text())
}

// investigate shrinks a violation and writes it to a folder.
func (r *rehearsal) investigate(ctx context.Context, first rehearse.Run) error {
	small, err := r.config.Shrink(ctx, first)
	if err != nil {
		return err
	}
	folder := r.flags.dir
	if folder == "" {
		if folder, err = os.MkdirTemp("", "paxos-rehearse-"); err != nil {
			return err
		}
	}
	if folder, err = filepath.Abs(folder); err != nil {
		return err
	}
	// An interrupt ends the shrinking, but not the report.
	small, err = r.config.Write(context.WithoutCancel(ctx), folder, small.Seed, small.Schedule, record.Header{
		Config: r.variant, Build: record.Build(),
	})
	r.report.Small, r.report.Folder, r.report.Again = &small, folder, r.again(small.Seed, folder)
	return err
}

// again returns the command line that repeats the small run.
func (r *rehearsal) again(seed uint64, folder string) string {
	f := r.flags
	words := []string{
		r.name, "rehearse --model", f.model, "--transport", f.transport.Value,
		fmt.Sprintf("--clients %d --reads %g --puts %d --retries %d", r.config.Clients, r.config.Reads, r.config.Writes,
			r.config.Retries),
	}
	words = append(words, variantFlags(r.entry, r.variant)...)
	if f.ephemeral {
		words = append(words, "--ephemeral")
	}
	return strings.Join(append(words,
		fmt.Sprintf("--seed %d --schedule %s", seed, filepath.Join(folder, rehearse.ScheduleName))), " ")
}

// printJSON prints a document on one line.
func (a *app) printJSON(document any) error {
	text, err := json.Marshal(document)
	if err != nil {
		return err
	}
	return a.print(string(text) + "\n")
}
