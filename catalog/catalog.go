// Package catalog describes models to the tools that check, explore and run them: an [Entry] has everything about one
// system, and a [Catalogue] lists the entries that a command offers. Commands, help and pages are generated from it.
package catalog

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"synod/model"
	"synod/network"
)

// Parameter is an integer parameter of a model.
type Parameter struct {
	Name     string // a plural noun in lower case, such as clients; for a switch a verb, such as retry
	Doc      string // one line
	Default  int
	Min, Max int
	Special  bool // not reported while it has its default
}

// Switch reports whether the parameter is a switch: 0 (off, the default) or 1 (on).
func (p Parameter) Switch() bool { return p.Default == 0 && p.Min == 0 && p.Max == 1 }

// Entry describes a model. Its slices and functions are shared and must not be changed. Name, Summary and Model are
// required.
type Entry struct {
	Name       string // in lower case, with dashes
	Summary    string // a sentence without its full stop
	Page       string // a page about the model: an address, or a file of the module; may be empty
	Package    string // the import path of a package whose function Find returns the entry, for tests that are written; main for the package of the command itself; may be empty
	Parameters []Parameter
	Networks   []network.Semantics              // the supported networks, the default first; empty if there is no network
	Timers     func(values map[string]int) bool // reports whether actors set timers; nil means always
	Unfailing  bool                             // actors never crash and are never partitioned
	Live       bool                             // it has an "eventually" or "leads to" property, at least with Choice.Live

	// Model returns the system for a choice, or an error if the choice is invalid.
	Model func(c Choice) (model.Source, error)
	// Mutants are broken variants of the model. Model returns the one named in Choice.
	Mutants []Mutant
	// Servers describes how the model's servers run on a network; nil if they cannot.
	Servers *Servers
}

// Choice is the input of Entry.Model: validated settings with all defaults filled in.
type Choice struct {
	Values map[string]int // all parameters, by name
	Config model.Config   // the network and the possible faults
	Mutant string         // empty for the sound protocol
	Live   bool           // include liveness properties and their fairness assumptions
}

// Settings are a user's choices for an entry. The zero value has all defaults.
type Settings struct {
	Values  map[string]int // parameters that differ from their defaults, by name
	Network string         // empty for the default
	Lossy   bool           // every message in flight may be lost; requires a network
	Elide   bool           // with Lossy: omit losses that cannot change a verdict
	Mutant  string         // empty for the sound protocol
	Budgets map[string]int // bounds on faults, named as in Entry.Budgets; a fault without one never occurs
	Fair    string         // the fairness assumption, as parsed by model.ParseAssumed; empty for the model's own
}

// UnknownError reports a name that does not exist.
type UnknownError struct {
	Kind  string   // model, network, mutant …
	Name  string   // the requested name
	Of    string   // where it was looked up, such as "of single-decree "; may be empty
	Known []string // the valid names; may be empty
}

// Error implements error and lists the valid names.
func (e *UnknownError) Error() string {
	known := "there is none"
	if len(e.Known) > 0 {
		known = "expected one of " + strings.Join(e.Known, ", ")
		if len(e.Known) == 1 {
			known = "expected " + e.Known[0]
		}
	}
	return fmt.Sprintf("unknown %s %q%s: %s", e.Kind, e.Name, e.Of, known)
}

// Catalogue is a list of entries; the first is the default. It is not empty.
type Catalogue []Entry

// Default returns the entry that is used when none is named.
func (c Catalogue) Default() Entry { return c[0] }

// Names returns the names of all entries, in their order.
func (c Catalogue) Names() []string { return c.names(func(Entry) bool { return true }) }

// Spawnable returns the names of the entries whose servers can run on a network, in their order.
func (c Catalogue) Spawnable() []string {
	return c.names(func(e Entry) bool { return e.Servers != nil })
}

// Mutated returns the names of the entries that have mutants, in their order.
func (c Catalogue) Mutated() []string {
	return c.names(func(e Entry) bool { return len(e.Mutants) > 0 })
}

func (c Catalogue) names(which func(Entry) bool) []string {
	var names []string
	for _, e := range c {
		if which(e) {
			names = append(names, e.Name)
		}
	}
	return names
}

// Find returns the entry with a name, or an *UnknownError.
func (c Catalogue) Find(name string) (Entry, error) {
	at := slices.IndexFunc(c, func(e Entry) bool { return e.Name == name })
	if at < 0 {
		return Entry{}, &UnknownError{Kind: "model", Name: name, Known: c.Names()}
	}
	return c[at], nil
}

