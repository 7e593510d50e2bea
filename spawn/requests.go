package spawn

import (
	"time"

	"synod/actor"
)

// Limits on tracked requests.
const (
	maxRequests     = 4096        // one per client
	requestPatience = time.Minute // after which the client no longer waits
)

// requests tracks outstanding client requests, one per client: a client that sends another request has given up the
// previous one.
type requests struct {
	waiting map[actor.ID]asked
}

// asked is a request, with the time of its first arrival.
type asked struct {
	kind string
	at   time.Duration
}

// arrived records a request.
func (r *requests) arrived(from actor.ID, kind string, now time.Duration, m *Metrics) {
	if r.waiting == nil {
		r.waiting = make(map[actor.ID]asked)
	}
	was, known := r.waiting[from]
	switch {
	case known && was.kind == kind:
		return // a resend
	case known:
		m.Unanswered.Add(1)
	case len(r.waiting) >= maxRequests:
		return
	}
	r.waiting[from] = asked{kind, now}
	m.Pending.Store(int64(len(r.waiting)))
}

// answered records that a message was sent to an actor, which may be a client.
func (r *requests) answered(to actor.ID, now time.Duration, m *Metrics) {
	was, known := r.waiting[to]
	if !known {
		return
	}
	delete(r.waiting, to)
	m.Pending.Store(int64(len(r.waiting)))
	m.answered(was.kind, now-was.at)
}

// expire forgets requests whose clients no longer wait.
func (r *requests) expire(now time.Duration, m *Metrics) {
	for id, was := range r.waiting {
		if now-was.at > requestPatience {
			delete(r.waiting, id)
			m.Unanswered.Add(1)
		}
	}
	m.Pending.Store(int64(len(r.waiting)))
}
