// Package catalog says what a model is to those who check, explore and run it: an [Entry] is everything of one system in
// one value, and a [Catalogue] the list of those that a command knows. Commands, help and pages are built from it.
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

// Parameter is a number that a model depends on.
type Parameter struct {
	Name     string // a plural noun in lower case, such as clients; of a switch what it does, such as retry
	Doc      string // one line
	Default  int
	Min, Max int
	Special  bool // not worth a word as long as it has its default
}

// Switch reports whether the parameter is on or off, 1 or 0, and off unless told.
func (p Parameter) Switch() bool { return p.Default == 0 && p.Min == 0 && p.Max == 1 }

// Entry is all there is to know of a model. Its slices and functions are shared: they must not be changed. Name, Summary
// and Model are required.
type Entry struct {
	Name       string // in lower case, with dashes
	Summary    string // a sentence without its full stop
	Page       string // where more is written about it: an address, or a file of the module; empty for nowhere
	Package    string // the import path of a package whose function Find returns the entry, for tests that are written; main for the package of the command itself; may be empty
	Parameters []Parameter
	Networks   []network.Semantics              // that it is meant for, its default first; empty if it has no network
	Timers     func(values map[string]int) bool // whether actors set timers with these parameters; nil for yes
	Unfailing  bool                             // no actor ever crashes or is cut off
	Live       bool                             // it has a property eventually or leads to, at least if the choice is Live

	// Model returns the system of a choice, or an error that says what is wrong with it.
	Model func(c Choice) (model.Source, error)
	// Mutants are broken variants of the model. Model makes them, by the name in Choice.
	Mutants []Mutant
	// Servers describes how its servers run for real; nil if they do not.
	Servers *Servers
}

// Choice is what Model makes a system of: settings that were checked, with all defaults.
type Choice struct {
	Values map[string]int // all parameters, by name
	Config model.Config   // the network, and what may go wrong
	Mutant string         // empty for the sound protocol
	Live   bool           // properties of endless paths are wanted: something is assumed of those
}

// Settings are what a user chooses of an entry. The zero value is the entry with all its defaults.
type Settings struct {
	Values  map[string]int // parameters that differ from their default, by name
	Network string         // empty for the entry's default
	Lossy   bool           // every message in flight may be lost; only for an entry with a network
	Elide   bool           // if Lossy: losses are left out where they change no verdict
	Mutant  string         // empty for the sound protocol
	Budgets map[string]int // how often something may go wrong, by the names of Entry.Budgets; without a number it never does
	Fair    string         // what is assumed of endless paths, as model.ParseAssumed reads it; empty for what the model says
}

// UnknownError reports that there is no thing of a kind by a name.
type UnknownError struct {
	Kind  string   // model, network, mutant …
	Name  string   // what was asked for
	Of    string   // what it was asked of, such as "of single-decree "; perhaps empty
	Known []string // what there is; perhaps nothing
}

// Error names what there is.
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

// Catalogue is a list of entries; the first one is the default. There is at least one.
type Catalogue []Entry

// Default returns the entry that is meant when none is named.
func (c Catalogue) Default() Entry { return c[0] }

// Names returns the names of all entries, in their order.
func (c Catalogue) Names() []string { return c.names(func(Entry) bool { return true }) }

// Spawnable returns the names of the entries whose servers can run for real, in their order.
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

// Parameter returns the parameter of a name, or an error that says which ones the model has.
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

// NetworkNames returns the names of the networks that the entry is meant for.
func (e Entry) NetworkNames() []string {
	names := make([]string, len(e.Networks))
	for i, n := range e.Networks {
		names[i] = n.String()
	}
	return names
}

// Resolve checks settings and fills in every default: all parameters, and the network if the entry has one. The caller
// owns the result.
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

// network returns the name of the network that the settings mean.
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

// Build builds the model of settings, or an error that says what was expected.
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

// assume adds what is assumed of the paths of a model.
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
