package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"synod/checker"
	"synod/internal/command"
	"synod/spawn/torture"
)

func (a *app) tortureCommand() *cobra.Command {
	f := new(tortureFlags)
	cmd := &cobra.Command{
		Use:   "torture",
		Short: "Run servers and clients under fault injection, and check what clients see",
		Args:  command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := a.planTorture(f, cmd.Flags())
			if err != nil {
				return err
			}
			ctx, stop := command.Serving()
			defer stop()
			a.code, err = a.torture(ctx, &p)
			return err
		},
	}
	f.add(cmd, a.entries)
	return cmd
}

// torture runs the trial and prints a report. An error is a usage error or a failure of the machine.
func (a *app) torture(ctx context.Context, p *torturePlan) (int, error) {
	dir, err := p.folder()
	if err != nil {
		return 0, err
	}
	if p.trial.Command, err = p.command(); err != nil {
		return 0, err
	}
	o, err := p.trial.Run(ctx, dir)
	if err != nil {
		return 0, errors.Join(err, p.sweep(dir))
	}
	d := o.Document()
	d.Exit = exitOf(d.Verdict)
	if err := a.tell(p, o.Text()); err != nil {
		return d.Exit, err
	}
	switch {
	case d.Exit == checker.ExitViolated:
		d.Folder = dir
		err = a.evidence(ctx, p, o, &d)
	case d.Exit == checker.ExitOK || !o.Finished():
		err = p.sweep(dir)
	}
	if err != nil {
		return d.Exit, err
	}
	if _, left := os.Stat(dir); left == nil && d.Exit != checker.ExitViolated {
		d.Folder = dir
		if err := a.tell(p, fmt.Sprintf("History, schedule and logs in %s\n", dir)); err != nil {
			return d.Exit, err
		}
	}
	if p.flags.asJSON {
		return d.Exit, a.printJSON(d)
	}
	return d.Exit, nil
}

// evidence returns the evidence of a violation after shrinking it.
func (a *app) evidence(ctx context.Context, p *torturePlan, o *torture.Trial, d *torture.Document) error {
	text, err := o.Evidence(ctx)
	if err == nil {
		err = a.tell(p, text)
	}
	if err != nil {
		return err
	}
	small, err := o.Shrink(ctx, time.Duration(p.flags.shrink))
	if err != nil {
		return err
	}
	d.Shrunk, d.Again = small.Document(), p.again(a.name, "--schedule "+small.File)
	return a.tell(p, small.Text()+fmt.Sprintf("Again: %s\n", d.Again))
}

// tell prints human-readable text, unless JSON was requested.
func (a *app) tell(p *torturePlan, text string) error {
	if p.flags.asJSON {
		return nil
	}
	return a.print(text)
}

// folder returns the folder of the run.
func (p *torturePlan) folder() (string, error) {
	dir := p.flags.dir
	if dir == "" {
		var err error
		if dir, err = os.MkdirTemp("", "paxos-"); err != nil { // a short path, because it contains sockets
			return "", err
		}
	}
	return filepath.Abs(dir)
}

// sweep removes the folder, unless it is to be kept or was named by the user.
func (p *torturePlan) sweep(dir string) error {
	if p.flags.keep || p.flags.dir != "" {
		return nil
	}
	return os.RemoveAll(dir)
}

// again returns the command line that repeats the plan.
func (p *torturePlan) again(name, more string) string {
	f := p.flags
	words := []string{
		name, "torture --model", f.model, "--transport", f.transport.Value,
		fmt.Sprintf("--clients %d --reads %g --puts %d --timeout %v --patience %v --seed %d",
			f.clients, float64(f.reads), f.puts, time.Duration(f.timeout), time.Duration(f.patience), p.trial.Seed),
	}
	if f.think.Most > 0 {
		words = append(words, "--think "+f.think.String())
	}
	words = append(words, variantFlags(p.entry, p.variant)...)
	return strings.Join(append(words, more), " ")
}

// command returns a function that builds the command of a server: this executable, as spawn.
func (p *torturePlan) command() (func(torture.Member) *exec.Cmd, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("cannot determine the path of this program, which runs the servers: %w", err)
	}
	name := os.Args[0]
	return func(m torture.Member) *exec.Cmd {
		var peers []string
		for _, a := range m.Addresses {
			peers = append(peers, a.String())
		}
		// A restarted server uses different random numbers.
		seed := p.trial.Seed + uint64(m.Runs)<<32
		args := []string{
			"spawn", "--model", p.flags.model, "--transport", p.flags.transport.Value, "--only", strconv.Itoa(m.Place),
			"--peers", strings.Join(peers, ","), "--data-dir", m.Dir, "--control", "--seed", strconv.FormatUint(seed, 10),
		}
		if p.flags.record {
			args = append(args, "--record", torture.RecordFile(m))
		}
		args = append(args, variantFlags(p.entry, p.variant)...)
		cmd := exec.Command(path, args...)
		cmd.Args[0] = name
		return cmd
	}, nil
}
