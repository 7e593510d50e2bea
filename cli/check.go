package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"synod/checker"
	"synod/checker/report"
	"synod/internal/command"
	"synod/internal/outfile"
	"synod/model"
	"synod/trace"
)

// engine is a search engine with its command.
type engine struct {
	name, alias, short string
	workers, timeout   string // usages of these flags
	walks              bool
	shortest           bool // it finds shortest paths
	search             func(context.Context, model.Source, checker.Options) *checker.Result
}

func engines() []engine {
	cores, none := "number of goroutines (default one per core)", "stop the search after this time, such as 30s or 5m"
	return []engine{
		{
			name: "check-bfs", alias: "check", short: "Check by breadth-first search; paths are shortest",
			workers: cores, timeout: none, search: checker.BFS, shortest: true,
		},
		{
			name: "check-dfs", short: "Check by depth-first search",
			workers: "goroutines (1 unless given; with more, depth and paths vary)", timeout: none, search: checker.DFS,
		},
		{
			name: "check-simulation", short: "Check by random walks from initial states",
			workers: cores, timeout: "stop the walks after this time (10s unless this or --walks is given)", walks: true, search: checker.Walk,
		},
	}
}

func (a *app) checkCommand(e engine) *cobra.Command {
	f := &flags{entries: a.entries, engine: e}
	cmd := &cobra.Command{
		Use:   e.name + " [CLIENT_COUNT] [NETWORK]",
		Short: e.short,
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := f.plan(cmd, args)
			if err != nil {
				return err
			}
			a.code, err = a.perform(p, a.stdout, a.stderr)
			return err
		},
	}
	if e.alias != "" {
		cmd.Aliases = []string{e.alias}
	}
	f.add(cmd)
	return cmd
}

// perform runs a check, prints the result and returns the exit code. Its errors are to be printed on stderr.
func perform(p plan, stdout, stderr io.Writer) (int, error) {
	var out *outfile.File
	if p.traceOut != "" {
		var err error
		if out, err = outfile.New("trace-out", p.traceOut); err != nil {
			return 0, err
		}
	}
	ctx, stop := command.Interruptible()
	defer stop()

	m := newMeter(p.progress, stderr)
	p.options.Progress, p.options.Interval = m.report, m.interval
	if m.off {
		p.options.Progress = nil
	}
	r := p.engine.search(ctx, p.source, p.options)
	defer r.Close()
	m.clear()
	if r.Err != nil {
		if stack := r.Stack(); stack != "" {
			return 0, fmt.Errorf("%w\n%s", r.Err, stack)
		}
		return 0, r.Err
	}
	if p.minimise {
		if err := r.Minimise(ctx); err != nil {
			return 0, err
		}
	}
	b := bufio.NewWriter(stdout)
	closing := stderr
	if p.json {
		d := report.Of(r)
		d.Model = p.document()
		if err := command.WriteJSON(b, d); err != nil {
			return 0, err
		}
	} else {
		closing = b
		fmt.Fprintf(b, "Checked %s.\n", p)
		if p.explain {
			r.WriteExplained(b)
		} else {
			r.WriteText(b)
		}
		if advice := r.Advice(); advice != "" {
			fmt.Fprintln(b, advice)
		}
		if p.coverage {
			report.WriteCoverage(b, r)
		}
		if p.profile {
			report.WriteProfile(b, r)
		}
	}
	var err error
	if out != nil {
		d := trace.Document{Model: p.entry.Name, Config: p.settings.Words(), Traces: r.Traces(), Package: p.entry.Package}
		err = writeTraces(out, p.traceFormat, d, stderr)
	}
	fmt.Fprintf(closing, "Done. states=%d, unique=%d, depth=%d, sec=%.2f%s%s\n",
		r.Generated, r.Unique, r.Depth, r.Elapsed.Seconds(), r.Reduced, r.Symmetry)
	if flushed := b.Flush(); flushed != nil {
		err = errors.Join(err, fmt.Errorf("standard output: %w", flushed))
	}
	return r.ExitCode(), err
}

// String returns the checked configuration, such as single-decree, clients=2, servers=3, puts=1, network=ordered.
func (p plan) String() string {
	parts := []string{p.entry.Name}
	for _, pair := range p.config() {
		parts = append(parts, pair[0]+"="+pair[1])
	}
	if p.start != nil {
		parts = append(parts, p.start.String())
	}
	return strings.Join(parts, ", ")
}

// config returns the settings as name and value, in the order of the model.
func (p plan) config() [][2]string {
	var all [][2]string
	for _, parameter := range p.entry.Parameters {
		value := p.settings.Values[parameter.Name]
		switch {
		case parameter.Special && value == parameter.Default:
		case parameter.Switch():
			all = append(all, [2]string{parameter.Name, strconv.FormatBool(value == 1)})
		default:
			all = append(all, [2]string{parameter.Name, strconv.Itoa(value)})
		}
	}
	if p.settings.Network != "" {
		all = append(all, [2]string{"network", p.settings.Network})
	}
	if p.settings.Lossy {
		all = append(all, [2]string{"lossy", p.settings.Words()["lossy"]})
	}
	for _, b := range p.entry.Budgets() {
		switch most := p.settings.Budgets[b.Name]; {
		case most > 0 && b.Switch:
			all = append(all, [2]string{b.Name, "on"})
		case most > 0:
			all = append(all, [2]string{b.Name, fmt.Sprint(most)})
		}
	}
	if p.settings.Fair != "" {
		all = append(all, [2]string{"fair", p.settings.Fair})
	}
	if p.settings.Mutant != "" {
		all = append(all, [2]string{"mutant", p.settings.Mutant})
	}
	return slices.Clip(all)
}

func (p plan) document() *report.ModelDocument {
	return &report.ModelDocument{
		Name: p.entry.Name, Parameters: p.settings.Values, Network: p.settings.Network, Lossy: p.settings.Lossy,
		Mutant: p.settings.Mutant, Budgets: p.settings.Budgets, Fair: p.settings.Fair,
	}
}
