// Package multipaxos composes Multi-Paxos, clients of a replicated machine and a network into models: servers that
// have all roles ([System]), or roles as separate actors ([RolesSystem]).
package multipaxos

import (
	"errors"
	"fmt"
	"time"

	"synod/actor"
	"synod/examples/replicated"
	"synod/model"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
)

// The machines that can be replicated.
const (
	OfRegister = iota // a register that clients write and then read
	OfLog             // a log that clients append to and then read
	OfStore           // a store with one key that clients put, swap and read
)

// Config is the configuration of a system. Servers have the ids 0 … Servers−1; separate replicas, leaders and
// acceptors have ids in this order. Clients have the ids that follow.
type Config struct {
	Servers      int  // 1 to MaxServers
	Replicas     int  // separate roles, as the next two; 1 to MaxServers
	Leaders      int  // 1 to MaxServers
	Acceptors    int  // 1 to MaxServers
	Clients      int  // 1 to MaxClients
	Commands     int  // commands per client, in sequence; 1 to MaxCommands
	Pipeline     int  // maximum number of unanswered commands per client; 0 for 1
	Ballots      int  // number of ballots: 2 are those of the first two leaders in round 1; at least 1
	Window       int  // number of slots, from the first not executed, that a replica proposes for; at least 1
	Batch        int  // maximum number of commands in a slot; at least 1
	Part         int  // maximum number of slots whose votes fit in one answer to a scout; 0 for no limit
	Patient      bool // a passive leader waits for pings of the active one, section 3; requires Resends
	Adaptive     bool // it waits longer after each preemption; requires Patient
	Reduce       bool // state reduction, section 4.1
	Collect      int  // slots after which a replica makes a snapshot, section 4.2; 0 for never; requires Reduce
	Chunk        int  // maximum number of bytes of a snapshot in one message; 0 for no limit
	Forward      bool // servers forward commands to the server of the active leader, section 4.4
	ReadIndex    bool // servers answer reads without a slot, after a round of the leader's ballot
	Lease        int  // ticks of an acceptor's clock for which it grants a lease; 0 for no leases; requires ReadIndex
	Drift        int  // ticks by which servers expect clocks to drift during a lease; less than Lease
	Resends      int  // maximum number of resends on a path; 0 for none
	Live         bool // every client is served eventually, a property of infinite paths; resends are not bounded
	End          bool // clients end their sessions
	Machine      int  // OfRegister, OfLog or OfStore
	Changes      int  // number of membership changes, section 2.1; 0 if all servers always vote; requires Reduce
	Members      int  // number of first servers that vote initially, and after each second change
	Next         int  // number of last servers that vote after the first change, and after each second one from there
	model.Config      // the network and the faults; servers may crash
}

// The bounds of a Config.
const (
	MaxServers  = 9
	MaxClients  = 9
	MaxCommands = replicated.MaxCommands
)

// Default has three servers, two ballots, and two clients with one command each.
var Default = Config{Servers: 3, Clients: 2, Commands: 1, Ballots: 2, Window: 2, Batch: 1, Drift: 1}

// DefaultRoles has two replicas, two leaders, three acceptors, and a client with one command.
var DefaultRoles = Config{
	Replicas: 2, Leaders: 2, Acceptors: 3, Clients: 1, Commands: 1, Ballots: 2, Window: 2, Batch: 1,
}

