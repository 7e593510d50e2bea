package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"synod/catalog"
	"synod/catalog/hunt"
	"synod/checker"
	"synod/internal/command"
	"synod/internal/flagvalue"
)

// hunting is an invocation of the commands zoo and mutate.
type hunting struct {
	entries     catalog.Catalogue
	model       string
	workers     flagvalue.Positive
	timeout     flagvalue.Duration
	maxDepth    flagvalue.Positive
	maxStates   flagvalue.Positive
	memoryLimit flagvalue.Size
	json        bool
}

func (h *hunting) add(set *pflag.FlagSet, models string) {
	set.SortFlags = false
	set.StringVar(&h.model, "model", h.model, models)
	set.Var(&h.workers, "workers", "number of goroutines (default one per core)")
	set.Var(&h.timeout, "timeout", "stop the search of a mutant after this time, such as 30s or 5m")
	set.Var(&h.maxDepth, "max-depth", "maximum number of states on a path; the last ones are checked, but not expanded")
	set.Var(&h.maxStates, "max-states", "stop the search of a mutant at this number of distinct states")
	set.Var(&h.memoryLimit, "memory-limit", "stop the search of a mutant when the process uses this much memory, such as 2GiB")
	set.BoolVar(&h.json, "json", false, "print one JSON document")
}

func (h *hunting) options() checker.Options {
	return checker.Options{
		Workers: int(h.workers), Timeout: time.Duration(h.timeout), MaxDepth: int(h.maxDepth), MaxStates: int(h.maxStates),
		MemoryLimit: int64(h.memoryLimit),
	}
}

// entry returns the named model.
func (h *hunting) entry() (catalog.Entry, error) {
	if known := h.entries.Mutated(); !slices.Contains(known, h.model) {
		return catalog.Entry{}, &catalog.UnknownError{Kind: "model", Name: h.model, Of: " with mutants", Known: known}
	}
	return h.entries.Find(h.model)
}

// command returns one of the two commands.
func (h *hunting) command(use, short, models string, run func(context.Context, []catalog.Entry) (int, error), a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("unexpected argument %q; did you mean --model %s?", args[0], args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			entries := h.entries
			if h.model != "" || cmd.Flags().Changed("model") {
				e, err := h.entry()
				if err != nil {
					return err
				}
				entries = catalog.Catalogue{e}
			}
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			context.AfterFunc(ctx, stop) // The second signal has its default action again and kills the process.
			var err error
			a.code, err = run(ctx, entries)
			return err
		},
	}
	h.add(cmd.Flags(), models)
	complete := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return h.entries.Mutated(), cobra.ShellCompDirectiveNoFileComp
	}
	if err := cmd.RegisterFlagCompletionFunc("model", complete); err != nil {
		panic(err) // The flag was not declared: a bug.
	}
	return cmd
}

func (a *app) zooCommand() *cobra.Command {
	h := &hunting{entries: a.entries}
	return h.command("zoo", "Check that every catalogue mutant is detected as declared",
		"only the mutants of this `model`",
		func(ctx context.Context, entries []catalog.Entry) (int, error) { return h.zoo(ctx, entries, a.stdout) }, a)
}

// zoo runs the mutants and prints the results. It returns the exit code: 0 if each is detected as declared, 1 if one
// is not, 3 if a limit or an interrupt left that open.
func (h *hunting) zoo(ctx context.Context, entries []catalog.Entry, stdout io.Writer) (int, error) {
	begin := time.Now()
	b := bufio.NewWriter(stdout)
	table, d := hunt.NewTable(entries), hunt.NewDocument(entries)
	if !h.json {
		table.Header(b)
	}
	err := hunt.All(ctx, entries, h.options(), func(t hunt.Result) {
		d.Add(t)
		if !h.json {
			table.Line(b, t)
			b.Flush()
		}
	})
	if err != nil {
		return 0, err
	}
	if h.json {
		if err := command.WriteJSON(b, d); err != nil {
			return 0, err
		}
	} else {
		fmt.Fprint(b, d.Totals())
		fmt.Fprintf(b, "Done. sec=%.2f\n", time.Since(begin).Seconds())
	}
	if err := b.Flush(); err != nil {
		return 0, fmt.Errorf("standard output: %w", err)
	}
	return exitOf(d.Outcome().String()), nil
}
