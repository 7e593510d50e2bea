package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"synod/actor"
	"synod/catalog"
	"synod/internal/flagvalue"
	"synod/spawn/nemesis"
	"synod/spawn/rehearse"
	"synod/spawn/transports"
)

// rehearseFlags are the flags of the command rehearse.
type rehearseFlags struct {
	entries   catalog.Catalogue
	model     string
	servers   flagvalue.Positive
	clients   flagvalue.Positive
	transport flagvalue.Choice
	options   serverOptions
	ephemeral bool
	reads     flagvalue.Probability
	puts      flagvalue.Count
	retries   flagvalue.Count

	seconds  flagvalue.Positive
	runs     flagvalue.Positive
	seed     flagvalue.Seed
	faults   string
	every    flagvalue.Duration
	schedule string

	workers   flagvalue.Count
	keepGoing bool
	dir       string
	asJSON    bool
	progress  flagvalue.Choice
}

func (f *rehearseFlags) add(cmd *cobra.Command, entries catalog.Catalogue) {
	*f = rehearseFlags{
		entries: entries,
		servers: 3, clients: 4, transport: transportChoice(), reads: 0.5, retries: 2,
		seconds: 60, runs: 100, seed: 1, every: flagvalue.Duration(500 * time.Millisecond),
		progress: flagvalue.OneOf("auto", "auto", "plain", "off"),
	}
	set := cmd.Flags()
	set.SortFlags = false
	set.StringVar(&f.model, "model", defaultTortured(entries),
		"`model` whose servers to simulate: "+strings.Join(entries.Served(), ", "))
	set.Var(&f.servers, "servers", fmt.Sprintf("number of servers, at most %d", maxSpawned))
	set.Var(&f.clients, "clients", "number of concurrent clients")
	set.Var(&f.transport, "transport", "simulate the network of this transport")
	f.options.add(set, entries, true)
	set.BoolVar(&f.ephemeral, "ephemeral", false, "do not persist state; a restarted server starts empty")
	set.Var(&f.reads, "reads", "fraction of operations that are gets")
	set.Var(&f.puts, "puts", "maximum number of puts per client, which then only gets; 0 for no limit (1 for single-decree)")
	set.Var(&f.retries, "retries", "retries per operation (0 if requests are not idempotent)")
	set.Var(&f.seconds, "seconds", "duration of each run, in virtual time")
	set.Var(&f.runs, "runs", "number of runs with enough acknowledged operations; one seed per run")
	set.Var(&f.seed, "seed", "seed of the first run; the others use the following ones")
	set.StringVar(&f.faults, "faults", "", "`kinds` of faults, from "+nemesis.Words(nemesis.VirtualKinds())+
		", or none (default all that the model tolerates)")
	set.Var(&f.every, "every", "mean time between faults")
	set.StringVar(&f.schedule, "schedule", "", "replay one run with the fault schedule in this `file`, as written by rehearse")
	set.Var(&f.workers, "workers", "number of concurrent runs; 0 is one per core")
	set.BoolVar(&f.keepGoing, "keep-going", false, "continue after a violation")
	set.StringVar(&f.dir, "dir", "", "`folder` for the evidence of a violation, new or empty (default a new temporary one)")
	set.BoolVar(&f.asJSON, "json", false, "print one JSON document")
	set.Var(&f.progress, "progress", "progress output on standard error")
	words(cmd, "model", entries.Served)
	f.options.help(cmd, entries, true)
	words(cmd, "transport", func() []string { return f.transport.Known })
	words(cmd, "progress", func() []string { return f.progress.Known })
}

// rehearsePlan is the validated configuration of rehearse.
type rehearsePlan struct {
	flags    *rehearseFlags
	entry    catalog.Entry
	variant  catalog.Variant
	config   rehearse.Config
	campaign rehearse.Campaign
}

