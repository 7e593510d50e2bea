package stage

import (
	"slices"
	"time"

	"synod/actor"
	"synod/spawn/nemesis"
)

// How long it takes until a connection that broke is made anew.
const (
	shortestDial = 10 * time.Millisecond
	longestDial  = 500 * time.Millisecond
)

// streams carries messages as package tcp does: from a server to another over a connection that is made anew whenever it
// breaks, and between a client and a server over one that the client makes. On a connection messages arrive once and in
// order; what is in flight when it breaks is lost. A lost segment shows as a connection that breaks, and a partition
// holds messages back.
type streams struct {
	net   *network
	pairs []*conn // between servers: of from, to
	ports []*conn // of clients, by what their ids count from the first one
}

// conn is a connection: from a server to another, or, both ways, between a client and a server.
type conn struct {
	from, to       int // places of servers; only between servers
	client, server int // their places; only of clients
	id             actor.ID
	epoch          uint32 // counts connections that broke
	gone           bool   // of a client: it broke, and is not made anew
	serial         uint64
	opens          time.Duration    // when it is, or was, open
	last           [2]time.Duration // when the last message arrives: there, and back
	held           []*packet        // that wait for it to open, in order
}

func (s *streams) init(x *network) {
	s.net = x
	if !x.w.Streams {
		return
	}
	n := len(x.w.Servers)
	for from := range n {
		for to := range n {
			s.pairs = append(s.pairs, &conn{from: from, to: to, client: -1})
		}
	}
}

// between is the connection from a server to another.
func (s *streams) between(from, to int) *conn { return s.pairs[from*len(s.net.w.Servers)+to] }

// client is the connection at an id.
func (s *streams) client(id actor.ID) *conn {
	if first := s.net.w.Client; id >= first && id < first+actor.ID(len(s.ports)) {
		return s.ports[id-first]
	}
	return nil
}

// dial builds a connection of a client. Its id is new, as its port is.
func (s *streams) dial(client, server int) (*conn, error) {
	w := s.net.w
	if w.nodes[server].server == nil {
		return nil, errGone
	}
	c := &conn{from: -1, to: -1, client: client, server: server, id: w.Client + actor.ID(len(s.ports)), opens: w.now + shortestTrip}
	s.ports = append(s.ports, c)
	return c, nil
}

// shut reports whether nothing gets over a connection now.
func (s *streams) shut(c *conn) bool {
	return c.client < 0 && (s.net.w.nodes[c.to].server == nil || s.net.w.severed(c.from, c.to))
}

// send sends a message, or holds it back.
func (s *streams) send(p *packet) {
	w, c := s.net.w, p.conn
	c.serial++
	p.serial, p.epoch = c.serial, c.epoch
	switch fate := w.plan(p).Draw(s.net.random); {
	case c.gone:
		return
	case s.shut(c):
		if w.nodes[c.to].server != nil {
			w.outcome.Tally.Add(nemesis.Partition, 1)
		}
		s.hold(p)
	case fate.Count == 0:
		w.outcome.Tally.Add(nemesis.Drop, 1)
		s.cut(c)
	default:
		s.net.tally(p, false, false, 0)
		s.carry(p, fate.Copies[0])
	}
}

// hold keeps a message until the connection is open, before those that were sent after it.
func (s *streams) hold(p *packet) {
	c := p.conn
	if len(c.held) >= maxHeld {
		return
	}
	at := len(c.held)
	for at > 0 && c.held[at-1].serial > p.serial {
		at--
	}
	c.held = slices.Insert(c.held, at, p)
}

// carry puts a message on its way, behind those before it.
func (s *streams) carry(p *packet, extra time.Duration) {
	w, c := s.net.w, p.conn
	p.epoch = c.epoch
	way := 0
	if p.to >= len(w.nodes) {
		way = 1
	}
	at := max(w.now, c.opens, c.last[way]) + 1
	at = max(at, w.now+extra+s.net.random.between(shortestTrip, longestTrip))
	c.last[way] = at
	w.agenda.add(event{at: at, kind: arrival, packet: p})
}

// arrive reports whether a message arrives, and is not lost with its connection or held back.
func (s *streams) arrive(p *packet) bool {
	switch c := p.conn; {
	case p.epoch != c.epoch:
		return false
	case s.shut(c):
		s.net.w.outcome.Tally.Add(nemesis.Partition, 1)
		s.hold(p)
		return false
	}
	return true
}

// cut breaks a connection: what is in flight on it is lost.
func (s *streams) cut(c *conn) {
	c.epoch++
	c.gone = c.client >= 0
	c.opens = s.net.w.now + s.net.random.between(shortestDial, longestDial)
}

// reopen lets messages go that were held back, where nothing holds them any more.
func (s *streams) reopen() {
	for _, c := range s.pairs {
		if len(c.held) > 0 && !s.shut(c) {
			held := c.held
			c.held = nil
			for _, p := range held {
				s.carry(p, 0)
			}
		}
	}
}

// down breaks the connections of a server that is gone: what was in flight to it is lost, and what it had not sent yet.
// What it sent still arrives, unless its machine died with it.
func (s *streams) down(n *node) {
	for _, c := range s.pairs {
		switch n.place {
		case c.to:
			s.cut(c)
		case c.from:
			c.held = nil
			if n.power {
				s.cut(c)
			}
		}
	}
	for _, c := range s.ports {
		if c.server == n.place && !c.gone {
			s.cut(c)
		}
	}
}
