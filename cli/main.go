// Package cli is the command: every subcommand with its flags, what it prints, and its exit codes.
package cli

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"synod/checker"
	"synod/examples/catalog"
)

// Main runs the command with the arguments of the process, and exits with its code.
func Main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// Run is the whole command for one call with these arguments; it returns the exit code.
func Run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return run(args, stdin, stdout, stderr)
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return newApp(stdout, stderr).run(args, stdin)
}

// app is one call of the command.
type app struct {
	stdout, stderr io.Writer
	perform        func(plan, io.Writer, io.Writer) (int, error) // makes a check and gives the exit code
	program        programs                                      // of the servers that are run for real
	code           int
}

func newApp(stdout, stderr io.Writer) *app {
	return &app{stdout: stdout, stderr: stderr, perform: perform, program: catalog.Program}
}

func (a *app) run(args []string, stdin io.Reader) int {
	root := a.root()
	root.SetArgs(append([]string{}, args...)) // Without arguments cobra would look for them itself.
	root.SetIn(stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	if err := root.Execute(); err != nil {
		fmt.Fprintf(a.stderr, "paxos: %s\n", sentence(err))
		return checker.ExitUsage
	}
	return a.code
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "paxos",
		Short:         "Checks models of message-passing protocols, Paxos first, by visiting every reachable state",
		SilenceErrors: true, // We print them, with what was expected.
		SilenceUsage:  true,
		// An unknown command is a better explanation than the first flag that only a command would know.
		FParseErrWhitelist: cobra.FParseErrWhitelist{UnknownFlags: true},
	}
	commands := func() []string {
		var names []string
		for _, c := range root.Commands() {
			names = append(append(names, c.Name()), c.Aliases...)
		}
		return names
	}
	root.Args = func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return &catalog.UnknownError{Kind: "command", Name: args[0], Known: commands()}
		}
		return nil
	}
	root.RunE = func(*cobra.Command, []string) error {
		return errors.New("expected a command, such as check-bfs; paxos help lists them")
	}
	root.SetFlagErrorFunc(flagError)
	for _, e := range engines() {
		root.AddCommand(a.checkCommand(e))
	}
	root.AddCommand(
		a.exploreCommand(), a.modelsCommand(), a.sweepCommand(), a.spawnCommand(), a.clientCommand(),
		a.replayCommand(), a.verifyCommand(),
		a.tortureCommand(),
		a.zooCommand(), a.mutateCommand(),
		a.rehearseCommand(),
	)
	return root
}

// sentence adds to an error what was perhaps meant.
func sentence(err error) string {
	text := err.Error()
	var unknown *catalog.UnknownError
	if errors.As(err, &unknown) {
		if near := nearest(unknown.Name, unknown.Known); near != "" {
			text += fmt.Sprintf("; did you mean %s?", near)
		}
	}
	return text
}