func (c Config) validate(counts ...count) error {
	counts = append(counts, count{"clients", c.Clients, MaxClients}, count{"commands", c.Commands, MaxCommands})
	for _, n := range counts {
		if n.n < 1 || n.n > n.most {
			return fmt.Errorf("%d %s: must be 1 to %d", n.n, n.what, n.most)
		}
	}
	switch {
	case c.Ballots < 1 || c.Window < 1 || c.Batch < 1:
		return fmt.Errorf("ballots %d, window %d, batch %d: must be at least 1", c.Ballots, c.Window, c.Batch)
	case c.Part < 0:
		return fmt.Errorf("part %d: must not be negative", c.Part)
	case c.Collect < 0 || c.Chunk < 0:
		return fmt.Errorf("collect %d, chunk %d: must not be negative", c.Collect, c.Chunk)
	case c.Collect > 0 && !c.Reduce:
		return errors.New("collect requires newest-only: leaders would propose again for slots that are collected")
	case c.Chunk > 0 && c.Collect == 0:
		return fmt.Errorf("chunk %d requires collect, as there are no snapshots otherwise", c.Chunk)
	case c.Patient && c.Resends == 0:
		return errors.New("patience needs resends, as timeouts send pings and end it")
	case c.Adaptive && !c.Patient:
		return errors.New("only who has patience adapts it")
	case c.Lease < 0 || c.Drift < 0 || c.Lease > 0 && c.Drift >= c.Lease:
		return fmt.Errorf("lease %d, drift %d: clocks must drift by less than a lease, and not by less than 0", c.Lease, c.Drift)
	case c.Lease > 0 && !c.ReadIndex:
		return errors.New("lease requires read-index, whose rounds grant it")
	case c.Lease > 0 && c.Resends > 0:
		return errors.New("lease excludes resends, whose timeouts are counted as ticks are")
	case c.Changes < 0 || c.Changes > MaxCommands:
		return fmt.Errorf("%d changes: must be 0 to %d", c.Changes, MaxCommands)
	case c.Changes > 0 && !c.Reduce:
		return errors.New("changes require newest-only: leaders would ask for votes in slots whose members are forgotten")
	case c.Changes == 0 && (c.Members > 0 || c.Next > 0):
		return errors.New("members and next-members require changes, as all servers vote otherwise")
	case c.Changes > 0 && (c.Members < 1 || c.Next < 1 || max(c.Members, c.Next) > c.Servers):
		return fmt.Errorf("%d members and then %d: must be 1 to %d, the number of servers", c.Members, c.Next, c.Servers)
	case c.Machine < OfRegister || c.Machine > OfStore:
		return fmt.Errorf("machine %d: must be 0 to %d", c.Machine, OfStore)
	}
	return nil
}

type count struct {
	what    string
	n, most int
}

// Validate returns an error if the configuration is invalid for servers.
func (c Config) Validate() error {
	return c.validate(count{"servers", c.Servers, MaxServers})
}

// ValidateRoles returns an error if the configuration is invalid for separate roles.
func (c Config) ValidateRoles() error {
	return c.validate(count{"replicas", c.Replicas, MaxServers}, count{"leaders", c.Leaders, MaxServers},
		count{"acceptors", c.Acceptors, MaxServers})
}

// options returns the options of the protocol. A model does not represent elapsed time.
func (c Config) options(leaders []actor.ID) multipaxos.Options {
	last := c.Ballots - 1
	o := multipaxos.Options{
		Window: rsm.Slot(c.Window), Batch: c.Batch, Part: c.Part, Reduce: c.Reduce, Forward: c.Forward,
		Collect: rsm.Slot(c.Collect), Chunk: c.Chunk, ReadIndex: c.ReadIndex,
		Last: multipaxos.Ballot{Round: uint64(last/len(leaders)) + 1, Leader: leaders[last%len(leaders)]},
	}
	if c.Resends > 0 {
		o.Resend = time.Second
	}
	if c.Lease > 0 {
		o.Lease, o.Drift = time.Duration(c.Lease)*time.Duration(tick), time.Duration(c.Drift)*time.Duration(tick)
	}
	if c.Patient {
		o.Patience, o.Adaptive = time.Second, c.Adaptive
	}
	return o
}

// bounded returns the model's configuration, with the bound on resends.
func (c Config) bounded() model.Config {
	m := c.Config
	if c.Resends > 0 && m.MaxTimeouts == 0 && !c.Live {
		m.MaxTimeouts = c.Resends
	}
	return m
}

// clientResends returns how often a client resends a command; negative if resends are not bounded.
func (c Config) clientResends() int {
	if c.Live && c.Resends > 0 {
		return -1
	}
	return c.Resends
}

// members returns the servers that vote after a number of changes.
func (c Config) members(changes int) []actor.ID {
	all := actor.IDs(c.Servers)
	if changes%2 == 0 {
		return all[:c.Members]
	}
	return all[c.Servers-c.Next:]
}

