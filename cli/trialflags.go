package cli

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"synod/actor"
	"synod/catalog"
	"synod/internal/flagvalue"
	"synod/spawn"
	"synod/spawn/nemesis"
)

// trialFlags are the flags that torture and rehearse share: servers and clients under faults.
type trialFlags struct {
	entries   catalog.Catalogue
	model     string
	servers   flagvalue.Positive
	transport flagvalue.Choice
	options   serverOptions

	clients flagvalue.Positive
	reads   flagvalue.Probability
	puts    flagvalue.Count

	faults   string
	every    flagvalue.Duration
	schedule string

	dir    string
	asJSON bool
}

// addServers declares the flags of the servers, of which the command does something, such as test.
func (f *trialFlags) addServers(cmd *cobra.Command, does, transport string) {
	set := cmd.Flags()
	set.StringVar(&f.model, "model", defaultTortured(f.entries),
		"`model` whose servers to "+does+": "+strings.Join(f.entries.Served(), ", "))
	set.Var(&f.servers, "servers", fmt.Sprintf("number of servers, at most %d", maxSpawned))
	set.Var(&f.transport, "transport", transport)
	f.options.add(set, f.entries, true)
	f.options.help(cmd, f.entries, true)
	words(cmd, "model", f.entries.Served)
	words(cmd, "transport", func() []string { return f.transport.Known })
}

// addClients declares the flags of the clients.
func (f *trialFlags) addClients(set *pflag.FlagSet) {
	set.Var(&f.clients, "clients", "number of concurrent clients")
	set.Var(&f.reads, "reads", "fraction of operations that are gets")
	set.Var(&f.puts, "puts", "maximum number of puts per client, which then only gets; 0 for no limit (1 for single-decree)")
}

// addFaults declares the flags of the faults, of the given kinds.
func (f *trialFlags) addFaults(set *pflag.FlagSet, kinds []nemesis.Kind, schedule string) {
	set.StringVar(&f.faults, "faults", "", "`kinds` of faults, from "+nemesis.Words(kinds)+
		", or none (default all that the model tolerates)")
	set.Var(&f.every, "every", "mean time between faults")
	set.StringVar(&f.schedule, "schedule", "", schedule)
}

// addOutput declares the flags of the results.
func (f *trialFlags) addOutput(set *pflag.FlagSet, dir string) {
	set.StringVar(&f.dir, "dir", "", "`folder` for "+dir+" (default a new temporary one)")
	set.BoolVar(&f.asJSON, "json", false, "print one JSON document")
}

// trialServers are the servers of a trial.
type trialServers struct {
	entry   catalog.Entry
	variant catalog.Variant
	program spawn.Program
}

// target validates the flags of the servers. The limit of puts becomes that of the model unless it is given.
func (f *trialFlags) target(set *pflag.FlagSet, program programs) (t trialServers, err error) {
	if t.entry, err = f.entries.Asked(f.model); err != nil {
		return t, err
	}
	if !set.Changed("puts") {
		f.puts = flagvalue.Count(t.entry.Servers.Writes)
	}
	if t.variant, err = f.options.variant(set, f.entries, f.model, true); err != nil {
		return t, err
	}
	if t.program, err = program(f.model, t.variant); err != nil {
		return t, err
	}
	if f.servers > maxSpawned {
		return t, fmt.Errorf("--servers %d: expected at most %d", f.servers, maxSpawned)
	}
	if _, err := t.program.Admits(actor.IDs(int(f.servers))); err != nil {
		return t, fmt.Errorf("--%w", err)
	}
	return t, nil
}

// scene is what can be done to servers.
type scene struct {
	kinds   []nemesis.Kind
	refusal string // why other kinds cannot
	durable bool   // the servers persist state
	streams bool   // faults affect streams, not datagrams
}

// kinds returns the requested kinds of faults; it is not nil.
func (f *trialFlags) kinds(set *pflag.FlagSet, s scene) ([]nemesis.Kind, error) {
	impossible := func(k nemesis.Kind) bool { return !k.Possible(int(f.servers), s.streams) }
	switch {
	case f.faults == "none":
		return []nemesis.Kind{}, nil
	case !set.Changed("faults") && !s.durable:
		return slices.DeleteFunc(nemesis.MildKinds(), impossible), nil
	case !set.Changed("faults"):
		return slices.DeleteFunc(slices.Clone(s.kinds), impossible), nil
	}
	kinds, err := nemesis.ParseKinds(f.faults, s.kinds, func(k nemesis.Kind) error {
		if err := s.allows(k); err != nil {
			return err
		}
		if impossible(k) {
			return fmt.Errorf("%v cannot happen to %s over %s; remove it from --faults", k,
				plural(int(f.servers), "server"), f.transport.Value)
		}
		return nil
	})
	if err != nil {
		err = fmt.Errorf("--faults: %w", err)
	}
	return kinds, err
}

// allows returns an error if a kind of fault cannot affect the servers.
func (s scene) allows(k nemesis.Kind) error {
	switch {
	case !slices.Contains(s.kinds, k):
		return fmt.Errorf("%v %s; use one of %s", k, s.refusal, nemesis.Words(s.kinds))
	case !s.durable && k.OfDisks():
		return fmt.Errorf("%v requires servers that persist state, and these do not", k)
	}
	return nil
}

// scheduled reads the schedule, which replaces other flags.
func (f *trialFlags) scheduled(set *pflag.FlagSet, s scene, replaced ...string) (nemesis.Schedule, error) {
	for _, name := range replaced {
		if set.Changed(name) {
			return nemesis.Schedule{}, fmt.Errorf("--%s cannot be combined with --schedule, which replaces it", name)
		}
	}
	schedule, err := readSchedule(f.schedule)
	if err != nil {
		return schedule, err
	}
	for _, fault := range schedule.Faults {
		if err := s.allows(fault.Kind); err != nil {
			return schedule, fmt.Errorf("--schedule %q: %w", f.schedule, err)
		}
	}
	return schedule, nil
}

// defaultTortured returns the default model of torture: the first one with durable servers and unlimited writes by
// clients, or else the first one with servers.
func defaultTortured(entries catalog.Catalogue) string {
	for _, e := range entries {
		if e.Servers != nil && e.Servers.Service != nil && e.Servers.Writes == 0 && e.Servers.Program(nil).Keeps(actor.IDs(1)) {
			return e.Name
		}
	}
	return defaultServed(entries)
}

// defaultServed returns the default model of client commands.
func defaultServed(entries catalog.Catalogue) string {
	if names := entries.Served(); len(names) > 0 {
		return names[0]
	}
	return defaultSpawned(entries) // which is rejected with a reason
}

// readSchedule reads the file of --schedule.
func readSchedule(name string) (nemesis.Schedule, error) {
	file, err := os.Open(name)
	var inner *os.PathError
	if errors.As(err, &inner) {
		err = inner.Err // without the file name, which is printed anyway
	}
	if err != nil {
		return nemesis.Schedule{}, fmt.Errorf("--schedule %q: %w", name, err)
	}
	defer file.Close()
	s, err := nemesis.Read(file)
	if err != nil {
		return s, fmt.Errorf("--schedule %q: %w", name, err)
	}
	return s, nil
}
