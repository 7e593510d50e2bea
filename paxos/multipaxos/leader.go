package multipaxos

import (
	"time"

	"synod/actor"
	"synod/paxos/rsm"
)

// Leader is the state of a leader, none of it durable: Figure 7. It is passive unless it is Active or has a Scout.
type Leader[O any] struct {
	Ballot     Ballot                 // its own last one, the paper's ballot_num; zero if it never had one
	Known      Ballot                 // the highest that it knows of
	Active     bool                   // a majority promised Ballot
	Proposals  Slots[O]               // what to have decided
	Scout      *Scout[O]              // of Ballot; nil if none is in flight
	Commanders map[rsm.Slot]Commander // of Ballot, for Proposals; nil if none is in flight
	Patience   time.Duration          // how long to wait for a ping, if that is adaptive; otherwise 0
	// Floor is the highest watermark that it was told: everything below is decided, and it proposes nothing there.
	Floor rsm.Slot
	// Level is up to where the replicas of others have executed everything, as they told while it led at Ballot; nil if
	// nothing is known of any.
	Level map[actor.ID]rsm.Slot
	// Covered is the first slot of the newest configuration whose members have promised Ballot or, as long as it is not
	// active, are asked to; 0 if all servers vote in all slots.
	Covered rsm.Slot
	// Barrier is the slot below which everything may have been decided at earlier ballots; 0 without ReadIndex.
	Barrier rsm.Slot
	Waiting map[rsm.Slot]bool // Proposals whose configuration is not known, or has not promised; nil for none
}

// Scout is Figure 6: it waits for the promises of a majority.
type Scout[O any] struct {
	Promised map[actor.ID]bool     // the acceptors that have promised, and told of all their votes
	Partly   map[actor.ID]rsm.Slot // those that have told of a part: of all slots below one; nil for none
	PValues  PValues[O]            // that they voted for; or the newest of each slot
	// From is the first slot of the configuration that is asked to promise, too, while the leader is active; otherwise 0.
	From rsm.Slot
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
	beside    bool       // there is an acceptor beside the leader, which is not among the others
	first     rsm.Slot   // all slots below are executed by the replica beside the leader; 1 without one
	// configurations are those of the replica beside the leader; none if all acceptors vote in all slots
	configurations Configurations
	out            leaderOut[O]
}

func (c *leading[O]) quorum() int {
	if c.beside {
		return actor.Majority(len(c.acceptors) + 1)
	}
	return actor.Majority(len(c.acceptors))
}

// each shows all acceptors, in ascending order.
func (c *leading[O]) each(show func(id actor.ID)) {
	own := c.beside
	for _, id := range c.acceptors {
		if own && c.self < id {
			own = false
			show(c.self)
		}
		show(id)
	}
	if own {
		show(c.self)
	}
}

// broadcast asks all acceptors that vote in a slot, but for some.
func (c *leading[O]) broadcast(m P2a[O], but map[actor.ID]bool) {
	c.each(func(id actor.ID) {
		if !c.configured() || of(c.configurations, m.Slot).Has(id) {
			c.send(id, m, but)
		}
	})
}

func (c *leading[O]) send(to actor.ID, m AcceptorMessage, but map[actor.ID]bool) {
	if !but[to] {
		c.out.acceptor(to, m)
	}
}

// scout starts a scout for a ballot higher than any that the leader knows. It reports false if that would be beyond the
// last one, or the server is no member.
func (l *Leader[O]) scout(c *leading[O]) bool {
	if !c.member() {
		return false
	}
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
	l.Active, l.Commanders, l.Waiting, l.Level = false, nil, nil, nil
	l.Scout = &Scout[O]{Promised: map[actor.ID]bool{}}
	if c.configured() {
		l.Covered = newest(c.configurations).From
	}
	l.askAgain(c)
	return true
}

// p1a asks an acceptor that has told of its votes in all slots below one.
func (l *Leader[O]) p1a(told rsm.Slot, c *leading[O]) P1a {
	if c.Reduce {
		told = max(told, c.first, l.Scout.From)
	}
	return P1a{l.Ballot, told}
}

// propose takes a proposal for a slot that has none so far.
func (l *Leader[O]) propose(slot rsm.Slot, b rsm.Batch[O], c *leading[O]) {
	if _, taken := l.Proposals.Get(slot); taken || slot < l.Floor {
		return
	}
	l.Proposals = l.Proposals.With(slot, b)
	if l.Active {
		l.command(slot, c)
	}
}

// command starts a commander, as soon as a majority of those who vote in the slot has promised.
func (l *Leader[O]) command(slot rsm.Slot, c *leading[O]) {
	if !l.ready(slot, c) {
		l.wait(slot)
		return
	}
	if l.Commanders == nil {
		l.Commanders = map[rsm.Slot]Commander{}
	}
	l.Commanders[slot] = Commander{Voted: map[actor.ID]bool{}}
	c.broadcast(l.p2a(slot, c), nil)
}