// System returns the model of servers that have all roles. Checking the model reports an error if the configuration
// is invalid.
func System(c Config) *model.System[rsm.Message] {
	switch c.Machine {
	case OfLog:
		return replicate(c, "log", rsm.Log{Acknowledge: true}, replicated.LogOps)
	case OfStore:
		return replicate(c, "store", rsm.Store{}, replicated.StoreOps)
	case OfRegister:
	}
	return replicate(c, "register", rsm.Register[Value]{}, replicated.RegisterOps[Value])
}

// replicate composes servers of a machine, which supports reconfiguration if there are Changes.
func replicate[S, O, R any](
	c Config, name string, m rsm.Machine[S, O, R], ops func(client, commands int) []O,
) *model.System[rsm.Message] {
	if c.Changes == 0 {
		return compose(c, name, m, ops).System
	}
	changing := func(client, commands int) []rsm.Change[O] {
		var all []rsm.Change[O]
		if client == c.Clients { // the administrator
			for k := range c.Changes {
				all = append(all, rsm.Change[O]{Members: actor.ListOf(c.members(k + 1)...)})
			}
			return all
		}
		for _, op := range ops(client, commands) {
			all = append(all, rsm.Change[O]{Op: op})
		}
		return all
	}
	return compose[S, rsm.Change[O], R](c, name, rsm.Changing[S, O, R]{Of: m}, changing).System
}

// RolesSystem returns the model of separate roles.
func RolesSystem(c Config) *model.System[rsm.Message] {
	switch c.Machine {
	case OfLog:
		return composeRoles(c, "log", rsm.Log{Acknowledge: true}, replicated.LogOps).System
	case OfStore:
		return composeRoles(c, "store", rsm.Store{}, replicated.StoreOps).System
	case OfRegister:
	}
	return composeRoles(c, "register", rsm.Register[Value]{}, replicated.RegisterOps[Value]).System
}

// Value is a value that clients write: 'A' and so on, one letter for each client and command. It is initially 0.
type Value rune

// String returns the letter, or "none" for 0.
func (v Value) String() string {
	if v == 0 {
		return "none"
	}
	return string(v)
}

// compose returns the model of servers of a machine.
func compose[S, O, R any](
	c Config, name string, m rsm.Machine[S, O, R], ops func(client, commands int) []O,
) *system[O] {
	sys := model.NewSystem[rsm.Message](c.bounded())
	if err := c.Validate(); err != nil {
		sys.Check(err)
		return &system[O]{System: sys}
	}
	ids := actor.IDs(c.Servers)
	options := c.options(ids)
	look := &system[O]{System: sys, config: c, last: options.Last, electorate: ids}
	if c.Changes > 0 {
		look.electorate = c.members(0)
	}
	for _, id := range ids {
		server := multipaxos.Server[S, O, R]{Options: options, Machine: m, Peers: actor.Others(ids, id)}
		if c.Changes > 0 {
			server.Members = c.members(0)
		}
		if c.Lease == 0 {
			addServer(look, m, model.Add(sys, id, server.New()), func(st multipaxos.State[S, O, R]) multipaxos.State[S, O, R] {
				return st
			})
			continue
		}
		type state = Clocked[multipaxos.State[S, O, R]]
		ref := model.Add(sys, id, clocked(server.New()))
		addServer(look, m, ref, func(st state) multipaxos.State[S, O, R] { return st.Server })
		look.clocks = append(look.clocks, model.Project(sys, ref, func(st state) int { return st.Reading }))
		look.leases = append(look.leases, model.Project(sys, ref, func(st state) bool { return st.Server.Leased() }))
	}
	addClients(look, name, m, ids, c.Servers, ops)
	sys.Crashable(ids...)
	sys.Roles("server", ids...)
	look.draw(ids, ids)
	look.demand()
	if c.Patient {
		look.patient(options)
	}
	if c.Lease > 0 {
		look.keepTime()
	}
	return look
}

// addServer adds a server to those that properties read. Its state is a part of T.
func addServer[T, S, O, R any](
	look *system[O], m rsm.Machine[S, O, R], ref model.Ref[T], of func(T) multipaxos.State[S, O, R],
) {
	look.acceptors = append(look.acceptors, project(look.System, ref, func(st T) multipaxos.Acceptor[O] {
		return of(st).Acceptor
	}))
	look.leaders = append(look.leaders, project(look.System, ref, func(st T) multipaxos.Leader[O] { return of(st).Leader }))
	look.replicas = append(look.replicas, project(look.System, ref, func(st T) replica[O] {
		return readReplica(m, of(st).Replica)
	}))
}

