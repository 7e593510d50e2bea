package singledecree_test

import (
	"testing"

	"synod/actor"
	"synod/paxos/singledecree"
	"synod/register"
)

// TestWaiting lets more clients ask than may wait, and then go away: one that comes later is answered.
func TestWaiting(t *testing.T) {
	server := singledecree.Server{Peers: []actor.ID{1, 2}, Learn: true}.New()
	var out actor.Out[register.Message]
	st := server.Start(0, &out)
	last := actor.ID(0)
	for i := range 2 * singledecree.MaxWaiting {
		last = actor.ID(100 + i)
		st = server.Receive(0, st, last, register.Get{Request: 1}, &out)
	}
	if len(st.Waiting) != singledecree.MaxWaiting {
		t.Errorf("%d clients wait, want %d", len(st.Waiting), singledecree.MaxWaiting)
	}
	out.Reset()
	query := singledecree.Query{Reader: last, Request: 1}
	server.Receive(0, st, 1, register.Internal[singledecree.Message]{Message: singledecree.Report{Query: query}}, &out)
	if c := out.Commands(); len(c) != 1 || c[0].To != last || c[0].Message != (register.GetOk{Request: 1}) {
		t.Errorf("the last one is answered by %v", c)
	}
}
