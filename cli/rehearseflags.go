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

// rehearseFlags are those of the command rehearse.
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
		"whose servers to rehearse: a `model`, "+strings.Join(entries.Served(), ", "))
	set.Var(&f.servers, "servers", fmt.Sprintf("how many servers, at most %d", maxSpawned))
	set.Var(&f.clients, "clients", "how many ask at the same time")
	set.Var(&f.transport, "transport", "a network like that of the transport")
	f.options.add(set, entries, true)
	set.BoolVar(&f.ephemeral, "ephemeral", false, "servers keep nothing: what is stopped has forgotten")
	set.Var(&f.reads, "reads", "the share of gets among the operations")
	set.Var(&f.puts, "puts", "how many puts each client makes, after which it only gets; 0 for no limit (1 for single-decree)")
	set.Var(&f.retries, "retries", "attempts of an operation after the first one (0 where a request must not come twice)")
	set.Var(&f.seconds, "seconds", "how long each run is, in virtual time")
	set.Var(&f.runs, "runs", "how many runs have to count, with a seed each; an idle one does not")
	set.Var(&f.seed, "seed", "of the first run; the others have the next ones")
	set.StringVar(&f.faults, "faults", "", "the `kinds` of faults, from "+nemesis.Words(nemesis.VirtualKinds())+
		", or none (all that the model is made for)")
	set.Var(&f.every, "every", "the mean time from one fault to the next")
	set.StringVar(&f.schedule, "schedule", "", "one run with the faults of a `file`, as rehearse writes it")
	set.Var(&f.workers, "workers", "how many runs go on at once; 0 is one for each core")
	set.BoolVar(&f.keepGoing, "keep-going", false, "go on after a run that is violated")
	set.StringVar(&f.dir, "dir", "", "the `folder` for what shows a violation, new or empty (a new temporary one)")
	set.BoolVar(&f.asJSON, "json", false, "print one JSON document")
	set.Var(&f.progress, "progress", "on standard error")
	words(cmd, "model", entries.Served)
	f.options.help(cmd, entries, true)
	words(cmd, "transport", func() []string { return f.transport.Known })
	words(cmd, "progress", func() []string { return f.progress.Known })
}

// rehearsePlan is what rehearse was asked for.
type rehearsePlan struct {
	flags    *rehearseFlags
	entry    catalog.Entry
	variant  catalog.Variant
	config   rehearse.Config
	campaign rehearse.Campaign
}

// plan verifies what was asked for.
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
		err = emptyFolder("--dir", f.dir) // before the runs: a violation that cannot be written down was found for nothing
	}
	return p, err
}

// kinds returns the kinds of faults that were asked for.
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
			return fmt.Errorf("%v: expected a fault of %s", k, nemesis.Words(nemesis.VirtualKinds()))
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

// scheduled reads the schedule of the one run.
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
