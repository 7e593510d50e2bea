package around

import (
	"fmt"
	"slices"

	"synod/actor"
	"synod/catalog"
	"synod/consistency"
	"synod/invariant"
	"synod/model"
	"synod/spawn/service"
)

// environment is the environment of servers whose entry declares none: the clients of its service. It uses only what
// holds for every protocol; an entry with more knowledge, such as which clients matter, may have its own Past and
// Around. Linearizability is checked if the service declares what a request asks for, see service.Config.Asked; the
// invariants always are.
type environment struct {
	server     func(self actor.ID, servers []actor.ID) actor.Typed[any, any]
	service    service.Untyped
	invariants []invariant.Checked
}

// pastOf returns the past for the clients of an entry's servers.
func pastOf(e catalog.Entry) (catalog.Past, error) {
	switch {
	case e.Servers.Past != nil:
		return e.Servers.Past(), nil
	case e.Servers.Service == nil:
		return nil, fmt.Errorf("the entry of model %s has no Service for its clients", e.Name)
	}
	return &past{service: e.Servers.Service.Untyped(), first: 1 << 50}, nil
}

// begin returns the model of an entry's servers that begins at a moment of a recorded run.
func begin(entries catalog.Catalogue, name string, v catalog.Variant, m catalog.Moment) (model.Source, error) {
	e, err := entries.Spawned(name)
	if err != nil {
		return nil, err
	}
	if e.Servers.Around != nil {
		return entries.Around(name, v, m)
	}
	p, err := entries.Program(name, v)
	switch {
	case err != nil:
		return nil, err
	case p.Actor == nil || e.Servers.Service == nil:
		return nil, fmt.Errorf("model %s does not support exploration around a recorded run", name)
	}
	return environment{p.Actor, e.Servers.Service.Untyped(), p.Invariants}.around(m)
}

// known is what is known of a run at the moment at which a check begins.
type known struct {
	states  []any                         // possible states of the object; empty if unknown
	pending consistency.History[any, any] // unanswered requests
	next    uint64                        // greater than the number of every request so far
}

// around returns the model of the servers that begins at a moment, with the waiting clients and new ones. New clients
// make calls drawn from the operations of the service: each either writes and then reads once, or reads twice.
func (e environment) around(m catalog.Moment) (model.Source, error) {
	before, ok := m.Before.(known)
	if !ok {
		return nil, fmt.Errorf("history has type %T; pass the one of the environment", m.Before)
	}
	sys := model.NewSystem[any](m.Config)
	var servers []model.Ref[any]
	for _, id := range m.Servers {
		a := e.server(id, m.Servers)
		if m.Forget {
			a.Keep, a.Recover = nil, nil
		}
		servers = append(servers, model.Add(sys, id, a))
	}
	sys.Crashable(m.Servers...)
	start := model.Beginning[any]{Actors: m.Actors, Flights: m.Flights}
	for _, w := range m.Waiting {
		model.Add(sys, w.Client, e.client(m.Servers, 0, nil, 0))
		start.Actors[w.Client] = model.Begun{State: client{Awaiting: w.Request}}
	}
	scripts := make(map[actor.ID][]any)
	for i, script := range e.scripts(m) {
		id := m.First + actor.ID(i)
		scripts[id] = script
		model.Add(sys, id, e.client(m.Servers, i, script, before.next))
	}
	if !m.Unjudged {
		model.Remember(sys, model.Record(sys, e.observer(m, before.states, scripts)), before.pending)
	}
	sys.Begin(start)
	e.demand(sys, m.Servers, servers)
	return sys, nil
}

// demand adds the invariants of the servers.
func (e environment) demand(sys *model.System[any], ids []actor.ID, servers []model.Ref[any]) {
	for _, v := range e.invariants {
		sys.Always(v.Name(), func(view model.View) bool {
			up := func(yield func(actor.ID, any) bool) {
				for k, r := range servers {
					if state, up := r.In(view); up && !yield(ids[k], state) {
						return
					}
				}
			}
			for id := range up {
				if v.Check(id, up) != nil {
					return false
				}
			}
			return true
		})
	}
}

