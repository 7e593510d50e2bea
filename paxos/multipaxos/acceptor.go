package multipaxos

import (
	"synod/actor"
	"synod/paxos/rsm"
)

// Acceptor is the state of an acceptor, all of it durable: Figure 4.
type Acceptor[O any] struct {
	Ballot   Ballot     // the highest promised, the paper's ballot_num
	Accepted PValues[O] // all pvalues voted for, or only the newest of each slot
	// Watermark is the highest slot received as a watermark: a majority of the replicas has executed all slots below it,
	// and the acceptor forgets its votes for them (section 4.2).
	Watermark rsm.Slot
}

// p1a promises a ballot, unless a higher one was promised, and returns all votes or a part of them. The parts that
// promise one ballot are consistent: in between the acceptor does not vote at a lower ballot.
func (a *Acceptor[O]) p1a(m P1a, limit part[O]) P1b[O] {
	if a.Ballot.Less(m.Ballot) {
		a.Ballot = m.Ballot
	}
	answer := P1b[O]{Scout: m.Ballot, Ballot: a.Ballot}
	if a.Ballot == m.Ballot {
		answer.First, answer.Watermark = m.Slot, a.Watermark
		answer.Accepted, answer.Next = limit.of(PValues[O]{a.Accepted.From(m.Slot)})
	}
	return answer
}

// part limits the votes in a P1b. The zero value is no limit.
type part[O any] struct {
	slots, bytes int
	size         func(c rsm.Command[O]) int
}

// of returns the first votes within the limit, and the slot of the first vote left out, or 0 if none is.
func (p part[O]) of(all PValues[O]) (told PValues[O], next rsm.Slot) {
	if p.slots == 0 && p.bytes == 0 {
		return all, 0
	}
	slots, bytes := 0, 0
	for slot, votes := range all.All() {
		slots++
		bytes += p.sizeOf(votes)
		if slots > 1 && (p.slots > 0 && slots > p.slots || p.bytes > 0 && bytes > p.bytes) {
			return told, slot
		}
		told.Map = told.With(slot, votes)
	}
	return all, 0
}

func (p part[O]) sizeOf(votes actor.List[Vote[O]]) (bytes int) {
	if p.bytes == 0 {
		return 0
	}
	for _, v := range votes.All() {
		for _, c := range v.Batch.All() {
			bytes += p.size(c)
		}
	}
	return bytes
}

// p2a votes, unless a higher ballot was promised. A vote is also a promise: in Figure 4 acceptors vote only at the
// ballot that they promised, so that one that missed the P1a is useless to the leader, without any gain in safety. A
// vote for a slot below the watermark counts like any other, but is forgotten.
func (a *Acceptor[O]) p2a(m P2a[O], newest bool) P2b {
	if v := m.PValue(); !v.Ballot.Less(a.Ballot) {
		a.Ballot = v.Ballot
		a.Accepted = a.Accepted.with(v, newest)
	}
	a.collect(m.Watermark)
	return P2b{Commander: m.Ballot, Slot: m.Slot, Ballot: a.Ballot}
}
