// Package command contains code shared by commands: exit codes, argument checks and JSON output.
package command

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The exit codes in addition to those of a check.
const (
	Failed  = 1 // the command failed
	Unknown = 3 // the outcome is unknown, or nobody answered
)

// NoArguments returns an error for arguments of a command that takes only flags.
func NoArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unexpected argument %q; %s --help lists the flags", args[0], cmd.CommandPath())
	}
	return nil
}

// Required returns an error that names the first of some flags that were not given.
func Required(set *pflag.FlagSet, names ...string) error {
	for _, name := range names {
		if !set.Changed(name) {
			_, usage := pflag.UnquoteUsage(set.Lookup(name))
			return fmt.Errorf("--%s must be given: %s", name, usage)
		}
	}
	return nil
}

// WriteJSON writes a document as indented JSON.
func WriteJSON(w io.Writer, document any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(document); err != nil {
		return fmt.Errorf("standard output: %w", err)
	}
	return nil
}