// composeRoles returns the model of separate roles.
func composeRoles[S, O, R any](
	c Config, name string, m rsm.Machine[S, O, R], ops func(client, commands int) []O,
) *system[O] {
	sys := model.NewSystem[rsm.Message](c.bounded())
	if err := c.ValidateRoles(); err != nil {
		sys.Check(err)
		return &system[O]{System: sys}
	}
	all := actor.IDs(c.Replicas + c.Leaders + c.Acceptors)
	roles := multipaxos.Roles{
		Replicas: all[:c.Replicas], Leaders: all[c.Replicas : c.Replicas+c.Leaders],
		Acceptors: all[c.Replicas+c.Leaders:],
	}
	roles.Options = c.options(roles.Leaders)
	look := &system[O]{
		System: sys, config: c, last: roles.Last, electorate: roles.Acceptors,
	}
	for _, id := range roles.Replicas {
		ref := model.Add(sys, id, multipaxos.NewReplica(roles, m))
		look.replicas = append(look.replicas, project(sys, ref, func(st multipaxos.Replica[S, O, R]) replica[O] {
			return readReplica(m, st)
		}))
	}
	for _, id := range roles.Leaders {
		ref := model.Add(sys, id, multipaxos.NewLeader[O, R](roles))
		look.leaders = append(look.leaders, project(sys, ref, whole[multipaxos.Leader[O]]))
	}
	for _, id := range roles.Acceptors {
		ref := model.Add(sys, id, multipaxos.NewAcceptor[O, R](roles))
		look.acceptors = append(look.acceptors, project(sys, ref, whole[multipaxos.Acceptor[O]]))
	}
	sys.Roles("replica", roles.Replicas...)
	sys.Roles("leader", roles.Leaders...)
	sys.Roles("acceptor", roles.Acceptors...)
	addClients(look, name, m, roles.Replicas, len(all), ops)
	sys.Crashable(all...)
	sys.Interchangeable(roles.Acceptors...)
	look.draw(roles.Replicas, roles.Acceptors)
	look.demand()
	return look
}

func whole[S any](st S) S { return st }

// project declares a projection to a type that may not be comparable. Its values are compared through pointers.
func project[S, T any](sys *model.System[rsm.Message], ref model.Ref[S], of func(S) T) model.Projection[*T] {
	return model.Project(sys, ref, func(st S) *T {
		part := of(st)
		return &part
	})
}

// addClients adds clients of the servers, with ids from first on, and the property that their history is
// linearizable.
func addClients[S, O, R any](
	sys *system[O], name string, m rsm.Machine[S, O, R],
	servers []actor.ID, first int, ops func(client, commands int) []O,
) {
	c := sys.config
	all := map[string]rsm.Command[O]{}
	clients := c.Clients
	if c.Changes > 0 {
		clients++ // the administrator
	}
	for i := range clients {
		id := actor.ID(first + i)
		client := rsm.ClientActor[O, R]{
			Servers: servers, Ops: ops(i, c.Commands), Pipeline: c.Pipeline, Resends: c.clientResends(), End: c.End,
		}
		if i == c.Clients {
			client.Pipeline = 1
			sys.changes = c.changes(id)
		}
		sys.clients = append(sys.clients, model.Add(sys.System, id, client.New()))
		sys.Roles("client", id)
		for k := range client.Total() {
			command := rsm.Command[O]{ID: rsm.ID{Client: rsm.Client(id), Local: rsm.Local(k + 1)}, End: k == len(client.Ops)}
			if !command.End {
				command.Op = client.Ops[k]
			}
			all[command.ID.String()] = command
			sys.commands = append(sys.commands, command.ID)
		}

	}
	sys.executes = func(chosen map[rsm.Slot]string, last rsm.Slot) string {
		return replicated.Execute(m, all, chosen, last)
	}
	history := model.Record(sys.System, rsm.Linearizable(name, m))
	sys.seen = func(v model.View) any { return history.In(v) }
}
