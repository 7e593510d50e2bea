// Package systembuilders composes the servers of "Paxos for System Builders", clients of a replicated machine and a
// network into a model to check.
package systembuilders

import (
	"errors"
	"fmt"
	"time"

	"synod/actor"
	"synod/examples/replicated"
	"synod/model"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
)

// The replicated machines.
const (
	OfRegister = iota // one value, which clients write and then read
	OfLog             // to which clients append, and which they then read
	OfStore           // of one key, which clients put, swap and read
)

// Config is the configuration of a system. Servers have the ids 0 … Servers−1; clients have the ids that follow.
type Config struct {
	Servers      int  // 1 to MaxServers
	Clients      int  // 1 to MaxClients
	Commands     int  // of each client, one after the other; 1 to MaxCommands
	Pipeline     int  // maximum number of unanswered commands of a client; 0 means 1
	Views        int  // the last view that is attempted; at least 1
	Electing     bool // servers begin by attempting view 1; otherwise they begin in view 0, led by server 0
	Window       int  // slots that the leader proposes for beyond the last executed one; at least 1
	Batch        int  // updates in a slot; at least 1
	Resends      int  // 0: nothing is ever sent again; otherwise the number of timeouts beyond those that the views need
	Collect      int  // slots after which servers make a snapshot and forget their updates; 0 means never
	Part         int  // maximum number of bytes of a snapshot in a message; 0 means no limit
	List         int  // maximum number of slots in an answer to a Prepare, unless it has one; 0 means no limit
	Forward      int  // maximum number of pending updates that a server has sent to the leader; 0 means no limit
	Lost         int  // number of servers, the last ones, that may lose their disks, once each
	Members      int  // number of initial members, the first servers; 0 means all
	Change       int  // the members that an update sets: bit i for server i; 0 if no update does
	Begin        int  // Start, Rebound or Rivals
	Live         bool // check that every client is served eventually, on infinite paths; resends are not bounded
	Insist       bool // clients send a command again to the server that they asked, not to the next one
	End          bool // clients end their sessions
	Machine      int  // OfRegister, OfLog or OfStore
	model.Config      // the network and its faults; servers may crash
}

// The bounds of a Config.
const (
	MaxServers  = 9
	MaxClients  = 9
	MaxCommands = replicated.MaxCommands
)

// Default is three servers that may change the view once, and a client with one command.
var Default = Config{Servers: 3, Clients: 1, Commands: 1, Views: 1, Window: 2, Batch: 1}

// Validate returns an error if the configuration is invalid.
func (c Config) Validate() error {
	for _, n := range []struct {
		what    string
		n, most int
	}{{"servers", c.Servers, MaxServers}, {"clients", c.Clients, MaxClients}, {"commands", c.Commands, MaxCommands}} {
		if n.n < 1 || n.n > n.most {
			return fmt.Errorf("%d %s: must be 1 to %d", n.n, n.what, n.most)
		}
	}
	switch {
	case c.Views < 1 || c.Window < 1 || c.Batch < 1:
		return fmt.Errorf("views %d, window %d, batch %d: must be at least 1", c.Views, c.Window, c.Batch)
	case min(c.Collect, c.Part, c.Forward, c.List) < 0:
		return fmt.Errorf("collect %d, part %d, forward %d, list %d: must not be negative", c.Collect, c.Part, c.Forward, c.List)
	case c.Lost < 0 || c.Lost > c.Servers:
		return fmt.Errorf("lost %d: must be 0 to the number of servers", c.Lost)
	case c.Members < 0 || c.Members > c.Servers || c.Change < 0 || c.Change >= 1<<c.Servers:
		return fmt.Errorf("members %d, change %d: must be some of the servers", c.Members, c.Change)
	case c.Members > 0 && c.Change == 0 || c.Change > 0 && (c.Lost > 0 || c.Begin != Start || c.Live):
		return errors.New("members and change go together, and not with lost, begin and fairness")
	case c.Part > 0 && c.Collect == 0:
		return fmt.Errorf("part %d requires collect, as there are no snapshots otherwise", c.Part)
	case c.List > 0 && c.Batch > 1:
		return fmt.Errorf("list %d: must be 0 with a batch of %d, as slots have different sizes", c.List, c.Batch)
	case c.Machine < OfRegister || c.Machine > OfStore:
		return fmt.Errorf("machine %d: must be 0 to %d", c.Machine, OfStore)
	}
	return c.validateBegin()
}

