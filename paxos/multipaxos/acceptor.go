package multipaxos

// Acceptor is the state of an acceptor, all of it durable: Figure 4.
type Acceptor[O any] struct {
	Ballot   Ballot     // the highest that it promised, the paper's ballot_num
	Accepted PValues[O] // all pvalues that it voted for, or the newest of each slot
}

// p1a promises a ballot, unless a higher one was promised.
func (a *Acceptor[O]) p1a(m P1a) P1b[O] {
	if a.Ballot.Less(m.Ballot) {
		a.Ballot = m.Ballot
	}
	return P1b[O]{Scout: m.Ballot, Ballot: a.Ballot, Accepted: PValues[O]{a.Accepted.From(m.Slot)}}
}

// p2a votes, unless a higher ballot was promised. A vote is a promise too: Figure 4 has acceptors vote only at the
// ballot that they promised, which makes one that missed the P1a useless to the leader, and protects nothing more.
func (a *Acceptor[O]) p2a(m P2a[O], newest bool) P2b {
	if v := m.PValue; !v.Ballot.Less(a.Ballot) {
		a.Ballot = v.Ballot
		a.Accepted = a.Accepted.with(v, newest)
	}
	return P2b{Commander: m.PValue.Ballot, Slot: m.PValue.Slot, Ballot: a.Ballot}
}
