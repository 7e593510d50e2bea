package multipaxos

import (
	"maps"
	"time"

	"synod/actor"
	"synod/paxos/rsm"
)

// Leader is the state of a leader, none of it durable: Figure 7. It is passive unless it is Active or has a Scout.
type Leader[O any] struct {
	Ballot     Ballot                    // its own last one, the paper's ballot_num; zero if it never had one
	Known      Ballot                    // the highest that it knows of
	Active     bool                      // a majority promised Ballot
	Proposals  map[rsm.Slot]rsm.Batch[O] // what to have decided; nil for nothing
	Scout      *Scout[O]                 // of Ballot; nil if none is under way
	Commanders map[rsm.Slot]Commander    // of Ballot, for Proposals; nil if none is under way
	Patience   time.Duration             // how long to wait for a ping, if that is adaptive; otherwise 0
}

// Scout is Figure 6: it waits for the promises of a majority.
type Scout[O any] struct {
	Promised map[actor.ID]bool // the acceptors that have promised
	PValues  PValues[O]        // that they voted for; or the newest of each slot
}

// Commander is Figure 5: it waits for the votes of a majority for the proposal of its slot.
type Commander struct {
	Voted map[actor.ID]bool // the acceptors that have voted
}

// leaderOut is what a leader commands through.
type leaderOut[O any] interface {
	acceptor(to actor.ID, m AcceptorMessage)
	replicas(d Decision[O])
	// preempted is called when the leader has become passive because of a higher ballot.
	preempted()
	// adopted is called when the leader has become active.
	adopted()
}

// leading is what a leader knows of the system.
type leading[O any] struct {
	Options
	self      actor.ID
	acceptors []actor.ID // ascending
	first     rsm.Slot   // all slots below are executed by the replica beside the leader; 1 without one
	out       leaderOut[O]
}

func (c *leading[O]) quorum() int { return actor.Majority(len(c.acceptors)) }

func (c *leading[O]) broadcast(m AcceptorMessage) {
	for _, id := range c.acceptors {
		c.out.acceptor(id, m)
	}
}

// scout starts a scout for a ballot higher than any that the leader knows. It reports false if that would be beyond the
// last one.
func (l *Leader[O]) scout(c *leading[O]) bool {
	highest := l.Known
	if highest.Less(l.Ballot) {
		highest = l.Ballot
	}
	ballot, ok := c.next(c.self, highest)
	if !ok {
		return false
	}
	l.Ballot = ballot
	l.Known = l.Ballot
	l.Active, l.Commanders = false, nil
	l.Scout = &Scout[O]{Promised: map[actor.ID]bool{}}
	c.broadcast(l.p1a(c))
	return true
}

func (l *Leader[O]) p1a(c *leading[O]) P1a {
	if c.Reduce {
		return P1a{l.Ballot, c.first}
	}
	return P1a{Ballot: l.Ballot}
}

// propose takes a proposal for a slot that has none so far.
func (l *Leader[O]) propose(slot rsm.Slot, b rsm.Batch[O], c *leading[O]) {
	if _, taken := l.Proposals[slot]; taken {
		return
	}
	l.put(slot, b)
	if l.Active {
		l.command(slot, c)
	}
}

func (l *Leader[O]) put(slot rsm.Slot, b rsm.Batch[O]) {
	if l.Proposals == nil {
		l.Proposals = map[rsm.Slot]rsm.Batch[O]{}
	}
	l.Proposals[slot] = b.Clone()
}

// command starts a commander.
func (l *Leader[O]) command(slot rsm.Slot, c *leading[O]) {
	if l.Commanders == nil {
		l.Commanders = map[rsm.Slot]Commander{}
	}
	l.Commanders[slot] = Commander{Voted: map[actor.ID]bool{}}
	c.broadcast(l.p2a(slot))
}

func (l *Leader[O]) p2a(slot rsm.Slot) P2a[O] {
	return P2a[O]{PValue[O]{l.Ballot, slot, l.Proposals[slot].Clone()}}
}

