package catalog

import (
	"synod/catalog"
	"synod/examples/abd"
	"synod/examples/durableabd"
	"synod/examples/registers"
	"synod/examples/singlecopy"
	"synod/examples/singledecree"
	"synod/examples/zoo"
	"synod/model"
	"synod/network"
	"synod/register"
)

// Spaces of more servers or puts than these are far beyond any search.
const (
	maxServers = 64
	maxPuts    = 100
	maxReaders = 64
)

// The names of the parameters.
const (
	clients  = "clients"
	servers  = "servers"
	puts     = "puts"
	readers  = "readers"
	gets     = "gets"
	retry    = "retry"
	learn    = "learn"
	rounds   = "rounds"
	promises = "promises"
	votes    = "votes"
	resends  = "resends"
	remember = "remember"
	refine   = "refine"
	distinct = "distinct"
)

// registerEntries are the models that serve a register.
var registerEntries = []catalog.Entry{
	{
		Name:       "single-decree",
		Live:       true,
		Summary:    "Paxos for one value, serving a write-once register",
		Parameters: singleDecreeParameters(),
		Timers:     func(values map[string]int) bool { return values[retry] == 1 },
		Networks:   network.All(),
		Model: buildRegister(func(c registers.Config, values map[string]int, mutant string) (model.Source, error) {
			variant := singledecree.Variant{
				Promises: values[promises], Votes: values[votes], Retry: values[retry] == 1, Rounds: values[rounds],
				Learn:  values[learn] == 1,
				Refine: singledecree.Refinement(values[refine]),
			}
			if err := variant.Validate(c); err != nil {
				return nil, err
			}
			return zoo.SingleDecree(mutant, variant, c), nil
		}),
		Servers: singleDecreeServers,
	},
	{
		Name:       "abd",
		Live:       true,
		Summary:    "The replicated, linearizable register of Attiya, Bar-Noy and Dolev",
		Parameters: registerParameters(abd.Default),
		Networks:   []network.Semantics{network.UnorderedNonDuplicating, network.Ordered},
		Timers:     never,
		Model:      buildPlainRegister(zoo.Abd),
		Servers:    abdServers,
	},
	{
		Name:       "single-copy",
		Live:       true,
		Summary:    "An unreplicated register; not linearizable with several servers",
		Parameters: registerParameters(singlecopy.Default),
		Networks:   []network.Semantics{network.UnorderedNonDuplicating, network.Ordered},
		Timers:     never,
		Model:      buildPlainRegister(zoo.SingleCopy),
		Servers:    singleCopyServers,
	},
	{
		Name:    "durable-abd",
		Live:    true,
		Summary: "The register of Attiya, Bar-Noy and Dolev, for servers that crash and clients that retry",
		Parameters: append(registerParameters(durableabd.Default), catalog.Parameter{
			Name: resends, Doc: "number of times that a client resends each request", Default: durableabd.Default.Resends, Max: maxPuts,
		}, catalog.Parameter{
			Name: remember, Doc: "number of clients whose last request a server remembers; 0 for all", Max: maxServers, Special: true,
		}),
		Networks: network.All(),
		Timers:   func(values map[string]int) bool { return values[resends] > 0 },
		Model: buildRegister(func(c registers.Config, values map[string]int, mutant string) (model.Source, error) {
			c.Resends, c.Remember = values[resends], values[remember]
			return zoo.DurableAbd(mutant, c), nil
		}),
		Servers: durableAbdServers,
	},
}

// registerParameters are those of a system of register servers and clients.
func registerParameters(d registers.Config) []catalog.Parameter {
	return []catalog.Parameter{
		{
			Name: clients, Doc: "clients, each with its puts and then one get",
			Default: d.Clients, Min: 1, Max: register.MaxClients(1),
		},
		{Name: servers, Doc: "servers", Default: d.Servers, Min: 1, Max: maxServers},
		{Name: puts, Doc: "puts of each client", Default: d.Puts, Min: 1, Max: maxPuts},
		{Name: readers, Doc: "clients that only read", Default: d.Readers, Max: maxReaders, Special: true},
		{
			Name: gets, Doc: "gets of each reader, one after the other",
			Default: registers.DefaultGets, Min: 1, Max: maxPuts, Special: true,
		},
		{
			Name: distinct, Doc: "clients have distinct request numbers, which makes clients of the same servers interchangeable",
			Max: 1, Special: true,
		},
	}
}

func singleDecreeParameters() []catalog.Parameter {
	return append(registerParameters(singledecree.Default),
		catalog.Parameter{
			Name: promises, Doc: "promises required to propose; 0 is a majority", Max: maxServers, Special: true,
		},
		catalog.Parameter{
			Name: votes, Doc: "votes required to decide; 0 is a majority", Max: maxServers, Special: true,
		},
		catalog.Parameter{
			Name: retry, Doc: "proposers retry at a higher ballot, and clients resend each request", Max: 1, Special: true,
		},
		catalog.Parameter{
			Name: learn, Doc: "servers learn the decision from the others, and report it to every client", Max: 1, Special: true,
		},
		catalog.Parameter{
			Name: refine, Doc: "check refinement of Consensus: 1 = by decisions, 2 = by votes",
			Max: int(singledecree.ByVotes), Special: true,
		},
		catalog.Parameter{
			Name: rounds, Doc: "rounds of ballots to explore with --retry; 0 for 2, or for all with --max-timeouts",
			Max: maxPuts, Special: true,
		})
}

// buildRegister builds the model of a system of register servers and clients.
func buildRegister(
	source func(c registers.Config, values map[string]int, mutant string) (model.Source, error),
) func(catalog.Choice) (model.Source, error) {
	return func(s catalog.Choice) (model.Source, error) {
		c := registers.Config{
			Servers: s.Values[servers], Clients: s.Values[clients], Puts: s.Values[puts],
			Readers: s.Values[readers], Gets: s.Values[gets], Distinct: s.Values[distinct] == 1, Live: s.Live, Config: s.Config,
		}
		if err := c.Validate(); err != nil {
			return nil, err
		}
		return source(c, s.Values, s.Mutant)
	}
}

// buildPlainRegister does so for one that has no other parameters.
func buildPlainRegister(
	source func(mutant string, c registers.Config) model.Source,
) func(catalog.Choice) (model.Source, error) {
	return buildRegister(func(c registers.Config, _ map[string]int, mutant string) (model.Source, error) {
		return source(mutant, c), nil
	})
}

// never is the answer of entries whose actors set no timers.
func never(map[string]int) bool { return false }
