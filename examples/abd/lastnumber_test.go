package abd

import (
	"math"
	"testing"

	"synod/actor"
	"synod/register"
)

// TestLastNumber makes sure that a server that was told of the last place in the order gives no earlier one to a write,
// which would be lost, and serves reads as before.
func TestLastNumber(t *testing.T) {
	server := New([]actor.ID{2, 3})
	var out actor.Out[register.Message]
	st := server.Start(1, &out)
	receive := func(from actor.ID, msg register.Message) []actor.Command[register.Message] {
		out.Reset()
		st = server.Receive(1, st, from, msg, &out)
		return out.Commands()
	}
	internal := func(m Message) register.Message { return register.Internal[Message]{Message: m} }
	last := Copy{Sequence{math.MaxUint32, 2}, 'X'}
	receive(2, internal(Record{7, last}))
	receive(9, register.Put{Request: 1, Value: 'Y'})
	if done := receive(3, internal(AckQuery{1, Copy{}})); len(done) > 0 || st.Copy != last {
		t.Errorf("a write after the last: %v was commanded, and the copy is %v", done, st.Copy)
	}
	receive(9, register.Get{Request: 2})
	receive(3, internal(AckQuery{2, Copy{}}))
	done := receive(3, internal(AckRecord{2}))
	if len(done) != 1 || done[0].Message != (register.GetOk{Request: 2, Value: 'X'}) {
		t.Errorf("a read after it: %v", done)
	}
}