// p1b counts a promise for the scout. Answers to a scout that has ended are ignored.
func (l *Leader[O]) p1b(from actor.ID, m P1b[O], c *leading[O]) {
	if l.Scout == nil || m.Scout != l.Ballot {
		return
	}
	if m.Ballot != l.Ballot {
		l.preempt(m.Ballot, c)
		return
	}
	for _, slot := range ascending(m.Accepted) {
		for _, v := range m.Accepted[slot] {
			l.Scout.PValues = l.Scout.PValues.with(PValue[O]{v.Ballot, slot, v.Batch}, c.Reduce)
		}
	}
	l.Scout.Promised[from] = true
	if len(l.Scout.Promised) >= c.quorum() {
		l.adopt(l.Scout.PValues, c)
	}
}

// adopt makes the leader active: it proposes for every slot what has the highest ballot among the pvalues, which is
// the only batch that may have been chosen there, and otherwise what it was asked to. Slots below one that has a
// proposal get an empty batch, or replicas would wait for them.
func (l *Leader[O]) adopt(accepted PValues[O], c *leading[O]) {
	l.Active, l.Scout = true, nil
	if c.Reduce {
		maps.DeleteFunc(l.Proposals, func(s rsm.Slot, _ rsm.Batch[O]) bool { return s < c.first })
		l.Proposals = unmap(l.Proposals)
	}
	for _, slot := range ascending(accepted) {
		votes := accepted[slot]
		l.put(slot, votes[len(votes)-1].Batch)
	}
	slots := ascending(l.Proposals)
	if len(slots) > 0 {
		for slot := max(c.first, 1); slot < slots[len(slots)-1]; slot++ {
			if _, taken := l.Proposals[slot]; !taken {
				l.put(slot, nil)
			}
		}
	}
	c.out.adopted()
	for _, slot := range ascending(l.Proposals) {
		l.command(slot, c)
	}
}

// p2b counts a vote for the commander of a slot. Answers to a commander that has ended are ignored.
func (l *Leader[O]) p2b(from actor.ID, m P2b, c *leading[O]) {
	commander, waiting := l.Commanders[m.Slot]
	if !waiting || m.Commander != l.Ballot {
		return
	}
	if m.Ballot != l.Ballot {
		l.preempt(m.Ballot, c)
		return
	}
	commander.Voted[from] = true
	if len(commander.Voted) >= c.quorum() {
		delete(l.Commanders, m.Slot)
		l.Commanders = unmap(l.Commanders)
		if c.Adaptive {
			l.Patience = max(l.patience(c)-c.Patience/100, c.Patience)
		}
		c.out.replicas(Decision[O]{m.Slot, l.Proposals[m.Slot].Clone()})
	}
}

// preempt makes the leader passive because of a higher ballot. As in Figure 7 it tries again at once, unless it has
// patience. What commanders of the lower ballot would still have had decided, those of a higher one do.
func (l *Leader[O]) preempt(b Ballot, c *leading[O]) {
	l.know(b)
	l.Active, l.Scout, l.Commanders = false, nil, nil
	if c.Adaptive {
		l.Patience = min(l.patience(c)*3/2, 32*c.Patience)
	}
	if c.Patience > 0 || !l.scout(c) {
		c.out.preempted()
	}
}

// patience returns how long to wait for a ping of the active leader.
func (l *Leader[O]) patience(c *leading[O]) time.Duration { return max(l.Patience, c.Patience) }

// know takes notice of a ballot, and reports whether it is higher than all that were known.
func (l *Leader[O]) know(b Ballot) bool {
	if !l.Known.Less(b) {
		return false
	}
	l.Known = b
	return true
}

// again sends again what has not been answered.
func (l *Leader[O]) again(c *leading[O]) {
	if l.Scout != nil {
		for _, id := range c.acceptors {
			if !l.Scout.Promised[id] {
				c.out.acceptor(id, l.p1a(c))
			}
		}
	}
	for _, slot := range ascending(l.Commanders) {
		for _, id := range c.acceptors {
			if !l.Commanders[slot].Voted[id] {
				c.out.acceptor(id, l.p2a(slot))
			}
		}
	}
}

// passive reports whether the leader leaves leading to another one.
func (l *Leader[O]) passive() bool { return !l.Active && l.Scout == nil }

// forget drops proposals that the replica beside the leader has executed (section 4.1).
func (l *Leader[O]) forget(below rsm.Slot) {
	maps.DeleteFunc(l.Proposals, func(s rsm.Slot, _ rsm.Batch[O]) bool {
		_, under := l.Commanders[s]
		return s < below && !under
	})
	l.Proposals = unmap(l.Proposals)
}
