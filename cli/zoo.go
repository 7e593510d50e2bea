package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"synod/catalog"
	"synod/catalog/hunt"
	"synod/checker"
)

// hunting is what the commands about mutants were asked for.
type hunting struct {
	entries     catalog.Catalogue
	model       string
	workers     positive
	timeout     duration
	maxDepth    positive
	maxStates   positive
	memoryLimit size
	json        bool
}

func (h *hunting) add(set *pflag.FlagSet, models string) {
	set.SortFlags = false
	set.StringVar(&h.model, "model", h.model, models)
	set.Var(&h.workers, "workers", "goroutines (one per core unless given)")
	set.Var(&h.timeout, "timeout", "end the search of a mutant after so long, such as 30s or 5m")
	set.Var(&h.maxDepth, "max-depth", "states on a path, the first included; at this depth they are judged, not expanded")
	set.Var(&h.maxStates, "max-states", "end the search of a mutant once so many distinct states were visited")
	set.Var(&h.memoryLimit, "memory-limit", "end the search of a mutant once the process takes so much, such as 2GiB")
	set.BoolVar(&h.json, "json", false, "print one JSON document")
}

func (h *hunting) options() checker.Options {
	return checker.Options{
		Workers: int(h.workers), Timeout: time.Duration(h.timeout), MaxDepth: int(h.maxDepth), MaxStates: int(h.maxStates),
		MemoryLimit: int64(h.memoryLimit),
	}
}

// entry gives the model that was named.
func (h *hunting) entry() (catalog.Entry, error) {
	if known := h.entries.Mutated(); !slices.Contains(known, h.model) {
		return catalog.Entry{}, &catalog.UnknownError{Kind: "model", Name: h.model, Of: " with mutants", Known: known}
	}
	return h.entries.Find(h.model)
}

// command makes a command of one of the two.
func (h *hunting) command(use, short, models string, run func(context.Context, []catalog.Entry) (int, error), a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("%q: expected no arguments, but perhaps --model %s", args[0], args[0])
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
			context.AfterFunc(ctx, stop) // The second signal finds its default again, and kills.
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
		panic(err) // The flag was not declared: a mistake of ours.
	}
	return cmd
}

func (a *app) zooCommand() *cobra.Command {
	h := &hunting{entries: a.entries}
	return h.command("zoo", "Kill every mutant of the catalogue, and tell whether each dies as it is declared",
		"only the mutants of this `model`",
		func(ctx context.Context, entries []catalog.Entry) (int, error) { return h.zoo(ctx, entries, a.stdout) }, a)
}

// zooDocument is what the command zoo prints with --json.
type zooDocument struct {
	Schema  string     `json:"schema"` // synod.zoo/1
	Mutants []zooEntry `json:"mutants"`
	Missed  int        `json:"missed"` // mutants that were not searched, after an interrupt
}

type zooEntry struct {
	Model     string            `json:"model"`
	Mutant    string            `json:"mutant"`
	Summary   string            `json:"summary"`
	Settings  map[string]string `json:"settings"`          // all of them, by name
	Property  string            `json:"property"`          // that kills it; empty for none
	Safe      bool              `json:"safe"`              // it is declared so, and has other counts than the sound model
	Actions   int               `json:"actions,omitempty"` // on the shortest path
	Unique    int               `json:"unique"`
	Generated int               `json:"generated"`
	Wrong     string            `json:"wrong,omitempty"` // what is not as it is declared
	Seconds   float64           `json:"seconds"`         // differs from run to run
}

