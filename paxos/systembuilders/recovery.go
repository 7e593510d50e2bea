package systembuilders

import (
	"synod/actor"
	"synod/paxos/rsm"
)

// Recovery of a server that lost its disk, after section 4.3 of B. Liskov and J. Cowling, "Viewstamped Replication
// Revisited" (MIT-CSAIL-TR-2012-021, 2012). The paper knows only servers that have their disks.
//
// A server r that lost its disk has forgotten which views it installed, and what it accepted in them. It asks the
// others, with a number that it never used before, and until it takes part again it answers no Prepare, accepts
// nothing, and attempts nothing; it only learns what is ordered. Each other one answers with the highest view that it
// ever attempted, which is on its disk, and a leader also with the last slot of which it knows anything. Of n servers,
// r waits for n-m+1 others, where m is a majority: so many have a server other than r in common with any majority.
// Then it knows more than it has forgotten:
//
//   - A view is installed once a majority has attempted it. One of these is among those that answered, had attempted
//     the view before r installed it, and so before r asked. So r installed no view above the highest that it is told,
//     V.
//   - If a leader of a view w, V or higher, has answered: what was chosen in a view below w with the help of r is
//     known to that leader, which asked a majority, and has it in a slot up to the last that it told; what r accepted
//     in w was proposed before r asked, and is in these slots too. All of them are going to be ordered, and once r has
//     executed them its data list has everything that it could have told of its votes. It goes on in w, the lowest
//     view in which it may accept again.
//   - If none that answered has installed a view, no majority has installed one: that majority would have somebody in
//     common with them. So nothing was ever proposed, and r has accepted nothing. All that it can have told is that it
//     accepts nothing below V, so it begins by attempting V. This is how all servers begin for the first time, as one
//     that has no disk cannot tell by itself that it is new.
//
// If others know of a view above that of the leader, which may never come to be installed, the leader attempts one as
// high when it is asked again.
//
// One server at a time may be without its disk, and the next one only when no message from before the loss is in
// flight any more: an answer to a Prepare that r gave before it lost its disk is as good as ever, but what another
// server attempted, and lost, bounds nothing. To do without that takes a vector of incarnations in messages: E.
// Michael, D. Ports, N. Sharma and A. Szekeres, "Recovering Shared Objects Without Stable Storage" (DISC 2017).

type (
	// Recover asks what a server that lost its disk needs to know before it takes part again.
	Recover struct {
		Nonce uint64 // of the loss
		View  View   // the highest view that the server knows to have been attempted
	}
	// Recovered answers a Recover.
	Recovered struct {
		Nonce      uint64
		Attempted  View     // the highest view that the sender ever attempted
		Installed  View     // Last_Installed
		Recovering bool     // the sender knows no better itself
		Leads      bool     // the view that it installed
		Aru        rsm.Slot // everything up to here is executed
		Last       rsm.Slot // of a leader: it knows of nothing beyond
	}
)

func (Recover) message()   {}
func (Recovered) message() {}

// Recovery is what a server that lost its disk has been told.
type Recovery struct {
	Nonce     uint64                 // 0 for a server that takes part
	From      map[actor.ID]Recovered // the last answer of each; nil for none
	Leader    View                   // the highest view of a leader that has answered
	Led       bool                   // there is one
	Last      rsm.Slot               // that this leader told at first
	Installed bool                   // somebody has installed a view
}

// Lost returns what a server keeps that lost its disk, or never had one. The nonce must be none that it had before, not
// 0, and have a bit beyond the digits of Options.Nonce.
func Lost[O any](nonce uint64) Durable[O] { return Durable[O]{Lost: nonce} }

// Digit is a random byte of a nonce.
type Digit uint8

// maxNonce is the most digits of a nonce that is drawn. It has a 1 before them, so that it tells how many are drawn,
// and is not 0.
const (
	noDigits = 1
	maxNonce = 7
)

// drawn reports whether the nonce has all its digits.
func (t *turn[S, O, R]) drawn() bool { return t.st.Recovery.Nonce>>(8*t.Nonce) > 0 }

// draw has the next digit drawn, after each of which the nonce is kept. So one that was asked with is never drawn anew.
func (t *turn[S, O, R]) draw() {
	digits := make([]actor.Option, 1<<8)
	for i := range digits {
		digits[i] = Digit(i)
	}
	t.out.Commands().Choose(digits...)
}

