// Package past follows what the clients of a register did in a recorded run, judges it, and makes of it a short history that
// stands for all of it, so that a check can go on from there.
package past

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"synod/actor"
	"synod/catalog"
	"synod/catalog/around"
	"synod/consistency"
	"synod/register"
)

// requests are those of the clients of a register in a recorded run.
type requests struct {
	around.Requests[input, output]
	once bool // the register is written once, and refuses other values
}

// What clients ask, and are answered.
type (
	input  = consistency.RegisterInput[register.Value]
	output = consistency.RegisterOutput[register.Value]
)

// New returns a past of a register that nobody has asked yet. Once says that it is written once, and refuses other values.
func New(once bool) catalog.Past {
	return &requests{once: once}
}

// Received takes a message of a client that arrived.
func (q *requests) Received(event int, _, from actor.ID, message any) {
	switch m := message.(type) {
	case register.Put:
		q.Arrives(event, from, uint64(m.Request), consistency.Write(m.Value))
	case register.Get:
		q.Arrives(event, from, uint64(m.Request), consistency.Read[register.Value]())
	}
}

// Sent takes a message that a server sent to a client.
func (q *requests) Sent(event int, server, to actor.ID, message any) {
	switch m := message.(type) {
	case register.PutOk:
		q.answered(event, server, to, m.Request, consistency.Wrote[register.Value]())
	case register.PutFail:
		q.answered(event, server, to, m.Request, consistency.Refused[register.Value]())
	case register.GetOk:
		q.answered(event, server, to, m.Request, consistency.Got(m.Value))
	}
}

func (q *requests) answered(event int, server, client actor.ID, number register.Request, out output) {
	q.Answers(event, server, client, uint64(number), out, nil)
}

// Judge goes through what clients did, window by window, and makes of it a short history that stands for all of it.
func (q *requests) Judge(ctx context.Context) (catalog.Before, error) {
	if q.once {
		return judged(ctx, q, consistency.WindowsConfig[consistency.Once[register.Value], input, output]{
			Spec: consistency.WriteOnceRegister[register.Value](), Before: beforeSet,
		}, func(held consistency.Once[register.Value]) register.Value { return held.Value })
	}
	return judged(ctx, q, consistency.WindowsConfig[register.Value, input, output]{
		Spec: consistency.Register(register.Value(0)), Before: beforeRead, Effect: input.Effect,
		Exact: consistency.RegisterExactly[register.Value](),
	}, func(held register.Value) register.Value { return held })
}

// judged goes through what clients of a register did that holds the value which the function gives, 0 for none.
func judged[S any](
	ctx context.Context, q *requests, c consistency.WindowsConfig[S, input, output], value func(S) register.Value,
) (catalog.Before, error) {
	w := consistency.NewWindows(c)
	for _, e := range q.Events {
		r, name := q.All[e.Request], consistency.Client(e.Request)
		var err error
		switch {
		case e.Answer && q.once && e.Out == consistency.Got(register.Value(0)):
			err = w.Return(ctx, name, consistency.Unset[register.Value]())
		case e.Answer:
			err = w.Return(ctx, name, e.Out)
		case r.Answered:
			err = w.Invoke(name, r.In)
		case r.In.Write:
			if err = w.Invoke(name, r.In); err == nil {
				err = w.Lose(ctx, name)
			}
		}
		if err != nil {
			return catalog.Before{}, err
		}
	}
	p := catalog.Before{Requests: len(q.All), First: q.free()}
	if !around.Judge(ctx, w, &p, func(v *consistency.Violation[S, input, output]) string {
		return q.blame(v.Culprit().Client, v.Culprit().Out, mapped(v.States, value))
	}) {
		return p, nil
	}
	history, err := q.summary(&p, mapped(w.States(), value))
	p.History = history
	return p, err
}

func mapped[S any](states []S, value func(S) register.Value) []register.Value {
	var all []register.Value
	for _, s := range states {
		all = append(all, value(s))
	}
	return all
}

// blame returns which answer no order explains.
func (q *requests) blame(client consistency.Client, out output, states []register.Value) string {
	text := q.Blame(client, fmt.Sprintf("the %v", q.All[client].In), fmt.Sprint(out))
	var held []string
	for _, value := range states {
		held = append(held, value.String())
	}
	if len(held) > 0 {
		text += "; after all that was answered before, the register held " + strings.Join(held, " or ")
	}
	return text
}

// beforeRead: only an unknown write of what was read matters, and only if something else was held.
func beforeRead(
	held register.Value, in input, out output, _ func() []input,
) ([]input, bool) {
	if in.Write || held == out.Value {
		return nil, false
	}
	return []input{consistency.Write(out.Value)}, false
}

// beforeSet: once the register is set, no write matters; before, a read is explained by a write of its value, and a refusal
// by any.
func beforeSet(
	held consistency.Once[register.Value], in input, out output, _ func() []input,
) (before []input, all bool) {
	switch {
	case held.Set:
		return nil, false
	case out.Answer == consistency.ReadOk:
		return []input{consistency.Write(out.Value)}, false
	}
	return nil, in.Write && out.Answer == consistency.WriteRefused
}

// summary builds the short history: writes of what may be held, by clients that do nothing else, all at once; and then
// the requests that are not answered. One that took effect already may do so once more there, so that less is wrong.
func (q *requests) summary(p *catalog.Before, held []register.Value) (history register.History, err error) {
	// The writes of what is held need names: those that no id has.
	name := consistency.Client(math.MaxUint64)
	certain := !q.once || len(held) == 1
	if q.once {
		held = slices.DeleteFunc(held, func(v register.Value) bool { return v == 0 })
	}
	for i, v := range held {
		if history, err = history.Invoke(name-consistency.Client(i), consistency.Write(v)); err != nil {
			return history, err
		}
	}
	for i := range held {
		if !certain {
			break // At most one of them happened.
		}
		if history, err = history.Return(name-consistency.Client(i), consistency.Wrote[register.Value]()); err != nil {
			return history, err
		}
	}
	name -= consistency.Client(len(held))
	writes := 0
	history, err = q.Pending(history, p, name, func(in input, waits bool) bool {
		if in.Write {
			writes++
		}
		return in.Write || waits // A read for which nobody waits has no effect.
	})
	if writes > around.MaxPending && p.Unjudged == "" {
		p.Unjudged = fmt.Sprintf("%d writes before were never answered", writes)
	}
	return history, err
}

// free returns the first of many ids in a row that no client has, and whose requests have numbers that are not used.
func (q *requests) free() actor.ID {
	const many, each = 64, 64 // clients, and requests of each
	first := actor.ID(1 << 50)
	used := make(map[register.Request]bool)
	for _, r := range q.All {
		used[register.Request(r.Number)] = true
	}
	for ; ; first += many {
		taken := false
		for i := range actor.ID(many) {
			for k := range register.Request(each) {
				taken = taken || used[(k+1)*register.Request(first+i)]
			}
		}
		if !taken {
			return first
		}
	}
}
