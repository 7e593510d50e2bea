package cli

import (
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
	trialFlags
	ephemeral bool
	retries   flagvalue.Count

	seconds flagvalue.Positive
	runs    flagvalue.Positive
	seed    flagvalue.Seed

	workers   flagvalue.Count
	keepGoing bool
	progress  flagvalue.Choice
}

func (f *rehearseFlags) add(cmd *cobra.Command, entries catalog.Catalogue) {
	*f = rehearseFlags{
		trialFlags: trialFlags{
			entries: entries, servers: 3, transport: transportChoice(), clients: 4, reads: 0.5, every: flagvalue.Duration(500 * time.Millisecond),
		},
		retries: 2, seconds: 60, runs: 100, seed: 1,
		progress: flagvalue.OneOf("auto", "auto", "plain", "off"),
	}
	set := cmd.Flags()
	set.SortFlags = false
	f.addServers(cmd, "simulate", "simulate the network of this transport")
	set.BoolVar(&f.ephemeral, "ephemeral", false, "do not persist state; a restarted server starts empty")
	f.addClients(set)
	set.Var(&f.retries, "retries", "retries per operation (0 if requests are not idempotent)")
	set.Var(&f.seconds, "seconds", "duration of each run, in virtual time")
	set.Var(&f.runs, "runs", "number of runs with enough acknowledged operations; one seed per run")
	set.Var(&f.seed, "seed", "seed of the first run; the others use the following ones")
	f.addFaults(set, nemesis.VirtualKinds(), "replay one run with the fault schedule in this `file`, as written by rehearse")
	set.Var(&f.workers, "workers", "number of concurrent runs; 0 is one per core")
	set.BoolVar(&f.keepGoing, "keep-going", false, "continue after a violation")
	f.addOutput(set, "the evidence of a violation, new or empty")
	set.Var(&f.progress, "progress", "progress output on standard error")
	words(cmd, "progress", func() []string { return f.progress.Known })
}

// rehearsePlan is the validated configuration of rehearse.
type rehearsePlan struct {
	flags *rehearseFlags
	trialServers
	config   rehearse.Config
	campaign rehearse.Campaign
}

// plan validates the flags.
func (f *rehearseFlags) plan(set *pflag.FlagSet, program programs) (rehearsePlan, error) {
	p := rehearsePlan{flags: f}
	var err error
	if p.trialServers, err = f.target(set, program); err != nil {
		return p, err
	}
	servers := p.entry.Servers
	if !set.Changed("retries") && servers.Once {
		f.retries = 0
	}
	p.config = rehearse.Config{
		Program: p.program, Service: servers.Service, Servers: int(f.servers), Clients: int(f.clients),
		Length: time.Duration(f.seconds) * time.Second, Every: time.Duration(f.every), Streams: transports.Ordered(f.transport.Value),
		Ephemeral: f.ephemeral, Reads: float64(f.reads), Writes: int(f.puts), Retries: int(f.retries),
	}
	c := &p.config
	p.campaign = rehearse.Campaign{
		Seed: uint64(f.seed), Runs: int(f.runs), Workers: int(f.workers), KeepGoing: f.keepGoing,
	}
	if err := p.scheduled(set, !f.ephemeral && p.program.Keeps(actor.IDs(c.Servers))); err != nil {
		return p, err
	}
	if err := c.Validate(); err != nil {
		return p, err
	}
	if set.Changed("dir") {
		err = emptyFolder("--dir", f.dir) // before the runs, so that a violation can be written
	}
	return p, err
}

// scheduled sets the kinds of faults, or reads the schedule for the single run.
func (p *rehearsePlan) scheduled(set *pflag.FlagSet, durable bool) (err error) {
	f, c := p.flags, &p.config
	s := scene{kinds: nemesis.VirtualKinds(), refusal: "cannot be simulated", durable: durable, streams: c.Streams}
	if !set.Changed("schedule") {
		c.Kinds, err = f.kinds(set, s)
		return err
	}
	schedule, err := f.trialFlags.scheduled(set, s, "faults", "every", "seconds", "servers", "runs")
	p.campaign.Schedule, p.campaign.Runs = &schedule, 1
	c.Servers, c.Kinds = schedule.Servers, schedule.Kinds()
	return err
}
