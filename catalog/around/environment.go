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

// Environment is what is around servers with local states T, whose clients see an object with states S, inputs I and outputs O:
// the Past and Around of an entry that writes none by hand. What is said of a run is what holds for every protocol; an entry
// that knows more, such as which clients matter, may have its own.
type Environment[T, S any, I comparable, O, M any] struct {
	server     func(v catalog.Variant, others []actor.ID) actor.Typed[T, M]
	service    service.Config[S, I, O, M]
	invariants []invariant.Checked
}

// Of returns the environment of servers, each made for the others in ascending order, whose clients ask a service. If the
// service says what a request asks for, see service.Config.Asked, it is judged whether the whole is linearizable; and the
// invariants always are.
func Of[T, S any, I comparable, O, M any](
	server func(v catalog.Variant, others []actor.ID) actor.Typed[T, M], c service.Config[S, I, O, M],
	invariants ...invariant.Checked,
) Environment[T, S, I, O, M] {
	return Environment[T, S, I, O, M]{server, c, invariants}
}

// Past follows what clients did.
func (e Environment[T, S, I, O, M]) Past() catalog.Past {
	return &past[S, I, O, M]{service: e.service, places: make(map[request]int), first: 1 << 50}
}

// known is what is known of a run when a check begins in it.
type known[S any, I comparable, O any] struct {
	states  []S                       // that the object may be in; none if that is not known
	pending consistency.History[I, O] // what was asked and not answered
	next    uint64                    // the number of a request that no client has used, nor a greater one
}

// Around returns the model of the servers that begins in a moment: with the clients that wait, and new ones that make calls as
// the operations of the service draw them, each so many that write and then one that reads, or two that read.
func (e Environment[T, S, I, O, M]) Around(v catalog.Variant, m catalog.Moment) (model.Source, error) {
	before, ok := m.Before.(known[S, I, O])
	if !ok {
		return nil, fmt.Errorf("a history %T: expected that of the environment", m.Before)
	}
	sys := model.NewSystem[M](m.Config)
	var servers []model.Ref[T]
	for _, id := range m.Servers {
		a := e.server(v, actor.Others(m.Servers, id))
		if m.Forget {
			a.Keep, a.Recover = nil, nil
		}
		servers = append(servers, model.Add(sys, id, a))
	}
	sys.Crashable(m.Servers...)
	start := model.Beginning[M]{Actors: m.Actors}
	for _, w := range m.Waiting {
		model.Add(sys, w.Client, e.client(m.Servers, 0, nil, 0))
		start.Actors[w.Client] = model.Begun{State: client{Awaiting: w.Request}}
	}
	scripts := make(map[actor.ID][]I)
	for i, script := range e.scripts(m) {
		id := m.First + actor.ID(i)
		scripts[id] = script
		model.Add(sys, id, e.client(m.Servers, i, script, before.next))
	}
	for _, f := range m.Flights {
		message, ok := f.Message.(M)
		if !ok {
			return nil, fmt.Errorf("a message %T between servers: expected one of theirs", f.Message)
		}
		start.Flights = append(start.Flights, actor.Envelope[M]{From: f.From, To: f.To, Message: message})
	}
	if !m.Unjudged {
		model.Remember(sys, model.Record(sys, e.observer(m, before.states, scripts)), before.pending)
	}
	sys.Begin(start)
	e.demand(sys, m.Servers, servers)
	return sys, nil
}

// demand adds the invariants of the servers.
func (e Environment[T, S, I, O, M]) demand(sys *model.System[M], ids []actor.ID, servers []model.Ref[T]) {
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

// scripts returns what each new client asks.
func (e Environment[T, S, I, O, M]) scripts(m catalog.Moment) [][]I {
	var writes, reads []service.Operation[I]
	for _, o := range e.service.Operations {
		if o.Reads {
			reads = append(reads, o)
		} else {
			writes = append(writes, o)
		}
	}
	draw := func(from []service.Operation[I], client, count, value int) (script []I) {
		if len(from) == 0 {
			return nil
		}
		var in I
		if o := from[count%len(from)]; o.Draw != nil {
			in = o.Draw(service.Draw{Client: client, Count: count, Value: rune('A' + value), Random: uint64(value)})
		}
		return []I{in}
	}
	var all [][]I
	for i := range m.Clients {
		var script []I
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

// client is the state of a client of the model.
type client struct {
	At       int    // how many calls it has made
	Awaiting uint64 // the number of the request that it waits for; 0 for none
}

// client returns a client that makes the calls of a script, one after the other, each at the next server.
func (e Environment[T, S, I, O, M]) client(servers []actor.ID, place int, script []I, next uint64) actor.Typed[client, M] {
	ask := func(st client, out *actor.Out[M]) client {
		if st.Awaiting = 0; st.At == len(script) {
			return st
		}
		st.Awaiting = next + uint64(st.At)
		out.Send(servers[(place+st.At)%len(servers)], e.service.Request(st.Awaiting, script[st.At]))
		st.At++
		return st
	}
	return actor.Typed[client, M]{
		Start: func(_ actor.ID, out *actor.Out[M]) client { return ask(client{}, out) },
		Receive: func(_ actor.ID, st client, _ actor.ID, m M, out *actor.Out[M]) client {
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

// observer notes what clients ask and are told, and demands that it is linearizable, from one of the states at least.
func (e Environment[T, S, I, O, M]) observer(
	m catalog.Moment, states []S, scripts map[actor.ID][]I,
) actor.Observer[M, consistency.History[I, O]] {
	waiting := make(map[actor.ID]bool)
	for _, w := range m.Waiting {
		waiting[w.Client] = true
	}
	return actor.Observer[M, consistency.History[I, O]]{
		Name: "linearizable",
		Sees: func(env actor.Envelope[M], p actor.Passage) bool {
			if p == actor.Sent {
				_, new := scripts[env.From]
				return new
			}
			_, _, answers := e.service.Answer(env.Message)
			_, new := scripts[env.To]
			return answers && (new || waiting[env.To])
		},
		Next: func(h consistency.History[I, O], env actor.Envelope[M], p actor.Passage) (consistency.History[I, O], error) {
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
		Holds: func(h consistency.History[I, O]) bool {
			return slices.ContainsFunc(states, func(state S) bool {
				object := e.service.Object
				object.Init = state
				return consistency.Linearizable(object, h)
			})
		},
	}
}
