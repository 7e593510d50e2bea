// Package allocator is an allocator of resources to clients that follows a schedule, after the TLA+ example
// SchedulingAllocator by Stephan Merz.
package allocator

import (
	"fmt"
	"slices"

	"synod/examples/tla"
	"synod/model"
)

// Config is the size of a model.
type Config struct {
	Clients   int // 1 to MaxClients
	Resources int // 1 to MaxResources
}

// The bounds of a Config.
const (
	MaxClients   = 6
	MaxResources = 6
)

// Default is the size that the original checks.
var Default = Config{Clients: 3, Resources: 2}

// State has the resources that clients wait for and hold, and the order in which clients are served.
type State struct {
	Unsat    []tla.Set // by client: resources that it waits for
	Alloc    []tla.Set // by client: resources that it has
	Schedule []int     // clients
}

// Action is a step of a client or the allocator.
//
//sumtype:decl
type Action interface{ action() }

// The actions, by their names in the original.
type (
	// Request requests resources for a client that holds none and waits for none.
	Request struct {
		Client    int
		Resources tla.Set
	}
	// Allocate allocates to a scheduled client some of the resources that it waits for and no client before it waits
	// for.
	Allocate struct {
		Client    int
		Resources tla.Set
	}
	// Return releases resources.
	Return struct {
		Client    int
		Resources tla.Set
	}
	// Schedule appends all waiting clients to the schedule, in this order.
	Schedule struct{ Clients []int }
)

func (Request) action()  {}
func (Allocate) action() {}
func (Return) action()   {}
func (Schedule) action() {}

// Initial returns the state without requests.
func (c Config) Initial() []State {
	return []State{{Unsat: make([]tla.Set, c.Clients), Alloc: make([]tla.Set, c.Clients)}}
}

func (c Config) available(s State) tla.Set {
	free := tla.All(c.Resources)
	for _, held := range s.Alloc {
		free &^= held
	}
	return free
}

// Actions returns the enabled actions of a state.
func (c Config) Actions(s State) []Action {
	var all []Action
	var waiting []int
	free := c.available(s)
	for client := range c.Clients {
		if s.Unsat[client] == 0 && s.Alloc[client] == 0 {
			for _, some := range tla.All(c.Resources).Subsets()[1:] {
				all = append(all, Request{client, some})
			}
		}
		for _, some := range s.Alloc[client].Subsets()[1:] {
			all = append(all, Return{client, some})
		}
		at := slices.Index(s.Schedule, client)
		if at < 0 {
			if s.Unsat[client] != 0 {
				waiting = append(waiting, client)
			}
			continue
		}
		allowed := free & s.Unsat[client]
		for _, before := range s.Schedule[:at] {
			allowed &^= s.Unsat[before]
		}
		for _, some := range allowed.Subsets()[1:] {
			all = append(all, Allocate{client, some})
		}
	}
	for _, order := range orders(waiting) {
		all = append(all, Schedule{order})
	}
	return all
}

// orders returns all permutations of clients; none if there are no clients.
func orders(clients []int) (all [][]int) {
	if len(clients) == 1 {
		return [][]int{slices.Clone(clients)}
	}
	for i, first := range clients {
		for _, rest := range orders(slices.Delete(slices.Clone(clients), i, i+1)) {
			all = append(all, append([]int{first}, rest...))
		}
	}
	return all
}

// Next returns the state after an action.
func (Config) Next(s State, a Action) (State, bool) {
	change := func(sets *[]tla.Set, client int, to tla.Set) {
		*sets = slices.Clone(*sets)
		(*sets)[client] = to
	}
	switch a := a.(type) {
	case Request:
		change(&s.Unsat, a.Client, a.Resources)
	case Allocate:
		if s.Unsat[a.Client] == a.Resources {
			rest := slices.DeleteFunc(slices.Clone(s.Schedule), func(c int) bool { return c == a.Client })
			s.Schedule = append([]int(nil), rest...)
		}
		change(&s.Alloc, a.Client, s.Alloc[a.Client]|a.Resources)
		change(&s.Unsat, a.Client, s.Unsat[a.Client]&^a.Resources)
	case Return:
		change(&s.Alloc, a.Client, s.Alloc[a.Client]&^a.Resources)
	case Schedule:
		s.Schedule = append(slices.Clone(s.Schedule), a.Clients...)
	}
	return s, true
}

// satisfiable reports whether every scheduled client could have what it waits for once the clients before it, and
// those that are not scheduled, return what they hold; and none holds what one before it waits for.
func (c Config) satisfiable(s State) bool {
	available := c.available(s)
	for client, held := range s.Alloc {
		if !slices.Contains(s.Schedule, client) {
			available |= held
		}
	}
	var before tla.Set
	for _, client := range s.Schedule {
		unsat, held := s.Unsat[client], s.Alloc[client]
		if unsat == 0 || held&before != 0 || unsat&^available != 0 {
			return false
		}
		available |= unsat | held
		before |= unsat
	}
	return true
}

// live adds the properties that a client gets what it waits for, and returns what it holds. All allocations to the
// client are one fairness condition, and so are its returns, of any part of what it holds.
func live(p *model.Plain[State, Action], client int) {
	waits := func(s State) bool { return s.Unsat[client] != 0 }
	p.LeadsTo(fmt.Sprintf("client %d gets what it waits for", client), waits, func(s State) bool { return !waits(s) })
	p.LeadsTo(fmt.Sprintf("client %d returns all", client), func(s State) bool { return !waits(s) },
		func(s State) bool { return s.Alloc[client] == 0 })
	p.WeakFair(fmt.Sprintf("Allocate to client %d", client), func(a Action) bool {
		some, is := a.(Allocate)
		return is && some.Client == client
	})
	p.WeakFair(fmt.Sprintf("Return of client %d", client), func(a Action) bool {
		some, is := a.(Return)
		return is && some.Client == client
	})
}

// Source returns the model with its properties, or an error if the configuration is invalid.
func Source(c Config) (*model.Plain[State, Action], error) {
	p := model.NewPlain[State, Action](c)
	p.Always("a resource has one holder", func(s State) bool {
		var held tla.Set
		for _, some := range s.Alloc {
			if held&some != 0 {
				return false
			}
			held |= some
		}
		return true
	})
	p.Always("the schedule can be kept", c.satisfiable)
	for client := range c.Clients {
		live(p, client)
	}
	p.WeakFair("Schedule", func(a Action) bool {
		_, is := a.(Schedule)
		return is
	})
	p.Sometimes("all wait", func(s State) bool { return !slices.Contains(s.Unsat, 0) })
	if err := tla.Between("clients", c.Clients, 1, MaxClients); err != nil {
		return nil, err
	}
	return p, tla.Between("resources", c.Resources, 1, MaxResources)
}
