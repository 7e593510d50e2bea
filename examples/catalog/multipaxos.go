package catalog

import (
	"fmt"
	"strconv"
	"time"

	"synod/actor"
	"synod/catalog"
	"synod/examples/multipaxos"
	"synod/examples/multipaxos/wire"
	"synod/examples/zoo"
	"synod/model"
	"synod/network"
	protocol "synod/paxos/multipaxos"
	"synod/paxos/rsm"
	"synod/spawn"
)

// The names of parameters.
const (
	replicas  = "replicas"
	leaders   = "leaders"
	acceptors = "acceptors"
	commands  = "commands"
	pipeline  = "pipeline"
	ballots   = "ballots"
	window    = "window"
	batch     = "batch"
	machine   = "machine"
	reduceLog = "newest-only"
	endings   = "end-sessions"
	part      = "part"
	patience  = "patience"
	forward   = "forward"
	chunk     = "chunk"
	changes   = "changes"
	members   = "members"
	next      = "next-members"
	readIndex = "read-index"
	lasting   = "lease"
	drift     = "drift"
)

// multiPaxosEntries are the two compositions of Multi-Paxos.
var multiPaxosEntries = []catalog.Entry{
	{
		Name:    "multi-paxos",
		Summary: "Multi-Paxos, replicating a state machine; each server is replica, leader and acceptor",
		Parameters: append(multiPaxosParameters(multipaxos.Default, catalog.Parameter{
			Name: servers, Doc: "servers", Default: multipaxos.Default.Servers, Min: 1, Max: multipaxos.MaxServers,
		}),
			catalog.Parameter{
				Name: readIndex, Doc: "servers answer reads without a slot, after a round of the leader's ballot", Max: 1, Special: true,
			},
			catalog.Parameter{
				Name: lasting, Doc: "with read-index, ticks of an acceptor's clock for which it grants a lease; 0 for no leases",
				Max: mostTicks, Special: true,
			},
			catalog.Parameter{
				Name: drift, Doc: "ticks by which servers expect clocks to drift during a lease; they drift by 1",
				Default: multipaxos.Default.Drift, Max: mostTicks, Special: true,
			},
			catalog.Parameter{
				Name: changes, Doc: "how often an administrator has other servers vote; 0 for all servers always",
				Max: multipaxos.MaxCommands, Special: true,
			},
			catalog.Parameter{
				Name: members, Doc: "with changes, the first so many servers vote at first, and again after every second change",
				Max: multipaxos.MaxServers, Special: true,
			},
			catalog.Parameter{
				Name: next, Doc: "with changes, the last so many servers vote after every other change", Max: multipaxos.MaxServers,
				Special: true,
			}),
		Networks: network.All(),
		Timers:   func(values map[string]int) bool { return values[resends] > 0 || values[lasting] > 0 },
		Live:     true,
		Model: func(s catalog.Choice) (model.Source, error) {
			c := multiPaxosConfig(s)
			return zoo.MultiPaxos(s.Mutant, c), c.Validate()
		},
		Servers: multiPaxosServers,
	},
	{
		Name:    "multi-paxos-roles",
		Summary: "Multi-Paxos as in the figures of its paper, with separate replicas, leaders and acceptors",
		Parameters: multiPaxosParameters(multipaxos.DefaultRoles,
			catalog.Parameter{
				Name: replicas, Doc: "replicas", Default: multipaxos.DefaultRoles.Replicas, Min: 1, Max: multipaxos.MaxServers,
			},
			catalog.Parameter{
				Name: leaders, Doc: "leaders", Default: multipaxos.DefaultRoles.Leaders, Min: 1, Max: multipaxos.MaxServers,
			},
			catalog.Parameter{
				Name: acceptors, Doc: "acceptors", Default: multipaxos.DefaultRoles.Acceptors, Min: 1, Max: multipaxos.MaxServers,
			}),
		Networks: network.All(),
		Timers:   func(values map[string]int) bool { return values[resends] > 0 },
		Live:     true,
		Model: func(s catalog.Choice) (model.Source, error) {
			c := multiPaxosConfig(s)
			return multipaxos.RolesSystem(c), c.ValidateRoles()
		},
	},
}

// mostTicks is the longest lease in ticks.
const mostTicks = 9

