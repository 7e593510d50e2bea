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
	// MaxWaiting is how many clients that wait for an answer continue in an exploration, the last ones to ask.
	MaxWaiting = 6
	// MaxPending is up to how many unanswered requests linearizability is checked: each may double its time.
	MaxPending = 16
)

// Asked is a request that arrived.
type Asked[I any] struct {
	Client   actor.ID
	Number   uint64
	In       I
	Answered bool
	Arrival  int      // the number of the event in which it arrived
	Answer   int      // and of that in which it was answered; 0 if it was not
	By       actor.ID // the server that answered
}

// Happened is the first arrival of a request, or its first answer.
type Happened[O any] struct {
	Request int // its place among all requests
	Answer  bool
	Out     O
}

// Requests are those of the clients of a recorded run, for a catalog.Past. A record knows clients only by what servers received
// of them and sent to them, so it is as if every request arrived at once, and every answer. The zero value has none.
type Requests[I, O any] struct {
	All    []Asked[I]
	Events []Happened[O]
	places map[request]int
}

// request is what tells a request from all others.
type request struct {
	client actor.ID
	number uint64
}

// Arrives notes a request in an event, unless it arrived before.
func (q *Requests[I, O]) Arrives(event int, client actor.ID, number uint64, in I) {
	k := request{client, number}
	if _, known := q.places[k]; known {
		return // again
	}
	if q.places == nil {
		q.places = make(map[request]int)
	}
	q.places[k] = len(q.All)
	q.Events = append(q.Events, Happened[O]{Request: len(q.All)})
	q.All = append(q.All, Asked[I]{Client: client, Number: number, In: in, Arrival: event})
}

// Answers notes an answer in an event, unless there was one before, or it does not fit the request; fits may be nil.
func (q *Requests[I, O]) Answers(event int, server, client actor.ID, number uint64, out O, fits func(in I) bool) {
	at, known := q.places[request{client, number}]
	if !known || q.All[at].Answered || fits != nil && !fits(q.All[at].In) {
		return
	}
	a := &q.All[at]
	a.Answered, a.Answer, a.By = true, event, server
	q.Events = append(q.Events, Happened[O]{at, true, out})
}

// Judge ends the windows of a history whose clients are the places of requests, and notes in b what is wrong with it, or why
// that is not known. It reports whether the check goes on from there. Blame describes a violation.
func Judge[S any, I comparable, O any](
	ctx context.Context, w *consistency.Windows[S, I, O], b *catalog.Before, blame func(v *consistency.Violation[S, I, O]) string,
) bool {
	switch w.Finish(ctx) {
	case consistency.Violated:
		v := w.Violation()
		if v.Explain(ctx); v.Found {
			b.Violated = blame(v)
		} else {
			b.Violated = fmt.Sprintf("no order explains %d answers; the first that none explains was not found in time", len(v.Operations))
		}
		return false
	case consistency.Undecided:
		b.Unjudged = "the earlier client history could not be checked: " + w.Reason()
	case consistency.Holds:
	}
	return true
}

// Blame describes the answer to a request, whose input and output are given in words.
func (q *Requests[I, O]) Blame(at consistency.Client, in, out string) string {
	r := q.All[at]
	return fmt.Sprintf("event %d: %s answers request %d of %s, %s of event %d: %s",
		r.Answer, spawn.Describe(r.By), r.Number, spawn.Describe(r.Client), in, r.Arrival, out)
}

// Pending appends the requests that are not answered to a history, and notes in b which clients wait for one. One that took
// effect already may do so once more there, so that less is wrong. A request for which no client waits has a name of its own,
// from spare downwards. Keep reports whether a request belongs to the history.
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
			as = spare // The client has gone on, or nobody looks for its answer any more.
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
