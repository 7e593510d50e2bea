package stage

import (
	"slices"
	"time"

	"synod/actor"
	"synod/spawn/nemesis"
)

// How long it takes to replace a broken connection.
const (
	shortestDial = 10 * time.Millisecond
	longestDial  = 500 * time.Millisecond
)

// streams carries messages as package tcp does: between servers over a connection that is replaced whenever it
// breaks, and between a client and a server over one that the client opens. On a connection messages arrive once and
// in order; messages in flight when it breaks are lost. A lost segment breaks the connection, and a partition delays
// messages.
type streams struct {
	net   *network
	pairs []*conn // between servers, indexed by from and to
	ports []*conn // of clients, indexed by their ids minus the first
}

// conn is a connection: from one server to another, or in both directions between a client and a server.
type conn struct {
	from, to       int // indexes of servers; only between servers
	client, server int // indexes; only for clients
	id             actor.ID
	epoch          uint32 // incremented when the connection breaks
	gone           bool   // of a client: it broke, and is not replaced
	serial         uint64
	opens          time.Duration    // when it opens or opened
	last           [2]time.Duration // when the last message arrives in each direction
	held           []*packet        // messages waiting for it to open, in order
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

// between returns the connection from one server to another.
func (s *streams) between(from, to int) *conn { return s.pairs[from*len(s.net.w.Servers)+to] }

// client returns the connection with an id, or nil.
func (s *streams) client(id actor.ID) *conn {
	if first := s.net.w.Client; id >= first && id < first+actor.ID(len(s.ports)) {
		return s.ports[id-first]
	}
	return nil
}

// dial opens a connection of a client. It gets a new id, as it would get a new port.
func (s *streams) dial(client, server int) (*conn, error) {
	w := s.net.w
	if w.nodes[server].server == nil {
		return nil, errGone
	}
	c := &conn{from: -1, to: -1, client: client, server: server, id: w.Client + actor.ID(len(s.ports)), opens: w.now + shortestTrip}
	s.ports = append(s.ports, c)
	return c, nil
}

// shut reports whether messages currently cannot pass over a connection.
func (s *streams) shut(c *conn) bool {
	return c.client < 0 && (s.net.w.nodes[c.to].server == nil || s.net.w.severed(c.from, c.to))
}

// send sends a message or holds it back.
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

// hold keeps a message until the connection opens, in order of sending.
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

// carry schedules the arrival of a message, after those before it.
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

// arrive reports whether a message arrives, rather than being lost with its connection or held back.
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

// cut breaks a connection. Messages in flight on it are lost.
func (s *streams) cut(c *conn) {
	c.epoch++
	c.gone = c.client >= 0
	c.opens = s.net.w.now + s.net.random.between(shortestDial, longestDial)
}

// reopen sends messages that were held back, on connections that are no longer blocked.
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

// down breaks the connections of a dead server. Messages in flight to it and messages that it has not sent yet are
// lost. Messages that it sent still arrive, unless its machine died too.
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