// multiPaxosServers are those of Multi-Paxos, with a key-value store.
var multiPaxosServers = &catalog.Servers{
	Options: []catalog.ServerOption{{
		Name: members, Doc: "servers that vote at first, by address or place, such as --members=0,1,2; clients can change them",
		Expects: "servers by address or place, each once, such as 0,1,2", Valid: wire.ValidMembers,
	}, {
		Name: collect, Doc: "executed slots after which a server makes a snapshot; 0 is never",
		Usual: strconv.Itoa(wire.Collect), Tried: "64",
		Expects: fmt.Sprintf("a number of slots, 0 to %d", mostCollected), Valid: func(value string) bool {
			n, err := strconv.ParseUint(value, 10, 64)
			return err == nil && n <= mostCollected
		},
	}, {
		Name: readIndex, Doc: "gets are answered after a round of the leader's ballot instead of going through the log",
		Bare: "true", Usual: "true", Tried: "true", Expects: "true or false",
		Valid: func(value string) bool { return value == "true" || value == "false" },
	}, {
		Name: lasting, Doc: "a leader answers gets for so long after such a round without a further one; 0 is never",
		Usual: "0s", Tried: "400ms", Expects: "a duration such as 400ms, up to 1h, or 0", Valid: validLease,
	}, {
		Name: drift, Doc: "the most by which the clocks of two servers may disagree about how long a lease is",
		Usual: usualDrift.String(), Expects: "a duration such as 50ms, up to 1h, or 0", Valid: validLease,
	}},
	Program: func(v catalog.Variant) spawn.Program {
		p := spawn.NewProgramOf("multi-paxos", wire.Version, storeServer(v), wire.Messages, wire.Records,
			spawn.Example{Message: storeRequest(1, rsm.Put, "k", "v")},
			spawn.Example{Server: 1, Message: storeRequest(2, rsm.Get, "k", "")})
		first, options := v[members], storeOptions(v)
		if first != "" || options.Lease > 0 {
			p.Admit = func(servers []actor.ID) (string, error) {
				switch {
				case options.Lease > 0 && !options.ReadIndex:
					return "", fmt.Errorf("lease %v: requires read-index, whose rounds grant it", options.Lease)
				case options.Lease > 0 && options.Drift >= options.Lease:
					return "", fmt.Errorf("lease %v: must be longer than the drift, which is %v", options.Lease, options.Drift)
				case first == "":
					return "", nil
				}
				ids, err := wire.ParseMembers(first, servers)
				if err != nil {
					return "", fmt.Errorf("%s %w", members, err)
				}
				return fmt.Sprintf("at first %v", ids), nil
			}
		}
		return p
	},
	Service: wire.Store,
}

// mostCollected is the most slots after which a server makes a snapshot.
const mostCollected = 1 << 20

// storeServer returns the servers of the store with some options.
func storeServer(v catalog.Variant) func(self actor.ID, servers []actor.ID) actor.Typed[storeState, rsm.Message] {
	options := storeOptions(v)
	return func(self actor.ID, servers []actor.ID) actor.Typed[storeState, rsm.Message] {
		s := protocol.Server[map[string]string, rsm.StoreOp, rsm.StoreResult]{
			Options: options, Machine: rsm.Store{}, Peers: actor.Others(servers, self), Size: wire.Size,
		}
		if first, err := wire.ParseMembers(v[members], servers); v[members] != "" && err == nil {
			s.Machine, s.Members = wire.Changing{Servers: servers}, first
		}
		return s.New()
	}
}

// storeOptions returns the options of the protocol.
func storeOptions(v catalog.Variant) protocol.Options {
	options := served
	options.ReadIndex = v[readIndex] != "false"
	if n, err := strconv.ParseUint(v[collect], 10, 64); err == nil {
		options.Collect = rsm.Slot(n)
		options.Retain = min(options.Retain, options.Collect/4)
	}
	if d, err := time.ParseDuration(v[lasting]); err == nil && d > 0 {
		options.Lease, options.Drift = d, usualDrift
		if most, err := time.ParseDuration(v[drift]); err == nil {
			options.Drift = most
		}
	}
	return options
}

// usualDrift is the drift that a lease allows for unless told otherwise: far more than quartz clocks have.
const usualDrift = 50 * time.Millisecond

func validLease(value string) bool {
	d, err := time.ParseDuration(value)
	return err == nil && d >= 0 && d <= time.Hour
}

// storeState is the local state of a server of the store.
type storeState = protocol.State[map[string]string, rsm.StoreOp, rsm.StoreResult]

