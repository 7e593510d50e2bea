package singledecree

import (
	"math"
	"testing"

	"synod/actor"
	"synod/register"
)

// TestLastRound makes sure that a server which promised the highest round there is does not begin again at the lowest.
func TestLastRound(t *testing.T) {
	server := New([]actor.ID{2, 3})
	var out actor.Out[register.Message]
	st := server.Start(1, &out)
	last := Ballot{math.MaxUint32, 2}
	st = server.Receive(1, st, 2, register.Internal[Message]{Message: Prepare{last}}, &out)
	out.Reset()
	st = server.Receive(1, st, 9, register.Put{Request: 1, Value: 'X'}, &out)
	if st.Ballot != last || len(out.Commands()) > 0 {
		t.Errorf("after the last round the ballot is %v, and %v was commanded", st.Ballot, out.Commands())
	}
}
