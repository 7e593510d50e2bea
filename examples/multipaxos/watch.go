package multipaxos

import (
	"maps"
	"strings"

	"synod/actor"
	"synod/examples/replicated"
	"synod/model"
	"synod/paxos/multipaxos"
	"synod/paxos/rsm"
)

// Acceptors must never contradict earlier promises and votes that they sent, and leaders must never contradict
// decisions that they sent. Both properties span several states: observers record the messages, which increases the
// number of states.

// Acceptors returns an observer of the acceptors' answers that checks A1 and A3. If newest is set, votes may be
// replaced by votes at higher ballots.
func Acceptors[O any](newest bool) actor.Observer[rsm.Message, Told] {
	return actor.Observer[rsm.Message, Told]{
		Name: "A1, A3: acceptors take back neither promise nor vote",
		Sees: func(e actor.Envelope[rsm.Message], p actor.Passage) bool {
			switch message(e).(type) {
			case multipaxos.P1b[O], multipaxos.P2b:
				return p == actor.Sent
			}
			return false
		},
		Next: func(t Told, e actor.Envelope[rsm.Message], _ actor.Passage) (Told, error) {
			return hear[O](t, e.From, message(e), newest), nil
		},
		Holds: func(t Told) bool { return !t.TookBack },
	}
}

// Decisions returns an observer of the decisions that leaders send to replicas.
func Decisions[O any]() actor.Observer[rsm.Message, replicated.Log] {
	return actor.Observer[rsm.Message, replicated.Log]{
		Name: "decisions",
		Sees: func(e actor.Envelope[rsm.Message], p actor.Passage) bool {
			_, ok := message(e).(multipaxos.Decision[O])
			return ok && p == actor.Sent
		},
		Next: func(l replicated.Log, e actor.Envelope[rsm.Message], _ actor.Passage) (replicated.Log, error) {
			d := message(e).(multipaxos.Decision[O])
			return l.With(d.Slot, text(d.Batch)), nil
		},
	}
}

// watch adds the observers and the property that decisions refine a log.
func (sys *system[O]) watch(commands []rsm.ID) {
	model.Record(sys.System, Acceptors[O](sys.config.Reduce))
	decisions := model.Record(sys.System, Decisions[O]())
	texts := []string{""}
	for _, c := range commands {
		texts = append(texts, c.String())
	}
	problem := replicated.ConsensusLog{
		Texts: texts, Batch: sys.config.Batch, Slots: rsm.Slot(2*len(commands)+1) + sys.config.filled(),
	}
	model.Refine(sys.System, "a log", model.NewPlain[replicated.Log, replicated.Choose](problem), decisions.In)
}

// message returns the protocol message in an envelope, or nil.
func message(e actor.Envelope[rsm.Message]) multipaxos.Message {
	internal, _ := e.Message.(rsm.Internal[multipaxos.Message])
	return internal.Message
}

// Told is what each acceptor has sent about its promise and its votes.
type Told struct {
	Acceptors map[actor.ID]telling
	TookBack  bool
}

type telling struct {
	Ballot multipaxos.Ballot              // the highest promise sent
	Votes  map[rsm.Slot]multipaxos.Ballot // the highest ballot of a vote sent
}

// hear returns t after one more message of an acceptor.
func hear[O any](t Told, from actor.ID, m multipaxos.Message, newest bool) Told {
	was := t.Acceptors[from]
	is := telling{was.Ballot, maps.Clone(was.Votes)}
	vote := func(slot rsm.Slot, b multipaxos.Ballot) {
		if is.Votes == nil {
			is.Votes = map[rsm.Slot]multipaxos.Ballot{}
		}
		if is.Votes[slot].Less(b) {
			is.Votes[slot] = b
		}
	}
	switch m := m.(type) {
	case multipaxos.P2b:
		t.TookBack = t.TookBack || m.Ballot.Less(was.Ballot)
		is.Ballot = m.Ballot
		if m.Ballot == m.Commander {
			vote(m.Slot, m.Ballot)
		}
	case multipaxos.P1b[O]:
		t.TookBack = t.TookBack || m.Ballot.Less(was.Ballot)
		is.Ballot = m.Ballot
		for slot, voted := range was.Votes {
			held := m.Ballot != m.Scout || slot < max(m.First, m.Watermark) || m.Next != 0 && slot >= m.Next // Not requested.
			votes, _ := m.Accepted.Get(slot)
			for _, v := range votes.All() {
				held = held || v.Ballot == voted || newest && voted.Less(v.Ballot)
			}
			t.TookBack = t.TookBack || !held
		}
		for slot, votes := range m.Accepted.All() {
			for _, v := range votes.All() {
				vote(slot, v.Ballot)
			}
		}
	}
	next := Told{maps.Clone(t.Acceptors), t.TookBack}
	if next.Acceptors == nil {
		next.Acceptors = map[actor.ID]telling{}
	}
	next.Acceptors[from] = is
	return next
}

func text[O any](b rsm.Batch[O]) string {
	parts := make([]string, b.Len())
	for i, c := range b.All() {
		parts[i] = c.ID.String()
	}
	return strings.Join(parts, ",")
}