// zoo shoots the mutants, prints what was found and gives the exit code: 0 if each is as it is declared, 1 if one is not,
// 3 if a limit or an interrupt left that open.
func (h *hunting) zoo(ctx context.Context, entries []catalog.Entry, stdout io.Writer) (int, error) {
	begin := time.Now()
	b := bufio.NewWriter(stdout)
	lines := newZooLines(entries)
	if !h.json {
		lines.header(b)
	}
	d := zooDocument{Schema: "synod.zoo/1", Mutants: []zooEntry{}}
	for _, e := range entries {
		d.Missed += len(e.Mutants)
	}
	wrong, open, safe := 0, 0, 0
	err := hunt.All(ctx, entries, h.options(), func(t hunt.Trophy) {
		e := zooEntryOf(t)
		d.Mutants = append(d.Mutants, e)
		d.Missed--
		switch {
		case t.Stopped() != "":
			open++
		case e.Wrong != "":
			wrong++
		case e.Safe:
			safe++
		}
		if !h.json {
			lines.line(b, t)
			b.Flush()
		}
	})
	if err != nil {
		return 0, err
	}
	if h.json {
		if err := writeJSON(b, d); err != nil {
			return 0, err
		}
	} else {
		killed := len(d.Mutants) - wrong - open - safe
		fmt.Fprintf(b, "%d mutants: %d killed and %d safe as declared, %d not as declared, %d undecided.\n",
			len(d.Mutants)+d.Missed, killed, safe, wrong, open+d.Missed)
		fmt.Fprintf(b, "Done. sec=%.2f\n", time.Since(begin).Seconds())
	}
	if err := b.Flush(); err != nil {
		return 0, fmt.Errorf("standard output: %w", err)
	}
	switch {
	case wrong > 0:
		return checker.ExitViolated, nil
	case open+d.Missed > 0:
		return checker.ExitUndecided, nil
	}
	return checker.ExitOK, nil
}

func zooEntryOf(t hunt.Trophy) zooEntry {
	e := zooEntry{
		Model: t.Entry.Name, Mutant: t.Mutant.Name, Summary: t.Mutant.Summary, Settings: t.Settings.Words(),
		Property: t.Killer, Safe: t.Mutant.Safe(), Actions: t.Found.Actions, Unique: t.Found.Unique,
		Generated: t.Found.Generated, Seconds: t.Elapsed.Seconds(),
	}
	if err := t.Wrong(); err != nil {
		e.Wrong = err.Error()
	}
	return e
}

// writeJSON writes a document for people to read too.
func writeJSON(w io.Writer, document any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(document); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return nil
}

// zooLines writes the table of the zoo, line by line. The widths are those of what is declared.
type zooLines struct{ model, mutant, shown, property int }

func newZooLines(entries []catalog.Entry) zooLines {
	w := zooLines{len("model"), len("mutant"), len("shown with"), len(safeWord)}
	for _, e := range entries {
		for _, m := range e.Mutants {
			w.model, w.mutant = max(w.model, len(e.Name)), max(w.mutant, len(m.Name))
			w.shown = max(w.shown, len(strings.Join(e.Shown(m), " ")))
			w.property = max(w.property, len(m.Breaks))
		}
	}
	return w
}

const safeWord = "(safe, counts differ)"

func (w zooLines) header(out io.Writer) {
	fmt.Fprintf(out, "%-*s  %-*s  %-*s  %-*s  %7s  %9s  %7s\n", w.model, "model", w.mutant, "mutant", w.shown, "shown with",
		w.property, "killed by", "actions", "states", "sec")
}

func (w zooLines) line(out io.Writer, t hunt.Trophy) {
	property, actions, remark := t.Killer, "never", "wrong"
	switch {
	case t.Stopped() != "":
		property, actions, remark = "(undecided)", "-", "undecided"
	case t.Killer == "" && t.Mutant.Safe():
		property, actions = safeWord, "-"
	case t.Killer == "":
		property, actions = "(survived)", "-"
	case t.Found.Actions > 0:
		actions = fmt.Sprint(t.Found.Actions)
	}
	fmt.Fprintf(out, "%-*s  %-*s  %-*s  %-*s  %7s  %9d  %7.2f\n", w.model, t.Entry.Name, w.mutant, t.Mutant.Name,
		w.shown, strings.Join(t.Entry.Shown(t.Mutant), " "), w.property, property, actions, t.Found.Unique,
		t.Elapsed.Seconds())
	if err := t.Wrong(); err != nil {
		fmt.Fprintf(out, "  %s: %v\n", remark, err)
	}
}