func (l *Leader[O]) p2a(slot rsm.Slot, c *leading[O]) P2a[O] {
	b, _ := l.Proposals.Get(slot)
	return P2a[O]{l.Ballot, slot, b, l.watermark(c)}
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
	if l.late(from, m, c) {
		return
	}
	l.Floor = max(l.Floor, m.Watermark)
	l.Scout.PValues = l.Scout.PValues.join(m.Accepted, c.Reduce)
	if m.Next != 0 {
		l.partly(from, m, c)
		return
	}
	l.Scout.Promised[from] = true
	if l.promised(c) {
		l.promise(c)
	}
}

// promise ends the scout.
func (l *Leader[O]) promise(c *leading[O]) {
	if l.Active {
		l.extend(c)
		return
	}
	l.adopt(l.Scout.PValues, c)
}

// partly asks an acceptor for its votes in further slots. It was asked for every part when it had told of those before,
// so that it has told of all slots below the next one.
func (l *Leader[O]) partly(from actor.ID, m P1b[O], c *leading[O]) {
	if l.Scout.Promised[from] || m.Next <= l.Scout.Partly[from] {
		return // It was asked already.
	}
	if l.Scout.Partly == nil {
		l.Scout.Partly = map[actor.ID]rsm.Slot{}
	}
	l.Scout.Partly[from] = m.Next
	c.send(from, l.p1a(m.Next, c), nil)
}

// adopt makes the leader active: it proposes for every slot what has the highest ballot among the pvalues, which is
// the only batch that may have been chosen there, and otherwise what it was asked to. Slots below one that has a
// proposal get an empty batch, or replicas would wait for them.
func (l *Leader[O]) adopt(accepted PValues[O], c *leading[O]) {
	l.Active, l.Scout = true, nil
	first := max(c.first, l.Floor)
	if c.Reduce { // Nobody was asked about the slots below, or not any more, or has forgotten its votes there.
		l.Proposals, accepted.Map = l.Proposals.From(first), accepted.From(first)
	}
	for slot, votes := range accepted.All() {
		l.Proposals = l.Proposals.With(slot, votes.At(votes.Len()-1).Batch)
	}
	last, _, _ := l.Proposals.Last()
	if c.ReadIndex {
		l.Barrier = max(first, last+1)
	}
	for slot := max(first, 1); slot < last; slot++ {
		if _, taken := l.Proposals.Get(slot); !taken {
			l.Proposals = l.Proposals.With(slot, rsm.Batch[O]{})
		}
	}
	c.out.adopted()
	for slot := range l.Proposals.All() {
		l.command(slot, c)
	}
}

// p2b counts a vote for the commander of a slot. Answers to a commander that has ended are ignored.
func (l *Leader[O]) p2b(from actor.ID, m P2b, c *leading[O]) {
	l.level(from, m, c)
	commander, waiting := l.Commanders[m.Slot]
	if !waiting || m.Commander != l.Ballot {
		return
	}
	if m.Ballot != l.Ballot {
		l.preempt(m.Ballot, c)
		return
	}
	commander.Voted[from] = true
	if c.voted(m.Slot, commander) {
		delete(l.Commanders, m.Slot)
		l.Commanders = unmap(l.Commanders)
		if c.Adaptive {
			l.Patience = max(l.patience(c)-c.Patience/100, c.Patience)
		}
		b, _ := l.Proposals.Get(m.Slot)
		c.out.replicas(Decision[O]{m.Slot, b})
	}
}

// preempt makes the leader passive because of a higher ballot. As in Figure 7 it tries again at once, unless it has
// patience. What commanders of the lower ballot would still have had decided, those of a higher one do.
func (l *Leader[O]) preempt(b Ballot, c *leading[O]) {
	l.know(b)
	l.Active, l.Scout, l.Commanders, l.Waiting, l.Level = false, nil, nil, nil, nil
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

// resent is the most commanders that ask again at once. A leader that was down may have very many of them, and those of
// the lowest slots are the ones to wait for.
const resent = 64

// again sends again what has not been answered.
func (l *Leader[O]) again(c *leading[O]) {
	if l.Scout != nil {
		l.askAgain(c)
	}
	slots := ascending(l.Commanders)
	for _, slot := range slots[:min(len(slots), resent)] {
		c.broadcast(l.p2a(slot, c), l.Commanders[slot].Voted)
	}
}

// askAgain asks those that have not promised, or not told of all.
func (l *Leader[O]) askAgain(c *leading[O]) {
	c.each(func(id actor.ID) {
		if l.asks(id, c) {
			c.send(id, l.p1a(l.Scout.Partly[id], c), l.Scout.Promised)
		}
	})
}

// passive reports whether the leader leaves leading to another one.
func (l *Leader[O]) passive() bool { return !l.Active && l.Scout == nil }

// forget drops proposals that the replica beside the leader has executed (section 4.1), but for those of commanders.
func (l *Leader[O]) forget(below rsm.Slot) {
	left := l.Proposals.From(below)
	for slot := range l.Commanders {
		if b, _ := l.Proposals.Get(slot); slot < below {
			left = left.With(slot, b)
		}
	}
	l.Proposals = left
}
