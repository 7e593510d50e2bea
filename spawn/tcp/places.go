package tcp

import (
	"container/list"
	"net"
	"sync"
	"time"

	"synod/actor"
	"synod/spawn"
)

// limits bound what connections that were accepted may take. They are fields for tests.
type limits struct {
	strangers, clients, perPeer int

	first    time.Duration // until the first message is complete
	whole    time.Duration // from the beginning of a message to its end
	idle     time.Duration // between two messages of a client
	restless time.Duration // a client that said something since does not give its place away
}

var usualLimits = limits{
	strangers: MaxStrangers, clients: MaxClients, perPeer: maxPerPeer,
	first: 10 * time.Second, whole: 10 * time.Second, idle: 5 * time.Minute, restless: time.Second,
}

// guest is a connection that was accepted. It is a stranger until its first message, and then a client or a peer.
type guest struct {
	conn  net.Conn
	among *list.List    // the guests of its kind, the one that spoke last in front; guarded by places.mu, as is the rest
	place *list.Element // in it
	spoke time.Time     // or was accepted
}

// places are those of guests. There are some for each kind, so that no kind can take those of another: connections that say
// nothing do not keep clients away, nor clients peers. Where all places are taken, the guest that has been silent for longest
// gives its own to the one that comes.
type places struct {
	limits

	mu        sync.Mutex
	closed    bool
	strangers list.List
	clients   list.List
	peers     map[actor.ID]*list.List
	counts    spawn.Connections
}

// admit gives a connection a place, unless the places are closed.
func (p *places) admit(conn net.Conn) (*guest, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, false
	}
	p.counts.Accepted++
	if p.strangers.Len() >= p.limits.strangers {
		p.evict(&p.strangers)
	}
	g := &guest{conn: conn, spoke: time.Now()}
	p.seat(g, &p.strangers)
	return g, true
}

// client makes a stranger a client. It reports whether there is a place.
func (p *places) client(g *guest) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.clients.Len() >= p.limits.clients {
		if time.Since(p.clients.Back().Value.(*guest).spoke) < p.restless {
			p.counts.Refused++
			return false
		}
		p.evict(&p.clients)
	}
	p.seat(g, &p.clients)
	return true
}

// peer makes a stranger a connection of a server. That server may have others, which are broken without having ended.
func (p *places) peer(g *guest, id actor.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.peers[id] == nil {
		p.peers[id] = list.New()
	}
	if p.peers[id].Len() >= p.perPeer {
		p.evict(p.peers[id])
	}
	p.seat(g, p.peers[id])
}

// seat puts a guest among others.
func (p *places) seat(g *guest, among *list.List) {
	p.leave(g)
	g.among, g.place = among, among.PushFront(g)
}

// leave takes a guest from its place.
func (p *places) leave(g *guest) {
	if g.among != nil {
		g.among.Remove(g.place)
		g.among, g.place = nil, nil
	}
}

// evict takes the place of the guest that has been silent for longest. Its reader notices the end of the connection.
func (p *places) evict(among *list.List) {
	g := among.Back().Value.(*guest)
	p.leave(g)
	p.counts.Evicted++
	g.conn.Close()
}

// starved makes room when the system has none for another connection, and reports whether it could.
func (p *places) starved() bool {
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

// said notes that a guest said something.
func (p *places) said(g *guest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g.spoke = time.Now()
	if g.among != nil {
		g.among.MoveToFront(g.place)
	}
}

// gone notes that a guest is gone, and why, if it was too slow or silent for too long.
func (p *places) gone(g *guest, why reason) {
	g.conn.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.leave(g)
	switch why {
	case late:
		p.counts.Late++
	case idle:
		p.counts.Idle++
	case over:
	}
}

// reason is why a connection ended.
type reason uint8

const (
	over reason = iota // nothing that we count
	late               // the other side took too long for a message, or for its first one
	idle               // a client said nothing for too long
)

// close ends all connections, and admits no more.
func (p *places) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	all := []*list.List{&p.strangers, &p.clients}
	for _, peers := range p.peers {
		all = append(all, peers)
	}
	for _, among := range all {
		for e := among.Front(); e != nil; e = e.Next() {
			e.Value.(*guest).conn.Close()
		}
	}
}

// count returns how many there are, and have been.
func (p *places) count() spawn.Connections {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.counts
	c.Strangers, c.Clients = p.strangers.Len(), p.clients.Len()
	for _, peers := range p.peers {
		c.Peers += peers.Len()
	}
	return c
}
