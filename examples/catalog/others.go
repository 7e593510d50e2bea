package catalog

import (
	"synod/catalog"
	"synod/examples/atomiccommit"
	"synod/examples/lease"
	"synod/examples/orderedlink"
	"synod/examples/philosophers"
	"synod/examples/pingpong"
	"synod/examples/tokenring"
	"synod/examples/twophase"
	"synod/examples/zoo"
	"synod/model"
	"synod/network"
)

// The names of parameters.
const (
	managers = "managers"
	sites    = "sites"
	phases   = "phases"
	hasty    = "hasty"
	attempts = "attempts"
	messages = "messages"
	guests   = "philosophers"
	meals    = "meals"
	polite   = "polite"
	hits     = "hits"
	nodes    = "nodes"
	laps     = "laps"
)

// commitEntries are the models of atomic commitment.
var commitEntries = []catalog.Entry{
	{
		Name:    "two-phase-commit",
		Summary: "Two-phase commit of a transaction by resource managers; a plain model",
		Parameters: []catalog.Parameter{
			{Name: managers, Doc: "resource managers", Default: twophase.Default.Managers, Min: 1, Max: twophase.MaxManagers},
		},
		Model: func(s catalog.Choice) (model.Source, error) {
			return zoo.TwoPhaseCommit(s.Mutant, twophase.Config{Managers: s.Values[managers]})
		},
	},
	{
		Name:    "three-phase-commit",
		Summary: "Three-phase commit: does not block on a crash, if timers outlast messages",
		Parameters: []catalog.Parameter{
			{
				Name: sites, Doc: "sites besides the central one",
				Default: atomiccommit.Default.Sites, Min: 1, Max: atomiccommit.MaxSites,
			},
			{
				Name: phases, Doc: "3, or 2 for two-phase commit, which can block", Default: atomiccommit.Default.Phases, Min: 2, Max: 3,
			},
			{Name: hasty, Doc: "timers may fire while messages are in flight", Max: 1, Special: true},
		},
		Networks: []network.Semantics{network.UnorderedNonDuplicating, network.Ordered},
		Model: func(s catalog.Choice) (model.Source, error) {
			c := atomiccommit.Config{
				Sites: s.Values[sites], Phases: s.Values[phases], Hasty: s.Values[hasty] == 1, Config: s.Config,
			}
			return zoo.ThreePhaseCommit(s.Mutant, c), c.Validate()
		},
	},
}

// otherEntries are the other models.
var otherEntries = []catalog.Entry{
	{
		Name:    "lease",
		Summary: "A lock that a server grants for a limited time",
		Parameters: []catalog.Parameter{
			{Name: clients, Doc: "clients that want the lock", Default: lease.Default.Clients, Min: 1, Max: lease.MaxClients},
			{
				Name: attempts, Doc: "attempts of each client to get the lock",
				Default: lease.Default.Attempts, Min: 1, Max: lease.MaxAttempts,
			},
		},
		Networks: network.All(),
		Model: func(s catalog.Choice) (model.Source, error) {
			c := lease.Config{Clients: s.Values[clients], Attempts: s.Values[attempts], Config: s.Config}
			return zoo.Lease(s.Mutant, c), c.Validate()
		},
	},
	{
		Name:    "ordered-link",
		Summary: "Exactly-once, in-order delivery over a network that repeats and loses messages",
		Parameters: []catalog.Parameter{
			{
				Name: messages, Doc: "messages to send",
				Default: orderedlink.Default.Messages, Min: 1, Max: orderedlink.MaxMessages,
			},
		},
		Networks: []network.Semantics{network.UnorderedDuplicating},
		Model: func(s catalog.Choice) (model.Source, error) {
			c := orderedlink.Config{Messages: s.Values[messages], Config: s.Config}
			return zoo.OrderedLink(s.Mutant, c), c.Validate()
		},
	},
	{
		Name:    "dining-philosophers",
		Summary: "Dining philosophers; can deadlock",
		Parameters: []catalog.Parameter{
			{
				Name: guests, Doc: "number of philosophers and of forks",
				Default: philosophers.Default.Philosophers, Min: 2, Max: philosophers.MaxPhilosophers,
			},
			{Name: meals, Doc: "meals of each philosopher", Default: philosophers.Default.Meals, Min: 1, Max: philosophers.MaxMeals},
			{Name: polite, Doc: "the last philosopher takes the other fork first", Max: 1, Special: true},
		},
		Networks:  []network.Semantics{network.Ordered, network.UnorderedNonDuplicating},
		Timers:    never,
		Unfailing: true,
		Model: func(s catalog.Choice) (model.Source, error) {
			c := philosophers.Config{
				Philosophers: s.Values[guests], Meals: s.Values[meals], Polite: s.Values[polite] == 1, Config: s.Config,
			}
			return zoo.DiningPhilosophers(s.Mutant, c), c.Validate()
		},
	},
	{
		Name:       "ping-pong",
		Summary:    "Two players send a ball back and forth; the first model to read",
		Parameters: []catalog.Parameter{{Name: hits, Doc: "hits of the game", Default: pingpong.Default.Hits, Min: 1, Max: pingpong.MaxHits}},
		Networks:   network.All(),
		Timers:     never,
		Unfailing:  true,
		Model: func(s catalog.Choice) (model.Source, error) {
			c := pingpong.Config{Hits: s.Values[hits], Config: s.Config}
			return zoo.PingPong(s.Mutant, c), c.Validate()
		},
	},
	{
		Name:    "token-ring",
		Summary: "Mutual exclusion by token passing",
		Parameters: []catalog.Parameter{
			{Name: nodes, Doc: "nodes of the ring", Default: tokenring.Default.Nodes, Min: 2, Max: tokenring.MaxNodes},
			{Name: laps, Doc: "rounds of the token", Default: tokenring.Default.Laps, Min: 1, Max: tokenring.MaxLaps},
		},
		Networks:  network.All(),
		Timers:    never,
		Unfailing: true,
		Model: func(s catalog.Choice) (model.Source, error) {
			c := tokenring.Config{Nodes: s.Values[nodes], Laps: s.Values[laps], Config: s.Config}
			return zoo.TokenRing(s.Mutant, c), c.Validate()
		},
	},
}
