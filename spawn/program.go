package spawn

import (
	"math/rand/v2"
	"time"

	"synod/actor"
	"synod/invariant"
	"synod/spawn/machine"
	"synod/storage"
)

// Machine is a running actor, as made by package machine: the interface that drivers and recorders need.
type Machine interface {
	Self() actor.ID
	Durable() bool
	Step(e machine.Event, now time.Duration) (machine.Effects, error)
	Next(now time.Duration) (machine.Event, bool)
	Due() (time.Duration, bool)
	JSON() bool
	StateHash() (uint64, error)
}

// Inspector is read access to a Machine: its state, and the meaning of bytes that it sent or saved.
type Inspector interface {
	StateText() (string, error)
	Local() (any, error)
	Peek() any
	Alarms() []machine.Alarm
	Options() []actor.Option
	Message(data []byte) (any, error)
	Kept(records []storage.Record) (any, error)
}

// Inspected is a Machine with an Inspector, as simulations and replays need.
type Inspected interface {
	Machine
	Inspector
}

// Program describes the servers of a system. They run the same actors that a checker checks.
type Program struct {
	Model   string // the name in the catalogue
	Version uint32 // the version of the format of its records
	Alone   bool   // each server answers without the others
	// Invariants must hold of the servers at every moment. They are checked where the states of all servers are known:
	// in simulation, and when records are replayed.
	Invariants []invariant.Checked
	// Examples are messages to try by hand.
	Examples []Example
	// New returns the machine of a server. The servers are in ascending order and include self. If durable is false,
	// nothing is persisted: a restarted server starts empty.
	New func(self actor.ID, servers []actor.ID, durable bool, random machine.Random) Inspected
	// Actor returns the actor of a server, given all servers in ascending order, for models of running servers; nil if
	// there are none.
	Actor func(self actor.ID, servers []actor.ID) actor.Typed[any, any]
	// Admit reports why these servers, in ascending order, do not fit the options, or returns what distinguishes their files
	// from those of servers with other options, empty for nothing. Nil if the options say nothing of either.
	Admit func(servers []actor.ID) (saved string, err error)
}

// Admits reports why a program cannot be that of these servers, in ascending order, or returns what distinguishes their
// files from those of servers with other options.
func (p Program) Admits(servers []actor.ID) (saved string, err error) {
	if p.Admit == nil {
		return "", nil
	}
	return p.Admit(servers)
}

// Keeps reports whether the program's servers persist state if durable. The ids are those of all servers.
func (p Program) Keeps(ids []actor.ID) bool {
	return p.New(ids[0], ids, true, rand.NewPCG(0, 0)).Durable()
}

// Example is a message to send to a server by hand.
type Example struct {
	Server  int // counting from 0, modulo the number of servers
	Message string
}

// NewProgram returns a program of the actors that server returns, each given the others in ascending order. Records
// are not used by actors without durable state.
func NewProgram[S, M any](
	model string, version uint32, server func(others []actor.ID) actor.Typed[S, M],
	wire machine.Wire[M], records machine.Records, examples ...Example,
) Program {
	return NewProgramOf(model, version, func(self actor.ID, servers []actor.ID) actor.Typed[S, M] {
		return server(actor.Others(servers, self))
	}, wire, records, examples...)
}

// NewProgramOf is like NewProgram for actors that need to know their own id: server is given all, in ascending order.
func NewProgramOf[S, M any](
	model string, version uint32, server func(self actor.ID, servers []actor.ID) actor.Typed[S, M],
	wire machine.Wire[M], records machine.Records, examples ...Example,
) Program {
	return Program{
		Model: model, Version: version, Examples: examples,
		Actor: func(self actor.ID, servers []actor.ID) actor.Typed[any, any] {
			return actor.Untyped(server(self, servers))
		},
		New: func(self actor.ID, servers []actor.ID, durable bool, random machine.Random) Inspected {
			c := machine.Config[S, M]{Self: self, Servers: servers, Actor: server(self, servers), Wire: wire, Random: random}
			if durable {
				c.Records = records
			}
			return machine.New(c)
		},
	}
}