// plan validates the flags.
func (f *rehearseFlags) plan(set *pflag.FlagSet, program programs) (rehearsePlan, error) {
	p := rehearsePlan{flags: f}
	if f.servers > maxSpawned {
		return p, fmt.Errorf("--servers %d: expected at most %d", f.servers, maxSpawned)
	}
	p.config = rehearse.Config{
		Servers: int(f.servers), Clients: int(f.clients),
		Length: time.Duration(f.seconds) * time.Second, Every: time.Duration(f.every), Streams: transports.Ordered(f.transport.Value),
		Ephemeral: f.ephemeral, Reads: float64(f.reads), Writes: int(f.puts), Retries: int(f.retries),
	}
	c := &p.config
	var err error
	if p.entry, err = f.entries.Asked(f.model); err != nil {
		return p, err
	}
	servers := p.entry.Servers
	c.Service = servers.Service
	if !set.Changed("puts") {
		c.Writes = servers.Writes
	}
	if p.variant, err = f.options.variant(set, f.entries, f.model, true); err != nil {
		return p, err
	}
	if c.Program, err = program(f.model, p.variant); err != nil {
		return p, err
	}
	if _, err := c.Program.Admits(actor.IDs(c.Servers)); err != nil {
		return p, fmt.Errorf("--%w", err)
	}
	durable := !f.ephemeral && c.Program.Keeps(actor.IDs(c.Servers))
	if !set.Changed("retries") && servers.Once {
		c.Retries = 0
	}
	p.campaign = rehearse.Campaign{
		Seed: uint64(f.seed), Runs: int(f.runs), Workers: int(f.workers), KeepGoing: f.keepGoing,
	}
	if set.Changed("schedule") {
		err = p.scheduled(set)
	} else {
		c.Kinds, err = f.kinds(set, durable)
	}
	if err == nil {
		err = c.Validate()
	}
	if err == nil && set.Changed("dir") {
		err = emptyFolder("--dir", f.dir) // before the runs, so that a violation can be written
	}
	return p, err
}

// kinds returns the requested kinds of faults.
func (f *rehearseFlags) kinds(set *pflag.FlagSet, durable bool) ([]nemesis.Kind, error) {
	impossible := func(k nemesis.Kind) bool { return !k.Possible(int(f.servers), transports.Ordered(f.transport.Value)) }
	switch {
	case f.faults == "none":
		return nil, nil
	case !set.Changed("faults") && !durable:
		return slices.DeleteFunc(nemesis.MildKinds(), impossible), nil
	case !set.Changed("faults"):
		return slices.DeleteFunc(nemesis.VirtualKinds(), impossible), nil
	}
	kinds, err := nemesis.ParseKinds(f.faults, nemesis.VirtualKinds(), func(k nemesis.Kind) error {
		switch {
		case !slices.Contains(nemesis.VirtualKinds(), k):
			return fmt.Errorf("%v cannot be simulated; use one of %s", k, nemesis.Words(nemesis.VirtualKinds()))
		case !durable && k.OfDisks():
			return fmt.Errorf("%v: these servers store nothing, so no disk can fail", k)
		case impossible(k):
			return fmt.Errorf("%v: expected a fault that %s can have over %s", k,
				plural(int(f.servers), "server"), f.transport.Value)
		}
		return nil
	})
	if err != nil {
		err = fmt.Errorf("--faults: %w", err)
	}
	return kinds, err
}

// scheduled reads the schedule for the single run.
func (p *rehearsePlan) scheduled(set *pflag.FlagSet) error {
	for _, name := range []string{"faults", "every", "seconds", "servers", "runs"} {
		if set.Changed(name) {
			return fmt.Errorf("--%s cannot be combined with --schedule, which describes one run", name)
		}
	}
	s, err := readSchedule(p.flags.schedule)
	if err != nil {
		return err
	}
	p.campaign.Schedule, p.campaign.Runs = &s, 1
	p.config.Servers = s.Servers
	p.config.Kinds = s.Kinds()
	return nil
}
