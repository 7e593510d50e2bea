package around

import (
	"context"
	"fmt"
	"slices"

	"synod/actor"
	"synod/catalog"
	"synod/consistency"
	"synod/spawn"
)

const (
	// MaxWaiting is the maximum number of waiting clients that continue in an exploration; the last ones to send a
	// request do.
	MaxWaiting = 6
	// MaxPending is the maximum number of unanswered requests for a linearizability check: each may double its time.
	MaxPending = 16
)

// Asked is a request that arrived.
type Asked[I any] struct {
	Client   actor.ID
	Number   uint64
	In       I
	Answered bool
	Arrival  int      // number of the event in which it arrived
	Answer   int      // number of the event in which it was answered; 0 if unanswered
	By       actor.ID // the server that answered
}

// Happened is the first arrival of a request, or its first answer.
type Happened[O any] struct {
	Request int // index among all requests
	Answer  bool
	Out     O
}

// Requests are the client requests of a recorded run, for a catalog.Past. A record has only the messages that servers
// received from clients and sent to them, so every request is assumed to arrive when it is sent, and so is every
// answer. The zero value has no requests.
type Requests[I, O any] struct {
	All    []Asked[I]
	Events []Happened[O]
	places map[request]int
}

// request identifies a request.
type request struct {
	client actor.ID
	number uint64
}

// Arrives records a request in an event, unless it arrived before.
func (q *Requests[I, O]) Arrives(event int, client actor.ID, number uint64, in I) {
	k := request{client, number}
	if _, known := q.places[k]; known {
		return // repeated
	}
	if q.places == nil {
		q.places = make(map[request]int)
	}
	q.places[k] = len(q.All)
	q.Events = append(q.Events, Happened[O]{Request: len(q.All)})
	q.All = append(q.All, Asked[I]{Client: client, Number: number, In: in, Arrival: event})
}

// Answers records an answer in an event, unless the request was already answered or the answer does not fit it; fits
// may be nil.
func (q *Requests[I, O]) Answers(event int, server, client actor.ID, number uint64, out O, fits func(in I) bool) {
	at, known := q.places[request{client, number}]
	if !known || q.All[at].Answered || fits != nil && !fits(q.All[at].In) {
		return
	}
	a := &q.All[at]
	a.Answered, a.Answer, a.By = true, event, server
	q.Events = append(q.Events, Happened[O]{at, true, out})
}

// Judge finishes the windows of a history whose clients are indexes of requests, and records in b the violation, or
// why the result is unknown. It reports whether the check can continue from there. Blame describes a violation.
func Judge[S any, I comparable, O any](
	ctx context.Context, w *consistency.Windows[S, I, O], b *catalog.Before, blame func(v *consistency.Violation[S, I, O]) string,
) bool {
	switch w.Finish(ctx) {
	case consistency.Violated:
		v := w.Violation()
		if v.Explain(ctx); v.Found {
			b.Violated = blame(v)
		} else {
			b.Violated = fmt.Sprintf("no order explains %d answers; the first inconsistent one was not found in time", len(v.Operations))
		}
		return false
	case consistency.Undecided:
		b.Unjudged = "the earlier client history could not be checked: " + w.Reason()
	case consistency.Holds:
	}
	return true
}

// Blame describes the answer to a request, given the texts of its input and output.
func (q *Requests[I, O]) Blame(at consistency.Client, in, out string) string {
	r := q.All[at]
	return fmt.Sprintf("event %d: %s answers request %d of %s, %s of event %d: %s",
		r.Answer, spawn.Describe(r.By), r.Number, spawn.Describe(r.Client), in, r.Arrival, out)
}

// Pending appends the unanswered requests to a history, and records in b which clients wait for an answer. A request
// that already took effect may take effect again there, which can only hide violations. A request for which no client
// waits gets a client of its own, from spare downwards. Keep reports whether a request belongs to the history.
func (q *Requests[I, O]) Pending(
	h consistency.History[I, O], b *catalog.Before, spare consistency.Client, keep func(in I, waits bool) bool,
) (consistency.History[I, O], error) {
	waits := make(map[actor.ID]bool)
	for _, r := range slices.Backward(q.All) {
		if r.Answered {
			continue
		}
		as := consistency.Client(r.Client)
		last := !waits[r.Client] && len(b.Waiting) < MaxWaiting
		if last {
			b.Waiting = append(b.Waiting, catalog.Waiting{Client: r.Client, Request: r.Number})
		} else {
			as = spare // The client has moved on, or its answer is no longer awaited.
			spare--
		}
		waits[r.Client] = true
		if !keep(r.In, last) {
			continue
		}
		var err error
		if h, err = h.Invoke(as, r.In); err != nil {
			return h, err
		}
	}
	slices.Reverse(b.Waiting)
	return h, nil
}
