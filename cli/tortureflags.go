package cli

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
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
	entries   catalog.Catalogue
	model     string
	servers   flagvalue.Positive
	port      flagvalue.Port
	transport flagvalue.Choice
	options   serverOptions

	clients  flagvalue.Positive
	reads    flagvalue.Probability
	puts     flagvalue.Count
	think    flagvalue.Span
	timeout  flagvalue.Duration
	patience flagvalue.Duration

	duration flagvalue.Duration
	seed     flagvalue.Seed
	faults   string
	every    flagvalue.Duration
	lasting  flagvalue.Span
	schedule string

	least  flagvalue.Count
	record bool
	shrink flagvalue.Duration
	dir    string
	keep   bool
	asJSON bool
}

func (f *tortureFlags) add(cmd *cobra.Command, entries catalog.Catalogue) {
	*f = tortureFlags{
		entries: entries,
		servers: 3, transport: transportChoice(),
		clients: 5, reads: 0.5, timeout: flagvalue.Duration(100 * time.Millisecond), patience: flagvalue.Duration(200 * time.Millisecond),
		duration: flagvalue.Duration(30 * time.Second), every: flagvalue.Duration(100 * time.Millisecond),
		lasting: flagvalue.Span{Least: 10 * time.Millisecond, Most: 300 * time.Millisecond}, least: 100, shrink: flagvalue.Duration(2 * time.Minute),
	}
	set := cmd.Flags()
	set.SortFlags = false
	set.StringVar(&f.model, "model", defaultTortured(entries),
		"`model` whose servers to test: "+strings.Join(entries.Served(), ", "))
	set.Var(&f.servers, "servers", fmt.Sprintf("number of servers, at most %d", maxSpawned))
	set.Var(&f.port, "port", "port of the first server; the others use the following ones. 0 chooses free ports")
	set.Var(&f.transport, "transport", transports.Describe())
	f.options.add(set, entries, true)
	set.Var(&f.clients, "clients", "number of concurrent clients")
	set.Var(&f.reads, "reads", "fraction of operations that are gets")
	set.Var(&f.puts, "puts", "maximum number of puts per client, which then only gets; 0 for no limit (1 for single-decree)")
	set.Var(&f.think, "think", "think time of a client before each operation, such as 0s..5ms")
	set.Var(&f.timeout, "timeout", "timeout of each attempt (equal to --patience if requests are not idempotent)")
	set.Var(&f.patience, "patience", "timeout of an operation, all attempts together, after which its outcome is unknown (twice --timeout, or 500ms if requests are not idempotent)")
	set.Var(&f.duration, "duration", "duration of the run")
	set.Var(&f.seed, "seed", "seed of faults and operations (default random)")
	set.StringVar(&f.faults, "faults", "", "`kinds` of faults, from "+nemesis.Words(nemesis.Kinds())+
		", or none (default all that the model tolerates)")
	set.Var(&f.every, "every", "mean time between faults")
	set.Var(&f.lasting, "lasting", "duration of a fault")
	set.StringVar(&f.schedule, "schedule", "", "replay the fault schedule in this `file`, as written by torture")
	set.Var(&f.least, "least", "minimum number of acknowledged operations for a verdict")
	set.BoolVar(&f.record, "record", true, "record every server and validate the traces afterwards, which takes memory")
	set.Var(&f.shrink, "shrink", "after a violation, try for this long to reproduce it with fewer faults")
	set.StringVar(&f.dir, "dir", "", "`folder` for history, records and logs, new or empty; it is kept (default a new temporary one)")
	set.BoolVar(&f.keep, "keep", false, "keep the temporary folder of a run without violation")
	set.BoolVar(&f.asJSON, "json", false, "print one JSON document")
	words(cmd, "model", entries.Served)
	f.options.help(cmd, entries, true)
	words(cmd, "transport", func() []string { return f.transport.Known })
}

// torturePlan is the configuration of torture, validated as far as possible without starting anything.
type torturePlan struct {
	flags   *tortureFlags
	entry   catalog.Entry
	variant catalog.Variant
	trial   torture.Plan // except the command
}

