package spawn

import (
	"time"

	"synod/actor"
)

// Bounds of what is known of requests that are not answered.
const (
	maxRequests     = 4096        // of as many clients
	requestPatience = time.Minute // after which nobody waits for an answer any more
)

// requests are those that clients wait for, one of each: a client that asks for something else has given up before.
type requests struct {
	waiting map[actor.ID]asked
}

// asked is a request, from the first time that it came.
type asked struct {
	kind string
	at   time.Duration
}

// arrived notes a request.
func (r *requests) arrived(from actor.ID, kind string, now time.Duration, m *Metrics) {
	if r.waiting == nil {
		r.waiting = make(map[actor.ID]asked)
	}
	was, known := r.waiting[from]
	switch {
	case known && was.kind == kind:
		return // again
	case known:
		m.Unanswered.Add(1)
	case len(r.waiting) >= maxRequests:
		return
	}
	r.waiting[from] = asked{kind, now}
	m.Pending.Store(int64(len(r.waiting)))
}

// answered notes that something was sent to somebody, perhaps a client.
func (r *requests) answered(to actor.ID, now time.Duration, m *Metrics) {
	was, known := r.waiting[to]
	if !known {
		return
	}
	delete(r.waiting, to)
	m.Pending.Store(int64(len(r.waiting)))
	m.answered(was.kind, now-was.at)
}

// expire forgets requests that nobody waits for any more.
func (r *requests) expire(now time.Duration, m *Metrics) {
	for id, was := range r.waiting {
		if now-was.at > requestPatience {
			delete(r.waiting, id)
			m.Unanswered.Add(1)
		}
	}
	m.Pending.Store(int64(len(r.waiting)))
}
