package main

import (
	"time"

	"synod/actor"
	"synod/catalog"
	"synod/invariant"
	"synod/model"
	"synod/network"
)

// lock is all that the command knows of the protocol.
var lock = catalog.Entry{
	Name:    "lock",
	Summary: "A lock that servers grant to one owner at a time",
	Page:    "README.md",
	Package: "main",
	Parameters: []catalog.Parameter{
		{Name: "servers", Doc: "servers; one of them keeps the lock", Default: 2, Min: 1, Max: 16},
		{Name: "clients", Doc: "clients, each of which wants the lock once", Default: 2, Min: 1, Max: 16},
		{Name: "again", Doc: "how often a server passes on a request again", Default: 0, Min: 0, Max: 10},
	},
	Networks: []network.Semantics{network.UnorderedNonDuplicating, network.Ordered, network.UnorderedDuplicating},
	Model: func(c catalog.Choice) (model.Source, error) {
		return system(c.Values["servers"], c.Values["clients"], c.Values["again"], c.Config, c.Mutant), nil
	},
	Mutants: []catalog.Mutant{
		{Name: grantsTwice, Summary: "the keeper grants the lock although somebody has it", Breaks: "mutual exclusion"},
		{Name: alone, Summary: "each server keeps a lock of its own", Breaks: oneKeeper.Name()},
	},
	Servers: servers,
}

// The names of the mutants.
const (
	grantsTwice = "grants-twice"
	alone       = "alone"
)

// oneKeeper must hold of the servers at every moment: of those of the model, and of those that run.
var oneKeeper = invariant.All("one keeper", func(servers map[actor.ID]State) bool {
	keepers := 0
	for _, st := range servers {
		if st.Holder != "" {
			keepers++
		}
	}
	return keepers <= 1
})

// system is a model of servers and clients.
func system(servers, clients, again int, c model.Config, mutant string) *model.System[Message] {
	sys := model.NewSystem[Message](c)
	ids := actor.IDs(servers)
	var keepers []model.Ref[State]
	for _, id := range ids {
		s := Server{Others: actor.Others(ids, id), Again: again, GrantsTwice: mutant == grantsTwice, Alone: mutant == alone}
		keepers = append(keepers, model.Add(sys, id, s.New()))
	}
	sys.Crashable(ids...)
	sys.Roles("server", ids...)
	model.Demand(sys, oneKeeper, keepers...)
	var all []model.Ref[Client]
	for i := range clients {
		user := User{Server: ids[i%servers], Owner: string(rune('a' + i))}
		all = append(all, model.Add(sys, actor.ID(servers+i), user.New()))
		sys.Roles("user", actor.ID(servers+i))
	}
	holders := func(v model.View) int {
		n := 0
		for _, client := range all {
			if st, up := client.In(v); up && st == Holding {
				n++
			}
		}
		return n
	}
	sys.Always("mutual exclusion", func(v model.View) bool { return holders(v) <= 1 })
	sys.Sometimes("the lock is held", func(v model.View) bool { return holders(v) == 1 })
	sys.Sometimes("the lock is refused", func(v model.View) bool {
		for _, client := range all {
			if st, up := client.In(v); up && st == Refused {
				return true
			}
		}
		return clients == 1
	})
	return sys
}

type (
	// Client is the state of a client of the model.
	Client uint8
	// User is its configuration: it asks for the lock, works with it, and gives it back.
	User struct {
		Server actor.ID
		Owner  string
	}
)

// The states of a client.
const (
	Asking Client = iota
	Holding
	Refused
	Leaving
	Gone
)

// String is a word.
func (c Client) String() string {
	return [...]string{"asking", "holding", "refused", "leaving", "gone"}[c]
}

const work timer = "work"

// New returns the actor of a client.
func (u User) New() actor.Typed[Client, Message] {
	return actor.New[Client, Message](u, actor.Timers(u.Timeout))
}

// Start asks for the lock.
func (u User) Start(_ actor.ID, out *Out) Client {
	out.Send(u.Server, Acquire{1, u.Owner})
	return Asking
}

// Receive takes an answer.
func (u User) Receive(_ actor.ID, st Client, _ actor.ID, msg Message, out *Out) Client {
	m, ok := msg.(Done)
	switch {
	case ok && st == Asking && m.Number == 1 && m.Ok:
		out.SetTimer(work, time.Millisecond, time.Second)
		return Holding
	case ok && st == Asking && m.Number == 1:
		return Refused
	case ok && st == Leaving && m.Number == 2:
		return Gone
	}
	return st
}

// Timeout returns the lock back when the work is done.
func (u User) Timeout(_ actor.ID, _ Client, _ actor.Timer, out *Out) Client {
	out.Send(u.Server, Release{2, u.Owner})
	return Leaving
}