// planTorture validates the flags.
func (a *app) planTorture(f *tortureFlags, set *pflag.FlagSet) (torturePlan, error) {
	p := torturePlan{flags: f}
	t := &p.trial
	if t.Seed = rand.Uint64(); set.Changed("seed") {
		t.Seed = uint64(f.seed)
	}
	var err error
	if p.entry, err = f.entries.Asked(f.model); err != nil {
		return p, err
	}
	servers := p.entry.Servers
	if !set.Changed("puts") {
		f.puts = flagvalue.Count(servers.Writes)
	}
	if p.variant, err = f.options.variant(set, f.entries, f.model, true); err != nil {
		return p, err
	}
	if !set.Changed("timeout") && servers.Once {
		if !set.Changed("patience") {
			f.patience = onceOnly
		}
		f.timeout = f.patience
	}
	if set.Changed("timeout") && !set.Changed("patience") {
		f.patience = 2 * f.timeout // the same ratio as by default
	}
	program, err := a.program(f.model, p.variant)
	if err != nil {
		return p, err
	}
	if f.servers > maxSpawned {
		return p, fmt.Errorf("--servers %d: expected at most %d", f.servers, maxSpawned)
	}
	if _, err := program.Admits(actor.IDs(int(f.servers))); err != nil {
		return p, fmt.Errorf("--%w", err)
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
	if err := p.scheduled(set, program.Keeps(actor.IDs(int(f.servers)))); err != nil {
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
func (p *torturePlan) scheduled(set *pflag.FlagSet, durable bool) error {
	f := p.flags
	if set.Changed("schedule") {
		for _, name := range []string{"faults", "every", "lasting", "duration", "servers"} {
			if set.Changed(name) {
				return fmt.Errorf("--%s cannot be combined with --schedule", name)
			}
		}
		var err error
		if p.trial.Schedule, err = readSchedule(f.schedule); err != nil {
			return err
		}
		for _, fault := range p.trial.Schedule.Faults {
			if err := affects(fault.Kind, durable); err != nil {
				return fmt.Errorf("--schedule %q: %w", f.schedule, err)
			}
		}
		p.trial.Kinds = p.trial.Schedule.Kinds()
		return nil
	}
	var err error
	if p.trial.Kinds, err = f.kinds(set, durable); err != nil {
		return err
	}
	p.trial.Schedule, err = nemesis.Generate(nemesis.Config{
		Servers: int(f.servers), Duration: time.Duration(f.duration), Kinds: p.trial.Kinds, Every: time.Duration(f.every),
		Least: f.lasting.Least, Most: f.lasting.Most, AfterAck: true,
	}, rand.NewPCG(p.trial.Seed, streamOfFaults))
	return err
}

// kinds returns the requested kinds of faults.
func (f *tortureFlags) kinds(set *pflag.FlagSet, durable bool) ([]nemesis.Kind, error) {
	switch {
	case !set.Changed("faults") && !durable:
		return nemesis.MildKinds(), nil
	case !set.Changed("faults"):
		return slices.DeleteFunc(nemesis.Kinds(), func(k nemesis.Kind) bool { return !k.Possible(int(f.servers), false) }), nil
	case f.faults == "none":
		return []nemesis.Kind{}, nil
	}
	kinds, err := nemesis.ParseKinds(f.faults, nemesis.Kinds(), func(k nemesis.Kind) error { return affects(k, durable) })
	if err != nil {
		err = fmt.Errorf("--faults: %w", err)
	}
	return kinds, err
}

// affects returns an error if a kind of fault cannot affect server processes, durable or not.
func affects(k nemesis.Kind, durable bool) error {
	switch {
	case !slices.Contains(nemesis.Kinds(), k):
		return fmt.Errorf("%v cannot be injected into processes; use one of %s", k, nemesis.Words(nemesis.Kinds()))
	case !durable && k.OfDisks():
		return fmt.Errorf("%v: servers of this model store nothing, so no disk can fail", k)
	}
	return nil
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