// served is what servers do beyond the figures of the paper. Every message must fit into a datagram.
var served = protocol.Options{
	Window: wire.Window, Batch: 64, Bytes: wire.SlotBytes, Part: wire.Part, PartBytes: wire.PartBytes, Reduce: true,
	Forward: true,
	Collect: wire.Collect, Retain: wire.Retain, CollectBytes: wire.CollectBytes, Chunk: wire.Chunk,
	ReadIndex: true,
	Resend:    50 * time.Millisecond, Patience: 500 * time.Millisecond, Adaptive: true,
}

// storeRequest is a request as netcat may send it.
func storeRequest(local int, kind rsm.StoreKind, key, value string) string {
	return fmt.Sprintf(`{"Request":{"command":{"id":{"client":0,"local":%d},"op":{"kind":%d,"key":%q,"value":%q,"old":""},`+
		`"end":false,"floor":0}}}`, local, kind, key, value)
}

func multiPaxosParameters(d multipaxos.Config, sizes ...catalog.Parameter) []catalog.Parameter {
	return append(sizes,
		catalog.Parameter{Name: clients, Doc: "clients", Default: d.Clients, Min: 1, Max: multipaxos.MaxClients},
		catalog.Parameter{
			Name: commands, Doc: "commands of each client", Default: d.Commands, Min: 1, Max: multipaxos.MaxCommands,
		},
		catalog.Parameter{
			Name: ballots, Doc: "number of ballots to explore, of the leaders in turn", Default: d.Ballots, Min: 1, Max: maxPuts,
		},
		catalog.Parameter{
			Name: window, Doc: "slots beyond the last executed one that a replica proposes for", Default: d.Window,
			Min: 1, Max: maxPuts, Special: true,
		},
		catalog.Parameter{
			Name: batch, Doc: "maximum number of commands in a slot", Default: d.Batch, Min: 1, Max: maxPuts, Special: true,
		},
		catalog.Parameter{
			Name: pipeline, Doc: "maximum number of outstanding commands of a client", Default: 1,
			Min: 1, Max: multipaxos.MaxCommands, Special: true,
		},
		catalog.Parameter{
			Name: resends, Doc: "maximum number of resends on a path", Max: maxPuts, Special: true,
		},
		catalog.Parameter{
			Name: machine, Doc: "replicated state machine: 0 = register, 1 = log, 2 = key-value store", Max: multipaxos.OfStore,
			Special: true,
		},
		catalog.Parameter{
			Name: reduceLog, Doc: "acceptors keep only the newest vote of each slot", Max: 1, Special: true,
		},
		catalog.Parameter{
			Name: collect, Doc: "slots after which a replica makes a snapshot and forgets their decisions; 0 for never", Max: maxPuts,
			Special: true,
		},
		catalog.Parameter{
			Name: chunk, Doc: "maximum number of bytes of a snapshot in a message; 0 for no limit", Max: maxPuts, Special: true,
		},
		catalog.Parameter{
			Name: part, Doc: "number of slots with votes that an acceptor reports to a scout in a message; 0 for all", Max: maxPuts, Special: true,
		},
		catalog.Parameter{
			Name: patience,
			Doc:  "reaction of a preempted leader: 0 = retry at once, 1 = wait for pings, 2 = wait longer each time",
			Max:  2, Special: true,
		},
		catalog.Parameter{
			Name: forward, Doc: "servers forward commands to the server of the active leader, which proposes for all",
			Max: 1, Special: true,
		},
		catalog.Parameter{Name: endings, Doc: "clients end their sessions", Max: 1, Special: true})
}

func multiPaxosConfig(s catalog.Choice) multipaxos.Config {
	v := s.Values
	return multipaxos.Config{
		Servers: v[servers], Replicas: v[replicas], Leaders: v[leaders], Acceptors: v[acceptors],
		Clients: v[clients], Commands: v[commands], Pipeline: v[pipeline], Ballots: v[ballots], Window: v[window],
		Batch: v[batch], Reduce: v[reduceLog] == 1, Part: v[part], Collect: v[collect], Chunk: v[chunk],
		Patient: v[patience] > 0, Adaptive: v[patience] == 2, Forward: v[forward] == 1,
		Resends: v[resends], End: v[endings] == 1,
		Machine: v[machine], Live: s.Live, Config: s.Config,
		ReadIndex: v[readIndex] == 1, Lease: v[lasting], Drift: v[drift],
		Changes: v[changes], Members: v[members], Next: v[next],
	}
}
