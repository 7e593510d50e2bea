// Package cli implements the command: all subcommands with their flags, output and exit codes, for the models of any
// catalogue. A program that calls Main with its own entries gets all of it.
package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"synod/catalog"
	"synod/checker"
	"synod/cli/extra"
	"synod/internal/flagvalue"
)

// Main runs the command for the given entries with the arguments of the process, and exits with its exit code. The
// first entry is the default model. The command is named after the executable.
func Main(entries ...catalog.Entry) {
	Command{Entries: entries}.Main()
}

// Command is the command for a catalogue.
type Command struct {
	Name    string            // shown in messages and usage; empty for paxos
	Entries catalog.Catalogue // at least one
	Extra   []extra.Command   // in addition to the standard commands
}

// Alone runs a single command as a program of its own, with the arguments of the process, and exits with its exit
// code.
func Alone(of extra.Command) {
	name := filepath.Base(os.Args[0])
	a := newApp(Command{Name: name}, os.Stdout, os.Stderr)
	root := of(&a.call)
	root.Use = name
	os.Exit(a.execute(root, os.Args[1:], os.Stdin))
}

// Main runs the command with the arguments of the process, under the name of the executable, and exits with its exit
// code.
func (c Command) Main() {
	c.Name = filepath.Base(os.Args[0])
	os.Exit(c.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// Run runs the command with the given arguments and returns the exit code.
func (c Command) Run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := newApp(c, stdout, stderr)
	if err := c.validate(); err != nil {
		fmt.Fprintf(stderr, "%s: the catalogue: %v\n", a.name, err)
		return checker.ExitUsage
	}
	return a.run(args, stdin)
}

// validate returns an error if the catalogue is invalid.
func (c Command) validate() error {
	if err := c.Entries.Validate(); err != nil {
		return err
	}
	checks, servers := reserved()
	for _, e := range c.Entries {
		for _, p := range e.Parameters {
			if checks[p.Name] {
				return fmt.Errorf("the model %s has a parameter %s, which is a flag of the commands: rename it", e.Name, p.Name)
			}
		}
		if e.Servers == nil {
			continue
		}
		for _, o := range e.Servers.Options {
			if servers[o.Name] {
				return fmt.Errorf("the servers of %s have an option %s, which is a flag of the commands: rename it", e.Name, o.Name)
			}
		}
	}
	return nil
}

// reserved returns the names that model parameters and server options must not have: those of the other flags of the
// commands concerned.
func reserved() (checks, servers map[string]bool) {
	a := &app{entries: catalog.Catalogue{{}}}
	names := func(commands ...*cobra.Command) map[string]bool {
		all := map[string]bool{"help": true}
		for _, cmd := range commands {
			cmd.Flags().VisitAll(func(f *pflag.Flag) { all[f.Name] = true })
		}
		return all
	}
	var all []*cobra.Command
	for _, e := range engines() {
		all = append(all, a.checkCommand(e))
	}
	return names(append(all, a.exploreCommand())...), names(a.spawnCommand(), a.tortureCommand(), a.rehearseCommand())
}

// app is one invocation of the command.
type app struct {
	name           string
	entries        catalog.Catalogue
	stdout, stderr io.Writer
	perform        func(plan, io.Writer, io.Writer) (int, error) // runs a check and returns the exit code
	program        programs                                      // for running servers
	code           int
	extra          []extra.Command
	call           extra.Call // of an extra command
}

func newApp(c Command, stdout, stderr io.Writer) *app {
	name := cmp.Or(c.Name, "paxos")
	return &app{
		name: name, entries: c.Entries, stdout: stdout, stderr: stderr, perform: perform, program: c.Entries.Program,
		extra: c.Extra, call: extra.Call{Name: name, Stdout: stdout, Stderr: stderr},
	}
}

func (a *app) run(args []string, stdin io.Reader) int {
	return a.execute(a.root(), args, stdin)
}

// execute runs a command with the given arguments and returns the exit code.
func (a *app) execute(root *cobra.Command, args []string, stdin io.Reader) int {
	root.SilenceErrors, root.SilenceUsage = true, true // We print errors and usage ourselves.
	root.SetFlagErrorFunc(flagError)
	root.SetArgs(append([]string{}, args...)) // Given nil, cobra would use os.Args.
	root.SetIn(stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	if err := root.Execute(); err != nil {
		fmt.Fprintf(a.stderr, "%s: %s\n", a.name, sentence(err))
		return checker.ExitUsage
	}
	return cmp.Or(a.code, a.call.Code)
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   a.name,
		Short: "Check, explore and run message-passing protocols such as Paxos",
		// An unknown command is a better explanation than the first unknown flag.
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
		return fmt.Errorf("expected a command, such as check-bfs; %s help lists them", a.name)
	}
	for _, e := range engines() {
		root.AddCommand(a.checkCommand(e))
	}
	root.AddCommand(
		a.exploreCommand(), a.modelsCommand(), a.spawnCommand(), a.clientCommand(),
		a.inspectCommand(), a.replayCommand(), a.verifyCommand(),
		a.tortureCommand(),
		a.zooCommand(), a.mutateCommand(),
		a.rehearseCommand(),
		a.newCommand(),
	)
	for _, of := range a.extra {
		root.AddCommand(of(&a.call))
	}
	return root
}

// sentence returns an error as a sentence, with suggestions.
func sentence(err error) string {
	text := err.Error()
	var unknown *catalog.UnknownError
	if errors.As(err, &unknown) {
		if near := flagvalue.Nearest(unknown.Name, unknown.Known); near != "" {
			text += fmt.Sprintf("; did you mean %s?", near)
		}
	}
	return text
}