// Parameter returns the parameter with the given name, or an error that lists the model's parameters.
func (e Entry) Parameter(name string) (Parameter, error) {
	at := slices.IndexFunc(e.Parameters, func(p Parameter) bool { return p.Name == name })
	if at >= 0 {
		return e.Parameters[at], nil
	}
	names := make([]string, len(e.Parameters))
	for i, p := range e.Parameters {
		names[i] = p.Name
	}
	return Parameter{}, fmt.Errorf("the model %s has no %s: it has %s", e.Name, name, strings.Join(names, ", "))
}

// MutantNames returns the names of the entry's mutants.
func (e Entry) MutantNames() []string {
	names := make([]string, len(e.Mutants))
	for i, m := range e.Mutants {
		names[i] = m.Name
	}
	return names
}

// NetworkNames returns the names of the networks that the entry supports.
func (e Entry) NetworkNames() []string {
	names := make([]string, len(e.Networks))
	for i, n := range e.Networks {
		names[i] = n.String()
	}
	return names
}

// Resolve validates settings and fills in all defaults: every parameter, and the network if the entry has one. The
// caller owns the result.
func (e Entry) Resolve(s Settings) (Settings, error) {
	full := Settings{Values: make(map[string]int), Mutant: s.Mutant}
	for _, p := range e.Parameters {
		full.Values[p.Name] = p.Default
	}
	if s.Mutant != "" {
		at := slices.IndexFunc(e.Mutants, func(m Mutant) bool { return m.Name == s.Mutant })
		if at < 0 {
			return full, &UnknownError{"mutant", s.Mutant, " of the model " + e.Name, e.MutantNames()}
		}
		shown, err := e.Parse(e.Mutants[at].With)
		if err != nil {
			return full, fmt.Errorf("the mutant %s of the model %s: %w", s.Mutant, e.Name, err)
		}
		s = full.after(shown, s)
	}
	for _, name := range sorted(s.Values) {
		p, err := e.Parameter(name)
		if err != nil {
			return full, err
		}
		value := s.Values[name]
		if value < p.Min || value > p.Max {
			return full, fmt.Errorf("%d %s: the model %s takes %d to %d", value, name, e.Name, p.Min, p.Max)
		}
		full.Values[name] = value
	}
	full.Lossy, full.Elide, full.Budgets, full.Fair = s.Lossy, s.Elide, maps.Clone(s.Budgets), s.Fair
	if s.Fair != "" && !e.Live {
		return full, fmt.Errorf("model %s has no liveness property; remove --fair", e.Name)
	}
	var err error
	if full.Network, err = e.network(s); err != nil {
		return full, err
	}
	return full, e.checkBudgets(full)
}

// network returns the name of the network that the settings select.
func (e Entry) network(s Settings) (string, error) {
	if len(e.Networks) == 0 {
		switch {
		case s.Network != "":
			return "", fmt.Errorf("model %s has no network; remove --network", e.Name)
		case s.Lossy:
			return "", fmt.Errorf("model %s has no network; remove --lossy", e.Name)
		}
		return "", nil
	}
	if s.Network == "" {
		return e.Networks[0].String(), nil
	}
	semantics, err := network.Parse(s.Network)
	switch {
	case err != nil:
		return "", &UnknownError{Kind: "network", Name: s.Network, Known: e.NetworkNames()}
	case !slices.Contains(e.Networks, semantics):
		return "", fmt.Errorf("model %s does not support the network %s; use %s",
			e.Name, semantics, strings.Join(e.NetworkNames(), " or "))
	}
	return s.Network, nil
}

// Build returns the model for settings, or an error if they are invalid.
func (e Entry) Build(s Settings) (model.Source, error) {
	full, err := e.Resolve(s)
	if err != nil {
		return nil, err
	}
	c := Choice{
		Values: full.Values, Mutant: full.Mutant, Live: full.Fair != "", Config: model.Config{Lossy: full.Lossy, ElideLosses: full.Elide},
	}
	if full.Network != "" {
		if c.Config.Network, err = network.Parse(full.Network); err != nil {
			return nil, err
		}
	}
	full.spend(&c.Config)
	source, err := e.Model(c)
	if err != nil {
		return nil, err
	}
	if err := full.assume(source); err != nil {
		return nil, err
	}
	if d, ok := source.(interface {
		Describe(name string, config map[string]string)
	}); ok {
		d.Describe(e.Name, full.Words())
	}
	if p, ok := source.(interface{ Publish(pkg string) }); ok {
		p.Publish(e.Package)
	}
	return source, nil
}

// assume sets the fairness assumption of a model.
func (s Settings) assume(source model.Source) error {
	if s.Fair == "" {
		return nil
	}
	assumed, err := model.ParseAssumed(s.Fair)
	if err != nil {
		return err
	}
	assumable, ok := source.(model.Assumable)
	if !ok {
		return errors.New("this model has no actions to which fairness applies; remove --fair")
	}
	return assumable.Assume(assumed)
}

func sorted(values map[string]int) []string {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
