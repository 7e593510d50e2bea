// Package streams is what transports over connections have in common: places for connections that were accepted, and bounded
// queues of what waits to be sent and to be received.
package streams

import (
	"container/list"
	"net"
	"sync"
	"time"

	"synod/actor"
	"synod/spawn"
)

// Bounds of connections that were accepted.
const (
	MaxClients   = 1024 // connections of clients
	MaxStrangers = 256  // connections that have not said yet who they are
	maxPerPeer   = 4    // connections of one server, of which it uses the last
)

// Limits bound what connections that were accepted may take.
type Limits struct {
	Strangers, Clients, PerPeer int // how many of each kind, and of each server

	First    time.Duration // until the first message is complete
	Whole    time.Duration // from the beginning of a message to its end
	Idle     time.Duration // between two messages of a client
	Restless time.Duration // a client that said something since does not give its place away
}

// Usual are the limits of every transport but those of tests.
var Usual = Limits{
	Strangers: MaxStrangers, Clients: MaxClients, PerPeer: maxPerPeer,
	First: 10 * time.Second, Whole: 10 * time.Second, Idle: 5 * time.Minute, Restless: time.Second,
}

// Guest is a connection that was accepted. It is a stranger until its first message, and then a client or a peer.
type Guest struct {
	Conn  net.Conn
	among *list.List    // the guests of its kind, the one that spoke last in front; guarded by Guests.mu, as is the rest
	place *list.Element // in it
	spoke time.Time     // or was accepted
}

// Guests are connections that were accepted. There are places for each kind, so that no kind can take those of another:
// connections that say nothing do not keep clients away, nor clients peers. Where all places are taken, the guest that has been
// silent for longest gives its own to the one that comes. Make them with NewGuests. They are safe for concurrent use.
type Guests struct {
	Limits

	mu        sync.Mutex
	closed    bool
	strangers list.List
	clients   list.List
	peers     map[actor.ID]*list.List
	counts    spawn.Connections
}

// NewGuests returns guests of whom there are none yet.
func NewGuests(l Limits) *Guests { return &Guests{Limits: l, peers: make(map[actor.ID]*list.List)} }

// Admit assigns a place to a connection, unless the places are closed.
func (p *Guests) Admit(conn net.Conn) (*Guest, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, false
	}
	p.counts.Accepted++
	if p.strangers.Len() >= p.Limits.Strangers {
		p.evict(&p.strangers)
	}
	g := &Guest{Conn: conn, spoke: time.Now()}
	p.seat(g, &p.strangers)
	return g, true
}

// Client turns an unidentified connection into one of a client. It reports whether there is a place.
func (p *Guests) Client(g *Guest) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.clients.Len() >= p.Limits.Clients {
		if time.Since(p.clients.Back().Value.(*Guest).spoke) < p.Restless {
			p.counts.Refused++
			return false
		}
		p.evict(&p.clients)
	}
	p.seat(g, &p.clients)
	return true
}

// Peer turns an unidentified connection into one of a server. That server may have others, which are broken without
// having ended.
func (p *Guests) Peer(g *Guest, id actor.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.peers[id] == nil {
		p.peers[id] = list.New()
	}
	if p.peers[id].Len() >= p.PerPeer {
		p.evict(p.peers[id])
	}
	p.seat(g, p.peers[id])
}

// seat puts a guest among others.
func (p *Guests) seat(g *Guest, among *list.List) {
	p.leave(g)
	g.among, g.place = among, among.PushFront(g)
}

// leave takes a guest from its place.
func (p *Guests) leave(g *Guest) {
	if g.among != nil {
		g.among.Remove(g.place)
		g.among, g.place = nil, nil
	}
}

// evict takes the place of the guest that has been silent for longest. Its reader notices the end of the connection.
func (p *Guests) evict(among *list.List) {
	g := among.Back().Value.(*Guest)
	p.leave(g)
	p.counts.Evicted++
	g.Conn.Close()
}

// Starved makes room when the system has none for another connection, and reports whether it could.
func (p *Guests) Starved() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Starved++
	for _, among := range []*list.List{&p.strangers, &p.clients} {
		if among.Len() > 0 {
			p.evict(among)
			return true
		}
	}
	return false
}

// Denied notes that a connection was not let in, for what the other side is or says to be.
func (p *Guests) Denied() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Denied++
}

// Said notes that a guest said something.
func (p *Guests) Said(g *Guest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g.spoke = time.Now()
	if g.among != nil {
		g.among.MoveToFront(g.place)
	}
}

// Gone notes that a guest is gone, and why, if it was too slow or silent for too long.
func (p *Guests) Gone(g *Guest, why Reason) {
	g.Conn.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leave(g)
	switch why {
	case Late:
		p.counts.Late++
	case Idle:
		p.counts.Idle++
	case Over:
	}
}

// Reason is why a connection ended.
type Reason uint8

// Why connections end.
const (
	Over Reason = iota // nothing that we count
	Late               // the other side took too long for a message, or for its first one
	Idle               // a client said nothing for too long
)

// Close ends all connections, and admits no more.
func (p *Guests) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	all := []*list.List{&p.strangers, &p.clients}
	for _, peers := range p.peers {
		all = append(all, peers)
	}
	for _, among := range all {
		for e := among.Front(); e != nil; e = e.Next() {
			e.Value.(*Guest).Conn.Close()
		}
	}
}

// Count returns how many there are, and have been.
func (p *Guests) Count() spawn.Connections {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.counts
	c.Strangers, c.Clients = p.strangers.Len(), p.clients.Len()
	for _, peers := range p.peers {
		c.Peers += peers.Len()
	}
	return c
}
