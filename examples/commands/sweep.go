package commands

import (
	"bufio"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"synod/checker"
	"synod/cli/extra"
	"synod/examples/quorums"
	"synod/examples/singledecree"
	"synod/internal/command"
	"synod/internal/flagvalue"
	"synod/network"
)

// sweep has the flags of the command sweep.
type sweep struct {
	servers, clients flagvalue.Positive
	network          flagvalue.Choice
	lossy, json      bool
	workers          flagvalue.Positive
	timeout          flagvalue.Duration
	maxStates        flagvalue.Positive
	memoryLimit      flagvalue.Size
}

// Sweep returns the command that checks every pair of quorum sizes of single-decree Paxos.
func Sweep(call *extra.Call) *cobra.Command {
	s := &sweep{servers: 3, clients: 2}
	cmd := &cobra.Command{
		Use:   "sweep [SERVERS]",
		Short: "Report which quorum sizes are safe for single-decree Paxos, by checking every pair",
		Args:  cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("%q: expected at most one argument, the number of servers", args[1])
			}
			if len(args) == 1 {
				if err := s.servers.Set(args[0]); err != nil {
					return fmt.Errorf("number of servers %q: %w", args[0], err)
				}
			}
			c := singledecree.Config{Servers: int(s.servers), Clients: int(s.clients), Puts: 1}
			if c.Servers > maxSweep {
				return fmt.Errorf("%d servers: expected at most %d, whose %d pairs are far beyond any search",
					c.Servers, maxSweep, maxSweep*maxSweep)
			}
			if err := c.Validate(); err != nil {
				return err
			}
			var err error
			if c.Network, err = network.Parse(s.network.Value); err != nil {
				return err
			}
			c.Lossy = s.lossy
			call.Code, err = s.run(c, call.Stdout)
			return err
		},
	}
	set := cmd.Flags()
	set.SortFlags = false
	set.Var(&s.clients, "clients", "clients, each with one put and then one get")
	s.network = flagvalue.OneOf(network.UnorderedNonDuplicating.String(), network.Names()...)
	set.Var(&s.network, "network", "the network")
	set.BoolVar(&s.lossy, "lossy", false, "any in-flight message may be lost")
	set.Var(&s.workers, "workers", "number of goroutines (default one per core)")
	set.Var(&s.timeout, "timeout", "stop the search for a pair after this time, such as 30s or 5m")
	set.Var(&s.maxStates, "max-states", "stop the search for a pair at this number of distinct states")
	set.Var(&s.memoryLimit, "memory-limit", "stop the search for a pair when the process uses this much memory, such as 2GiB")
	set.BoolVar(&s.json, "json", false, "print one JSON document")
	return cmd
}

// maxSweep is the maximum number of servers of a sweep.
const maxSweep = 16

// run sweeps, prints the results, and returns the exit code: 0 if every pair was decided, whether safe or not,
// otherwise 3.
func (s *sweep) run(c singledecree.Config, stdout io.Writer) (int, error) {
	ctx, stop := command.Interruptible()
	defer stop()
	o := checker.Options{
		Workers: int(s.workers), Timeout: time.Duration(s.timeout), MaxStates: int(s.maxStates), MemoryLimit: int64(s.memoryLimit),
	}
	begin := time.Now()
	d := quorums.NewDocument(c)
	b := bufio.NewWriter(stdout)
	show := func(text string) {
		if !s.json {
			fmt.Fprint(b, text)
			b.Flush()
		}
	}
	show(d.Header())
	if err := quorums.Sweep(ctx, c, o, func(q quorums.Pair) { show(d.Add(q)) }); err != nil {
		return 0, err
	}
	d.Elapsed = time.Since(begin).Seconds()
	show(d.Totals() + fmt.Sprintf("Done. sec=%.2f\n", d.Elapsed))
	if s.json {
		if err := command.WriteJSON(b, d); err != nil {
			return 0, err
		}
	}
	if err := b.Flush(); err != nil {
		return 0, fmt.Errorf("standard output: %w", err)
	}
	if d.Undecided() > 0 {
		return checker.ExitUndecided, nil
	}
	return checker.ExitOK, nil
}
