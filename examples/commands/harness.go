package commands

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"synod/cli/extra"
	"synod/examples/chatroom/harness"
	"synod/internal/command"
	"synod/internal/flagvalue"
)

// harnessFlags are the flags of the harness.
type harnessFlags struct {
	file, server, history string
	convert               string
	verbose               int
	freePorts, rehearse   bool
	seed                  uint64
	runs                  flagvalue.Positive
}

// Harness returns the command that runs tests of a chatroom. Without --server, its servers are this program, run as
// paxos chat server.
func Harness(call *extra.Call) *cobra.Command { return harnessOf(call, "chat", "server") }

// HarnessAlone returns the stand-alone harness command, which includes the server.
func HarnessAlone(call *extra.Call) *cobra.Command {
	cmd := harnessOf(call, "server")
	server := ChatServer(call)
	server.Hidden = true // The harness starts it unless --server is given.
	cmd.AddCommand(server)
	return cmd
}

// harnessOf returns the harness command. Without --server, its servers are this program, run with the arguments own.
func harnessOf(call *extra.Call, own ...string) *cobra.Command {
	f := harnessFlags{runs: 1, seed: 1}
	cmd := &cobra.Command{
		Use:   "harness",
		Short: "Run a chatroom test: start and crash servers, send messages, and check what clients see",
		Args:  command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("convert") {
				return harness.ConvertFile(f.convert, call.Stdout)
			}
			if err := command.Required(cmd.Flags(), "file"); err != nil {
				return err
			}
			for _, name := range []string{"seed", "runs"} {
				if cmd.Flags().Changed(name) && !f.rehearse {
					return fmt.Errorf("--%s requires --rehearse", name)
				}
			}
			if cmd.Flags().Changed("server") && f.rehearse {
				return errors.New("--server is for processes: a rehearsal has none")
			}
			job, err := f.job(call, own)
			if err != nil {
				return err
			}
			ctx, stop := command.Serving()
			defer stop()
			run := job.Run
			if f.rehearse {
				run = func(ctx context.Context) (harness.Outcome, error) { return job.Rehearse(ctx, f.seed, int(f.runs)) }
			}
			o, err := run(ctx)
			if err != nil {
				return err
			}
			if o.Reason != "" {
				fmt.Fprintf(call.Stderr, "%s: %s\n", call.Name, o.Reason)
			}
			call.Code = int(o.Verdict)
			return nil
		},
	}
	set := cmd.Flags()
	set.SortFlags = false
	set.StringVarP(&f.file, "file", "f", "", "`test`, a JSON file with commands")
	set.StringVarP(&f.server, "server", "s", "", "`program` that runs a server (default this one)")
	set.CountVarP(&f.verbose, "verbose", "v", "let servers log; -vv and -vvv log more")
	set.Lookup("verbose").NoOptDefVal = "+1"
	set.BoolVar(&f.freePorts, "free-ports", false, "let servers listen for clients on free ports, not on those of the test")
	set.BoolVar(&f.rehearse, "rehearse", false, "run the test in a deterministic simulation, not with processes")
	set.Uint64Var(&f.seed, "seed", f.seed, "seed of the simulation")
	set.Var(&f.runs, "runs", "number of simulated runs, each with the next seed")
	set.StringVar(&f.history, "history", "", "write the client history to this `file`, for paxos verify")
	set.StringVar(&f.convert, "convert", "",
		"print a test made from the path in a `file` of paxos check --model multi-paxos --trace-out, instead of running one")
	return cmd
}

func (f *harnessFlags) job(call *extra.Call, own []string) (harness.Job, error) {
	j := harness.Job{
		File: f.file, Out: call.Stdout, History: f.history,
		Processes: harness.ProcessConfig{
			Server: []string{f.server}, Verbose: f.verbose, FreePorts: f.freePorts, Stdout: call.Stdout, Stderr: call.Stderr,
		},
	}
	if f.server == "" {
		self, err := os.Executable()
		if err != nil {
			return j, err
		}
		j.Processes.Own, j.Processes.Server = true, append([]string{self}, own...)
	}
	return j, nil
}
