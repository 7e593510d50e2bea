package multipaxos

import (
	"maps"
	"slices"

	"synod/actor"
	"synod/model"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
)

// Whether a batch is chosen depends on all votes ever cast: acceptors that keep only the newest vote of a slot may no
// longer hold the votes by which a majority chose it.

// Election is what acceptors vote on: a batch, given as its command names, for a slot at a ballot.
type Election struct {
	Ballot multipaxos.Ballot
	Slot   rsm.Slot
	Batch  string
}

// Voters is a set of acceptors, in ascending order.
type Voters []actor.ID

// Cast is the record of all votes ever cast.
type Cast struct {
	Votes    map[Election]Voters
	Promised map[actor.ID]multipaxos.Ballot // the highest ballot that each acceptor is known to have promised
	Asked    map[asking]string              // requests for votes not yet answered
}

// asking identifies a request for a vote.
type asking struct {
	Acceptor actor.ID
	Ballot   multipaxos.Ballot
	Slot     rsm.Slot
}

// Votes returns an observer of the votes that acceptors cast. If beside is set, each server has a leader and an
// acceptor, and the acceptor answers its own leader within a step, without messages. The observer infers these
// answers: the acceptor promises the ballot when its leader asks others to, and votes unless it promised a higher
// ballot.
func Votes[O any](beside bool) actor.Observer[rsm.Message, Cast] {
	return actor.Observer[rsm.Message, Cast]{
		Name: "votes",
		Sees: func(e actor.Envelope[rsm.Message], p actor.Passage) bool {
			switch message(e).(type) {
			case multipaxos.P2a[O]:
				return p == actor.Accepted
			case multipaxos.P1a, multipaxos.Ping:
				return beside && p == actor.Sent
			case multipaxos.P1b[O], multipaxos.P2b:
				return p == actor.Sent
			}
			return false
		},
		Next: func(c Cast, e actor.Envelope[rsm.Message], _ actor.Passage) (Cast, error) {
			switch m := message(e).(type) {
			case multipaxos.P1a:
				return c.promise(e.From, m.Ballot), nil // by the acceptor of the leader's own server
			case multipaxos.Ping:
				return c.promise(e.From, m.Ballot), nil // A leader that is the only voter sends no P1a.
			case multipaxos.P1b[O]:
				return c.promise(e.From, m.Ballot), nil
			case multipaxos.P2a[O]:
				if e.From == e.To {
					return c.beside(e.To, Election{m.Ballot, m.Slot, text(m.Batch)}), nil
				}
				c.Asked = with(c.Asked, asking{e.To, m.Ballot, m.Slot}, text(m.Batch))
			case multipaxos.P2b:
				at := asking{e.From, m.Commander, m.Slot}
				asked := Election{m.Commander, m.Slot, c.Asked[at]}
				c.Asked = without(c.Asked, at)
				c = c.promise(e.From, m.Ballot)
				if m.Ballot == m.Commander {
					c = c.vote(e.From, asked)
				}
			}
			return c, nil
		},
	}
}

// beside records the answer of an acceptor to the leader of its own server.
func (c Cast) beside(id actor.ID, asked Election) Cast {
	if asked.Ballot.Less(c.Promised[id]) {
		return c
	}
	return c.promise(id, asked.Ballot).vote(id, asked)
}

func (c Cast) promise(id actor.ID, b multipaxos.Ballot) Cast {
	if c.Promised[id].Less(b) {
		c.Promised = with(c.Promised, id, b)
	}
	return c
}

func (c Cast) vote(id actor.ID, in Election) Cast {
	c.Votes = with(c.Votes, in, c.Votes[in].with(id))
	return c
}

func with[K comparable, V any](m map[K]V, key K, value V) map[K]V {
	m = maps.Clone(m)
	if m == nil {
		m = map[K]V{}
	}
	m[key] = value
	return m
}

func without[K comparable, V any](m map[K]V, key K) map[K]V {
	m = maps.Clone(m)
	if delete(m, key); len(m) == 0 {
		return nil
	}
	return m
}

// agree reports whether a majority of the set is in by.
func (of Voters) agree(by Voters) bool {
	n := 0
	for _, id := range of {
		if by.has(id) {
			n++
		}
	}
	return n >= actor.Majority(len(of))
}

func (of Voters) has(id actor.ID) bool {
	_, found := slices.BinarySearch(of, id)
	return found
}

// with returns the set with an acceptor added. It shares no memory with this one.
func (of Voters) with(id actor.ID) Voters {
	at, found := slices.BinarySearch(of, id)
	if found {
		return slices.Clone(of)
	}
	return slices.Insert(slices.Clone(of), at, id)
}

// contradicted reports whether a batch is chosen and others has a different batch for its slot at a higher ballot.
func (sys *system[O]) contradicted(c Cast, others []Election) bool {
	electorates := sys.electorates(c)
	for in, by := range c.Votes {
		if !electorates.of(in.Slot).agree(by) {
			continue
		}
		for _, other := range others {
			if other.Slot == in.Slot && in.Ballot.Less(other.Ballot) && other.Batch != in.Batch {
				return true
			}
		}
	}
	return false
}

// progress is the slot_out of each replica; 0 while it is down.
type progress struct{ SlotOut [MaxServers]rsm.Slot }

// forward is the model in which slot_out never decreases. A replica that recovers restarts at the end of its
// decisions.
type forward struct {
	replicas int
	last     rsm.Slot
}

type proceed struct {
	Replica int
	To      rsm.Slot
}

func (f forward) Initial() []progress {
	var p progress
	for i := range f.replicas {
		p.SlotOut[i] = 1
	}
	return []progress{p}
}

func (f forward) Actions(p progress) []proceed {
	var all []proceed
	for i := range f.replicas {
		if p.SlotOut[i] > 0 {
			all = append(all, proceed{i, 0})
		}
		for to := p.SlotOut[i] + 1; to <= f.last; to++ {
			all = append(all, proceed{i, to})
		}
	}
	return all
}

func (forward) Next(p progress, a proceed) (progress, bool) {
	p.SlotOut[a.Replica] = a.To
	return p, true
}

// forwards adds R4, a property of steps.
func (sys *system[O]) forwards() {
	abstract := forward{len(sys.replicas), rsm.Slot(2*len(sys.commands)+2) + sys.config.filled()}
	name := "R4: slot_out never decreases"
	model.Refine(sys.System, name, model.NewPlain[progress, proceed](abstract), func(v model.View) progress {
		var p progress
		for i, projection := range sys.replicas {
			if r, up := projection.In(v); up {
				p.SlotOut[i] = r.SlotOut
			}
		}
		return p
	})
}
