package catalog

import (
	"synod/examples/abd"
	"synod/examples/registers"
	"synod/examples/singlecopy"
	"synod/examples/singledecree"
	"synod/examples/twophase"
	"synod/model"
	"synod/network"
	"synod/register"
)

// Spaces of more servers or puts than these are far beyond any search.
const (
	maxServers = 64
	maxPuts    = 100
)

// The names of the parameters.
const (
	clients  = "clients"
	servers  = "servers"
	puts     = "puts"
	managers = "managers"
)

// entries is the catalogue; the first one is the default.
var entries = []Entry{
	{
		Name:       "single-decree",
		Summary:    "Paxos for one decision, serving a register that can be written once",
		Parameters: registerParameters(singledecree.Default),
		Networks:   network.All(),
		Mutants:    singleDecreeMutants(),
		build: buildRegister(func(c registers.Config, mutant string) model.Source {
			for _, m := range singledecree.Mutants() {
				if m.Name == mutant {
					return m.System(c)
				}
			}
			return singledecree.System(c)
		}),
	},
	{
		Name:       "abd",
		Summary:    "The register of Attiya, Bar-Noy and Dolev, replicated and linearizable",
		Parameters: registerParameters(abd.Default),
		Networks:   []network.Semantics{network.UnorderedNonDuplicating, network.Ordered},
		build:      buildRegister(func(c registers.Config, _ string) model.Source { return abd.System(c) }),
	},
	{
		Name:       "single-copy",
		Summary:    "A register that each server keeps for itself; with several servers it is not linearizable",
		Parameters: registerParameters(singlecopy.Default),
		Networks:   []network.Semantics{network.UnorderedNonDuplicating, network.Ordered},
		build:      buildRegister(func(c registers.Config, _ string) model.Source { return singlecopy.System(c) }),
	},
	{
		Name:    "two-phase-commit",
		Summary: "Resource managers commit or abort a transaction, all of them the same; a plain model",
		Parameters: []Parameter{
			{managers, "resource managers", twophase.Default.Managers, 1, twophase.MaxManagers},
		},
		build: func(values map[string]int, _ environment) (model.Source, error) {
			return twophase.Source(twophase.Config{Managers: values[managers]})
		},
	},
}

// registerParameters are those of a system of register servers and clients.
func registerParameters(d registers.Config) []Parameter {
	return []Parameter{
		{clients, "clients of the register, each with its puts and then one get", d.Clients, 1, register.MaxClients(1)},
		{servers, "servers", d.Servers, 1, maxServers},
		{puts, "puts of each client", d.Puts, 1, maxPuts},
	}
}

// build is the type of an entry's build function.
type build = func(values map[string]int, e environment) (model.Source, error)

// buildRegister makes the build function of a system of register servers and clients.
func buildRegister(source func(c registers.Config, mutant string) model.Source) build {
	return func(values map[string]int, e environment) (model.Source, error) {
		c := registers.Config{
			Servers: values[servers], Clients: values[clients], Puts: values[puts], Network: e.network, Lossy: e.lossy,
		}
		if err := c.Validate(); err != nil {
			return nil, err
		}
		return source(c, e.mutant), nil
	}
}

func singleDecreeMutants() []Mutant {
	var all []Mutant
	for _, m := range singledecree.Mutants() {
		mutant := Mutant{Name: m.Name, Summary: m.Summary, Breaks: m.Breaks}
		if m.Least != singledecree.Default {
			mutant.Defaults = map[string]int{clients: m.Least.Clients, servers: m.Least.Servers, puts: m.Least.Puts}
		}
		all = append(all, mutant)
	}
	return all
}
