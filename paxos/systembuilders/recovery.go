package systembuilders

import (
	"synod/actor"
	"synod/paxos/rsm"
)

// Recovery of a server that lost its disk, after section 4.3 of B. Liskov and J. Cowling, "Viewstamped Replication
// Revisited" (MIT-CSAIL-TR-2012-021, 2012). The paper covers only servers that keep their disks.
//
// A server r that lost its disk has forgotten which views it installed, and what it accepted in them. It asks the
// others, with a nonce that it never used before. Until it takes part again it answers no Prepare, accepts nothing
// and attempts nothing; it only learns what is ordered. Each other server answers with the highest view that it ever
// attempted, which is on its disk, and a leader also with the last slot of which it knows anything. Of n servers, r
// waits for n-m+1 others, where m is a majority: that many have a server other than r in common with any majority.
// Then it knows at least as much as it has forgotten:
//
//   - A view is installed only after a majority has attempted it. One of these servers is among those that answered,
//     and had attempted the view before r installed it, and so before r asked. So r installed no view above the
//     highest view in the answers, V.
//   - If the leader of a view w, V or higher, has answered: that leader asked a majority, so it knows everything that
//     was chosen with the help of r in a view below w, in slots up to the last one of its answer; what r accepted in
//     w was proposed before r asked, and is in these slots too. All of them are going to be ordered, and once r has
//     executed them its data list has everything that it could have reported of its votes. It continues in w, the
//     lowest view in which it may accept again.
//   - If no server that answered has installed a view, no majority has installed one: that majority would have a
//     server in common with them. So nothing was ever proposed, and r has accepted nothing. At most it has promised
//     to accept nothing below V, so it begins by attempting V. All servers begin like this for the first time, as a
//     server without a disk cannot know by itself that it is new.
//
// If the others know of a view above the leader's, which may never be installed, the leader attempts one as high when
// it is asked again.
//
// Only one server at a time may be without its disk, and the next one only when no message from before the loss is in
// flight any more: an answer to a Prepare that r sent before it lost its disk remains valid, but what another server
// attempted and forgot bounds nothing. To remove this condition, messages need a vector of incarnations: E. Michael,
// D. Ports, N. Sharma and A. Szekeres, "Recovering Shared Objects Without Stable Storage" (DISC 2017).

type (
	// Recover asks what a server that lost its disk needs to know before it takes part again.
	Recover struct {
		Nonce uint64 // identifies the loss
		View  View   // the highest view that the server knows to have been attempted
	}
	// Recovered answers a Recover.
	Recovered struct {
		Nonce      uint64
		Attempted  View     // the highest view that the sender ever attempted
		Installed  View     // Last_Installed
		Recovering bool     // the sender has lost its disk, too
		Leads      bool     // the sender leads the view that it installed
		Aru        rsm.Slot // everything up to here is executed
		Last       rsm.Slot // of a leader: the last slot of which it knows anything
	}
)

func (Recover) message()   {}
func (Recovered) message() {}

// Recovery is what a server that lost its disk has learned from the others.
type Recovery struct {
	Nonce     uint64                 // 0 for a server that takes part
	From      map[actor.ID]Recovered // the last answer of each; nil for none
	Leader    View                   // the highest view whose leader has answered
	Led       bool                   // such a leader has answered
	Last      rsm.Slot               // from the first answer of this leader
	Installed bool                   // some server has installed a view
}

// Lost returns the initial state of a server that lost its disk, or never had one. The nonce must never have been
// used by this server, must not be 0, and must have a bit above the digits of Options.Nonce.
func Lost[O any](nonce uint64) Durable[O] { return Durable[O]{Lost: nonce} }

// Digit is a random byte of a nonce.
type Digit uint8

// maxNonce is the maximum number of digits that are drawn for a nonce. A nonce has a 1 before its digits, which marks
// how many are drawn and keeps it from being 0.
const (
	noDigits = 1
	maxNonce = 7
)

// drawn reports whether the nonce has all its digits.
func (t *turn[S, O, R]) drawn() bool { return t.st.Recovery.Nonce>>(8*t.Nonce) > 0 }

// draw requests the next digit. The nonce is saved after each digit, so that one that was used to ask is never drawn
// again.
func (t *turn[S, O, R]) draw() {
	digits := make([]actor.Option, 1<<8)
	for i := range digits {
		digits[i] = Digit(i)
	}
	t.out.Commands().Choose(digits...)
}

// Chosen handles the next digit of a nonce.
func (s Server[S, O, R]) Chosen(self actor.ID, st State[S, O, R], o actor.Option, out *Out[R]) State[S, O, R] {
	t := s.turn(self, &st, out)
	if digit, ok := o.(Digit); ok && t.recovering() && !t.drawn() {
		st.Recovery.Nonce = st.Recovery.Nonce<<8 | uint64(digit)
		t.ask()
	}
	return t.finish()
}

func (t *turn[S, O, R]) recovering() bool { return t.st.Recovery.Nonce > 0 }

// attempted records the highest view that was attempted or installed, so that it is never forgotten.
func (t *turn[S, O, R]) attempted() {
	if st := t.st; t.Recovery {
		st.Highest = max(st.Highest, st.Attempted, st.Installed)
	}
}

// ask asks the others for what was forgotten, or first draws the nonce that this requires.
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

// highest returns the highest view attempted by any server that has answered.
func (r Recovery) highest() (v View) {
	for _, m := range r.From {
		v = max(v, m.Attempted)
	}
	return v
}

// told returns how many of the servers that have answered take part, and how many have answered in all.
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

// recovered handles an answer to Recover.
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

// rejoin makes a server that lost its disk take part again once it knows what it may have promised and accepted.
func (t *turn[S, O, R]) rejoin() {
	st := t.st
	if !t.recovering() || !t.drawn() {
		return
	}
	r, v := st.Recovery, st.Recovery.highest()
	need := len(t.all) - t.quorum() + 1
	need = min(need, len(t.Peers)) // A single server has nobody to ask.
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

// receiveRecovering handles a message while the server does not take part.
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
	case ViewChange, Prepare, PrepareOK[O], Proposal[O], Accept, ClientUpdate[O]: // It must not answer these.
	}
}
