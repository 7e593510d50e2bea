package systembuilders

import (
	"maps"
	"slices"
	"strings"

	"synod/actor"
	"synod/examples/replicated"
	"synod/model"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
)

// Servers must never take back what they sent to others, and what a majority reported as accepted must never change.
// Both properties depend on more than one state: an observer remembers what was sent.

// Votes returns the observer of the servers' promises and votes, which checks that no server takes one back.
func Votes[O any](c Config) actor.Observer[rsm.Message, Told] {
	return actor.Observer[rsm.Message, Told]{
		Name: "servers take back neither promise nor vote",
		Sees: func(e actor.Envelope[rsm.Message], p actor.Passage) bool {
			switch message(e).(type) {
			case systembuilders.Prepare, systembuilders.PrepareOK[O], systembuilders.Proposal[O], systembuilders.Accept:
				return p == actor.Sent
			case systembuilders.ViewChange, systembuilders.VCProof, systembuilders.ClientUpdate[O],
				systembuilders.GloballyOrderedUpdate[O], systembuilders.Learn, systembuilders.Snapshot,
				systembuilders.SnapshotPart, systembuilders.LearnPart, systembuilders.Collect, systembuilders.Recover,
				systembuilders.Recovered: // These messages promise nothing.
			}
			return false
		},
		Next: func(t Told, e actor.Envelope[rsm.Message], _ actor.Passage) (Told, error) {
			return hear[O](t, e, c), nil
		},
		Holds: func(t Told) bool { return !t.TookBack },
	}
}

// watch adds the observer, and the property that the ordered updates refine a log.
func (sys *system[O]) watch() {
	votes := model.Record(sys.System, Votes[O](sys.config))
	model.Remember(sys.System, votes, sys.told)
	texts := []string{""}
	for _, c := range sys.commands {
		texts = append(texts, c.String())
	}
	slots := sys.config.slots(len(sys.commands))
	problem := replicated.ConsensusLog{
		Texts: texts, Batch: sys.config.Batch, Slots: slots, Chosen: replicated.Log{Slots: sys.told.Chosen},
	}
	model.Refine(sys.System, "a log", model.NewPlain[replicated.Log, replicated.Choose](problem), func(v model.View) replicated.Log {
		return replicated.Log{Slots: votes.In(v).Chosen}
	})
	if sys.config.Change > 0 {
		sys.moves(func(v model.View) map[rsm.Slot]string { return votes.In(v).Chosen })
	}
	if sys.config.Collect > 0 {
		sys.each("a machine from a snapshot is what is ordered up to there", func(v model.View, s *server[O]) bool {
			return s.Snapshot == 0 || s.Machine == sys.executes(votes.In(v).Chosen, s.Aru)
		})
	}
}

// message returns the message between servers in an envelope, or nil.
func message(e actor.Envelope[rsm.Message]) systembuilders.Message {
	internal, _ := e.Message.(rsm.Internal[systembuilders.Message])
	return internal.Message
}

// Told records what servers sent to others.
type Told struct {
	Servers  map[actor.ID]telling
	Bound    map[place]string    // what leaders proposed
	Chosen   map[rsm.Slot]string // what a majority accepted; nil for nothing
	TookBack bool
}

// telling records what a server sent to others.
type telling struct {
	Promised systembuilders.View // the highest view for which it sent a Prepare or an answer to one
	Aru      rsm.Slot            // the Aru of its Prepare, if it leads
	Votes    map[rsm.Slot]systembuilders.View
	After    map[actor.ID]rsm.Slot // for which rest of an answer it has asked servers in this view, if it leads
}

// place identifies a slot in a view.
type place struct {
	Seq  rsm.Slot
	View systembuilders.View
}

