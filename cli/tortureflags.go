package cli

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"synod/actor"
	"synod/catalog"
	"synod/internal/flagvalue"
	"synod/spawn/nemesis"
	"synod/spawn/service"
	"synod/spawn/torture"
	"synod/spawn/transports"
)

// tortureFlags are the flags of the command torture.
type tortureFlags struct {
	trialFlags
	port     flagvalue.Port
	think    flagvalue.Span
	timeout  flagvalue.Duration
	patience flagvalue.Duration

	duration flagvalue.Duration
	seed     flagvalue.Seed
	lasting  flagvalue.Span

	least  flagvalue.Count
	record bool
	shrink flagvalue.Duration
	keep   bool
}

func (f *tortureFlags) add(cmd *cobra.Command, entries catalog.Catalogue) {
	*f = tortureFlags{
		trialFlags: trialFlags{
			entries: entries, servers: 3, transport: transportChoice(), clients: 5, reads: 0.5, every: flagvalue.Duration(100 * time.Millisecond),
		},
		timeout: flagvalue.Duration(100 * time.Millisecond), patience: flagvalue.Duration(200 * time.Millisecond),
		duration: flagvalue.Duration(30 * time.Second),
		lasting:  flagvalue.Span{Least: 10 * time.Millisecond, Most: 300 * time.Millisecond}, least: 100, shrink: flagvalue.Duration(2 * time.Minute),
	}
	set := cmd.Flags()
	set.SortFlags = false
	f.addServers(cmd, "test", transports.Describe())
	set.Var(&f.port, "port", "port of the first server; the others use the following ones. 0 chooses free ports")
	f.addClients(set)
	set.Var(&f.think, "think", "think time of a client before each operation, such as 0s..5ms")
	set.Var(&f.timeout, "timeout", "timeout of each attempt (equal to --patience if requests are not idempotent)")
	set.Var(&f.patience, "patience", "timeout of an operation, all attempts together, after which its outcome is unknown (twice --timeout, or 500ms if requests are not idempotent)")
	set.Var(&f.duration, "duration", "duration of the run")
	set.Var(&f.seed, "seed", "seed of faults and operations (default random)")
	f.addFaults(set, nemesis.Kinds(), "replay the fault schedule in this `file`, as written by torture")
	set.Var(&f.lasting, "lasting", "duration of a fault")
	set.Var(&f.least, "least", "minimum number of acknowledged operations for a verdict")
	set.BoolVar(&f.record, "record", true, "record every server and validate the traces afterwards, which takes memory")
	set.Var(&f.shrink, "shrink", "after a violation, try for this long to reproduce it with fewer faults")
	f.addOutput(set, "history, records and logs, new or empty; it is kept")
	set.BoolVar(&f.keep, "keep", false, "keep the temporary folder of a run without violation")
}

// torturePlan is the configuration of torture, validated as far as possible without starting anything.
type torturePlan struct {
	flags *tortureFlags
	trialServers
	trial torture.Plan // except the command
}

// planTorture validates the flags.
func (a *app) planTorture(f *tortureFlags, set *pflag.FlagSet) (torturePlan, error) {
	p := torturePlan{flags: f}
	t := &p.trial
	if t.Seed = rand.Uint64(); set.Changed("seed") {
		t.Seed = uint64(f.seed)
	}
	var err error
	if p.trialServers, err = f.target(set, a.program); err != nil {
		return p, err
	}
	servers := p.entry.Servers
	if !set.Changed("timeout") && servers.Once {
		if !set.Changed("patience") {
			f.patience = onceOnly
		}
		f.timeout = f.patience
	}
	if set.Changed("timeout") && !set.Changed("patience") {
		f.patience = 2 * f.timeout // the same ratio as by default
	}
	if f.patience < f.timeout {
		return p, errors.New("--patience must be at least --timeout, the time of one attempt")
	}
	if f.lasting.Least < time.Millisecond {
		return p, fmt.Errorf("--lasting %v: expected at least a millisecond", &f.lasting)
	}
	t.Model, t.Service, t.Transport, t.Port = f.model, servers.Service, f.transport.Value, uint16(f.port)
	t.Timeout, t.Patience, t.Least = time.Duration(f.timeout), time.Duration(f.patience), int(f.least)
	if f.record {
		t.Program = a.programOf
	}
	if err := p.scheduled(set, p.program.Keeps(actor.IDs(int(f.servers)))); err != nil {
		return p, err
	}
	if !set.Changed("faults") {
		t.Kinds = slices.DeleteFunc(slices.Clone(t.Kinds), func(k nemesis.Kind) bool { return slices.Contains(servers.Rare, k) })
	}
	t.Workload = nemesis.Workload{
		Clients: int(f.clients), Servers: t.Schedule.Servers, Reads: float64(f.reads), Writes: int(f.puts),
		ThinkLeast: f.think.Least, ThinkMost: f.think.Most,
		Random: service.Varies(servers.Service),
	}
	if err := t.Workload.Validate(); err != nil {
		return p, err
	}
	if set.Changed("dir") {
		err = emptyFolder("--dir", f.dir)
	}
	return p, err
}

// onceOnly is the timeout of clients for requests that must not be repeated: busy servers leave many of them
// unanswered.
const onceOnly = flagvalue.Duration(500 * time.Millisecond)

// streamOfFaults separates the random numbers of the schedule from those of servers and clients.
const streamOfFaults = 1 << 32

// scheduled generates or reads the schedule.
func (p *torturePlan) scheduled(set *pflag.FlagSet, durable bool) (err error) {
	f := p.flags
	s := scene{kinds: nemesis.Kinds(), refusal: "cannot be injected into processes", durable: durable}
	if set.Changed("schedule") {
		p.trial.Schedule, err = f.trialFlags.scheduled(set, s, "faults", "every", "lasting", "duration", "servers")
		p.trial.Kinds = p.trial.Schedule.Kinds()
		return err
	}
	if p.trial.Kinds, err = f.kinds(set, s); err != nil {
		return err
	}
	p.trial.Schedule, err = nemesis.Generate(nemesis.Config{
		Servers: int(f.servers), Duration: time.Duration(f.duration), Kinds: p.trial.Kinds, Every: time.Duration(f.every),
		Least: f.lasting.Least, Most: f.lasting.Most, AfterAck: true,
	}, rand.NewPCG(p.trial.Seed, streamOfFaults))
	return err
}

// emptyFolder creates a folder unless it exists and is empty. Errors begin with the flag.
func emptyFolder(flag, dir string) error {
	if dir == "" {
		return fmt.Errorf("%s requires a folder name", flag)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("%s is not empty: name a new or empty folder", dir)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	return nil
}
