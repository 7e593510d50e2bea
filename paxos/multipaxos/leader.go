package multipaxos

import (
	"time"

	"synod/actor"
	"synod/paxos/rsm"
)

// Leader is the state of a leader: Figure 7. None of it is durable in a Server. It is passive unless it is Active or
// has a Scout.
type Leader[O any] struct {
	Ballot     Ballot                 // the last one of its own, the paper's ballot_num; zero if there was none
	Known      Ballot                 // the highest known
	Active     bool                   // a majority promised Ballot
	Proposals  Slots[O]               // batches to get decided
	Scout      *Scout[O]              // of Ballot; nil if none is in flight
	Commanders map[rsm.Slot]Commander // of Ballot, for Proposals; nil if none is in flight
	Patience   time.Duration          // how long to wait for a ping if that is adaptive; otherwise 0
	// Floor is the highest watermark received: all slots below it are decided, and it does not propose there.
	Floor rsm.Slot
	// Level is the first slot not executed by each other replica, as reported while the leader led at Ballot; nil if
	// there are no reports.
	Level map[actor.ID]rsm.Slot
	// Covered is the first slot of the newest configuration whose members have promised Ballot, or have been asked to
	// while the leader is not yet active; 0 if all servers vote in all slots.
	Covered rsm.Slot
	// Barrier is the slot below which slots may have been decided at earlier ballots; 0 without ReadIndex.
	Barrier rsm.Slot
	Waiting map[rsm.Slot]bool // slots of proposals whose configuration is unknown or has not promised; nil for none
}

// Scout waits for the promises of a majority: Figure 6.
type Scout[O any] struct {
	Promised map[actor.ID]bool     // acceptors that have promised and sent all their votes
	Partly   map[actor.ID]rsm.Slot // acceptors that have sent their votes below a slot only; nil for none
	PValues  PValues[O]            // their votes, or the newest of each slot
	// From is the first slot of the configuration whose promises an active leader waits for; 0 while it is not active.
	From rsm.Slot
}

// Commander waits for the votes of a majority for the proposal of its slot: Figure 5.
type Commander struct {
	Voted map[actor.ID]bool // the acceptors that have voted
}

// leaderOut receives the messages and events of a leader.
type leaderOut[O any] interface {
	acceptor(to actor.ID, m AcceptorMessage)
	replicas(d Decision[O])
	// preempted is called after the leader has become passive because of a higher ballot.
	preempted()
	// adopted is called after the leader has become active.
	adopted()
	// postpone reports whether the acceptor of the same server must not promise a ballot yet. A scout then starts when it
	// may.
	postpone() bool
}

// leading is the leader's view of the system and its configuration.
type leading[O any] struct {
	Options
	self      actor.ID
	acceptors []actor.ID // in ascending order
	beside    bool       // there is an acceptor in the same server, which acceptors does not include
	first     rsm.Slot   // all slots below are executed by the replica of the same server; 1 if there is none
	// configurations are those of the replica of the same server; empty if all acceptors vote in all slots.
	configurations Configurations
	out            leaderOut[O]
}

func (c *leading[O]) quorum() int {
	if c.beside {
		return actor.Majority(len(c.acceptors) + 1)
	}
	return actor.Majority(len(c.acceptors))
}

// each calls show for all acceptors, in ascending order.
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

// broadcast sends m to all acceptors that vote in its slot, except those in but.
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

// scout starts a scout for a ballot higher than any that the leader knows. It reports false if that would exceed the
// last ballot, if the server is not a member, or if the scout is postponed.
func (l *Leader[O]) scout(c *leading[O]) bool {
	if !c.member() || c.out.postpone() {
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

// p1a returns the request to an acceptor that has already sent its votes for all slots below told.
func (l *Leader[O]) p1a(told rsm.Slot, c *leading[O]) P1a {
	if c.Reduce {
		told = max(told, c.first, l.Scout.From)
	}
	return P1a{l.Ballot, told}
}

// propose accepts a proposal for a slot that does not have one.
func (l *Leader[O]) propose(slot rsm.Slot, b rsm.Batch[O], c *leading[O]) {
	if _, taken := l.Proposals.Get(slot); taken || slot < l.Floor {
		return
	}
	l.Proposals = l.Proposals.With(slot, b)
	if l.Active {
		l.command(slot, c)
	}
}

// command starts a commander as soon as a majority of the slot's configuration has promised.
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

// p1b counts a promise for the scout. Answers to earlier scouts are ignored.
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

// promise ends the scout after a majority has promised.
func (l *Leader[O]) promise(c *leading[O]) {
	if l.Active {
		l.extend(c)
		return
	}
	l.adopt(l.Scout.PValues, c)
}

// partly asks an acceptor for its votes in further slots. Each part is requested only after all earlier ones have
// arrived, so the acceptor has sent its votes for all slots below the next one.
func (l *Leader[O]) partly(from actor.ID, m P1b[O], c *leading[O]) {
	if l.Scout.Promised[from] || m.Next <= l.Scout.Partly[from] {
		return // Already requested.
	}
	if l.Scout.Partly == nil {
		l.Scout.Partly = map[actor.ID]rsm.Slot{}
	}
	l.Scout.Partly[from] = m.Next
	c.send(from, l.p1a(m.Next, c), nil)
}

// adopt makes the leader active. In each slot it proposes the pvalue of the highest ballot, which is the only batch
// that may have been chosen there, or else its own proposal. Slots below the last proposal get an empty batch if they
// have none, as replicas would otherwise wait for them.
func (l *Leader[O]) adopt(accepted PValues[O], c *leading[O]) {
	l.Active, l.Scout = true, nil
	first := max(c.first, l.Floor)
	if c.Reduce { // Votes for lower slots were not requested, or are forgotten.
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

// p2b counts a vote for the commander of a slot. Answers to finished commanders are ignored.
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
// patience. Slots that its commanders had yet to decide are left to the leader of the higher ballot.
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

// know records a ballot, and reports whether it is higher than all known ones.
func (l *Leader[O]) know(b Ballot) bool {
	if !l.Known.Less(b) {
		return false
	}
	l.Known = b
	return true
}

// resent is the maximum number of commanders that send again at once, the lowest slots first: a leader that was down
// may have very many, and the lowest slots block the others.
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

// askAgain asks the acceptors that have not promised or have not sent all their votes.
func (l *Leader[O]) askAgain(c *leading[O]) {
	c.each(func(id actor.ID) {
		if l.asks(id, c) {
			c.send(id, l.p1a(l.Scout.Partly[id], c), l.Scout.Promised)
		}
	})
}

// passive reports whether the leader neither leads nor tries to.
func (l *Leader[O]) passive() bool { return !l.Active && l.Scout == nil }

// forget drops proposals that the replica of the same server has executed (section 4.1), except those with
// commanders.
func (l *Leader[O]) forget(below rsm.Slot) {
	left := l.Proposals.From(below)
	for slot := range l.Commanders {
		if b, _ := l.Proposals.Get(slot); slot < below {
			left = left.With(slot, b)
		}
	}
	l.Proposals = left
}
