package catalog

import (
	"slices"

	"synod/catalog"
	"synod/examples/tla/acp"
	"synod/examples/tla/allocator"
	"synod/examples/tla/atd"
	"synod/examples/tla/bakery"
	"synod/examples/tla/coffeecan"
	"synod/examples/tla/dining"
	"synod/examples/tla/ewd840"
	"synod/examples/tla/gameoflife"
	"synod/examples/tla/lamportmutex"
	"synod/examples/tla/multipaxossmr"
	"synod/examples/tla/nbacc"
	tlapaxos "synod/examples/tla/paxos"
	"synod/examples/tla/paxoscommit"
	"synod/examples/tla/readerswriters"
	"synod/examples/tla/voteproof"
	"synod/examples/tla/writethrough"
	"synod/examples/twophase"
	"synod/model"
)

// The names of parameters of the TLA+ examples.
const (
	writes    = "writes"
	reads     = "reads"
	named     = "named"
	pending   = "pending"
	actors    = "actors"
	beans     = "beans"
	side      = "side"
	resources = "resources"
	processes = "processes"
	values    = "values"
	maxBallot = "max-ballot"
	maxClock  = "max-clock"

	participants = "participants"
	numbers      = "numbers"
	processors   = "processors"
	addresses    = "addresses"
	queue        = "queue"
)

// tlaEntry is a model of the TLA+ examples.
func tlaEntry(
	name, summary string, of func(v map[string]int) (model.Source, error), parameters ...catalog.Parameter,
) catalog.Entry {
	return catalog.Entry{
		Name: "tla-" + name, Summary: summary + " (a TLA+ example)", Parameters: parameters,
		Live:  slices.Contains([]string{"ewd840", "termination", "philosophers", "readers-writers", "allocator"}, name),
		Model: func(c catalog.Choice) (model.Source, error) { return of(c.Values) },
	}
}