// options returns the options of the protocol. In a model the durations of timers do not matter.
func (c Config) options() systembuilders.Options {
	o := systembuilders.Options{
		Window: rsm.Slot(c.Window), Batch: c.Batch, Collect: rsm.Slot(c.Collect), Part: c.Part, Forward: c.Forward, ListBytes: c.List,
		Last: systembuilders.View(c.Views), Elected: !c.Electing,
		Recovery: c.Lost > 0,
	}
	if c.Change > 0 {
		o.Delay = o.Window
	}
	if c.Resends > 0 {
		o.Update, o.Proof, o.Resend = time.Second, time.Second, time.Second
	}
	return o
}

// clientResends returns how often a client sends a command again: -1, any number of times, if resends are not
// bounded.
func (c Config) clientResends() int {
	if c.Live && c.Resends > 0 {
		return -1
	}
	return c.Resends
}

// System returns the model. If the configuration is invalid, the check reports the error.
func System(c Config) *model.System[rsm.Message] {
	switch c.Machine {
	case OfLog:
		return compose(c, "log", rsm.Log{Acknowledge: true}, replicated.LogOps)
	case OfStore:
		return compose(c, "store", rsm.Store{}, replicated.StoreOps)
	case OfRegister:
	}
	return compose(c, "register", rsm.Register[Value]{}, replicated.RegisterOps[Value])
}

// Value is a value that clients write: a letter for each client and command, from 'A' on; initially 0.
type Value rune

// String returns the letter, or "none".
func (v Value) String() string {
	if v == 0 {
		return "none"
	}
	return string(v)
}

// compose builds the model for servers of a machine.
func compose[S, O, R any](
	c Config, name string, m rsm.Machine[S, O, R], ops func(client, commands int) []O,
) *model.System[rsm.Message] {
	bounded := c.Config
	if c.Resends > 0 && bounded.MaxTimeouts == 0 && !c.Live {
		bounded.MaxTimeouts = c.Resends + c.Views*actor.Majority(c.Servers) + c.Lost
	}
	sys := model.NewSystem[rsm.Message](bounded)
	if err := c.Validate(); err != nil {
		sys.Check(err)
		return sys
	}
	way := &journey{hosts: map[actor.ID]*host{}}
	ids := actor.IDs(c.Servers)
	look := &system[O]{System: sys, config: c}
	for _, id := range ids {
		one := systembuilders.Server[S, O, R]{Options: c.options(), Machine: m, Peers: actor.Others(ids, id)}
		if c.List > 0 {
			one.Size = func(rsm.Command[O]) int { return 1 } // Each slot counts as one, also without an update.
		}
		if c.Change > 0 {
			one.Members, one.Change = c.members(), change[O](c)
		}
		member := one.New()
		if c.loses(id) {
			member = losing(member)
		}
		ref := model.Add(sys, id, member)
		board(way, id, member)
		look.servers = append(look.servers, model.Project(sys, ref, func(st systembuilders.State[S, O, R]) *server[O] {
			return readServer(one, look.commands, st)
		}))
	}
	commands := map[string]rsm.Command[O]{}
	for i := range c.Clients {
		id := actor.ID(c.Servers + i)
		client := rsm.ClientActor[O, R]{
			Servers: ids, Ops: ops(i, c.Commands), Pipeline: c.Pipeline, Resends: c.clientResends(),
			Insist: c.Insist, End: c.End,
		}
		for k := range client.Total() {
			command := rsm.Command[O]{ID: rsm.ID{Client: rsm.Client(id), Local: rsm.Local(k + 1)}, End: k == len(client.Ops)}
			if !command.End {
				command.Op = client.Ops[k]
			}
			commands[command.ID.String()] = command
			look.commands = append(look.commands, command.ID)
		}
		look.clients = append(look.clients, model.Add(sys, id, client.New()))
		sys.Roles("client", id)
		board(way, id, client.New())
	}
	if c.Change > 0 {
		id := c.admin()
		admin := rsm.ClientActor[O, R]{Servers: ids, Ops: ops(1, 1), Resends: c.clientResends(), Insist: c.Insist}
		command := rsm.Command[O]{ID: rsm.ID{Client: rsm.Client(id), Local: 1}, Op: admin.Ops[0]}
		commands[command.ID.String()] = command
		look.commands = append(look.commands, command.ID)
		look.clients = append(look.clients, model.Add(sys, id, admin.New()))
		sys.Roles("client", id)
		board(way, id, admin.New())
	}
	look.executes = func(chosen map[rsm.Slot]string, last rsm.Slot) string {
		return replicated.Execute(m, commands, chosen, last)
	}
	history := model.Record(sys, rsm.Linearizable(name, m))
	sys.Crashable(ids...)
	sys.Roles("server", ids...)
	look.answers = model.Select(sys, replies[R])
	seen := follow(way, rsm.Linearizable(name, m))
	look.begin(way)
	model.Remember(sys, history, seen())
	look.demand()
	return sys
}
