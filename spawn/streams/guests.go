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

// Limits of accepted connections.
const (
	MaxClients   = 1024 // connections of clients
	MaxStrangers = 256  // connections that are not yet identified
	maxPerPeer   = 4    // connections of one server, which uses only the last
)

// Limits bound the number of accepted connections and their timeouts.
type Limits struct {
	Strangers, Clients, PerPeer int // maximum number of unidentified connections, of client connections, and per server

	First    time.Duration // until the first message is complete
	Whole    time.Duration // from the start of a message to its end
	Idle     time.Duration // between messages of a client
	Restless time.Duration // a client that was active within this time is not evicted
}

// Usual are the default limits, used everywhere except in tests.
var Usual = Limits{
	Strangers: MaxStrangers, Clients: MaxClients, PerPeer: maxPerPeer,
	First: 10 * time.Second, Whole: 10 * time.Second, Idle: 5 * time.Minute, Restless: time.Second,
}

// Guest is an accepted connection. It is unidentified until its first message, and then a client or a peer.
type Guest struct {
	Conn  net.Conn
	among *list.List    // guests of its kind, latest activity first; this and the fields below are guarded by Guests.mu
	place *list.Element // its element of among
	spoke time.Time     // time of the last activity, or of the accept
}

// Guests are the accepted connections. Each kind has its own limit, so that unidentified connections cannot displace
// clients, nor clients displace peers. At the limit, the guest that has been silent longest is evicted for a new one.
// Use NewGuests to create one. They are safe for concurrent use.
type Guests struct {
	Limits

	mu        sync.Mutex
	closed    bool
	strangers list.List
	clients   list.List
	peers     map[actor.ID]*list.List
	counts    spawn.Connections
}

// NewGuests returns an empty set of guests.
func NewGuests(l Limits) *Guests { return &Guests{Limits: l, peers: make(map[actor.ID]*list.List)} }

// Admit adds an unidentified connection, unless the guests are closed.
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

// Client makes an unidentified connection a client. It reports whether there was room.
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

// Peer makes an unidentified connection a peer. The server may have other connections, which broke without having
// been closed.
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

// seat moves a guest to a list.
func (p *Guests) seat(g *Guest, among *list.List) {
	p.leave(g)
	g.among, g.place = among, among.PushFront(g)
}

// leave removes a guest from its list.
func (p *Guests) leave(g *Guest) {
	if g.among != nil {
		g.among.Remove(g.place)
		g.among, g.place = nil, nil
	}
}

// evict closes the connection of the guest that has been silent longest. Its reader notices.
func (p *Guests) evict(among *list.List) {
	g := among.Back().Value.(*Guest)
	p.leave(g)
	p.counts.Evicted++
	g.Conn.Close()
}

// Starved makes room when the system has no resources for another connection, and reports whether it could.
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

// Denied counts a connection that was rejected because of its identity.
func (p *Guests) Denied() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts.Denied++
}

// Said records activity of a guest.
func (p *Guests) Said(g *Guest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g.spoke = time.Now()
	if g.among != nil {
		g.among.MoveToFront(g.place)
	}
}

// Gone closes and removes a guest, and counts the reason if it was too slow or silent for too long.
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

// Reason is the reason why a connection ended.
type Reason uint8

// The reasons why connections end.
const (
	Over Reason = iota // none that is counted
	Late               // the other side was too slow with a message, or with its first one
	Idle               // a client was silent for too long
)

// Close closes all connections and admits no more.
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

// Count returns the numbers of current and past connections.
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
