package multipaxos_test

import (
	"testing"
	"time"

	"synod/actor"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
)

// TestGrant requires that an acceptor that granted a lease answers no request of another leader for a promise before
// the grant ends, also after a restart, and that its own leader starts no scout meanwhile: a ballot that is not
// promised by its own acceptor is used again after a crash.
func TestGrant(t *testing.T) {
	a := multipaxos.Server[[]string, rsm.LogOp, rsm.LogResult]{
		Options: multipaxos.Options{
			Reduce: true, ReadIndex: true, Lease: 2 * time.Second, Drift: time.Second,
			Resend: time.Second, Patience: time.Second,
		},
		Machine: rsm.Log{}, Peers: []actor.ID{0, 2},
	}.New()
	var out actor.Out[rsm.Message]
	st := a.Start(1, &out)
	lead, _ := timer(&out, "lead")
	promised := func(what string, to actor.ID, want bool) {
		t.Helper()
		got := false
		for _, c := range out.Commands() {
			if in, ok := c.Message.(rsm.Internal[multipaxos.Message]); ok {
				_, answers := in.Message.(multipaxos.P1b[rsm.LogOp])
				_, asks := in.Message.(multipaxos.P1a)
				got = got || c.To == to && answers || asks
			}
		}
		if got != want {
			t.Errorf("%s: a promise is given or asked for: %v, want %v", what, got, want)
		}
		out.Reset()
	}
	ask := func(round uint64, leader actor.ID) {
		st = a.Receive(1, st, leader, internal(multipaxos.P1a{Ballot: multipaxos.Ballot{Round: round, Leader: leader}}), &out)
	}
	st = a.Receive(1, st, 0, internal(multipaxos.Confirm{Ballot: multipaxos.Ballot{Round: 1}, Number: 1}), &out)
	promised("a grant", 0, false)
	ask(1, 2)
	promised("another leader asks", 2, false)
	st = a.Timeout(1, st, lead, &out)
	promised("the patience of its leader ends", 0, false)
	st = a.Timeout(1, st, multipaxos.Grant, &out)
	promised("the grant ends", 2, true)

	st = a.Receive(1, st, 0, internal(multipaxos.Confirm{Ballot: multipaxos.Ballot{Round: 2}, Number: 1}), &out)
	out.Reset()
	st = a.Recover(1, a.Keep(st), &out)
	if _, set := timer(&out, "grant"); !set {
		t.Error("an acceptor that restarts does not wait for the end of a grant")
	}
	out.Reset()
	ask(2, 2)
	promised("another leader asks after a restart", 2, false)
	ask(3, 0)
	promised("the same leader asks after a restart", 0, true)
	st = a.Timeout(1, st, multipaxos.Grant, &out)
	promised("the grant of before the restart ends", 2, true)
	if st.Lease.Granted || st.Lease.Deferred != nil {
		t.Errorf("after all grants: %+v", st.Lease)
	}
}
