package catalog

import (
	"synod/actor"
	"synod/catalog"
	multipaxoswire "synod/examples/multipaxos/wire"
	"synod/examples/systembuilders"
	"synod/examples/systembuilders/wire"
	"synod/examples/zoo"
	"synod/model"
	"synod/network"
	"synod/paxos/rsm"
	protocol "synod/paxos/systembuilders"
	"synod/spawn"
)

// The names of parameters.
const (
	views    = "views"
	electing = "electing"
	collect  = "collect"
	begin    = "begin"
	insist   = "insist"
	lost     = "lost"
	change   = "change"
	list     = "list"
)

// systemBuildersEntries is "Paxos for System Builders".
var systemBuildersEntries = []catalog.Entry{{
	Name:    "system-builders",
	Summary: "Paxos for System Builders, replicating a state machine in views with rotating leaders",
	Parameters: []catalog.Parameter{
		{
			Name: servers, Doc: "servers", Default: systembuilders.Default.Servers, Min: 1, Max: systembuilders.MaxServers,
		},
		{
			Name: clients, Doc: "clients", Default: systembuilders.Default.Clients, Min: 1, Max: systembuilders.MaxClients,
		},
		{
			Name: commands, Doc: "commands of each client", Default: systembuilders.Default.Commands,
			Min: 1, Max: systembuilders.MaxCommands,
		},
		{
			Name: views, Doc: "the last view to explore", Default: systembuilders.Default.Views,
			Min: 1, Max: maxPuts,
		},
		{
			Name: electing, Doc: "start with an election; otherwise server 0 leads view 0 from the start", Max: 1,
			Special: true,
		},
		{
			Name: window, Doc: "slots beyond the last executed one that a leader proposes for",
			Default: systembuilders.Default.Window, Min: 1, Max: maxPuts, Special: true,
		},
		{
			Name: batch, Doc: "maximum number of updates in a slot", Default: systembuilders.Default.Batch, Min: 1, Max: maxPuts,
			Special: true,
		},
		{
			Name: pipeline, Doc: "maximum number of outstanding commands of a client", Default: 1,
			Min: 1, Max: systembuilders.MaxCommands, Special: true,
		},
		{
			Name: resends, Doc: "maximum number of resends on a path", Max: maxPuts, Special: true,
		},
		{
			Name: machine, Doc: "replicated state machine: 0 = register, 1 = log, 2 = key-value store", Max: systembuilders.OfStore,
			Special: true,
		},
		{
			Name: collect, Doc: "slots after which servers make a snapshot and forget their updates; 0 for never", Max: maxPuts,
			Special: true,
		},
		{
			Name: part, Doc: "maximum number of bytes of a snapshot in a message; 0 for no limit", Max: maxPuts, Special: true,
		},
		{
			Name: list, Doc: "maximum number of slots in an answer to a Prepare, whose rest the leader requests; 0 for no limit", Max: maxPuts,
			Special: true,
		},
		{
			Name: begin, Doc: "where it begins: 0 at the start, 1 with an update bound at two slots, 2 with two updates bound at " +
				"one slot; see the page of the model", Max: systembuilders.Rivals, Special: true,
		},
		{
			Name: insist, Doc: "clients resend a command to the same server, not to the next one", Max: 1,
			Special: true,
		},
		{
			Name: forward, Doc: "pending updates that a server has with the leader at a time, and none in election; 0 for all",
			Max: maxPuts, Special: true,
		},
		{
			Name: lost, Doc: "number of servers, the last ones, that may lose their disks, once each", Max: systembuilders.MaxServers,
			Special: true,
		},
		{
			Name: members, Doc: "number of servers, the first ones, that are members at the start; 0 for all", Max: systembuilders.MaxServers,
			Special: true,
		},
		{
			Name: change, Doc: "who an update makes the members: the sum of 1 for server 0, 2 for server 1, 4 for server 2 …; " +
				"0 for no change", Max: 1<<systembuilders.MaxServers - 1, Special: true,
		},
		{Name: endings, Doc: "clients end their sessions", Max: 1, Special: true},
	},
	Networks: network.All(),
	Timers:   func(map[string]int) bool { return true },
	Live:     true,
	Model: func(s catalog.Choice) (model.Source, error) {
		c := systemBuildersConfig(s)
		return zoo.SystemBuilders(s.Mutant, c), c.Validate()
	},
	Servers: systemBuildersServers,
}}

// systemBuildersServers are its servers, with a key-value store.
var systemBuildersServers = &catalog.Servers{
	Program: func(catalog.Variant) spawn.Program {
		type state = protocol.State[map[string]string, rsm.StoreOp, rsm.StoreResult]
		server := func(others []actor.ID) actor.Typed[state, rsm.Message] { return wire.NewServer(others).New() }
		return spawn.NewProgram("system-builders", wire.Version, server, wire.Messages, wire.Records,
			spawn.Example{Message: storeRequest(1, rsm.Put, "k", "v")},
			spawn.Example{Server: 1, Message: storeRequest(2, rsm.Get, "k", "")})
	},
	Service: multipaxoswire.StoreBy(wire.Messages),
}

func systemBuildersConfig(s catalog.Choice) systembuilders.Config {
	v := s.Values
	return systembuilders.Config{
		Servers: v[servers], Clients: v[clients], Commands: v[commands], Pipeline: v[pipeline], Views: v[views],
		Electing: v[electing] == 1, Window: v[window], Batch: v[batch], Resends: v[resends], Insist: v[insist] == 1,
		End: v[endings] == 1, Collect: v[collect], Part: v[part], Forward: v[forward], List: v[list], Lost: v[lost], Members: v[members], Change: v[change],
		Begin: v[begin], Machine: v[machine], Live: s.Live, Config: s.Config,
	}
}