// hear returns the record after one more message of a server.
func hear[O any](t Told, e actor.Envelope[rsm.Message], c Config) Told {
	from := e.From
	was := t.Servers[from]
	is := telling{was.Promised, was.Aru, maps.Clone(was.Votes), was.After}
	next := Told{maps.Clone(t.Servers), t.Bound, t.Chosen, t.TookBack}
	next.Servers = with(next.Servers, from, is)
	promise := func(v systembuilders.View) {
		next.TookBack = next.TookBack || v < was.Promised
		if is.Promised = v; v != was.Promised {
			is.After = nil
		}
		next.Servers[from] = is
	}
	vote := func(seq rsm.Slot, v systembuilders.View) {
		next.TookBack = next.TookBack || v < was.Promised || v < was.Votes[seq]
		is.Votes = with(is.Votes, seq, v)
		next.Servers[from] = is
		next.choose(place{seq, v}, c)
	}
	switch m := message(e).(type) {
	case systembuilders.Prepare:
		is.Aru = m.Aru
		promise(m.View)
		if m.After > 0 {
			is.After = with(maps.Clone(is.After), e.To, m.After)
			next.Servers[from] = is
		}
	case systembuilders.PrepareOK[O]:
		promise(m.View)
		next.TookBack = next.TookBack || !tells(t.Servers[e.To], from, was.Votes, m)
	case systembuilders.Proposal[O]:
		at := place{m.Seq, m.View}
		if b := text(m.Batch); t.Bound[at] == "" {
			next.Bound = with(maps.Clone(t.Bound), at, b+".")
		} else {
			next.TookBack = next.TookBack || t.Bound[at] != b+"."
		}
		vote(m.Seq, m.View)
	case systembuilders.Accept:
		vote(m.Seq, m.View)
	case systembuilders.ViewChange, systembuilders.VCProof, systembuilders.ClientUpdate[O],
		systembuilders.GloballyOrderedUpdate[O], systembuilders.Learn, systembuilders.Snapshot,
		systembuilders.SnapshotPart, systembuilders.LearnPart, systembuilders.Collect, systembuilders.Recover, systembuilders.Recovered:
	}
	return next
}

// with sets an entry of m and returns m, or a new map if m is nil.
func with[K comparable, V any](m map[K]V, k K, v V) map[K]V {
	if m == nil {
		m = map[K]V{}
	}
	m[k] = v
	return m
}

// tells reports whether an answer to a Prepare includes everything that its sender has accepted in the slots that the
// leader asked for, up to where the answer is cut.
func tells[O any](
	leader telling, from actor.ID, votes map[rsm.Slot]systembuilders.View, m systembuilders.PrepareOK[O],
) bool {
	aru := max(leader.Aru, leader.After[from], m.Data.Through) // The leader asks for what is ordered up to there.
	for seq, view := range votes {
		ordered := slices.ContainsFunc(m.Data.Ordered, func(o systembuilders.GloballyOrderedUpdate[O]) bool {
			return o.Seq == seq
		})
		proposed := slices.ContainsFunc(m.Data.Proposals, func(p systembuilders.Proposal[O]) bool {
			return p.Seq == seq && p.View >= view
		})
		if cut := m.Data.Cut > 0 && seq > m.Data.Cut; seq > aru && !cut && !ordered && !proposed {
			return false
		}
	}
	return true
}

// choose records what is chosen, once a majority of the members of its slot has voted for it.
func (t *Told) choose(at place, c Config) {
	members, voters := c.membersOf(at.Seq, t.Chosen), 0
	for id, s := range t.Servers {
		if !slices.Contains(members, id) {
			continue
		}
		if view, voted := s.Votes[at.Seq]; voted && view == at.View {
			voters++
		}
	}
	if voters < actor.Majority(len(members)) {
		return
	}
	b := strings.TrimSuffix(t.Bound[at], ".")
	t.Chosen = replicated.Log{Slots: t.Chosen}.With(at.Seq, b).Slots
}

// commandsOf returns the names of the commands in a text.
func commandsOf(text string) []string { return strings.Split(text, ",") }

func text[O any](b systembuilders.Batch[O]) string {
	parts := make([]string, b.Len())
	for i, u := range b.All() {
		parts[i] = u.Command.ID.String()
	}
	return strings.Join(parts, ",")
}
