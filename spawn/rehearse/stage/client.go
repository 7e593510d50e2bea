package stage

import (
	"time"

	"synod/actor"
	"synod/register"
	"synod/spawn/nemesis"
)

// client is a client of a register: it makes one operation at a time, as package client of the registers does. A write is
// repeated at the same server only, a read at the next one.
type client struct {
	w      *world
	place  int
	draws  *nemesis.Client
	next   register.Request
	buffer []byte
	conns  []*conn // to each server, if there are streams
	gen    uint32  // counts what it waits for

	waits   bool // for an answer, and not for its next operation
	now     nemesis.Operation
	request register.Request
	attempt int  // from 0
	sent    bool // at least once
}

func newClient(w *world, place int) *client {
	return &client{
		w: w, place: place, next: 1, conns: make([]*conn, len(w.Servers)),
		draws: w.Workload.Client(place, NewSource(w.Seed, forClients+uint64(place))),
	}
}

// think draws the next operation, and waits before it.
func (k *client) think() {
	k.waits = false
	k.now = k.draws.Next()
	k.alarm(k.w.now + k.now.Think)
}

// alarm wakes the client at a time, and at none that it waited for before.
func (k *client) alarm(at time.Duration) {
	k.gen++
	k.w.agenda.add(event{at: at, kind: rouse, who: int32(k.place), gen: k.gen})
}

// rouse goes on when the time is over: with the next operation, or the next attempt.
func (k *client) rouse() {
	if !k.waits {
		k.begin()
		return
	}
	if k.attempt++; k.attempt > k.w.Retries {
		k.giveUp()
		return
	}
	if k.now.Read {
		k.now.Server = (k.now.Server + 1) % len(k.w.Servers)
	}
	k.ask()
}

// begin begins the operation that was drawn.
func (k *client) begin() {
	k.waits, k.attempt, k.sent = true, 0, false
	k.request = k.next
	k.next++
	k.w.noteClient(k.note(Invoked, register.Value(k.now.Value)))
	k.ask()
}

func (k *client) note(what What, v register.Value) Note {
	return Note{Client: k.place, What: what, Read: k.now.Read, Value: v}
}

// ask sends the request, and waits for the answer.
func (k *client) ask() {
	var m register.Message = register.Put{Request: k.request, Value: register.Value(k.now.Value)}
	if k.now.Read {
		m = register.Get{Request: k.request}
	}
	var err error
	if k.buffer, err = k.w.Wire.Append(k.buffer[:0], m); err != nil {
		panic(err) // Requests have a form in every protocol.
	}
	conn, id, ok := k.dial()
	if !ok {
		// On a new connection it would be another client to the server, and the write another one.
		if k.sent && !k.now.Read {
			k.giveUp()
			return
		}
		k.alarm(k.w.now + k.w.Timeout)
		return
	}
	k.sent = true
	p := k.w.network.packet(len(k.w.nodes)+k.place, k.now.Server, id, k.buffer)
	p.conn = conn
	k.w.network.send(p)
	k.alarm(k.w.now + k.w.Timeout)
}

// dial gives the connection to the server to ask, and the client's id there. It tells whether there is one. A
// connection that broke since the last operation is made anew.
func (k *client) dial() (*conn, actor.ID, bool) {
	if !k.w.Streams {
		return nil, k.w.Client + actor.ID(k.place), true
	}
	c := k.conns[k.now.Server]
	if c == nil || c.gone {
		if c != nil && k.sent && !k.now.Read {
			return nil, 0, false
		}
		var err error
		if c, err = k.w.network.streams.dial(k.place, k.now.Server); err != nil {
			return nil, 0, false
		}
		k.conns[k.now.Server] = c
	}
	return c, c.id, true
}

// giveUp ends an operation without an answer, and goes on.
func (k *client) giveUp() {
	k.abandon()
	k.think()
}

// abandon ends an operation without an answer.
func (k *client) abandon() {
	switch {
	case k.now.Read || !k.sent:
		k.w.outcome.Failed++
		k.w.noteClient(k.note(Failed, 0))
	default:
		k.w.outcome.Unknown++
		k.w.noteClient(k.note(Lost, 0))
	}
}

// receive takes an answer. One to another request is passed over.
func (k *client) receive(p *packet) {
	m, err := k.w.Wire.Decode(p.data)
	if err != nil || !k.waits {
		return
	}
	switch m := m.(type) {
	case register.PutOk:
		if m.Request == k.request && !k.now.Read {
			k.answered(Returned, 0)
		}
	case register.PutFail:
		if m.Request == k.request && !k.now.Read {
			k.answered(Refused, 0)
		}
	case register.GetOk:
		if m.Request == k.request && k.now.Read {
			k.answered(Returned, m.Value)
		}
	case register.Expired:
		if m.Request == k.request {
			k.next = max(k.next, m.Floor+1)
			k.giveUp()
		}
	case register.Put, register.Get: // no answers
	}
}

func (k *client) answered(what What, v register.Value) {
	k.w.outcome.Acknowledged++
	k.w.noteClient(k.note(what, v))
	k.think()
}
