package durableabd

import (
	"math"
	"reflect"
	"testing"

	"synod/actor"
	"synod/register"
)

// host is server 1 of three, by itself: the test is its peers and its clients.
type host struct {
	actor actor.Typed[State, register.Message]
	state State
}

func start(s Server) *host {
	s.Peers = []actor.ID{2, 3}
	h := &host{actor: s.New()}
	h.state = h.actor.Start(1, new(actor.Out[register.Message]))
	return h
}

// receive delivers a message, and returns what the server sends to the first of those that it sends something.
func (h *host) receive(from actor.ID, msg register.Message) (sent []register.Message) {
	var out actor.Out[register.Message]
	h.state = h.actor.Receive(1, h.state, from, msg, &out)
	for _, c := range out.Commands() {
		if c.To != 3 { // It is told what 2 is.
			sent = append(sent, c.Message)
		}
	}
	return sent
}

func (h *host) crash() {
	h.state = h.actor.Recover(1, h.actor.Keep(h.state), new(actor.Out[register.Message]))
}

func internal(m Message) register.Message { return register.Internal[Message]{Message: m} }

func (h *host) wants(t *testing.T, what string, sent []register.Message, want ...register.Message) {
	t.Helper()
	if len(sent) != len(want) || len(want) > 0 && !reflect.DeepEqual(sent, want) {
		t.Errorf("%s: sent %v, want %v", what, sent, want)
	}
}

// TestLastNumber makes sure that a server that was told of the last place in the order gives no earlier one to a write,
// which would be lost, and serves reads as before.
func TestLastNumber(t *testing.T) {
	h := start(Server{})
	last := Copy{Sequence{math.MaxUint64, 2}, 'X'}
	h.receive(2, internal(Record{Operation{0, 9}, last}))
	h.wants(t, "a put", h.receive(7, register.Put{Request: 1, Value: 'Y'}), internal(Query{Operation{0, 1}}))
	h.wants(t, "a copy", h.receive(2, internal(AckQuery{Operation{0, 1}, Copy{}})))
	h.wants(t, "the put again", h.receive(7, register.Put{Request: 1, Value: 'Y'}))
	if h.state.Copy != last || len(h.state.Tasks) > 0 {
		t.Errorf("after a put behind the last place: %+v", h.state)
	}
	h.wants(t, "a get", h.receive(7, register.Get{Request: 2}), internal(Query{Operation{0, 2}}))
	h.wants(t, "a copy", h.receive(2, internal(AckQuery{Operation{0, 2}, Copy{}})), internal(Record{Operation{0, 2}, last}))
	h.wants(t, "its record", h.receive(2, internal(AckRecord{Operation{0, 2}})), register.GetOk{Request: 2, Value: 'X'})
}

// TestLastRun makes sure that a server that has recovered more often than it can count begins no operations, whose names
// would be used again.
func TestLastRun(t *testing.T) {
	h := start(Server{})
	h.state.Run = math.MaxUint32 - 1
	h.receive(7, register.Put{Request: 1, Value: 'Y'})
	h.receive(2, internal(AckQuery{Operation{math.MaxUint32 - 1, 1}, Copy{}}))
	for range 2 {
		h.crash()
		if h.state.Run != math.MaxUint32 {
			t.Errorf("run %d", h.state.Run)
		}
		h.wants(t, "the put again", h.receive(7, register.Put{Request: 1, Value: 'Y'}))
		h.wants(t, "a get", h.receive(8, register.Get{Request: 1}))
	}
	own := h.state.Copy
	h.wants(t, "a query", h.receive(2, internal(Query{Operation{3, 4}})), internal(AckQuery{Operation{3, 4}, own}))
}

// TestGoesOn makes sure that a client that gives up a request and goes on to the next one is followed: the old one is
// dropped, and ends no more in the place of the new one, which would be written twice.
func TestGoesOn(t *testing.T) {
	h := start(Server{})
	first, second := register.Put{Request: 1, Value: 'A'}, register.Put{Request: 2, Value: 'B'}
	h.wants(t, "the first put", h.receive(7, first), internal(Query{Operation{0, 1}}))
	h.wants(t, "the second", h.receive(7, second), internal(Query{Operation{0, 2}}))
	h.wants(t, "an answer to the first", h.receive(2, internal(AckQuery{Operation{0, 1}, Copy{}})))
	h.wants(t, "its record", h.receive(2, internal(AckRecord{Operation{0, 1}})))
	h.wants(t, "the second again", h.receive(7, second), internal(Query{Operation{0, 2}}))
	h.wants(t, "the first again", h.receive(7, first))
	h.wants(t, "an answer to the second", h.receive(2, internal(AckQuery{Operation{0, 2}, Copy{}})),
		internal(Record{Operation{0, 2}, Copy{Sequence{1, 1}, 'B'}}))
	h.wants(t, "its record", h.receive(2, internal(AckRecord{Operation{0, 2}})), register.PutOk{Request: 2})
	if len(h.state.Tasks) > 0 {
		t.Errorf("tasks are left: %v", h.state.Tasks)
	}
}

// TestExpired follows a server that remembers two clients: the one with the least number is forgotten, with what it waits
// for, and is told when it asks again; after a crash too.
func TestExpired(t *testing.T) {
	h := start(Server{Remember: 2})
	h.receive(7, register.Put{Request: 10, Value: 'A'})
	h.receive(8, register.Put{Request: 20, Value: 'B'})
	h.receive(9, register.Get{Request: 30})
	if h.state.Floor != 10 || h.state.Sessions.Len() != 2 || len(h.state.Tasks) != 2 {
		t.Errorf("after three clients: %+v", h.state)
	}
	h.wants(t, "the first again", h.receive(7, register.Put{Request: 10, Value: 'A'}), register.Expired{Request: 10, Floor: 10})
	h.wants(t, "its answer", h.receive(2, internal(AckQuery{Operation{0, 1}, Copy{}})))
	h.crash()
	h.wants(t, "the first again", h.receive(7, register.Put{Request: 10, Value: 'A'}), register.Expired{Request: 10, Floor: 10})
	h.wants(t, "another old one", h.receive(6, register.Get{Request: 3}), register.Expired{Request: 3, Floor: 10})
	h.wants(t, "a new one", h.receive(7, register.Put{Request: 11, Value: 'A'}), internal(Query{Operation{1, 1}}))
}
