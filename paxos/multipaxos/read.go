package multipaxos

import (
	"cmp"
	"maps"
	"slices"

	"synod/actor"
	"synod/paxos/rsm"
)

// Read-index reads: an operation that changes nothing needs no slot. The server of the client asks the leader for an
// index: the first slot that need not be executed for the read to see everything that was answered before. That is
// the first slot the leader has not executed itself, provided that it still leads. To confirm this it asks the
// acceptors, and a majority must not have promised a higher ballot. They are asked after the read has arrived, so
// nothing was decided at a higher ballot before that. A leader does not ask before it has executed what it adopted,
// so it has executed everything that was decided at a lower ballot. (Ongaro, "Consensus: Bridging Theory and
// Practice", section 6.4, describes the same for Raft.)

// Reads is the state of a server's reads. None of it is durable.
type Reads[O any] struct {
	Waiting map[rsm.ID]Read[O] // reads of clients; nil for none
	Rounds  uint64             // the number of the leader's last round
	Round   *Round             // the round in progress; nil for none
	Next    []Asked            // reads that arrived since, for the next round; nil for none
}

// Read is a read of a client.
type Read[O any] struct {
	Command rsm.Command[O]
	Client  actor.ID
	Index   rsm.Slot // the read is answered when all slots below are executed; 0 if not yet known
}

// Asked is a read whose index a server asked the leader for.
type Asked struct {
	Server actor.ID
	Read   rsm.ID
}

// Round is a round of a leader's ballot: it waits for a majority of acceptors that have not promised a higher one.
type Round struct {
	Ballot    Ballot
	Number    uint64
	Index     rsm.Slot
	Asked     []Asked
	Confirmed map[actor.ID]bool
	// Configurations are those known when the round began; empty if all servers vote in all slots.
	Configurations Configurations
}

// mostAsked is the maximum number of reads in one message.
const mostAsked = 64

// reads reports whether a command is answered without a slot.
func (s Server[S, O, R]) reads(c rsm.Command[O]) bool {
	m, ok := s.Machine.(rsm.Reader[O])
	return s.ReadIndex && ok && !c.End && m.Reads(c.Op)
}

// read handles a read of a client.
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

// ask asks the leader, if one is known, for the index of reads.
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

// askAgain asks for the index of all reads that do not have one.
func (t *turn[S, O, R]) askAgain() {
	var reads []rsm.ID
	for _, id := range t.st.Reads.ascending() {
		if t.st.Reads.Waiting[id].Index == 0 {
			reads = append(reads, id)
		}
	}
	t.ask(reads...)
}

// ascending returns the ids of waiting reads in ascending order.
func (r *Reads[O]) ascending() []rsm.ID {
	return slices.SortedFunc(maps.Keys(r.Waiting), func(a, b rsm.ID) int {
		return cmp.Or(cmp.Compare(a.Client, b.Client), cmp.Compare(a.Local, b.Local))
	})
}

// asked adds reads to the next round, unless they are waiting already. A passive leader ignores them; the server asks
// again, possibly another leader.
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

// confirms starts a round for the reads that have arrived, once the leader has executed everything that may have been
// decided at an earlier ballot. Reads in a round of an earlier ballot move to a round of the current ballot.
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
	if t.st.Leased() {
		t.index(t.st.Replica.SlotOut, r.Next)
		r.Next = nil
		return
	}
	t.begins()
	r.Rounds++
	r.Round = &Round{
		Ballot: l.Ballot, Number: r.Rounds, Index: t.st.Replica.SlotOut, Asked: r.Next, Confirmed: map[actor.ID]bool{},
		Configurations: t.st.Replica.Configurations,
	}
	r.Next = nil
	t.confirm()
}

// recent reports whether the replica of the same server has executed everything that may have been decided at an
// earlier ballot.
func (l *Leader[O]) recent(c *leading[O]) bool {
	if c.first < l.Barrier {
		return false
	}
	return !c.configured() || l.Scout == nil && l.Covered >= newest(c.configurations).From
}

// confirm asks the acceptors that have not answered in this round.
func (t *turn[S, O, R]) confirm() {
	round := t.st.Reads.Round
	t.leading().each(func(id actor.ID) {
		if !round.Confirmed[id] && (round.Configurations.Len() == 0 || has(round.Configurations, id)) {
			t.tell(id, Confirm{round.Ballot, round.Number})
		}
	})
}

// confirmed counts an answer to a round. The index is confirmed after a majority of each configuration has answered.
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
	t.leases(round)
	t.index(round.Index, round.Asked)
}

// index informs servers of the index of their reads.
func (t *turn[S, O, R]) index(index rsm.Slot, asked []Asked) {
	for _, id := range t.servers() {
		var reads []rsm.ID
		for _, a := range asked {
			if a.Server == id {
				reads = append(reads, a.Read)
			}
		}
		for some := range slices.Chunk(reads, mostAsked) {
			t.tell(id, ReadAt{index, actor.ListOf(some...)})
		}
	}
}

// agreed reports whether a majority of each configuration has answered.
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

// readAt records the index of reads. The first index of a read is as good as a later one: it was determined after the
// client asked.
func (t *turn[S, O, R]) readAt(m ReadAt) {
	for _, id := range m.Reads.All() {
		if read, waits := t.st.Reads.Waiting[id]; waits && read.Index == 0 {
			read.Index = m.Index
			t.st.Reads.Waiting[id] = read
		}
	}
}

// answer answers the reads whose index has been reached.
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
