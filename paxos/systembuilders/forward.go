package systembuilders

import (
	"slices"

	"synod/actor"
	"synod/paxos/rsm"
)

// Forwarding of pending updates, a few at a time (see Options.Forward). The paper sends all of them, and again
// whenever one of their timers fires or a view is installed.

// Forwarded records which pending updates were sent to the leader. It is zero if Options.Forward is 0.
type Forwarded struct {
	Sent      []rsm.ID                  // in order of arrival; nil for none
	Line      actor.Map[uint64, rsm.ID] // the updates after those, by increasing numbers; some may no longer be pending
	Doublings int                       // of the timer, since one of Sent was ordered
}

// began sends an update that has become pending to the leader, or queues it behind the others.
func (t *turn[S, O, R]) began(id rsm.ID) {
	if t.Forward == 0 {
		t.setUpdate(id)
		t.submit(id)
		return
	}
	f := &t.st.Forwarded
	last, _, _ := f.Line.Last()
	f.Line = f.Line.With(last+1, id)
}

// ended removes an update that is no longer pending, which makes room for the next one.
func (t *turn[S, O, R]) ended(id rsm.ID) {
	if t.Forward == 0 {
		t.cancelUpdate(id)
		return
	}
	f := &t.st.Forwarded
	if at := slices.Index(f.Sent, id); at >= 0 {
		f.Doublings = 0
		if f.Sent = slices.Delete(f.Sent, at, at+1); len(f.Sent) == 0 {
			f.Sent = nil
		}
	}
	t.tidy()
}

// tidy removes updates that are no longer pending from the line, once they are more than half of it: others may have
// had them ordered while earlier ones still wait.
func (t *turn[S, O, R]) tidy() {
	f, waiting := &t.st.Forwarded, t.st.Pending.Len()-len(t.st.Forwarded.Sent)
	if f.Line.Len() <= 2*waiting {
		return
	}
	for at, id := range f.Line.All() {
		if _, pending := t.st.Pending.Get(id); !pending {
			f.Line = f.Line.Without(at)
		}
	}
}

// forward sends the leader the next updates, up to the limit, and reports whether it sent any. It sends none in
// election: nobody would order them.
func (t *turn[S, O, R]) forward() (some bool) {
	st := t.st
	f := &st.Forwarded
	if t.electing() {
		return false
	}
	for at, id := range f.Line.All() {
		if len(f.Sent) >= t.Forward {
			break
		}
		f.Line = f.Line.Without(at)
		if _, pending := st.Pending.Get(id); pending {
			f.Sent, some = append(f.Sent, id), true
			t.submit(id)
		}
	}
	return some
}

// electing reports whether the server has no leader and is not about to lead.
func (t *turn[S, O, R]) electing() bool { return t.st.Phase == LeaderElection && t.st.Prepared == nil }

// submitAll sends the pending updates to the leader of a new view.
func (t *turn[S, O, R]) submitAll() {
	if t.Forward == 0 {
		for id := range t.st.Pending.All() {
			t.submit(id)
		}
		return
	}
	t.submitSent()
	if f := &t.st.Forwarded; f.Doublings > 0 {
		f.Doublings = 0
		t.setForward()
	}
}

func (t *turn[S, O, R]) submitSent() {
	for _, id := range t.st.Forwarded.Sent {
		t.submit(id)
	}
}

// forwardAgain sends the forwarded updates to the leader again, and doubles the interval.
func (t *turn[S, O, R]) forwardAgain() {
	f := &t.st.Forwarded
	if !t.electing() {
		t.submitSent()
		f.Doublings = min(f.Doublings+1, t.Options.Doublings)
	}
	t.setForward()
}

// watchForwarded sets or cancels the timer of forwarded updates.
func (t *turn[S, O, R]) watchForwarded() {
	switch sent := len(t.st.Forwarded.Sent) > 0; {
	case sent && !t.sent:
		t.setForward()
	case !sent && t.sent && t.Update > 0:
		t.out.Commands().CancelTimer(Forward{})
	}
}
