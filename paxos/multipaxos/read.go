package multipaxos

import (
	"cmp"
	"maps"
	"slices"

	"synod/actor"
	"synod/paxos/rsm"
)

// Read-index reads: an operation that changes nothing needs no slot. The server of a client asks the leader up to
// where the machine must have been executed to be as new as all that was answered before. The leader has executed that
// itself, if it is still the leader: it asks the acceptors, of which a majority must not have promised a higher
// ballot. They are asked after the read has come, so that nothing was decided at a higher ballot before; and a leader
// does not ask before it has executed what it adopted, so that nothing is missing that was decided at a lower one.
// (Ongaro, "Consensus: Bridging Theory and Practice", section 6.4, has the same for Raft.)

// Reads are the reads of a server, none of them durable.
type Reads[O any] struct {
	Waiting map[rsm.ID]Read[O] // of clients; nil for none
	Rounds  uint64             // the number of the leader's last round
	Round   *Round             // in which acceptors are asked; nil for none
	Next    []Asked            // what has come since, for the next round; nil for nothing
}

// Read is a read of a client.
type Read[O any] struct {
	Command rsm.Command[O]
	Client  actor.ID
	Index   rsm.Slot // it is answered when all slots below are executed; 0 if that is not known
}

// Asked is a read for which a server asked the leader.
type Asked struct {
	Server actor.ID
	Read   rsm.ID
}

// Round is a round of a leader's ballot: it waits for acceptors that have not promised a higher one.
type Round struct {
	Ballot    Ballot
	Number    uint64
	Index     rsm.Slot
	Asked     []Asked
	Confirmed map[actor.ID]bool
	// Configurations are those that were known when the round began; none if all servers vote in all slots.
	Configurations Configurations
}

// mostAsked is the most reads of a message.
const mostAsked = 64

// reads reports whether a command needs no slot.
func (s Server[S, O, R]) reads(c rsm.Command[O]) bool {
	m, ok := s.Machine.(rsm.Reader[O])
	return s.ReadIndex && ok && !c.End && m.Reads(c.Op)
}

// read takes a read of a client.
func (t *turn[S, O, R]) read(client actor.ID, c rsm.Command[O]) {
	if status, answer, ok := t.st.Replica.Machine.Status(c.ID); status != rsm.New {
		if ok {
			t.reply(client, answer)
		}
		return
	}
	reads := &t.st.Reads
	known, waits := reads.Waiting[c.ID]
	if reads.Waiting == nil {
		reads.Waiting = map[rsm.ID]Read[O]{}
	}
	reads.Waiting[c.ID] = Read[O]{c, client, known.Index}
	if !waits {
		t.ask(c.ID)
	}
}

// ask asks the leader for the index of reads, if one is known.
func (t *turn[S, O, R]) ask(reads ...rsm.ID) {
	switch {
	case t.st.Leader.Active:
		t.asked(t.self, reads)
	case t.follows():
		for some := range slices.Chunk(reads, mostAsked) {
			t.out.Send(t.leader(), ReadIndex{actor.ListOf(some...)})
		}
	}
}

// askAgain asks for the index of all reads for which it is not known.
func (t *turn[S, O, R]) askAgain() {
	var reads []rsm.ID
	for _, id := range t.st.Reads.ascending() {
		if t.st.Reads.Waiting[id].Index == 0 {
			reads = append(reads, id)
		}
	}
	t.ask(reads...)
}

// ascending returns the reads of clients in ascending order.
func (r *Reads[O]) ascending() []rsm.ID {
	return slices.SortedFunc(maps.Keys(r.Waiting), func(a, b rsm.ID) int {
		return cmp.Or(cmp.Compare(a.Client, b.Client), cmp.Compare(a.Local, b.Local))
	})
}

// asked takes reads for the next round, unless they wait for one already. A passive leader is asked again, or another
// one.
func (t *turn[S, O, R]) asked(server actor.ID, reads []rsm.ID) {
	if t.st.Leader.passive() {
		return
	}
	r := &t.st.Reads
	for _, id := range reads {
		a := Asked{server, id}
		if slices.Contains(r.Next, a) || r.Round != nil && slices.Contains(r.Round.Asked, a) {
			continue
		}
		r.Next = append(r.Next, a)
	}
}

