package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"synod/catalog"
	"synod/checker"
	"synod/internal/flagvalue"
	"synod/model"
	"synod/model/statespace"
	"synod/network"
	"synod/trace"
)

// plan is a requested check, validated as far as possible without running it.
type plan struct {
	engine   engine
	entry    catalog.Entry
	settings catalog.Settings // with defaults filled in
	source   model.Source
	options  checker.Options
	progress string // auto, plain or off
	json     bool
	traceOut string // empty for none
	// The format of the trace file.
	traceFormat trace.Format
	profile     bool
	coverage    bool
	start       *start // nil for the initial states
	minimise    bool
	explain     bool
}

// flags are the flags of a check.
type flags struct {
	entries    catalog.Catalogue
	engine     engine
	model      string
	parameters map[string]*flagvalue.Quantity // of all models, by name
	network    string
	lossy      flagvalue.Choice
	budgets    map[string]*flagvalue.Quantity // by name
	mutant     string
	fair       string

	workers, maxDepth, maxStates, walks, walkDepth flagvalue.Positive
	timeout                                        flagvalue.Duration
	memoryLimit                                    flagvalue.Size
	finishWhen, progress, reduce                   flagvalue.Choice
	seed                                           flagvalue.Seed
	json                                           bool
	traceOut                                       string
	profile, coverage, minimise, explain, strict   bool
	symmetry                                       bool
	from                                           string
	fromSteps                                      flagvalue.Positive
}

// add declares the flags of a check command.
func (f *flags) add(cmd *cobra.Command) {
	set := cmd.Flags()
	set.SortFlags = false
	f.addModel(set)
	f.addSearch(set)
	f.addOutput(set)
	f.complete(cmd)
}

// addModel declares the flags that select what is checked.
func (f *flags) addModel(set *pflag.FlagSet) {
	set.StringVar(&f.model, "model", f.entries.Default().Name, "the `model`; the command models lists them")
	f.parameters = make(map[string]*flagvalue.Quantity)
	for _, p := range parameters(f.entries) {
		f.parameters[p.name] = &flagvalue.Quantity{Least: p.least, OnOff: p.onOff}
		set.Var(f.parameters[p.name], p.name, p.usage)
		switch {
		case p.onOff:
			set.Lookup(p.name).NoOptDefVal = "true"
		case p.bare:
			set.Lookup(p.name).NoOptDefVal = "1"
		}
		set.Lookup(p.name).DefValue = "0" // The default depends on the model and is shown in its help.
	}
	set.StringVar(&f.network, "network", "", "the `network`: "+strings.Join(network.Names(), ", "))
	f.lossy = flagvalue.Choice{Known: []string{"auto", "explicit"}}
	set.Var(&f.lossy, "lossy",
		"any in-flight message may be lost: explicit adds a step for each loss, auto only where a loss can change a verdict")
	set.Lookup("lossy").NoOptDefVal = "auto"
	f.budgets = make(map[string]*flagvalue.Quantity)
	for _, b := range catalog.AllBudgets() {
		f.budgets[b.Name] = &flagvalue.Quantity{Least: 1, OnOff: b.Switch}
		set.Var(f.budgets[b.Name], b.Name, b.Doc)
		if b.Switch {
			set.Lookup(b.Name).NoOptDefVal = "true"
		}
	}
	set.StringVar(&f.fair, "fair", "", "fairness of infinite paths, for eventually and leads to: `all`, none, or a comma-separated list of\n"+
		"deliveries, timeouts, recoveries, choices and heals; each is weak fairness, or strong fairness as\n"+
		"strong-deliveries and so on")
	set.StringVar(&f.mutant, "mutant", "", "check a broken variant of the model, by `name`; the command models MODEL lists them")
}

