package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"synod/checker"
	"synod/examples/quorums"
	"synod/examples/singledecree"
	"synod/network"
)

// sweep is what the command of this name was asked for.
type sweep struct {
	servers, clients positive
	network          choice
	lossy, json      bool
	workers          positive
	timeout          duration
	maxStates        positive
	memoryLimit      size
}

func (a *app) sweepCommand() *cobra.Command {
	s := &sweep{servers: 3, clients: 2}
	cmd := &cobra.Command{
		Use:   "sweep [SERVERS]",
		Short: "Tell which sizes of quorums are safe for single-decree Paxos, by checking every pair of them",
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
			if c.Network, err = network.Parse(s.network.value); err != nil {
				return err
			}
			c.Lossy = s.lossy
			a.code, err = s.run(c, a.stdout, a.stderr)
			return err
		},
	}
	set := cmd.Flags()
	set.SortFlags = false
	set.Var(&s.clients, "clients", "clients, each with one put and then one get")
	s.network = choice{network.UnorderedNonDuplicating.String(), networkNames()}
	set.Var(&s.network, "network", "the network")
	set.BoolVar(&s.lossy, "lossy", false, "every message under way may be lost")
	set.Var(&s.workers, "workers", "goroutines (one per core unless given)")
	set.Var(&s.timeout, "timeout", "end the search for a pair after so long, such as 30s or 5m")
	set.Var(&s.maxStates, "max-states", "end the search for a pair once so many distinct states were visited")
	set.Var(&s.memoryLimit, "memory-limit", "end the search for a pair once the process takes so much, such as 2GiB")
	set.BoolVar(&s.json, "json", false, "print one JSON document")
	return cmd
}

// maxSweep is the greatest number of servers of a sweep.
const maxSweep = 16

// sweepDocument is what a sweep prints with --json.
type sweepDocument struct {
	Schema  string       `json:"schema"` // synod.sweep/1
	Servers int          `json:"servers"`
	Clients int          `json:"clients"`
	Network string       `json:"network"`
	Lossy   bool         `json:"lossy"`
	Quorums []sweepEntry `json:"quorums"`
	Elapsed float64      `json:"seconds"` // differs from run to run
}

type sweepEntry struct {
	Promises int    `json:"promises"`
	Votes    int    `json:"votes"`
	Verdict  string `json:"verdict"`            // safe, unsafe or undecided
	Property string `json:"property,omitempty"` // that is violated, by the shortest path
	Actions  int    `json:"actions,omitempty"`  // on that path
	Stopped  string `json:"stopped,omitempty"`  // what ended an undecided search
	States   int    `json:"states"`             // distinct ones that were visited
}

// run sweeps, prints what was found and gives the exit code: 0 if every pair was decided, whatever it is, else 3.
func (s *sweep) run(c singledecree.Config, stdout, stderr io.Writer) (int, error) {
	ctx, stop := interruptible()
	defer stop()
	o := checker.Options{
		Workers: int(s.workers), Timeout: time.Duration(s.timeout), MaxStates: int(s.maxStates), MemoryLimit: int64(s.memoryLimit),
	}
	begin := time.Now()
	d := sweepDocument{
		Schema: "synod.sweep/1", Servers: c.Servers, Clients: c.Clients, Network: c.Network.String(), Lossy: c.Lossy,
	}
	b := bufio.NewWriter(stdout)
	if !s.json {
		fmt.Fprintf(b, "Quorums of %d servers, clients=%d, network=%s%s.\n", c.Servers, c.Clients, c.Network,
			map[bool]string{true: ", lossy=explicit"}[c.Lossy])
		fmt.Fprintf(b, "promises  votes  verdict\n")
	}
	err := quorums.Sweep(ctx, c, o, func(q quorums.Pair) {
		e := sweepEntryOf(q)
		d.Quorums = append(d.Quorums, e)
		if !s.json {
			fmt.Fprintf(b, "%8d  %5d  %s\n", e.Promises, e.Votes, e)
			b.Flush()
		}
	})
	if err != nil {
		return 0, err
	}
	d.Elapsed = time.Since(begin).Seconds()
	safe, undecided, meet := 0, c.Servers*c.Servers-len(d.Quorums), true
	for _, e := range d.Quorums {
		switch e.Verdict {
		case "safe":
			safe++
		case "undecided":
			undecided++
		}
		meet = meet && (e.Verdict == "safe") == (e.Promises+e.Votes > c.Servers)
	}
	if s.json {
		enc := json.NewEncoder(b)
		enc.SetIndent("", "  ")
		if err := enc.Encode(d); err != nil {
			return 0, fmt.Errorf("standard output: %w", err)
		}
	} else {
		exactly := ""
		if meet && undecided == 0 {
			exactly = fmt.Sprintf(", exactly those in which promises + votes > %d", c.Servers)
		}
		fmt.Fprintf(b, "%d pairs are safe%s; %d are undecided.\n", safe, exactly, undecided)
		fmt.Fprintf(b, "Done. sec=%.2f\n", d.Elapsed)
	}
	if err := b.Flush(); err != nil {
		return 0, fmt.Errorf("standard output: %w", err)
	}
	if undecided > 0 {
		return checker.ExitUndecided, nil
	}
	return checker.ExitOK, nil
}

func sweepEntryOf(q quorums.Pair) sweepEntry {
	e := sweepEntry{
		Promises: q.Promises, Votes: q.Votes, Property: q.Property, Actions: q.Actions, Stopped: q.Stopped, States: q.States,
		Verdict: "undecided",
	}
	switch q.Verdict {
	case checker.Holds:
		e.Verdict = "safe"
	case checker.Violated:
		e.Verdict = "unsafe"
	case checker.Undecided, checker.Example, checker.Never, checker.NotRefuted, checker.NotSeen:
	}
	return e
}

// String says what was found of a pair.
func (e sweepEntry) String() string {
	switch e.Verdict {
	case "safe":
		return fmt.Sprintf("safe, %d states", e.States)
	case "unsafe":
		return fmt.Sprintf("unsafe: %q is violated after %d actions", e.Property, e.Actions)
	}
	return fmt.Sprintf("undecided: %s ended the search, after %d states", e.Stopped, e.States)
}