// confirms begins a round for the reads that have come, as soon as the leader has executed all that may have been
// decided at an earlier ballot. Reads of a round of an earlier ballot wait for one of the present ballot.
func (t *turn[S, O, R]) confirms() {
	l, r := &t.st.Leader, &t.st.Reads
	if r.Round != nil && (r.Round.Ballot != l.Ballot || !l.Active) {
		r.Next = append(r.Round.Asked, r.Next...)
		r.Round = nil
	}
	if l.passive() {
		r.Next, r.Rounds = nil, 0
	}
	if r.Round != nil || len(r.Next) == 0 || !l.Active || !l.recent(t.leading()) {
		return
	}
	r.Rounds++
	r.Round = &Round{
		Ballot: l.Ballot, Number: r.Rounds, Index: t.st.Replica.SlotOut, Asked: r.Next, Confirmed: map[actor.ID]bool{},
		Configurations: t.st.Replica.Configurations,
	}
	r.Next = nil
	t.confirm()
}

// recent reports whether the replica beside the leader has executed all that may have been decided at an earlier
// ballot.
func (l *Leader[O]) recent(c *leading[O]) bool {
	if c.first < l.Barrier {
		return false
	}
	return !c.configured() || l.Scout == nil && l.Covered >= newest(c.configurations).From
}

// confirm asks the acceptors that have not answered in the round.
func (t *turn[S, O, R]) confirm() {
	round := t.st.Reads.Round
	t.leading().each(func(id actor.ID) {
		if !round.Confirmed[id] && (round.Configurations.Len() == 0 || has(round.Configurations, id)) {
			t.tell(id, Confirm{round.Ballot, round.Number})
		}
	})
}

// confirmed counts an answer to a round. With those of a majority, of each configuration, the index is known.
func (t *turn[S, O, R]) confirmed(from actor.ID, m Confirmed) {
	round := t.st.Reads.Round
	if round == nil || m.Round != round.Ballot || m.Number != round.Number {
		return
	}
	if round.Ballot.Less(m.Ballot) {
		t.st.Leader.preempt(m.Ballot, t.leading())
		return
	}
	round.Confirmed[from] = true
	if !round.agreed(t.leading().quorum()) {
		return
	}
	t.st.Reads.Round = nil
	for _, id := range actor.Others(append(slices.Clone(t.Peers), t.self), ^actor.ID(0)) {
		var reads []rsm.ID
		for _, a := range round.Asked {
			if a.Server == id {
				reads = append(reads, a.Read)
			}
		}
		for some := range slices.Chunk(reads, mostAsked) {
			t.tell(id, ReadAt{round.Index, actor.ListOf(some...)})
		}
	}
}

// agreed reports whether a majority has answered, of each configuration.
func (r *Round) agreed(quorum int) bool {
	if r.Configurations.Len() == 0 {
		return len(r.Confirmed) >= quorum
	}
	for _, c := range r.Configurations.All() {
		if !c.agrees(r.Confirmed) {
			return false
		}
	}
	return true
}

// readAt takes the index of reads. One that was told of a read before is as good: it is that of a moment after the
// client had asked.
func (t *turn[S, O, R]) readAt(m ReadAt) {
	for _, id := range m.Reads.All() {
		if read, waits := t.st.Reads.Waiting[id]; waits && read.Index == 0 {
			read.Index = m.Index
			t.st.Reads.Waiting[id] = read
		}
	}
}

// answer answers the reads whose slots are executed.
func (t *turn[S, O, R]) answer() {
	r := &t.st.Replica
	for _, id := range t.st.Reads.ascending() {
		read := t.st.Reads.Waiting[id]
		if read.Index == 0 || r.SlotOut < read.Index {
			continue
		}
		delete(t.st.Reads.Waiting, id)
		state, result, ok := t.Machine.Execute(r.SlotOut, r.Machine.State, read.Command.Op)
		if r.Machine.State = state; ok {
			t.reply(read.Client, rsm.Answer[R]{ID: id, Status: rsm.Executed, Result: result})
		}
	}
	t.st.Reads.Waiting = unmap(t.st.Reads.Waiting)
}
