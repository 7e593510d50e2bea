package catalog

import (
	"synod/catalog"
	"synod/examples/tla/multipaxossmr"
	"synod/model"
)

// The names of parameters of the TLA+ examples.
const (
	writes = "writes"
	reads  = "reads"
	named  = "named"
)

// tlaEntries are models of the TLA+ examples, written from their rules.
var tlaEntries = []catalog.Entry{
	{
		Name:    "tla-multi-paxos-smr",
		Summary: "Multi-Paxos of replicas that serve one key, after a TLA+ example; a plain model",
		Parameters: []catalog.Parameter{
			{Name: replicas, Doc: "replicas", Default: multipaxossmr.Default.Replicas, Min: 1, Max: multipaxossmr.MaxReplicas},
			{Name: writes, Doc: "commands that write", Default: multipaxossmr.Default.Writes, Min: 1, Max: multipaxossmr.MaxCommands},
			{Name: reads, Doc: "commands that read", Default: multipaxossmr.Default.Reads, Max: multipaxossmr.MaxCommands},
			{Name: ballots, Doc: "ballots", Default: multipaxossmr.Default.Ballots, Min: 2, Max: multipaxossmr.MaxBallots},
			{Name: named, Doc: "replicas are told apart, instead of one state for all that differ in their names", Max: 1, Special: true},
		},
		Model: func(s catalog.Choice) (model.Source, error) {
			return multipaxossmr.Source(multipaxossmr.Config{
				Replicas: s.Values[replicas], Writes: s.Values[writes], Reads: s.Values[reads], Ballots: s.Values[ballots],
				Named: s.Values[named] == 1,
			})
		},
	},
}
