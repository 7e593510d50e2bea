package stage

import (
	"fmt"
	"time"

	"synod/actor"
	"synod/consistency/oplog"
	"synod/spawn/nemesis"
	"synod/spawn/service"
)

// client is a client of the servers. It runs one operation at a time, as package client does. A write is retried only
// at the same server, a read at the next one.
type client struct {
	w      *world
	place  int
	draws  *nemesis.Client
	next   uint64
	buffer []byte
	conns  []*conn // one per server, if there are streams
	gen    uint32  // counts the waits, to ignore alarms of earlier ones

	waits   bool // for an answer, rather than for its next operation
	now     nemesis.Operation
	call    service.Call
	request uint64
	attempt int  // counts from 0
	sent    bool // at least once
}

func newClient(w *world, place int) *client {
	return &client{
		w: w, place: place, next: 1, conns: make([]*conn, len(w.Servers)),
		draws: w.Workload.Client(place, NewSource(w.Seed, forClients+uint64(place))),
	}
}

// think draws the next operation, and waits before starting it.
func (k *client) think() {
	k.waits = false
	k.now = k.draws.Next()
	k.call = k.w.Service.Draw(k.now.Read, service.Draw{
		Client: k.place, Count: k.now.Count, Value: k.now.Value, Random: k.now.Random,
	})
	k.alarm(k.w.now + k.now.Think)
}

// alarm schedules a wake-up and cancels the previous one.
func (k *client) alarm(at time.Duration) {
	k.gen++
	k.w.agenda.add(event{at: at, kind: rouse, who: int32(k.place), gen: k.gen})
}

// rouse handles the alarm: it starts the next operation or the next attempt.
func (k *client) rouse() {
	if !k.waits {
		k.begin()
		return
	}
	if k.attempt++; k.attempt > k.w.Retries {
		k.giveUp()
		return
	}
	if k.call.Reads {
		k.now.Server = (k.now.Server + 1) % len(k.w.Servers)
	}
	k.ask()
}

// begin starts the operation that was drawn.
func (k *client) begin() {
	k.waits, k.attempt, k.sent = true, 0, false
	k.request = k.next
	k.next++
	k.w.noteClient(k.note(Invoked, k.w.Service.Invoked(k.call)))
	k.ask()
}

func (k *client) note(what What, e oplog.Event) Note {
	if what != Invoked && what != Returned {
		e.Op = k.w.Service.Invoked(k.call).Op
	}
	return Note{Client: k.place, What: what, Event: e}
}

// ask sends the request and waits for the answer.
func (k *client) ask() {
	var err error
	if k.buffer, err = k.w.Service.Append(k.buffer[:0], k.request, k.call); err != nil {
		panic(fmt.Sprintf("stage: a request has no form: %v", err))
	}
	conn, id, ok := k.dial()
	if !ok {
		// To the server, a new connection is another client, and a repeated write another write.
		if k.sent && !k.call.Reads {
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

// dial returns the connection to the server, the client's id there, and whether there is a connection. It replaces a
// connection that broke since the last operation.
func (k *client) dial() (*conn, actor.ID, bool) {
	if !k.w.Streams {
		return nil, k.w.Client + actor.ID(k.place), true
	}
	c := k.conns[k.now.Server]
	if c == nil || c.gone {
		if c != nil && k.sent && !k.call.Reads {
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

// giveUp ends an operation without an answer, and continues with the next.
func (k *client) giveUp() {
	k.abandon()
	k.think()
}

// abandon ends an operation without an answer.
func (k *client) abandon() {
	switch {
	case k.call.Reads || !k.sent:
		k.w.outcome.Failed++
		k.w.noteClient(k.note(Failed, oplog.Event{}))
	default:
		k.w.outcome.Unknown++
		k.w.noteClient(k.note(Lost, oplog.Event{}))
	}
}

// receive handles an answer. An answer to another request is ignored.
func (k *client) receive(p *packet) {
	if !k.waits {
		return
	}
	answer, ok := k.w.Service.Answer(p.data)
	switch {
	case !ok || answer.Number != k.request || !k.w.Service.Fits(k.call, answer):
		return
	case answer.Expired:
		k.next = max(k.next, answer.Floor+1)
		k.giveUp()
		return
	}
	k.w.outcome.Acknowledged++
	k.w.noteClient(k.note(Returned, k.w.Service.Told(k.call, answer.Out)))
	k.think()
}
