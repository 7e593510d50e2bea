package catalog

import (
	"slices"

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
	rounds   = "rounds"
	promises = "promises"
	votes    = "votes"
	resends  = "resends"
	refine   = "refine"
)

// entries is the catalogue; the first one is the default.
var entries = slices.Concat(registerEntries, commitEntries, otherEntries)

// registerEntries are the models that serve a register.
var registerEntries = []Entry{
	{
		Name:       "single-decree",
		Summary:    "Paxos for one decision, serving a register that can be written once",
		Parameters: singleDecreeParameters(),
		timers:     func(values map[string]int) bool { return values[retry] == 1 },
		Networks:   network.All(),
		build: buildRegister(func(c registers.Config, values map[string]int, mutant string) (model.Source, error) {
			variant := singledecree.Variant{
				Promises: values[promises], Votes: values[votes], Retry: values[retry] == 1, Rounds: values[rounds],
				Refine: singledecree.Refinement(values[refine]),
			}
			if err := variant.Validate(c); err != nil {
				return nil, err
			}
			return zoo.SingleDecree(mutant, variant, c), nil
		}),
	},
	{
		Name:       "abd",
		Summary:    "The register of Attiya, Bar-Noy and Dolev, replicated and linearizable",
		Parameters: registerParameters(abd.Default),
		Networks:   []network.Semantics{network.UnorderedNonDuplicating, network.Ordered},
		timers:     never,
		build:      buildPlainRegister(zoo.Abd),
	},
	{
		Name:       "single-copy",
		Summary:    "A register that each server keeps for itself; with several servers it is not linearizable",
		Parameters: registerParameters(singlecopy.Default),
		Networks:   []network.Semantics{network.UnorderedNonDuplicating, network.Ordered},
		timers:     never,
		build:      buildPlainRegister(zoo.SingleCopy),
	},
	{
		Name:    "durable-abd",
		Summary: "The register of Attiya, Bar-Noy and Dolev for servers that crash and clients that ask again",
		Parameters: append(registerParameters(durableabd.Default), Parameter{
			Name: resends, Doc: "how often a client sends each request again", Default: durableabd.Default.Resends, Max: maxPuts,
		}),
		Networks: network.All(),
		timers:   func(values map[string]int) bool { return values[resends] > 0 },
		build: buildRegister(func(c registers.Config, values map[string]int, mutant string) (model.Source, error) {
			c.Resends = values[resends]
			return zoo.DurableAbd(mutant, c), nil
		}),
	},
}

// registerParameters are those of a system of register servers and clients.
func registerParameters(d registers.Config) []Parameter {
	return []Parameter{
		{
			Name: clients, Doc: "clients of the register, each with its puts and then one get",
			Default: d.Clients, Min: 1, Max: register.MaxClients(1),
		},
		{Name: servers, Doc: "servers", Default: d.Servers, Min: 1, Max: maxServers},
		{Name: puts, Doc: "puts of each client", Default: d.Puts, Min: 1, Max: maxPuts},
		{Name: readers, Doc: "clients that only read", Default: d.Readers, Max: maxReaders, Special: true},
		{
			Name: gets, Doc: "gets of each reader, one after the other",
			Default: registers.DefaultGets, Min: 1, Max: maxPuts, Special: true,
		},
	}
}

func singleDecreeParameters() []Parameter {
	return append(registerParameters(singledecree.Default),
		Parameter{
			Name: promises, Doc: "servers whose promise it takes to propose, 0 for a majority", Max: maxServers, Special: true,
		},
		Parameter{
			Name: votes, Doc: "servers whose vote it takes to decide, 0 for a majority", Max: maxServers, Special: true,
		},
		Parameter{
			Name: retry, Doc: "proposers try again at a higher ballot, and clients send each request again", Max: 1, Special: true,
		},
		Parameter{
			Name: refine, Doc: "hold it against Consensus: 1 by what servers decide, 2 by what got enough votes",
			Max: int(singledecree.ByVotes), Special: true,
		},
		Parameter{
			Name: rounds, Doc: "rounds of ballots that are explored with --retry; 0 for 2, or for all with --max-timeouts",
			Max: maxPuts, Special: true,
		})
}

// build is the type of an entry's build function.
type build = func(values map[string]int, e environment) (model.Source, error)

// buildRegister makes the build function of a system of register servers and clients.
func buildRegister(
	source func(c registers.Config, values map[string]int, mutant string) (model.Source, error),
) build {
	return func(values map[string]int, e environment) (model.Source, error) {
		c := registers.Config{
			Servers: values[servers], Clients: values[clients], Puts: values[puts],
			Readers: values[readers], Gets: values[gets], Config: e.config,
		}
		if err := c.Validate(); err != nil {
			return nil, err
		}
		return source(c, values, e.mutant)
	}
}

// buildPlainRegister does so for one that has no other parameters.
func buildPlainRegister(source func(mutant string, c registers.Config) model.Source) build {
	return buildRegister(func(c registers.Config, _ map[string]int, mutant string) (model.Source, error) {
		return source(mutant, c), nil
	})
}

// never is the answer of entries whose actors set no timers.
func never(map[string]int) bool { return false }
