package spawn

import (
	"math/rand/v2"
	"time"

	"synod/actor"
	"synod/invariant"
	"synod/spawn/machine"
	"synod/storage"
)

// Machine is a running actor, as package machine makes it: what drives it, and what records it, needs no more.
type Machine interface {
	Self() actor.ID
	Durable() bool
	Step(e machine.Event, now time.Duration) (machine.Effects, error)
	Next(now time.Duration) (machine.Event, bool)
	Due() (time.Duration, bool)
	JSON() bool
	StateHash() (uint64, error)
}

// Inspector shows the inside of a Machine: its state, and the meaning of bytes that it sent or saved. It changes nothing.
type Inspector interface {
	StateText() (string, error)
	Local() (any, error)
	Peek() any
	Alarms() []machine.Alarm
	Options() []actor.Option
	Message(data []byte) (any, error)
	Kept(records []storage.Record) (any, error)
}

// Inspected is a Machine that can be looked at, as simulations and replays do.
type Inspected interface {
	Machine
	Inspector
}

// Program is what the servers of a system run. The same actors are what a checker checks.
type Program struct {
	Model   string // as the catalogue calls it
	Version uint32 // of the form of its records
	Alone   bool   // each server answers without the others
	// Invariants are what must hold of the servers at every moment. It is looked at where all of them can be seen: on virtual
	// time, and when records are replayed.
	Invariants []invariant.Checked
	// Example gives messages to try on the first server and on the second one, after which the answers are as shown.
	Examples []Example
	// New returns the machine of a server among servers, which are in ascending order and include self. Without
	// durability it is to forget everything when it stops.
	New func(self actor.ID, servers []actor.ID, durable bool, random machine.Random) Inspected
	// Actor returns the actor of a server that knows the others, in ascending order, for models of servers that run; nil if
	// there is to be none.
	Actor func(others []actor.ID) actor.Typed[any, any]
}

// Keeps reports whether servers of the program keep something, if they may. The ids are those of all servers.
func (p Program) Keeps(ids []actor.ID) bool {
	return p.New(ids[0], ids, true, rand.NewPCG(0, 0)).Durable()
}

// Example is a message to send to a server by hand.
type Example struct {
	Server  int // counting from 0, modulo the number of servers
	Message string
}

// NewProgram returns a program of the actors that the function gives, each for a server that knows the others, in
// ascending order. Actors that keep nothing have no records.
func NewProgram[S, M any](
	model string, version uint32, server func(others []actor.ID) actor.Typed[S, M],
	wire machine.Wire[M], records machine.Records, examples ...Example,
) Program {
	return Program{
		Model: model, Version: version, Examples: examples,
		Actor: func(others []actor.ID) actor.Typed[any, any] { return actor.Untyped(server(others)) },
		New: func(self actor.ID, servers []actor.ID, durable bool, random machine.Random) Inspected {
			c := machine.Config[S, M]{
				Self: self, Servers: servers, Actor: server(actor.Others(servers, self)), Wire: wire, Random: random,
			}
			if durable {
				c.Records = records
			}
			return machine.New(c)
		},
	}
}
