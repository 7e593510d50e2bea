package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"synod/catalog"
)

// helpOf makes the help of a command show the flags that depend on the model only for the model of --model, with its
// defaults and ranges.
func helpOf(cmd *cobra.Command, depending func() (all []string, usage map[string]string)) {
	help := cmd.HelpFunc()
	cmd.SetHelpFunc(func(c *cobra.Command, args []string) {
		all, usage := depending()
		for _, name := range all {
			flag := c.Flags().Lookup(name)
			text, shown := usage[name]
			if flag.Hidden = !shown; shown {
				flag.Usage = text
			}
		}
		help(c, args)
	})
}

// help extends the help of a check by the help of its model.
func (f *flags) help(cmd *cobra.Command) {
	cmd.Flags().Lookup("model").Usage += "; --model NAME --help shows its parameters"
	helpOf(cmd, func() (all []string, usage map[string]string) {
		e := f.entry()
		usage = make(map[string]string)
		for name := range f.parameters {
			all = append(all, name)
		}
		for name := range f.budgets {
			all = append(all, name)
		}
		for _, p := range e.Parameters {
			usage[p.Name] = describeParameter(p)
		}
		for _, b := range e.Budgets() {
			usage[b.Name] = b.Doc
		}
		if all = append(all, "mutant"); len(e.Mutants) > 0 {
			usage["mutant"] = cmd.Flags().Lookup("mutant").Usage
		}
		if all = append(all, "network", "lossy"); len(e.Networks) > 0 {
			usage["lossy"] = cmd.Flags().Lookup("lossy").Usage
			usage["network"] = "the `network`: " + strings.Join(e.NetworkNames(), ", ") + " (" + e.NetworkNames()[0] + ")"
		}
		return all, usage
	})
}

// entry returns the named model, or the default.
func (f *flags) entry() catalog.Entry {
	if e, err := f.entries.Find(f.model); err == nil {
		return e
	}
	return f.entries.Default()
}

// describeParameter returns the description and the range of a parameter.
func describeParameter(p catalog.Parameter) string {
	if p.Switch() {
		return p.Doc
	}
	return fmt.Sprintf("%s (default %d, range %d to %d)", p.Doc, p.Default, p.Min, p.Max)
}

// help extends the help of a command that runs servers by the help of their model.
func (o serverOptions) help(cmd *cobra.Command, entries catalog.Catalogue, tried bool) {
	helpOf(cmd, func() (all []string, usage map[string]string) {
		usage = make(map[string]string)
		for name := range o {
			all = append(all, name)
		}
		e, err := entries.Spawned(cmd.Flags().Lookup("model").Value.String())
		if err != nil {
			return all, usage
		}
		for _, option := range e.Servers.Options {
			usage[option.Name] = describeOption(option, tried)
		}
		return all, usage
	})
}

// describeOption returns the description and the default of a server option.
func describeOption(o catalog.ServerOption, tried bool) string {
	value := o.Usual
	if tried {
		value = o.Tried
	}
	if value == "" {
		return o.Doc
	}
	return o.Doc + " (default " + value + ")"
}
