package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"synod/catalog"
	"synod/catalog/hunt"
	"synod/checker"
)

// What bounds the search of each mutant unless told otherwise. One that a property spares has to be searched to the end,
// which some are too large for, and some have none.
const (
	scoreStates = 300_000
	scoreDepth  = 100
)

func (a *app) mutateCommand() *cobra.Command {
	h := &hunting{entries: a.entries, model: a.entries.Default().Name, maxStates: scoreStates, maxDepth: scoreDepth}
	return h.command("mutate", "Tell which mutants of a model each of its properties kills: their mutation score",
		"the `model`",
		func(ctx context.Context, entries []catalog.Entry) (int, error) {
			return h.mutate(ctx, entries[0], a.stdout)
		}, a)
}

// mutateDocument is what the command mutate prints with --json.
type mutateDocument struct {
	Schema     string           `json:"schema"` // synod.mutate/1
	Model      string           `json:"model"`
	Mutants    []mutateEntry    `json:"mutants"`
	Properties []mutateProperty `json:"properties"`
	Killed     int              `json:"killed"` // of those that are not declared safe
	Alive      int              `json:"alive"`
	Undecided  int              `json:"undecided"` // those that were not searched included
	Seconds    float64          `json:"seconds"`   // differs from run to run
}

type mutateEntry struct {
	Mutant   string            `json:"mutant"`
	Settings map[string]string `json:"settings"` // all of them, by name
	Safe     bool              `json:"safe"`     // it is declared so
	Effects  map[string]string `json:"effects"`  // kills, spares or undecided, by property; of those that it has
	States   int               `json:"states"`
}

type mutateProperty struct {
	Property string   `json:"property"`
	Decided  int      `json:"decided"` // of how many mutants it is known whether it kills them
	Kills    []string `json:"kills"`
	Alone    []string `json:"alone"` // mutants that no other property kills
	Open     []string `json:"open"`  // those that it may alone kill: a limit left open whether it or another one does
}

var effectWords = map[hunt.Effect]string{hunt.Spares: "spares", hunt.Kills: "kills", hunt.Unknown: "undecided"}

// mutate measures, prints the score and gives the exit code: 0 if every mutant that is not declared safe was killed, 1 if
// one lives, 3 if a limit or an interrupt left that open.
func (h *hunting) mutate(ctx context.Context, e catalog.Entry, stdout io.Writer) (int, error) {
	begin := time.Now()
	b := bufio.NewWriter(stdout)
	width, with := len("mutant"), len("shown with")
	for _, m := range e.Mutants {
		width, with = max(width, len(m.Name)), max(with, len(strings.Join(e.Shown(m), " ")))
	}
	if !h.json {
		fmt.Fprintf(b, "%-*s  %-*s  %9s  killed by\n", width, "mutant", with, "shown with", "states")
	}
	var s hunt.Score
	s, err := hunt.Measure(ctx, e, h.options(), func(properties []string, r hunt.Row) {
		if !h.json {
			fmt.Fprintf(b, "%-*s  %-*s  %9d  %s\n", width, r.Mutant.Name, with, strings.Join(e.Shown(r.Mutant), " "), r.States,
				killers(properties, r))
			b.Flush()
		}
	})
	if err != nil {
		return 0, err
	}
	killed, alive, undecided := s.Tally()
	for _, m := range e.Mutants[len(s.Rows):] {
		if !m.Safe() {
			undecided++
		}
	}
	if h.json {
		d := mutateDocumentOf(s)
		d.Killed, d.Alive, d.Undecided, d.Seconds = killed, alive, undecided, time.Since(begin).Seconds()
		if err := writeJSON(b, d); err != nil {
			return 0, err
		}
	} else {
		fmt.Fprintln(b)
		writeWorths(b, s)
		fmt.Fprintf(b, "Mutation score of %s: %d of %d killed, %d alive, %d undecided; %d more are safe by declaration.\n",
			e.Name, killed, killed+alive+undecided, alive, undecided, len(e.Mutants)-killed-alive-undecided)
		fmt.Fprintf(b, "Done. sec=%.2f\n", time.Since(begin).Seconds())
	}
	if err := b.Flush(); err != nil {
		return 0, fmt.Errorf("standard output: %w", err)
	}
	switch {
	case alive > 0:
		return checker.ExitViolated, nil
	case undecided > 0:
		return checker.ExitUndecided, nil
	}
	return checker.ExitOK, nil
}

// killers says what the properties do to a mutant.
func killers(properties []string, r hunt.Row) string {
	var kill, open []string
	for i, e := range r.Effects {
		switch e {
		case hunt.Kills:
			kill = append(kill, fmt.Sprintf("%q", properties[i]))
		case hunt.Unknown:
			open = append(open, fmt.Sprintf("%q", properties[i]))
		case hunt.Spares, hunt.Missing:
		}
	}
	text := strings.Join(kill, ", ")
	if len(kill) == 0 {
		text = "nothing"
		if r.Mutant.Safe() {
			text = "nothing, as declared"
		}
	}
	if len(open) > 0 {
		text += "; a limit leaves open " + strings.Join(open, ", ")
	}
	return text
}

// fewOpen is how many mutants that a limit left open are named.
const fewOpen = 3

// writeWorths says what each property is worth.
func writeWorths(b io.Writer, s hunt.Score) {
	for _, w := range s.Worths() {
		of := "" // how many are decided, unless all are
		if w.Decided < w.Judged {
			of = fmt.Sprintf(" of the %d that are decided", w.Decided)
		}
		switch {
		case len(w.Kills) == 0:
			fmt.Fprintf(b, "%q kills nothing%s", w.Property, of)
		case len(w.Alone) > 0:
			fmt.Fprintf(b, "%q kills %d%s; it alone kills %s", w.Property, len(w.Kills), of, strings.Join(w.Alone, ", "))
		case len(w.Open) > 0:
			fmt.Fprintf(b, "%q kills %d%s", w.Property, len(w.Kills), of)
		default:
			fmt.Fprintf(b, "%q kills %d%s, and nothing that no other property kills", w.Property, len(w.Kills), of)
		}
		if len(w.Open) > 0 {
			which := strings.Join(w.Open, ", ")
			if len(w.Open) > fewOpen {
				which = fmt.Sprintf("any of %d others", len(w.Open))
			}
			fmt.Fprintf(b, "; a limit leaves open whether it alone kills %s", which)
		}
		fmt.Fprintln(b, ".")
	}
}

func mutateDocumentOf(s hunt.Score) mutateDocument {
	d := mutateDocument{Schema: "synod.mutate/1", Model: s.Entry.Name, Mutants: []mutateEntry{}, Properties: []mutateProperty{}}
	for _, r := range s.Rows {
		m := mutateEntry{
			Mutant: r.Mutant.Name, Settings: r.Settings.Words(), Safe: r.Mutant.Safe(), Effects: make(map[string]string), States: r.States,
		}
		for i, e := range r.Effects {
			if e != hunt.Missing {
				m.Effects[s.Properties[i]] = effectWords[e]
			}
		}
		d.Mutants = append(d.Mutants, m)
	}
	for _, w := range s.Worths() {
		d.Properties = append(d.Properties, mutateProperty{
			w.Property, w.Decided, append([]string{}, w.Kills...), append([]string{}, w.Alone...), append([]string{}, w.Open...),
		})
	}
	return d
}
