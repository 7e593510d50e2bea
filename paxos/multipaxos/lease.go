package multipaxos

import (
	"time"

	"synod/actor"
	"synod/paxos/rsm"
)

// Leases: a leader whose round is answered by a majority (see read.go) may answer reads without a further round for a
// while, its term, because each acceptor that answers thereby grants it a lease: it promises no ballot of another
// leader until its own clock has advanced by Options.Lease. Nobody else can lead meanwhile, as that takes a promise of
// one of them. (Section 4.5 mentions leases; Gray and Cheriton introduced them in 1989.)
//
// The term begins before the request for the grant is sent, and is shorter than the grant by Options.Drift, so it ends
// first whatever messages take, provided that clocks do not disagree more than that about how long a lease is. A
// grant is not saved: an acceptor that restarts behaves as if it had just granted one.

// LeaseTimer is a timer whose duration matters for safety: it must not fire early, and when it is due it must fire
// before the server handles a message that arrives later.
type LeaseTimer string

// The timers of leases.
const (
	Term  LeaseTimer = "term"  // the end of the leader's term
	Grant LeaseTimer = "grant" // the end of the acceptor's grant
)

// String returns the name of the timer.
func (t LeaseTimer) String() string { return string(t) }

// Lease is what a server knows of leases, as a leader and as an acceptor. None of it is durable.
type Lease struct {
	Runs bool     // the term that began with the leader's last round is not over
	Of   Ballot   // the ballot that has the lease, since that round was answered within the term; zero if none
	From rsm.Slot // the first slot of the newest configuration that granted it
	// Granted is set while the acceptor promises only ballots of the leader whose ballot it promised last. Deferred are
	// the requests of other leaders, which it handles afterwards; nil for none.
	Granted  bool
	Deferred map[actor.ID]P1a
	// Postponed is set if the leader of this server starts a scout when the grant has ended.
	Postponed bool
}

// Leased reports whether the server answers reads as the holder of a lease.
func (st State[S, O, R]) Leased() bool {
	l, all := &st.Leader, st.Replica.Configurations
	return l.Active && st.Lease.Of == l.Ballot && (all.Len() == 0 || newest(all).From == st.Lease.From)
}

// term returns how long a leader's clock may advance until its lease ends.
func (o Options) term() time.Duration { return o.Lease - o.Drift }

// begins begins the term of a lease, before any acceptor is asked to grant it.
func (t *turn[S, O, R]) begins() {
	if t.Lease > 0 {
		t.st.Lease.Runs, t.st.Lease.Of = true, Ballot{}
		t.out.Commands().SetTimer(Term, t.term(), t.term())
	}
}

// leases assigns the leader the lease that a majority of each configuration granted in a round, unless its
// term is over.
func (t *turn[S, O, R]) leases(round *Round) {
	if !t.st.Lease.Runs {
		return
	}
	t.st.Lease.Of = round.Ballot
	if all := round.Configurations; all.Len() > 0 {
		t.st.Lease.From = newest(all).From
	}
}

// ends ends the leader's term.
func (t *turn[S, O, R]) ends() {
	lease := &t.st.Lease
	lease.Runs, lease.Of, lease.From = false, Ballot{}, 0
}

// grant grants the leader of a ballot a lease. This is also a promise, so that the promised ballot tells whose lease it
// is.
func (t *turn[S, O, R]) grant(b Ballot) {
	if t.Lease > 0 && !b.Less(t.st.Acceptor.Ballot) {
		t.st.Acceptor.Ballot = b
		t.keepGrant()
	}
}

// keepGrant binds the acceptor to the leader whose ballot it promised last. An acceptor that restarts may have granted
// a lease up to now.
func (t *turn[S, O, R]) keepGrant() {
	if t.Lease > 0 && t.st.Acceptor.Ballot != (Ballot{}) {
		t.st.Lease.Granted = true
		t.out.Commands().SetTimer(Grant, t.Lease, t.Lease)
	}
}

// bound reports whether a grant keeps the acceptor from promising a ballot of a leader.
func (t *turn[S, O, R]) bound(leader actor.ID) bool {
	return t.st.Lease.Granted && t.st.Acceptor.Ballot.Leader != leader
}

// defers keeps a request for a promise until the grant ends, if there is one, and reports whether it does.
func (t *turn[S, O, R]) defers(m P1a) bool {
	if !t.bound(m.Ballot.Leader) || m.Ballot.Less(t.st.Acceptor.Ballot) {
		return false
	}
	lease := &t.st.Lease
	if lease.Deferred == nil {
		lease.Deferred = map[actor.ID]P1a{}
	}
	if !m.Ballot.Less(lease.Deferred[m.Ballot.Leader].Ballot) {
		lease.Deferred[m.Ballot.Leader] = m
	}
	return true
}

// postpone reports whether the leader must wait with a scout until the grant ends: its own acceptor must promise its
// ballot at once, as that is how a server that restarts knows which ballots it has used.
func (t *turn[S, O, R]) postpone() bool {
	if !t.bound(t.self) {
		return false
	}
	t.st.Lease.Postponed = true
	return true
}

// free ends the acceptor's grant. Its own leader starts a scout only if no other one asked meanwhile.
func (t *turn[S, O, R]) free() {
	lease := &t.st.Lease
	deferred, postponed := lease.Deferred, lease.Postponed
	lease.Granted, lease.Deferred, lease.Postponed = false, nil, false
	for _, leader := range ascending(deferred) {
		t.accept(leader, deferred[leader])
	}
	if postponed && deferred == nil && t.st.Leader.passive() {
		t.st.Leader.scout(t.leading())
	}
}
