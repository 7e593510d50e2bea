// Package extra contains the building blocks of commands that a program adds to those of package cli.
package extra

import (
	"io"

	"github.com/spf13/cobra"
)

// Command builds a command for a call.
type Command func(c *Call) *cobra.Command

// Call is one call of the program. What a command prints goes to Stdout and Stderr; an error that it returns is one of usage.
type Call struct {
	Name           string // of the program
	Stdout, Stderr io.Writer
	Code           int // to exit with, which the command sets
}
