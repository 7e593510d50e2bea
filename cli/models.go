package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"synod/catalog"
)

func (a *app) modelsCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "models [MODEL]",
		Short: "List the models with their parameters and defaults, or describe one",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("%q: expected at most one model", args[1])
			}
			return nil
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return a.entries.Names(), cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.list()
			}
			e, err := a.entries.Find(args[0])
			if err != nil {
				return err
			}
			return a.describe(e)
		},
	}
}

// list prints one line per model.
func (a *app) list() error {
	var b strings.Builder
	width := 0
	for _, name := range a.entries.Names() {
		width = max(width, len(name))
	}
	for _, e := range a.entries {
		var settings []string
		for _, p := range e.Parameters {
			if p.Special {
				continue
			}
			settings = append(settings, fmt.Sprintf("--%s %d", p.Name, p.Default))
		}
		if names := e.NetworkNames(); len(names) > 0 {
			settings = append(settings, "--network "+strings.Join(names, "|"))
		}
		fmt.Fprintf(&b, "%-*s  %s (%s)\n", width, e.Name, e.Summary, strings.Join(settings, ", "))
	}
	return a.print(b.String())
}

// describe prints the full description of a model.
func (a *app) describe(e catalog.Entry) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s.\n", e.Name, e.Summary)
	for _, p := range e.Parameters {
		fmt.Fprintf(&b, "  --%-14s %s\n", p.Name, describeParameter(p))
	}
	if names := e.NetworkNames(); len(names) > 0 {
		fmt.Fprintf(&b, "  --%-14s %s\n", "network", "the network: "+strings.Join(names, ", ")+" (default "+names[0]+")")
		fmt.Fprintf(&b, "  --%-14s any in-flight message may be lost\n", "lossy")
		for _, budget := range e.Budgets() {
			fmt.Fprintf(&b, "  --%-14s %s\n", budget.Name, budget.Doc)
		}
	}
	for _, m := range e.Mutants {
		breaks := fmt.Sprintf("breaks %q", m.Breaks)
		if m.Safe() {
			breaks = "is safe, but changes the counts"
		}
		if flags := e.Shown(m); len(flags) > 0 {
			breaks += ", with " + strings.Join(flags, " ")
		}
		fmt.Fprintf(&b, "  --mutant %s: %s; it %s\n", m.Name, m.Summary, breaks)
	}
	return a.print(b.String())
}

func (a *app) print(text string) error {
	if _, err := fmt.Fprint(a.stdout, text); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return nil
}
