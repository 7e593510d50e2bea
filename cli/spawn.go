package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"synod/internal/command"
	"synod/spawn/host"
)

func (a *app) spawnCommand() *cobra.Command {
	f := &spawnFlags{name: a.name}
	cmd := &cobra.Command{
		Use:   "spawn",
		Short: "Run the servers of a model on sockets, on one machine or several",
		Args:  command.NoArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := f.plan(cmd.Flags(), a.program)
			if err != nil {
				return err
			}
			ctx, stop := command.Serving()
			defer stop()
			a.code, err = p.run(ctx, a.stdout, a.stderr)
			return err
		},
	}
	f.add(cmd, a.entries)
	return cmd
}

// run opens all resources, runs the servers until the context ends, and returns the exit code. An error is a usage
// error.
func (p spawnPlan) run(ctx context.Context, stdout, stderr io.Writer) (int, error) {
	p.host.Log = p.flags.logger(stderr)
	h, err := host.Open(p.host)
	if err != nil {
		return 0, err
	}
	if err := p.greet(h, stdout); err != nil {
		return 0, errors.Join(err, h.Close(), h.Sweep())
	}
	failed := h.Serve(ctx)
	if err := h.Close(); err != nil {
		p.host.Log.Error("could not stop in order", "error", err)
		failed = true
	}
	if failed {
		return command.Failed, nil
	}
	if err := h.Sweep(); err != nil {
		return 0, err
	}
	_, err = fmt.Fprintln(stdout, "Stopped.")
	return 0, err
}