// tlaEntries are models of the TLA+ examples, written from their rules.
var tlaEntries = []catalog.Entry{
	tlaEntry("multi-paxos-smr", "Multi-Paxos of replicas that serve one key", func(v map[string]int) (model.Source, error) {
		return multipaxossmr.Source(multipaxossmr.Config{
			Replicas: v[replicas], Writes: v[writes], Reads: v[reads], Ballots: v[ballots], Named: v[named] == 1,
		})
	},
		catalog.Parameter{
			Name: replicas, Doc: "replicas", Default: multipaxossmr.Default.Replicas, Min: 1, Max: multipaxossmr.MaxReplicas,
		},
		catalog.Parameter{
			Name: writes, Doc: "commands that write", Default: multipaxossmr.Default.Writes, Min: 1, Max: multipaxossmr.MaxCommands,
		},
		catalog.Parameter{Name: reads, Doc: "commands that read", Max: multipaxossmr.MaxCommands},
		catalog.Parameter{
			Name: ballots, Doc: "ballots", Default: multipaxossmr.Default.Ballots, Min: 2, Max: multipaxossmr.MaxBallots,
		},
		catalog.Parameter{
			Name: named, Doc: "replicas are told apart, instead of one state for all that differ in their names", Max: 1, Special: true,
		}),
	tlaEntry("two-phase", "Two-phase commit, the same model as two-phase-commit", func(v map[string]int) (model.Source, error) {
		return twophase.Source(twophase.Config{Managers: v[managers]})
	}, catalog.Parameter{
		Name: managers, Doc: "resource managers", Default: twophase.Default.Managers, Min: 1, Max: twophase.MaxManagers,
	}),
	tlaEntry("ewd840", "Dijkstra's detection of termination on a ring", func(v map[string]int) (model.Source, error) {
		return ewd840.Source(ewd840.Config{Nodes: v[nodes]})
	}, catalog.Parameter{Name: nodes, Doc: "nodes", Default: ewd840.Default.Nodes, Min: 1, Max: ewd840.MaxNodes}),
	tlaEntry("termination", "Detection of termination with asynchronous messages", func(v map[string]int) (model.Source, error) {
		return atd.Source(atd.Config{Nodes: v[nodes], Pending: v[pending]})
	},
		catalog.Parameter{Name: nodes, Doc: "nodes", Default: atd.Default.Nodes, Min: 1, Max: atd.MaxNodes},
		catalog.Parameter{
			Name: pending, Doc: "messages for a node that are explored, at most", Default: atd.Default.Pending, Max: atd.MaxPending,
		}),
	tlaEntry("readers-writers", "Readers and writers that wait in a queue", func(v map[string]int) (model.Source, error) {
		return readerswriters.Source(readerswriters.Config{Actors: v[actors]})
	}, catalog.Parameter{
		Name: actors, Doc: "who reads and writes", Default: readerswriters.Default.Actors, Min: 1, Max: readerswriters.MaxActors,
	}),
	tlaEntry("coffee-can", "Black and white beans of which one is left", func(v map[string]int) (model.Source, error) {
		return coffeecan.Source(coffeecan.Config{Beans: v[beans]})
	}, catalog.Parameter{
		Name: beans, Doc: "beans, at most", Default: coffeecan.Default.Beans, Min: 1, Max: coffeecan.MaxBeans,
	}),
	tlaEntry("game-of-life", "Every board of Conway's game of life", func(v map[string]int) (model.Source, error) {
		return gameoflife.Source(gameoflife.Config{Side: v[side]})
	}, catalog.Parameter{Name: side, Doc: "cells of a side", Default: 3, Min: 1, Max: gameoflife.MaxSide}),
	tlaEntry("philosophers", "Philosophers who clean forks and hand them on", func(v map[string]int) (model.Source, error) {
		return dining.Source(dining.Config{Philosophers: v[guests]})
	}, catalog.Parameter{
		Name: guests, Doc: "philosophers, and forks", Default: dining.Default.Philosophers, Min: 2,
		Max: dining.MaxPhilosophers,
	}),
	tlaEntry("allocator", "Resources that are allocated by a schedule", func(v map[string]int) (model.Source, error) {
		return allocator.Source(allocator.Config{Clients: v[clients], Resources: v[resources]})
	},
		catalog.Parameter{Name: clients, Doc: "clients", Default: allocator.Default.Clients, Min: 1, Max: allocator.MaxClients},
		catalog.Parameter{
			Name: resources, Doc: "resources", Default: allocator.Default.Resources, Min: 1, Max: allocator.MaxResources,
		}),
	tlaEntry("nbacc", "Non-blocking commitment with a failure detector that errs", func(v map[string]int) (model.Source, error) {
		return nbacc.Source(nbacc.Config{Processes: v[processes]})
	}, catalog.Parameter{
		Name: processes, Doc: "processes", Default: nbacc.Default.Processes, Min: 1, Max: nbacc.MaxProcesses,
	}),
	tlaEntry("paxos", "Lamport's specification of Paxos", func(v map[string]int) (model.Source, error) {
		return tlapaxos.Source(tlapaxos.Config{Acceptors: v[acceptors], Values: v[values], MaxBallot: v[maxBallot]})
	},
		catalog.Parameter{
			Name: acceptors, Doc: "acceptors", Default: tlapaxos.Default.Acceptors, Min: 1, Max: tlapaxos.MaxAcceptors,
		},
		catalog.Parameter{Name: values, Doc: "values", Default: tlapaxos.Default.Values, Min: 1, Max: tlapaxos.MaxValues},
		catalog.Parameter{
			Name: maxBallot, Doc: "the last ballot; the first is 0", Default: tlapaxos.Default.MaxBallot, Max: tlapaxos.MaxBallots,
		}),
	tlaEntry("vote-proof", "Voting in ballots, which Paxos implements", func(v map[string]int) (model.Source, error) {
		return voteproof.Source(voteproof.Config{Acceptors: v[acceptors], Values: v[values], Ballots: v[ballots]})
	},
		catalog.Parameter{
			Name: acceptors, Doc: "acceptors", Default: voteproof.Default.Acceptors, Min: 1, Max: voteproof.MaxAcceptors,
		},
		catalog.Parameter{Name: values, Doc: "values", Default: voteproof.Default.Values, Min: 1, Max: voteproof.MaxValues},
		catalog.Parameter{
			Name: ballots, Doc: "ballots", Default: voteproof.Default.Ballots, Min: 1, Max: voteproof.MaxBallots,
		}),
	tlaEntry("lamport-mutex", "Lamport's mutual exclusion by logical clocks", func(v map[string]int) (model.Source, error) {
		return lamportmutex.Source(lamportmutex.Config{Processes: v[processes], Clock: v[maxClock]})
	},
		catalog.Parameter{
			Name: processes, Doc: "processes", Default: lamportmutex.Default.Processes, Min: 1, Max: lamportmutex.MaxProcesses,
		},
		catalog.Parameter{
			Name: maxClock, Doc: "the last clock that is explored", Default: lamportmutex.Default.Clock, Min: 1,
			Max: lamportmutex.MaxClock,
		}),
	tlaEntry("paxos-commit", "Paxos Commit, in which an instance of Paxos speaks for each manager", func(v map[string]int) (model.Source, error) {
		return paxoscommit.Source(paxoscommit.Config{Managers: v[managers], Acceptors: v[acceptors], MaxBallot: v[maxBallot]})
	},
		catalog.Parameter{
			Name: managers, Doc: "resource managers", Default: paxoscommit.Default.Managers, Min: 1, Max: paxoscommit.MaxManagers,
		},
		catalog.Parameter{
			Name: acceptors, Doc: "acceptors", Default: paxoscommit.Default.Acceptors, Min: 1, Max: paxoscommit.MaxAcceptors,
		},
		catalog.Parameter{
			Name: maxBallot, Doc: "the last ballot; the first is 0", Default: paxoscommit.Default.MaxBallot,
			Max: paxoscommit.MaxBallots,
		}),
	tlaEntry("bakery", "Lamport's bakery, from every state that satisfies an invariant", func(v map[string]int) (model.Source, error) {
		return bakery.Source(bakery.Config{Processes: v[processes], Numbers: v[numbers]})
	},
		catalog.Parameter{
			Name: processes, Doc: "processes", Default: bakery.Default.Processes, Min: 1, Max: bakery.MaxProcesses,
		},
		catalog.Parameter{
			Name: numbers, Doc: "the last number of a ticket", Default: bakery.Default.Numbers, Min: 1, Max: bakery.MaxNumbers,
		}),
	tlaEntry("acp", "Non-blocking commitment that forwards decisions", func(v map[string]int) (model.Source, error) {
		return acp.Source(acp.Config{Participants: v[participants]})
	}, catalog.Parameter{
		Name: participants, Doc: "participants", Default: acp.Default.Participants, Min: 1, Max: acp.MaxParticipants,
	}),
	tlaEntry("write-through", "A memory with caches that write through", func(v map[string]int) (model.Source, error) {
		return writethrough.Source(writethrough.Config{
			Processors: v[processors], Addresses: v[addresses], Values: v[values], Queue: v[queue],
		})
	},
		catalog.Parameter{
			Name: processors, Doc: "processors", Default: writethrough.Default.Processors, Min: 1, Max: writethrough.MaxProcessors,
		},
		catalog.Parameter{
			Name: addresses, Doc: "addresses", Default: writethrough.Default.Addresses, Min: 1, Max: writethrough.MaxAddresses,
		},
		catalog.Parameter{Name: values, Doc: "values", Default: writethrough.Default.Values, Min: 1, Max: writethrough.MaxValues},
		catalog.Parameter{
			Name: queue, Doc: "requests that wait for the memory, at most", Default: writethrough.Default.Queue, Min: 1,
			Max: writethrough.MaxQueue,
		}),
}
