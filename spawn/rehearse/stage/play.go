package stage

import (
	"errors"
	"slices"
	"time"

	"synod/spawn/nemesis"
)

// Play is a cluster on virtual time whose caller controls each step, instead of a generated schedule and clients. A
// run depends only on the steps and the seed. It is not safe for concurrent use.
type Play struct{ w *world }

// NewPlay returns a Play in which no server runs yet. It ignores the Schedule, the Service and the client settings of
// the configuration.
func NewPlay(c Config) (*Play, error) {
	switch {
	case c.Program.New == nil:
		return nil, errors.New("a play without a Program")
	case len(c.Servers) == 0 || !slices.IsSorted(c.Servers) || c.Client <= c.Servers[len(c.Servers)-1]:
		return nil, errors.New("the servers of a play must be in ascending order, and below the first client")
	}
	w := newWorld(c)
	w.callers = []*Caller{}
	for i := range w.state {
		w.state[i].Down = true
	}
	return &Play{w}, nil
}

// Now returns the virtual time since the start.
func (p *Play) Now() time.Duration { return p.w.now }

// Advance processes events up to a time, or until done, if not nil, returns true after an event.
func (p *Play) Advance(until time.Duration, done func() bool) {
	for {
		e, ok := p.w.agenda.first()
		if !ok || e.at > until {
			p.w.now = max(p.w.now, until)
			return
		}
		e, _ = p.w.agenda.next()
		p.w.happen(e)
		if done != nil && done() {
			return
		}
	}
}

// Start starts a server, if it is not running.
func (p *Play) Start(place int) {
	p.w.state[place] = nemesis.Condition{Network: p.w.state[place].Network, Cut: p.w.state[place].Cut}
	p.w.nodes[place].start()
}

// Kill ends a server immediately. Any part of a save in progress, and of the messages waiting for it, may have been
// done.
func (p *Play) Kill(place int) {
	p.w.state[place].Down = true
	if n := p.w.nodes[place]; n.server != nil {
		n.power = false
		n.die()
	}
}

// Pause stops or resumes a server.
func (p *Play) Pause(place int, on bool) {
	p.w.state[place].Paused = on
	p.w.nodes[place].pause(on)
}

// Shape sets the network faults of a server: the faults of messages that it sends to others, and the servers it
// cannot hear.
func (p *Play) Shape(place int, c nemesis.Condition) {
	s := &p.w.state[place]
	s.Network, s.Cut = c.Network, slices.Clone(c.Cut)
	p.w.network.streams.reopen()
}

// Violations returns the violations so far; see Outcome.
func (p *Play) Violations() []Violation { return p.w.outcome.Violations }

// Caller is a client's connection to a server.
type Caller struct {
	w       *world
	place   int
	conn    *conn
	receive func(*packet)
}

// Dial connects to a server and passes its messages to hear, which must not retain them. It requires streams.
func (p *Play) Dial(server int, hear func(data []byte)) (*Caller, error) {
	if !p.w.Streams {
		return nil, errors.New("a play without streams has no connections")
	}
	place := len(p.w.callers)
	c, err := p.w.network.streams.dial(place, server)
	if err != nil {
		return nil, err
	}
	k := &Caller{p.w, place, c, func(m *packet) { hear(m.data) }}
	p.w.callers = append(p.w.callers, k)
	return k, nil
}

// Send sends a message to the server.
func (k *Caller) Send(data []byte) error {
	if k.conn.gone {
		return errGone
	}
	m := k.w.network.packet(len(k.w.nodes)+k.place, k.conn.server, k.conn.id, data)
	m.conn = k.conn
	k.w.network.send(m)
	return nil
}

// Gone reports whether the connection is broken.
func (k *Caller) Gone() bool { return k.conn.gone }
