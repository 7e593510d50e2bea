package systembuilders

import (
	"fmt"
	"slices"

	"synod/actor"
	"synod/model"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
)

// Where a model begins. Some bugs take three views and two updates to show, and millions of states before that; so a
// model may begin further on, in a state that the servers reach by their own steps. Messages that are not in flight
// there are lost.
const (
	Start = iota // nothing has happened
	// Rebound begins after server 0 proposed an update for slot 2 of view 0, and server 1 the same update for slot 1 of
	// view 1, where it is ordered; server 0 joined view 1 late and does not know this. It needs a client with two
	// concurrent commands, the second of which is bound first.
	Rebound
	// Rivals begins after server 0 proposed an update for slot 1 of view 0, and server 1 another one in view 1, which
	// server 2 has accepted. Servers 0 and 1 attempt view 4, which server 1 leads. It needs two clients.
	Rivals
)

// validateBegin returns an error if the configuration does not support where the model begins.
func (c Config) validateBegin() error {
	plain := c.Servers == 3 && !c.Electing && c.Collect == 0 && c.Resends == 0 && c.Window > 1 && c.Lost == 0
	switch {
	case c.Begin < Start || c.Begin > Rivals:
		return fmt.Errorf("begin %d: must be %d to %d", c.Begin, Start, Rivals)
	case c.Begin != Start && !plain:
		return fmt.Errorf("begin %d requires 3 servers and a window of 2, without election, collecting, resends and lost disks", c.Begin)
	case c.Begin == Rebound && (c.Clients != 1 || c.Commands != 2 || c.Pipeline < 2 || c.Views < 2):
		return fmt.Errorf("begin %d requires 1 client with 2 commands, pipeline 2 and 2 views", c.Begin)
	case c.Begin == Rivals && (c.Clients != 2 || c.Commands != 1 || c.Views < 4):
		return fmt.Errorf("begin %d requires 2 clients with 1 command and 4 views", c.Begin)
	}
	return nil
}

// event is the arrival of a message at a server, or, without a predicate, the firing of a server's progress timer.
type event struct {
	from, to actor.ID
	is       func(m rsm.Message) bool
}

// wayTo returns the events that lead to where a model begins, and the messages that are in flight there.
func wayTo[O any](begin int) (events []event, left []event) {
	request := func(to actor.ID, id rsm.ID) event {
		return event{actor.ID(id.Client), to, func(m rsm.Message) bool {
			r, ok := m.(rsm.Request[O])
			return ok && r.Command.ID == id
		}}
	}
	of := func(from, to actor.ID, is func(m systembuilders.Message) bool) event {
		return event{from, to, func(m rsm.Message) bool {
			internal, ok := m.(rsm.Internal[systembuilders.Message])
			return ok && is(internal.Message)
		}}
	}
	attempt := func(from, to actor.ID, v systembuilders.View) event {
		return of(from, to, func(m systembuilders.Message) bool {
			change, ok := m.(systembuilders.ViewChange)
			return ok && change.Attempted == v
		})
	}
	timeout := func(of actor.ID) event { return event{to: of} }
	one := func(is func(m systembuilders.Message) bool) func(from, to actor.ID) event {
		return func(from, to actor.ID) event { return of(from, to, is) }
	}
	prepare := one(func(m systembuilders.Message) bool { _, ok := m.(systembuilders.Prepare); return ok })
	answer := one(func(m systembuilders.Message) bool { _, ok := m.(systembuilders.PrepareOK[O]); return ok })
	accept := one(func(m systembuilders.Message) bool { _, ok := m.(systembuilders.Accept); return ok })
	forward := func(from, to actor.ID, local rsm.Local) event {
		return of(from, to, func(m systembuilders.Message) bool {
			u, ok := m.(systembuilders.ClientUpdate[O])
			return ok && u.Update.Command.ID.Local == local
		})
	}
	proposal := func(from, to actor.ID, seq rsm.Slot) event {
		return of(from, to, func(m systembuilders.Message) bool {
			p, ok := m.(systembuilders.Proposal[O])
			return ok && p.View == 1 && p.Seq == seq
		})
	}
	switch begin {
	case Rebound:
		return []event{
			request(0, rsm.ID{Client: 3, Local: 2}), request(0, rsm.ID{Client: 3, Local: 1}),
			timeout(0), attempt(0, 1, 1), timeout(1), attempt(1, 2, 1), timeout(2),
			prepare(1, 2), answer(2, 1), prepare(1, 0),
			forward(0, 1, 1), proposal(1, 2, 1), accept(2, 1),
		}, nil
	case Rivals:
		return []event{
			request(0, rsm.ID{Client: 3, Local: 1}), request(1, rsm.ID{Client: 4, Local: 1}),
			timeout(1), attempt(1, 2, 1), timeout(2), attempt(2, 1, 1), prepare(1, 2), answer(2, 1), proposal(1, 2, 1),
			timeout(1), attempt(1, 0, 2), timeout(0), attempt(0, 1, 2),
			timeout(1), attempt(1, 0, 3), timeout(0), attempt(0, 1, 3),
			timeout(0), timeout(1),
		}, []event{attempt(0, 1, 4)}
	}
	return nil, nil
}

