package around

import (
	"context"
	"fmt"
	"math"
	"strings"

	"synod/actor"
	"synod/catalog"
	"synod/consistency"
	"synod/spawn/service"
)

// past follows the requests of a service in a run.
type past struct {
	Requests[any, any]
	service service.Untyped
	other   int      // number of client messages with unknown requests
	next    uint64   // greater than the number of every request so far
	first   actor.ID // greater than the ids of all clients
}

// Received records a message from a client.
func (p *past) Received(event int, _, from actor.ID, message any) {
	p.first = max(p.first, from+1)
	if p.service.Asked == nil {
		p.other++
		return
	}
	if number, in, ok := p.service.Asked(message); ok {
		p.next = max(p.next, number+1)
		p.Arrives(event, from, number, in)
	}
}

// Sent records a message from a server to a client.
func (p *past) Sent(event int, server, to actor.ID, message any) {
	number, out, ok := p.service.Answer(message)
	if !ok {
		return
	}
	p.Answers(event, server, to, number, out, func(in any) bool { return p.service.Fits == nil || p.service.Fits(in, out) })
}

// Judge checks the history of the clients, window by window.
func (p *past) Judge(ctx context.Context) (catalog.Before, error) {
	b := catalog.Before{Requests: len(p.All) + p.other, First: p.first}
	k := known{next: max(p.next, 1)}
	if p.service.Asked == nil && p.other > 0 {
		b.Unjudged = "what clients asked is not known: their service does not say what a request asks for"
		b.History = k
		return b, nil
	}
	w := consistency.NewWindows(consistency.WindowsConfig[any, any, any]{Spec: p.service.Object})
	for _, e := range p.Events {
		r, name := p.All[e.Request], consistency.Client(e.Request)
		var err error
		if e.Answer {
			err = w.Return(ctx, name, e.Out)
		} else if err = w.Invoke(name, r.In); err == nil && !r.Answered {
			err = w.Lose(ctx, name)
		}
		if err != nil {
			return b, err
		}
	}
	if !Judge(ctx, w, &b, p.blame) {
		return b, nil
	}
	if b.Unjudged == "" {
		k.states = w.States()
	}
	var err error
	k.pending, err = p.pending(&b)
	b.History = k
	return b, err
}

// blame describes the answer that no order explains.
func (p *past) blame(v *consistency.Violation[any, any, any]) string {
	at := v.Culprit().Client
	text := p.Blame(at, fmt.Sprintf("%+v", p.All[at].In), fmt.Sprintf("%+v", v.Culprit().Out))
	var held []string
	for _, state := range v.States {
		held = append(held, fmt.Sprintf("%+v", state))
	}
	if len(held) > 0 {
		text += fmt.Sprintf("; after all earlier answers, the %s was %s", p.service.Object.Name, strings.Join(held, " or "))
	}
	return text
}

// pending returns a history of the unanswered requests.
func (p *past) pending(b *catalog.Before) (consistency.History[any, any], error) {
	open := 0
	h, err := p.Pending(consistency.History[any, any]{}, b, math.MaxUint64, func(any, bool) bool {
		open++
		return true
	})
	if open > MaxPending && b.Unjudged == "" {
		b.Unjudged = fmt.Sprintf("%d earlier requests were never answered", open)
	}
	return h, err
}
