package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"synod/catalog"
	"synod/catalog/hunt"
	"synod/internal/command"
)

// Default limits of the search of each mutant. A mutant that is not killed has to be searched completely, and some
// are too large or infinite.
const (
	scoreStates = 300_000
	scoreDepth  = 100
)

func (a *app) mutateCommand() *cobra.Command {
	h := &hunting{entries: a.entries, model: a.entries.Default().Name, maxStates: scoreStates, maxDepth: scoreDepth}
	return h.command("mutate", "Report each property's mutation score",
		"the `model`",
		func(ctx context.Context, entries []catalog.Entry) (int, error) {
			return h.mutate(ctx, entries[0], a.stdout)
		}, a)
}

// mutate measures and prints the score. It returns the exit code: 0 if all mutants not declared safe were killed, 1
// if one survives, 3 if a limit or an interrupt left that open.
func (h *hunting) mutate(ctx context.Context, e catalog.Entry, stdout io.Writer) (int, error) {
	begin := time.Now()
	b := bufio.NewWriter(stdout)
	table := hunt.NewScoreTable(e)
	if !h.json {
		table.Header(b)
	}
	s, err := hunt.Measure(ctx, e, h.options(), func(properties []string, r hunt.Row) {
		if !h.json {
			table.Line(b, e, properties, r)
			b.Flush()
		}
	})
	if err != nil {
		return 0, err
	}
	if h.json {
		d := s.Document()
		d.Seconds = time.Since(begin).Seconds()
		if err := command.WriteJSON(b, d); err != nil {
			return 0, err
		}
	} else {
		fmt.Fprintln(b)
		s.WriteText(b)
		fmt.Fprintf(b, "Done. sec=%.2f\n", time.Since(begin).Seconds())
	}
	if err := b.Flush(); err != nil {
		return 0, fmt.Errorf("standard output: %w", err)
	}
	return exitOf(s.Outcome().String()), nil
}