// Chosen takes the next digit of a nonce.
func (s Server[S, O, R]) Chosen(self actor.ID, st State[S, O, R], o actor.Option, out *Out[R]) State[S, O, R] {
	t := s.turn(self, &st, out)
	if digit, ok := o.(Digit); ok && t.recovering() && !t.drawn() {
		st.Recovery.Nonce = st.Recovery.Nonce<<8 | uint64(digit)
		t.ask()
	}
	return t.finish()
}

func (t *turn[S, O, R]) recovering() bool { return t.st.Recovery.Nonce > 0 }

// attempted notes that views were attempted or installed, so that it is never forgotten how high.
func (t *turn[S, O, R]) attempted() {
	if st := t.st; t.Recovery {
		st.Highest = max(st.Highest, st.Attempted, st.Installed)
	}
}

// ask asks the others what was forgotten, once it has a nonce to ask with.
func (t *turn[S, O, R]) ask() {
	if !t.drawn() {
		t.draw()
		return
	}
	t.broadcast(t.question)
}

func (t *turn[S, O, R]) question() Message {
	return Recover{t.st.Recovery.Nonce, t.st.Recovery.highest()}
}

// highest returns the highest view that anybody who answered has attempted.
func (r Recovery) highest() (v View) {
	for _, m := range r.From {
		v = max(v, m.Attempted)
	}
	return v
}

// told returns how many have answered that take part, and how many in all.
func (r Recovery) told() (part, all int) {
	for _, m := range r.From {
		if all++; !m.Recovering {
			part++
		}
	}
	return part, all
}

// recover answers a server that lost its disk.
func (t *turn[S, O, R]) recover(from actor.ID, m Recover) {
	st := t.st
	answer := Recovered{
		Nonce: m.Nonce, Attempted: st.Highest, Installed: st.Installed, Recovering: t.recovering(),
		Leads: st.Phase == RegLeader, Aru: st.Aru,
	}
	if answer.Leads {
		answer.Last = max(st.Aru, st.last())
	}
	t.out.Send(from, answer)
	if !answer.Leads || m.View <= st.Installed {
		return
	}
	v := m.View
	if t.leader(v) == from {
		v++
	}
	if !t.beyond(v) {
		t.shiftToLeaderElection(v)
	}
}

// recovered takes an answer.
func (t *turn[S, O, R]) recovered(from actor.ID, m Recovered) {
	r := &t.st.Recovery
	if !t.recovering() || m.Nonce != r.Nonce {
		return
	}
	r.From = put(r.From, from, m)
	r.Installed = r.Installed || m.Installed > 0
	if m.Leads && t.leader(m.Installed) == from && (!r.Led || m.Installed > r.Leader) {
		r.Led, r.Leader, r.Last = true, m.Installed, m.Last
	}
	t.reconcile(from, m.Aru)
}

// rejoin lets a server that lost its disk take part again once it knows what it may have promised and accepted.
func (t *turn[S, O, R]) rejoin() {
	st := t.st
	if !t.recovering() || !t.drawn() {
		return
	}
	r, v := st.Recovery, st.Recovery.highest()
	need := len(t.all) - t.quorum() + 1
	need = min(need, len(t.Peers)) // Who is alone has nobody to ask.
	switch part, all := r.told(); {
	case all >= need && !r.Installed && !t.Elected:
		v = max(v, 1)
		st.Recovery, st.Installed = Recovery{}, v-1
		t.shiftToLeaderElection(v)
	case part >= need && r.Led && r.Leader >= v && st.Aru >= r.Last:
		st.Recovery, st.Attempted, st.Highest = Recovery{}, r.Leader, v
		t.shiftToRegNonLeader()
	}
}

// receiveRecovering handles a message while the server takes no part.
func (t *turn[S, O, R]) receiveRecovering(from actor.ID, msg Message) {
	switch m := msg.(type) {
	case VCProof:
		t.reconcile(from, m.Aru)
	case GloballyOrderedUpdate[O]:
		t.orderedUpdate(from, m)
	case Learn:
		t.learn(from, m)
	case LearnPart:
		t.learnPart(from, m)
	case Snapshot:
		t.snapshot(from, m)
	case SnapshotPart:
		t.snapshotPart(from, m)
	case Collect:
		t.collect(m.Seq, m.State)
	case Recover:
		t.recover(from, m)
	case Recovered:
		t.recovered(from, m)
	case ViewChange, Prepare, PrepareOK[O], Proposal[O], Accept, ClientUpdate[O]: // It may not say anything to these.
	}
}
