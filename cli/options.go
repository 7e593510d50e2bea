package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"synod/catalog"
)

// serverOptions are the flags for server options of all models, by name.
type serverOptions map[string]*string

// add declares the flags. The help of each model shows its own; see help.
func (o *serverOptions) add(set *pflag.FlagSet, entries catalog.Catalogue, tried bool) {
	*o = make(serverOptions)
	for _, e := range entries {
		if e.Servers == nil {
			continue
		}
		for _, option := range e.Servers.Options {
			if (*o)[option.Name] != nil {
				continue
			}
			(*o)[option.Name] = set.String(option.Name, "", describeOption(option, tried))
			set.Lookup(option.Name).NoOptDefVal = option.Bare
		}
	}
}

// variant returns the options chosen for the servers of a model. Others have their usual values or, if tried is set,
// those for fault injection.
func (o serverOptions) variant(set *pflag.FlagSet, entries catalog.Catalogue, model string, tried bool) (catalog.Variant, error) {
	e, err := entries.Spawned(model)
	if err != nil {
		return nil, err
	}
	v := make(catalog.Variant)
	for name, value := range o {
		if !set.Changed(name) {
			continue
		}
		if !slices.ContainsFunc(e.Servers.Options, func(p catalog.ServerOption) bool { return p.Name == name }) {
			return nil, fmt.Errorf("--%s: servers of %s have no such option; it belongs to %s", name, model,
				strings.Join(owners(entries, name), ", "))
		}
		v[name] = *value
	}
	if tried {
		v = e.Servers.Tried(v)
	} else {
		v = e.Servers.Usual(v)
	}
	if err := e.Check(v); err != nil {
		return nil, fmt.Errorf("--%w", err)
	}
	return v, nil
}

// owners returns the names of the models whose servers have an option.
func owners(entries catalog.Catalogue, option string) []string {
	var names []string
	for _, e := range entries {
		if e.Servers != nil && slices.ContainsFunc(e.Servers.Options, func(o catalog.ServerOption) bool { return o.Name == option }) {
			names = append(names, e.Name)
		}
	}
	return names
}

// variantFlags returns a variant as flags, in the order of the model's options.
func variantFlags(e catalog.Entry, v catalog.Variant) []string {
	var all []string
	for _, o := range e.Servers.Options {
		if value, given := v[o.Name]; given {
			all = append(all, "--"+o.Name+"="+value)
		}
	}
	return all
}