// addSearch declares the flags of the search.
func (f *flags) addSearch(set *pflag.FlagSet) {
	set.Var(&f.workers, "workers", f.engine.workers)
	set.Var(&f.timeout, "timeout", f.engine.timeout)
	if f.engine.walks {
		set.Var(&f.seed, "seed", "seed of the walks; equal seeds give equal walks")
		set.Var(&f.walks, "walks", "number of walks (default as many as time allows)")
		set.Var(&f.walkDepth, "walk-depth", "number of states on a walk, the first included (default 1000)")
	} else {
		set.Var(&f.maxDepth, "max-depth", "maximum number of states on a path; the last ones are checked, but not expanded")
		set.Var(&f.maxStates, "max-states", "stop the search at this number of distinct states")
	}
	set.Var(&f.memoryLimit, "memory-limit", "stop the search when the process uses this much memory, such as 500MB or 2GiB")
	f.reduce = flagvalue.OneOf(statespace.Full.String(), statespace.DeadLetters.String(), statespace.Everything.String(), statespace.Full.String())
	set.Var(&f.reduce, "reduce",
		"omit dead letters, messages that their recipients will always ignore, and prove in the same run that this is\n"+
			"sound (letters, or --reduce alone); all also merges local states: experimental, and often slower than off")
	set.Lookup("reduce").NoOptDefVal = statespace.DeadLetters.String()
	set.BoolVar(&f.symmetry, "symmetry", false, "symmetry reduction: count states once that differ only by a permutation of interchangeable components, such\n"+
		"as clients of the same servers, and prove in the same run that this is sound")
	f.finishWhen = flagvalue.OneOf(checker.Decided.String(), finishNames()...)
	set.Var(&f.finishWhen, "finish-when",
		"when a search may stop early: once every property is decided, at the first violation, or never")
}

// addOutput declares the flags of the output.
func (f *flags) addOutput(set *pflag.FlagSet) {
	f.progress = flagvalue.OneOf("auto", "auto", "plain", "off")
	set.Var(&f.progress, "progress", "progress output: status line on a terminal, plain lines otherwise (auto); always lines (plain); none (off)")
	set.BoolVar(&f.json, "json", false, "print one JSON document; the closing line goes to standard error")
	set.BoolVar(&f.profile, "profile-space", false,
		"print a state-space profile: what the states consist of, and what kept growing")
	set.BoolVar(&f.coverage, "coverage", false,
		"print message coverage, unused handlers, and the numbers of handler calls computed and verified")
	set.BoolVar(&f.strict, "strict", false,
		"exit with 1 if the search was exhaustive and found an unused handler or a vacuous property")
	set.StringVar(&f.traceOut, "trace-out", "", "write the path of each discovery to a `file`, in the format given by its extension:\n"+
		traceFormats())
	set.BoolVar(&f.explain, "explain", false,
		"explain the causal order of each path, and fold irrelevant steps")
	if !f.engine.shortest {
		set.BoolVar(&f.minimise, "minimise", false,
			"search for a shorter path to each discovery, and report whether it is a shortest one")
	}
	set.StringVar(&f.from, "from", "", "start from the end of the path in a JSON `file` of --trace-out (the first violation, or else\n"+
		"the first path); model and settings are those of the file unless given")
	set.Var(&f.fromSteps, "from-steps", "take only this many steps of that path")
}

// words registers the completions of a flag, if the command has it.
func words(cmd *cobra.Command, name string, of func() []string) {
	if cmd.Flags().Lookup(name) == nil {
		return
	}
	complete := func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return of(), cobra.ShellCompDirectiveNoFileComp
	}
	if err := cmd.RegisterFlagCompletionFunc(name, complete); err != nil {
		panic(err) // registered twice: a bug
	}
}

