package around

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"synod/actor"
	"synod/catalog"
	"synod/consistency"
	"synod/spawn"
	"synod/spawn/service"
)

// request is what tells a request from all others.
type request struct {
	client actor.ID
	number uint64
}

// asked is a request that arrived.
type asked struct {
	request
	in       any
	answered bool
	arrival  int // the number of the event in which it arrived
	answer   int // and of that in which it was answered; 0 if it was not
	by       actor.ID
}

// past follows the requests of a service in a run. A record knows clients only by what servers received of them and sent to
// them, so it is as if every request arrived at once, and every answer.
type past struct {
	service service.Untyped
	all     []asked
	places  map[request]int
	events  []happened
	other   int      // messages of clients of which is not known what they ask
	next    uint64   // a number that no request has, nor a greater one
	first   actor.ID // greater than those of all clients
}

// happened is the first arrival of a request, or its first answer.
type happened struct {
	request int
	answer  bool
	out     any
}

// Received takes a message of a client that arrived.
func (p *past) Received(event int, _, from actor.ID, message any) {
	p.first = max(p.first, from+1)
	if p.service.Asked == nil {
		p.other++
		return
	}
	number, in, ok := p.service.Asked(message)
	if !ok {
		return
	}
	p.next = max(p.next, number+1)
	k := request{from, number}
	if _, known := p.places[k]; known {
		return // again
	}
	p.places[k] = len(p.all)
	p.events = append(p.events, happened{request: len(p.all)})
	p.all = append(p.all, asked{request: k, in: in, arrival: event})
}

// Sent takes a message that a server sent to a client.
func (p *past) Sent(event int, server, to actor.ID, message any) {
	number, out, ok := p.service.Answer(message)
	at, known := p.places[request{to, number}]
	if !ok || !known || p.all[at].answered || p.service.Fits != nil && !p.service.Fits(p.all[at].in, out) {
		return
	}
	p.all[at].answered, p.all[at].answer, p.all[at].by = true, event, server
	p.events = append(p.events, happened{at, true, out})
}

const (
	// maxWaiting is how many clients that wait for an answer go on in an exploration, the last ones to ask.
	maxWaiting = 6
	// maxPending is up to how many unanswered requests linearizability is judged: each may double the time of that.
	maxPending = 16
)

// Judge goes through what clients did, window by window.
func (p *past) Judge(ctx context.Context) (catalog.Before, error) {
	b := catalog.Before{Requests: len(p.all) + p.other, First: p.first}
	k := known{next: max(p.next, 1)}
	if p.service.Asked == nil && p.other > 0 {
		b.Unjudged = "what clients asked is not known: their service does not say what a request asks for"
		b.History = k
		return b, nil
	}
	w := consistency.NewWindows(consistency.WindowsConfig[any, any, any]{Spec: p.service.Object})
	for _, e := range p.events {
		r, name := p.all[e.request], consistency.Client(e.request)
		var err error
		if e.answer {
			err = w.Return(ctx, name, e.out)
		} else if err = w.Invoke(name, r.in); err == nil && !r.answered {
			err = w.Lose(ctx, name)
		}
		if err != nil {
			return b, err
		}
	}
	switch w.Finish(ctx) {
	case consistency.Violated:
		v := w.Violation()
		if v.Explain(ctx); !v.Found {
			b.Violated = fmt.Sprintf("no order explains %d answers; the first that none explains was not found in time", len(v.Operations))
			return b, nil
		}
		b.Violated = p.blame(v)
		return b, nil
	case consistency.Undecided:
		b.Unjudged = "the earlier client history could not be checked: " + w.Reason()
	case consistency.Holds:
		k.states = w.States()
	}
	var err error
	k.pending, err = p.pending(&b)
	b.History = k
	return b, err
}

// blame returns which answer no order explains.
func (p *past) blame(v *consistency.Violation[any, any, any]) string {
	r := p.all[v.Culprit().Client]
	text := fmt.Sprintf("event %d: %s answers request %d of %s, %+v of event %d: %+v",
		r.answer, spawn.Describe(r.by), r.number, spawn.Describe(r.client), r.in, r.arrival, v.Culprit().Out)
	var held []string
	for _, state := range v.States {
		held = append(held, fmt.Sprintf("%+v", state))
	}
	if len(held) > 0 {
		text += fmt.Sprintf("; after all that was answered before, the %s was %s", p.service.Object.Name, strings.Join(held, " or "))
	}
	return text
}

// pending builds a history of the requests that are not answered. One that took effect already may do so once more
// there, so that less is wrong.
func (p *past) pending(b *catalog.Before) (h consistency.History[any, any], err error) {
	nobody := consistency.Client(math.MaxUint64) // those that no id has
	waits := make(map[actor.ID]bool)
	open := 0
	for _, r := range slices.Backward(p.all) {
		if r.answered {
			continue
		}
		as := consistency.Client(r.client)
		if last := !waits[r.client] && len(b.Waiting) < maxWaiting; last {
			b.Waiting = append(b.Waiting, catalog.Waiting{Client: r.client, Request: r.number})
		} else {
			as = nobody // The client has gone on, or nobody looks for its answer any more.
			nobody--
		}
		waits[r.client] = true
		open++
		if h, err = h.Invoke(as, r.in); err != nil {
			return h, err
		}
	}
	slices.Reverse(b.Waiting)
	if open > maxPending && b.Unjudged == "" {
		b.Unjudged = fmt.Sprintf("%d requests before were never answered", open)
	}
	return h, nil
}
