package main

import (
	"math"
	"strconv"

	"synod/actor"
	"synod/catalog"
	"synod/consistency"
	"synod/invariant"
	"synod/spawn"
	"synod/spawn/jsonwire"
	"synod/spawn/service"
)

// wire is the form of the messages on a network: the first are those that clients may send.
var wire = jsonwire.Must([]Message{Acquire{}, Release{}}, []Message{Done{}, Forward{}, Reply{}})

// servers describes how the servers run for real.
var servers = &catalog.Servers{
	Program: func(catalog.Variant) spawn.Program {
		return spawn.NewProgram("lock", 1, running, wire, jsonwire.MustRecords[Kept](),
			spawn.Example{Message: `{"Acquire":{"number":1,"owner":"me"}}`})
	},
	Service:    service.Must(locking),
	Invariants: []invariant.Checked{oneKeeper},
}

// running is a server that runs.
func running(others []actor.ID) actor.Typed[State, Message] {
	return Server{Others: others, Again: math.MaxInt32}.New()
}

// Input is what a client asks of the lock.
type Input struct {
	Release bool
	Owner   string
}

// locking is what clients ask, and the lock as they see it: its state is the owner that has it.
var locking = service.Config[string, Input, bool, Message]{
	Object: consistency.Spec[string, Input, bool]{
		Name: "lock",
		Step: func(holder string, in Input) (string, bool) {
			switch {
			case in.Release && holder == in.Owner && in.Owner != "":
				return "", true
			case !in.Release && (holder == "" || holder == in.Owner):
				return in.Owner, true
			}
			return holder, false
		},
	},
	Operations: []service.Operation[Input]{
		{
			Name: "acquire", Doc: "Take the lock for an owner", Arguments: []string{"OWNER"},
			Parse: func(args []string) (Input, error) { return Input{Owner: args[0]}, nil },
			Draw:  func(d service.Draw) Input { return Input{Owner: owner(d)} },
		},
		{
			Name: "release", Doc: "Give the lock back", Arguments: []string{"OWNER"},
			Parse: func(args []string) (Input, error) { return Input{Release: true, Owner: args[0]}, nil },
			Draw:  func(d service.Draw) Input { return Input{Release: true, Owner: owner(d)} },
		},
	},
	Wire: wire,
	Request: func(number uint64, in Input) Message {
		if in.Release {
			return Release{number, in.Owner}
		}
		return Acquire{number, in.Owner}
	},
	Asked: func(m Message) (uint64, Input, bool) {
		switch m := m.(type) {
		case Acquire:
			return m.Number, Input{Owner: m.Owner}, true
		case Release:
			return m.Number, Input{Release: true, Owner: m.Owner}, true
		case Done, Forward, Reply:
		}
		return 0, Input{}, false
	},
	Answer: func(m Message) (uint64, bool, bool) {
		done, ok := m.(Done)
		return done.Number, done.Ok, ok
	},
	Print: func(server string, in Input, ok bool) string {
		switch {
		case ok && in.Release:
			return in.Owner + " has given the lock back."
		case ok:
			return in.Owner + " has the lock."
		}
		return "refused"
	},
}

// owner is a client that asks at random: few, so that they get in each other's way.
func owner(d service.Draw) string { return "owner-" + strconv.Itoa(d.Client%3) }