// complete registers shell completions.
func (f *flags) complete(cmd *cobra.Command) {
	entry := f.entry
	f.help(cmd)
	words(cmd, "model", f.entries.Names)
	words(cmd, "network", func() []string { return entry().NetworkNames() })
	words(cmd, "mutant", func() []string { return entry().MutantNames() })
	words(cmd, "lossy", func() []string { return f.lossy.Known })
	words(cmd, "fair", model.Assumptions)
	words(cmd, "reduce", func() []string { return f.reduce.Known })
	words(cmd, "finish-when", func() []string { return f.finishWhen.Known })
	words(cmd, "progress", func() []string { return f.progress.Known })
	cmd.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 1 {
			return entry().NetworkNames(), cobra.ShellCompDirectiveNoFileComp
		}
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
}

// plan validates the arguments and flags.
func (f *flags) plan(cmd *cobra.Command, args []string) (plan, error) {
	p := plan{
		engine: f.engine, progress: f.progress.Value, json: f.json, traceOut: f.traceOut, profile: f.profile,
		coverage: f.coverage, minimise: f.minimise, explain: f.explain,
	}
	var err error
	if p.start, err = f.startOf(cmd.Flags()); err != nil {
		return p, err
	}
	if p.entry, err = f.entries.Find(f.model); err != nil {
		return p, err
	}
	var asked catalog.Settings
	if asked, err = f.settings(cmd.Flags(), p.entry, args); err != nil {
		return p, err
	}
	if asked, err = p.start.under(asked, p.entry); err != nil {
		return p, err
	}
	if p.settings, err = p.entry.Resolve(asked); err != nil {
		return p, err
	}
	if p.source, err = p.entry.Build(p.settings); err != nil {
		return p, err
	}
	if cmd.Flags().Changed("trace-out") {
		if f.traceOut == "" {
			return p, errors.New("--trace-out requires a file name")
		}
		if p.traceFormat, err = trace.FormatOf(f.traceOut); err != nil {
			return p, fmt.Errorf("--trace-out %q: %w", f.traceOut, err)
		}
	}
	p.options = checker.Options{
		Workers: int(f.workers), Timeout: time.Duration(f.timeout), MaxDepth: int(f.maxDepth), MaxStates: int(f.maxStates),
		MemoryLimit: int64(f.memoryLimit), Seed: uint64(f.seed), Walks: int(f.walks), WalkDepth: int(f.walkDepth),
	}
	if p.start != nil {
		p.options.From = &p.start.path
	}
	p.options.Strict, p.options.Symmetry = f.strict, f.symmetry
	if p.options.Reduce, err = statespace.ParseReduction(f.reduce.Value); err != nil {
		return p, err
	}
	p.options.FinishWhen, err = checker.ParseFinishWhen(f.finishWhen.Value)
	return p, err
}

// settings merges positional arguments and flags.
func (f *flags) settings(set *pflag.FlagSet, e catalog.Entry, args []string) (catalog.Settings, error) {
	s := catalog.Settings{
		Values: make(map[string]int), Budgets: make(map[string]int), Lossy: f.lossy.Value != "", Elide: f.lossy.Value == "auto", Mutant: f.mutant,
		Fair: f.fair,
	}
	for name, value := range f.parameters {
		if set.Changed(name) {
			s.Values[name] = value.Value
		}
	}
	for name, value := range f.budgets {
		if set.Changed(name) && value.Value > 0 {
			s.Budgets[name] = value.Value
		}
	}
	if set.Changed("fair") {
		if _, err := model.ParseAssumed(f.fair); err != nil {
			return s, fmt.Errorf("--fair: %w", err)
		}
	}
	for _, name := range []string{"network", "mutant"} {
		if set.Changed(name) && set.Lookup(name).Value.String() == "" {
			return s, fmt.Errorf("--%s requires a name", name)
		}
	}
	s.Network = f.network
	if len(args) > 2 {
		return s, fmt.Errorf("%q: expected at most two arguments, a client count and a network", args[2])
	}
	if len(args) > 0 {
		if err := countClients(&s, e, args[0]); err != nil {
			return s, err
		}
	}
	if len(args) > 1 {
		if s.Network != "" && s.Network != args[1] {
			return s, fmt.Errorf("the network is given twice, as %s and --network %s", args[1], s.Network)
		}
		if args[1] == "" {
			return s, &catalog.UnknownError{Kind: "network", Name: args[1], Known: e.NetworkNames()}
		}
		s.Network = args[1]
	}
	return s, nil
}