// journey has the actors on the way to where a model begins.
type journey struct {
	hosts   map[actor.ID]*host
	flights []actor.Envelope[rsm.Message]
	see     []func(e actor.Envelope[rsm.Message], p actor.Passage)
}

// host is an actor with a state of any type.
type host struct {
	state   any
	timers  []actor.Timer
	start   func(out *actor.Out[rsm.Message]) any
	receive func(st any, e actor.Envelope[rsm.Message], out *actor.Out[rsm.Message]) any
	timeout func(st any, timer actor.Timer, out *actor.Out[rsm.Message]) any
}

// board adds an actor that has not started yet.
func board[S any](j *journey, id actor.ID, a actor.Typed[S, rsm.Message]) {
	j.hosts[id] = &host{
		start: func(out *actor.Out[rsm.Message]) any { return a.Start(id, out) },
		receive: func(st any, e actor.Envelope[rsm.Message], out *actor.Out[rsm.Message]) any {
			return a.Receive(id, st.(S), e.From, e.Message, out)
		},
		timeout: func(st any, timer actor.Timer, out *actor.Out[rsm.Message]) any {
			return a.Timeout(id, st.(S), timer, out)
		},
	}
}

// follow lets an observer see the events of j. The returned function returns what the observer remembers.
func follow[H any](j *journey, o actor.Observer[rsm.Message, H]) (memory func() H) {
	held := o.Start
	j.see = append(j.see, func(e actor.Envelope[rsm.Message], p actor.Passage) {
		if o.Sees(e, p) {
			if next, err := o.Next(held, e, p); err == nil {
				held = next
			}
		}
	})
	return func() H { return held }
}

// perform executes the commands of an actor.
func (j *journey) perform(id actor.ID, out *actor.Out[rsm.Message]) {
	h := j.hosts[id]
	for _, c := range out.Commands() {
		set := func(t actor.Timer) bool { return t == c.Timer }
		switch c.Kind {
		case actor.Send:
			e := actor.Envelope[rsm.Message]{From: id, To: c.To, Message: c.Message}
			j.flights = append(j.flights, e)
			for _, see := range j.see {
				see(e, actor.Sent)
			}
		case actor.SetTimer:
			if !slices.ContainsFunc(h.timers, set) {
				h.timers = append(h.timers, c.Timer)
			}
		case actor.CancelTimer:
			h.timers = slices.DeleteFunc(h.timers, set)
		case actor.Choose: // These actors make no random choices.
		}
	}
}

// find returns the index of the message of an event, or -1.
func (j *journey) find(e event) int {
	return slices.IndexFunc(j.flights, func(f actor.Envelope[rsm.Message]) bool {
		return f.From == e.from && f.To == e.to && e.is(f.Message)
	})
}

// step executes an event, and reports whether it was possible.
func (j *journey) step(e event) bool {
	h, out := j.hosts[e.to], &actor.Out[rsm.Message]{}
	if e.is == nil {
		at := slices.Index(h.timers, actor.Timer(systembuilders.Progress{}))
		if at < 0 {
			return false
		}
		h.timers = slices.Delete(h.timers, at, at+1)
		h.state = h.timeout(h.state, systembuilders.Progress{}, out)
	} else {
		at := j.find(e)
		if at < 0 {
			return false
		}
		f := j.flights[at]
		j.flights = slices.Delete(j.flights, at, at+1)
		h.state = h.receive(h.state, f, out)
		for _, see := range j.see {
			see(f, actor.Accepted)
		}
	}
	j.perform(e.to, out)
	return true
}

// arrive executes the events and returns the state after them.
func (j *journey) arrive(events, left []event) (model.Beginning[rsm.Message], error) {
	b := model.Beginning[rsm.Message]{Actors: map[actor.ID]model.Begun{}}
	ids := make([]actor.ID, 0, len(j.hosts))
	for id := range j.hosts {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		out := &actor.Out[rsm.Message]{}
		j.hosts[id].state = j.hosts[id].start(out)
		j.perform(id, out)
	}
	for i, e := range events {
		if !j.step(e) {
			return b, fmt.Errorf("event %d on the way to the beginning cannot happen: these servers do not come there", i+1)
		}
	}
	for _, e := range left {
		if at := j.find(e); at >= 0 {
			b.Flights = append(b.Flights, j.flights[at])
		}
	}
	for id, h := range j.hosts {
		b.Actors[id] = model.Begun{State: h.state, Timers: h.timers}
	}
	return b, nil
}

// begin makes the system begin where its configuration says, unless that is the start.
func (sys *system[O]) begin(way *journey) {
	if sys.config.Begin == Start {
		return
	}
	told := follow(way, Votes[O](sys.config))
	beginning, err := way.arrive(wayTo[O](sys.config.Begin))
	if err != nil {
		sys.Check(err)
		return
	}
	sys.told = told()
	sys.Begin(beginning)
}
