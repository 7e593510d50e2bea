package stage

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"synod/actor"
	"synod/spawn/nemesis"
)

// Latency of a message without faults.
const (
	shortestTrip = 50 * time.Microsecond
	longestTrip  = 1500 * time.Microsecond
)

// Limits of queues.
const (
	maxInbox = 4096 // datagrams in a server's socket
	maxHeld  = 1024 // messages for a stream that is not open
)

var errGone = errors.New("the connection is gone")

// packet is a message in flight.
type packet struct {
	from, to int // indexes: servers from 0, then clients
	sender   actor.ID
	data     []byte
	conn     *conn  // nil for a datagram
	epoch    uint32 // of the connection at the time of sending
	serial   uint64 // sequence number on the connection
}

// queue is a queue of packets.
type queue struct {
	packets []*packet
	first   int
}

func (q *queue) length() int { return len(q.packets) - q.first }

func (q *queue) add(p *packet) { q.packets = append(q.packets, p) }

// take removes and returns the first packet, or returns nil.
func (q *queue) take() *packet {
	if q.first == len(q.packets) {
		return nil
	}
	p := q.packets[q.first]
	q.packets[q.first] = nil
	if q.first++; q.first == len(q.packets) {
		q.packets, q.first = q.packets[:0], 0
	}
	return p
}

// network carries messages, as datagrams or over streams.
type network struct {
	w       *world
	random  *Source
	crashes *Source // for processes; separate, so that the number of messages does not affect it
	streams streams
	slab    []packet
	bytes   []byte
}

func (x *network) init(w *world) {
	x.w = w
	x.random, x.crashes = NewSource(w.Seed, forNetwork), NewSource(w.Seed, forCrashes)
	x.streams.init(x)
}

// packet returns a new packet with a copy of the data.
func (x *network) packet(from, to int, sender actor.ID, data []byte) *packet {
	if len(x.slab) == 0 {
		x.slab = make([]packet, 512)
	}
	p := &x.slab[0]
	x.slab = x.slab[1:]
	if cap(x.bytes)-len(x.bytes) < len(data) {
		x.bytes = make([]byte, 0, max(64<<10, len(data)))
	}
	start := len(x.bytes)
	x.bytes = append(x.bytes, data...)
	*p = packet{from: from, to: to, sender: sender, data: x.bytes[start:len(x.bytes):len(x.bytes)]}
	x.w.outcome.Messages++
	return p
}

// post sends a message of a server.
func (x *network) post(n *node, to actor.ID, data []byte) error {
	w := x.w
	at, found := slices.BinarySearch(w.Servers, to)
	if found {
		p := x.packet(n.place, at, n.id, data)
		if w.Streams {
			p.conn = x.streams.between(n.place, at)
		}
		n.post(p)
		return nil
	}
	if w.Streams {
		c := x.streams.client(to)
		if c == nil || c.gone || c.server != n.place {
			return errGone
		}
		p := x.packet(n.place, len(w.nodes)+c.client, n.id, data)
		p.conn = c
		n.post(p)
		return nil
	}
	if to < w.Client || to >= w.Client+actor.ID(len(w.clients)) {
		return fmt.Errorf("%v: no server at this address", to)
	}
	n.post(x.packet(n.place, len(w.nodes)+int(to-w.Client), n.id, data))
	return nil
}

// send puts a message on the network at the current time.
func (x *network) send(p *packet) {
	if p.conn != nil {
		x.streams.send(p)
		return
	}
	if x.severed(p) {
		x.w.outcome.Tally.Add(nemesis.Partition, 1)
		return
	}
	fate := x.w.plan(p).Draw(x.random)
	x.tally(p, fate.Count == 0, fate.Duplicated, fate.Reordered)
	for _, extra := range fate.Copies[:fate.Count] {
		if p.from != p.to {
			extra += x.random.between(shortestTrip, longestTrip)
		}
		x.w.agenda.add(event{at: x.w.now + extra, kind: arrival, packet: p})
	}
}

// tally counts the faults of a message.
func (x *network) tally(p *packet, dropped, duplicated bool, reordered int) {
	t := &x.w.outcome.Tally
	switch {
	case dropped:
		t.Add(nemesis.Drop, 1)
		return
	case duplicated:
		t.Add(nemesis.Duplicate, 1)
	}
	if reordered > 0 {
		t.Add(nemesis.Reorder, 1)
	}
	if x.w.plan(p).DelayMax > 0 {
		t.Add(nemesis.Delay, 1)
	}
}

// arrive delivers a message to its destination.
func (x *network) arrive(p *packet) {
	if p.conn != nil && !x.streams.arrive(p) {
		return
	}
	if client := p.to - len(x.w.nodes); client >= 0 {
		if x.w.callers != nil {
			x.w.callers[client].receive(p)
		} else {
			x.w.clients[client].receive(p)
		}
		return
	}
	n := x.w.nodes[p.to]
	switch {
	case p.conn == nil && x.severed(p):
		x.w.outcome.Tally.Add(nemesis.Partition, 1)
	case n.server == nil:
	case p.conn == nil && n.inbox.length() >= maxInbox:
	default:
		n.receive(p)
	}
}

// severed reports whether a partition currently separates two servers.
func (x *network) severed(p *packet) bool {
	return p.from < len(x.w.nodes) && p.to < len(x.w.nodes) && x.w.severed(p.from, p.to)
}
