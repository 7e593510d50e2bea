package multipaxos

import (
	"time"

	"synod/actor"
	"synod/model"
	"synod/paxos/multipaxos"
)

// Section 3 keeps leaders from preempting each other forever: a preempted leader does not try again until it has
// heard no ping for a while. This patience grows with each preemption and shrinks with each decision. A model does
// not represent elapsed time, but it does represent the duration that a timer is set to, and which leaders start a
// scout without a timer.

// Leading is the part of each server's state that section 3 refers to, by server id.
type Leading [MaxServers]struct {
	Up       bool
	Leads    bool // the leader is active or has a scout
	Ballot   multipaxos.Ballot
	Patience time.Duration
}

// ladder is the model of patient leaders.
type ladder struct {
	servers  int
	last     multipaxos.Ballot
	least    time.Duration // the minimum patience
	adaptive bool
}

// rung is a step of one server.
type rung struct {
	Server int
	Kind   rungKind
	Ballot multipaxos.Ballot // of the new scout
}

type rungKind int

const (
	waits rungKind = iota // a leader is preempted
	decides
	scouts // a passive leader, or one that recovers, starts a scout
	stops  // a server crashes
	starts
)

func (l ladder) Initial() []Leading {
	var s Leading
	for i := range l.servers {
		s[i].Up, s[i].Patience = true, l.least
	}
	s[0].Leads, s[0].Ballot = true, multipaxos.Ballot{Round: 1}
	return []Leading{s}
}

func (l ladder) Actions(s Leading) []rung {
	var all []rung
	for i := range l.servers {
		switch {
		case !s[i].Up:
			all = append(append(all, rung{Server: i, Kind: starts}), l.scouts(i, multipaxos.Ballot{})...)
			continue
		case s[i].Leads:
			all = append(all, rung{Server: i, Kind: waits}, rung{Server: i, Kind: decides})
		default:
			all = append(all, l.scouts(i, s[i].Ballot)...)
		}
		all = append(all, rung{Server: i, Kind: stops})
	}
	return all
}

// scouts returns the steps in which a server starts a scout for a ballot higher than had.
func (l ladder) scouts(server int, had multipaxos.Ballot) (all []rung) {
	b := multipaxos.Ballot{Round: had.Round + 1, Leader: actor.ID(server)}
	for ; !l.last.Less(b); b.Round++ {
		all = append(all, rung{server, scouts, b})
	}
	return all
}

func (l ladder) Next(s Leading, r rung) (Leading, bool) {
	at := &s[r.Server]
	switch r.Kind {
	case waits:
		at.Leads = false
		if l.adaptive {
			at.Patience = min(at.Patience+at.Patience/2, 32*l.least)
		}
	case decides:
		if l.adaptive {
			at.Patience = max(at.Patience-l.least/100, l.least)
		}
	case stops:
		*at = Leading{}[0]
	case starts, scouts:
		if !at.Up {
			at.Up, at.Patience = true, l.least
		}
		if r.Kind == scouts {
			at.Leads, at.Ballot = true, r.Ballot
		}
	}
	return s, true
}

// patient adds the property of section 3.
func (sys *system[O]) patient(o multipaxos.Options) {
	abstract := ladder{len(sys.leaders), o.Last, o.Patience, o.Adaptive}
	name := "section 3: a leader that is preempted waits"
	model.Refine(sys.System, name, model.NewPlain[Leading, rung](abstract), func(v model.View) Leading {
		var s Leading
		for i, projection := range sys.leaders {
			if l, up := projection.In(v); up {
				s[i].Up, s[i].Leads, s[i].Ballot = true, l.Active || l.Scout != nil, l.Ballot
				s[i].Patience = max(l.Patience, o.Patience)
			}
		}
		return s
	})
}