// scripts returns the calls of each new client.
func (e environment) scripts(m catalog.Moment) [][]any {
	var writes, reads []service.Operation[any]
	for _, o := range e.service.Operations {
		switch {
		case o.Administers:
		case o.Reads:
			reads = append(reads, o)
		default:
			writes = append(writes, o)
		}
	}
	draw := func(from []service.Operation[any], client, count, value int) (script []any) {
		if len(from) == 0 {
			return nil
		}
		o := from[count%len(from)]
		return []any{o.Draw(service.Draw{Client: client, Count: count, Value: rune('A' + value), Random: uint64(value)})}
	}
	var all [][]any
	for i := range m.Clients {
		var script []any
		for k := range m.Puts {
			script = append(script, draw(writes, i, k, i*m.Puts+k)...)
		}
		all = append(all, append(script, draw(reads, i, 0, 0)...))
	}
	for i := range m.Readers {
		all = append(all, slices.Concat(draw(reads, m.Clients+i, 0, 0), draw(reads, m.Clients+i, 1, 0)))
	}
	return all
}

// client is the state of a client in the model.
type client struct {
	At       int    // number of calls made
	Awaiting uint64 // number of the awaited request; 0 for none
}

// client returns a client that makes the calls of a script in sequence, each to the next server.
func (e environment) client(servers []actor.ID, place int, script []any, next uint64) actor.Typed[client, any] {
	ask := func(st client, out *actor.Out[any]) client {
		if st.Awaiting = 0; st.At == len(script) {
			return st
		}
		st.Awaiting = next + uint64(st.At)
		out.Send(servers[(place+st.At)%len(servers)], e.service.Request(st.Awaiting, script[st.At]))
		st.At++
		return st
	}
	return actor.Typed[client, any]{
		Start: func(_ actor.ID, out *actor.Out[any]) client { return ask(client{}, out) },
		Receive: func(_ actor.ID, st client, _ actor.ID, m any, out *actor.Out[any]) client {
			number, answer, ok := e.service.Answer(m)
			if !ok || st.Awaiting == 0 || number != st.Awaiting {
				return st
			}
			if st.At > 0 && e.service.Fits != nil && !e.service.Fits(script[st.At-1], answer) {
				return st
			}
			return ask(st, out)
		},
	}
}

// observer records requests and answers of clients, and requires that they are linearizable from at least one of the
// states.
func (e environment) observer(
	m catalog.Moment, states []any, scripts map[actor.ID][]any,
) actor.Observer[any, consistency.History[any, any]] {
	waiting := make(map[actor.ID]bool)
	for _, w := range m.Waiting {
		waiting[w.Client] = true
	}
	return actor.Observer[any, consistency.History[any, any]]{
		Name: "linearizable",
		Sees: func(env actor.Envelope[any], p actor.Passage) bool {
			if p == actor.Sent {
				_, new := scripts[env.From]
				return new
			}
			_, _, answers := e.service.Answer(env.Message)
			_, new := scripts[env.To]
			return answers && (new || waiting[env.To])
		},
		Next: func(h consistency.History[any, any], env actor.Envelope[any], p actor.Passage) (consistency.History[any, any], error) {
			if p == actor.Accepted {
				_, out, _ := e.service.Answer(env.Message)
				return h.Return(consistency.Client(env.To), out)
			}
			asked := 0
			for op := range h.Operations() {
				if op.Client == consistency.Client(env.From) {
					asked++
				}
			}
			return h.Invoke(consistency.Client(env.From), scripts[env.From][asked])
		},
		Holds: func(h consistency.History[any, any]) bool {
			return slices.ContainsFunc(states, func(state any) bool {
				object := e.service.Object
				object.Init = state
				return consistency.Linearizable(object, h)
			})
		},
	}
}
