package spawn

import (
	"bytes"
	"slices"
	"sync/atomic"
	"time"

	"synod/actor"
)

// heartbeat is what a server tells the others while it runs. It is no message: no actor is told of it.
var heartbeat = []byte(`{"Alive":null}`)

// IsHeartbeat reports whether data is what servers say to be known to be up, and nothing for an actor.
func IsHeartbeat(data []byte) bool { return bytes.Equal(data, heartbeat) }

// missedBeats is after how many heartbeats that did not come a server is taken to be down.
const missedBeats = 3

// Pulse is what a server knows of the others: those are up that it has heard of lately, be it by a heartbeat or a message. Run
// sends heartbeats, and logs once that a quorum is lost, and that it is back. Everybody may ask it.
type Pulse struct {
	Every  time.Duration        // between two heartbeats; 0 for none, and then nobody is known to be up or down
	Quorum int                  // how many servers it takes, this one included; 0 if each of them serves alone
	Clock  func() time.Duration // counts from any moment

	peers []actor.ID
	heard []atomic.Int64 // when, by the peer; 0 for never
	began time.Duration
	next  time.Duration // the next heartbeat
	lost  bool          // as it was logged
	since time.Duration // when it was lost
}

// NewPulse returns the pulse of a server among servers.
func NewPulse(self actor.ID, servers []actor.ID, every time.Duration, quorum int) *Pulse {
	start := time.Now().Add(-time.Nanosecond) // 0 is never
	p := &Pulse{
		Every: every, Quorum: quorum, Clock: func() time.Duration { return time.Since(start) }, peers: actor.Others(servers, self),
	}
	p.heard = make([]atomic.Int64, len(p.peers))
	return p
}

// Hear notes that something came from an actor, and reports whether it is one of the servers.
func (p *Pulse) Hear(from actor.ID) bool {
	at := slices.Index(p.peers, from)
	if at >= 0 {
		p.heard[at].Store(int64(p.Clock()))
	}
	return at >= 0
}

// Silent returns the servers that are not known to be up, in ascending order: none if there are no heartbeats.
func (p *Pulse) Silent() []actor.ID {
	if p.Every == 0 {
		return nil
	}
	var silent []actor.ID
	now := p.Clock()
	for i, id := range p.peers {
		if at := time.Duration(p.heard[i].Load()); at == 0 || now-at > missedBeats*p.Every {
			silent = append(silent, id)
		}
	}
	return silent
}

// Up is how many servers are up, this one included.
func (p *Pulse) Up() int { return 1 + len(p.peers) - len(p.Silent()) }

// Servers is how many there are.
func (p *Pulse) Servers() int { return 1 + len(p.peers) }

// Ready reports whether so many servers are up that requests can be answered.
func (p *Pulse) Ready() bool { return p.Up() >= p.Quorum }

// wait is how long the next heartbeat is away, below 0 for ever.
func (p *Pulse) wait() time.Duration {
	if p.Every == 0 {
		return -1
	}
	return max(p.next-p.Clock(), 0)
}

// beat sends heartbeats when it is time to, and logs whether there is a quorum when that has changed.
func (s *Server) beat() {
	p := s.Pulse
	if p == nil || p.Every == 0 {
		return
	}
	now := p.Clock()
	if p.next == 0 {
		p.began = now
	}
	if now < p.next {
		return
	}
	p.next = now + p.Every
	for _, id := range p.peers {
		_ = s.Transport.Send(id, heartbeat) // Who does not get it notices.
	}
	s.requests.expire(s.Clock(), s.Metrics)
	silent := p.Silent()
	up := p.Servers() - len(silent)
	switch {
	case up < p.Quorum && !p.lost && now-p.began > missedBeats*p.Every:
		p.lost, p.since = true, now
		var names []string
		for _, id := range silent {
			names = append(names, Describe(id))
		}
		s.Log.Warn("too few servers are up: requests wait until there are more", "up", up, "needed", p.Quorum,
			"servers", p.Servers(), "silent", names)
	case up >= p.Quorum && p.lost:
		p.lost = false
		s.Log.Warn("enough servers are up again", "up", up, "needed", p.Quorum, "servers", p.Servers(), "after", now-p.since)
	}
}