// countClients reads the first positional argument.
func countClients(s *catalog.Settings, e catalog.Entry, arg string) error {
	const clients = "clients"
	if _, err := e.Parameter(clients); err != nil {
		return fmt.Errorf("%q: %w", arg, err)
	}
	var n flagvalue.Positive
	if err := n.Set(arg); err != nil {
		if slices.Contains(network.Names(), arg) {
			return fmt.Errorf("client count %q: %w before the network, or --network %s", arg, err, arg)
		}
		return fmt.Errorf("client count %q: %w", arg, err)
	}
	if other, given := s.Values[clients]; given && other != int(n) {
		return fmt.Errorf("the client count is given twice, as %d and --clients %d", n, other)
	}
	s.Values[clients] = int(n)
	return nil
}

// flagError returns a flag error as a sentence.
func flagError(cmd *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	var unknown *pflag.NotExistError
	switch {
	case errors.As(err, &invalid):
		cause := errors.Unwrap(invalid)
		if invalid.GetFlag().Value.Type() == "bool" {
			cause = errors.New("expected true or false")
		}
		return fmt.Errorf("--%s %q: %w", invalid.GetFlag().Name, invalid.GetValue(), cause)
	case errors.As(err, &missing):
		return fmt.Errorf("--%s requires a value", missing.GetSpecifiedName())
	case errors.As(err, &unknown):
		if group := unknown.GetSpecifiedShortnames(); group != "" {
			if _, err := strconv.Atoi(group); err == nil {
				return fmt.Errorf("client count %q: expected a whole number of at least 1", "-"+group)
			}
			return fmt.Errorf("unknown flag -%s: expected a long name, such as --model; %s --help lists them",
				group, cmd.CommandPath())
		}
		return unknownFlag(cmd, unknown.GetSpecifiedName())
	}
	return err
}

func unknownFlag(cmd *cobra.Command, name string) error {
	for _, other := range cmd.Root().Commands() {
		if other.Flags().Lookup(name) != nil {
			return fmt.Errorf("%s has no --%s: it belongs to %s", cmd.Name(), name, other.Name())
		}
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	if near := flagvalue.Nearest(name, known); near != "" {
		return fmt.Errorf("unknown flag --%s: did you mean --%s?", name, near)
	}
	return fmt.Errorf("unknown flag --%s; %s --help lists the flags", name, cmd.CommandPath())
}

// parameter is a parameter of some models, as a flag.
type parameter struct {
	name, usage string
	least       int
	onOff, bare bool // takes no number; may stand without one
}

// parameters returns the parameters of all models, in the order of the catalogue. The description is from the first
// model with the parameter; the help of each model shows its own.
func parameters(entries catalog.Catalogue) []parameter {
	var all []parameter
	for _, e := range entries {
		for _, p := range e.Parameters {
			at := slices.IndexFunc(all, func(q parameter) bool { return q.name == p.Name })
			if at < 0 {
				all = append(all, parameter{p.Name, p.Doc, p.Min, p.Switch(), p.Switch()})
				continue
			}
			q := &all[at]
			q.least, q.onOff, q.bare = min(q.least, p.Min), q.onOff && p.Switch(), q.bare || p.Switch()
		}
	}
	return all
}

// traceFormats lists the trace formats with their extensions, one per line.
func traceFormats() string {
	var lines []string
	for _, f := range trace.Formats() {
		lines = append(lines, strings.Join(f.Extensions, ", ")+": "+f.Summary)
	}
	return strings.Join(lines, "\n")
}

func finishNames() []string {
	return []string{checker.Decided.String(), checker.FirstViolation.String(), checker.Exhausted.String()}
}
