package spawn

import (
	"bytes"
	"slices"
	"sync/atomic"
	"time"

	"synod/actor"
)

// heartbeat is the message that servers send to show that they are up. It is not passed to actors.
var heartbeat = []byte(`{"Alive":null}`)

// IsHeartbeat reports whether data is a heartbeat rather than a message for an actor.
func IsHeartbeat(data []byte) bool { return bytes.Equal(data, heartbeat) }

// missedBeats is the number of missing heartbeats after which a server counts as down.
const missedBeats = 3

// Pulse tracks which of the other servers are up: those heard of recently, by a heartbeat or a message. Run sends
// heartbeats, and logs when a quorum is lost and when it is back. Its methods are safe for concurrent use.
type Pulse struct {
	Every  time.Duration        // the interval of heartbeats; 0 for none, and then all servers count as up
	Quorum int                  // the number of servers needed, including this one; 0 if each serves alone
	Clock  func() time.Duration // a monotonic clock

	peers []actor.ID
	heard []atomic.Int64 // by peer: when it was last heard; 0 for never
	began time.Duration
	next  time.Duration // time of the next heartbeat
	lost  bool          // the quorum was logged as lost
	since time.Duration // when it was lost
}

// NewPulse returns a pulse for a server among servers.
func NewPulse(self actor.ID, servers []actor.ID, every time.Duration, quorum int) *Pulse {
	start := time.Now().Add(-time.Nanosecond) // 0 means never
	p := &Pulse{
		Every: every, Quorum: quorum, Clock: func() time.Duration { return time.Since(start) }, peers: actor.Others(servers, self),
	}
	p.heard = make([]atomic.Int64, len(p.peers))
	return p
}

// Hear records that something arrived from an actor, and reports whether it is one of the servers.
func (p *Pulse) Hear(from actor.ID) bool {
	at := slices.Index(p.peers, from)
	if at >= 0 {
		p.heard[at].Store(int64(p.Clock()))
	}
	return at >= 0
}

// Silent returns the servers that are not known to be up, in ascending order; none if there are no heartbeats.
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

// Up returns the number of servers that are up, including this one.
func (p *Pulse) Up() int { return 1 + len(p.peers) - len(p.Silent()) }

// Servers returns the number of servers.
func (p *Pulse) Servers() int { return 1 + len(p.peers) }

// Ready reports whether enough servers are up to answer requests.
func (p *Pulse) Ready() bool { return p.Up() >= p.Quorum }

// wait returns the time until the next heartbeat; negative if there is none.
func (p *Pulse) wait() time.Duration {
	if p.Every == 0 {
		return -1
	}
	return max(p.next-p.Clock(), 0)
}

// beat sends heartbeats when they are due, and logs the loss and return of the quorum.
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
		_ = s.Transport.Send(id, heartbeat) // The recipient notices a missing one.
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
