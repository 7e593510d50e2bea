package systembuilders

import (
	"fmt"

	"synod/actor"
	"synod/paxos/rsm"
)

// The timers of a server.
type (
	// Progress is set while the server waits for progress.
	Progress struct{}
	// PendingUpdate is set for each pending update if Options.Forward is 0.
	PendingUpdate struct{ ID rsm.ID }
	// Forward is set while there are pending updates that were sent to the leader, if Options.Forward is not 0.
	Forward struct{}
	// Proof fires when the installed view is to be sent to the others.
	Proof struct{}
	// Resend fires when unanswered messages are to be sent again.
	Resend struct{}
)

// String returns "progress".
func (Progress) String() string { return "progress" }

// String returns "update" and the update's id.
func (u PendingUpdate) String() string { return fmt.Sprintf("update %v", u.ID) }

// String returns "forward".
func (Forward) String() string { return "forward" }

// String returns "proof".
func (Proof) String() string { return "proof" }

// String returns "resend".
func (Resend) String() string { return "resend" }

// waits reports whether the progress timer must run: in election, once the view is preinstalled; otherwise while
// there is something to order, or a server is known to attempt a higher view.
func (t *turn[S, O, R]) waits() bool {
	st := t.st
	switch {
	case t.beyond(st.Attempted+1) || !t.member():
		return false
	case st.Phase == LeaderElection:
		return st.Preinstalled
	}
	return len(st.Changes) > 0 || st.Pending.Len() > 0 || len(st.Queue) > 0 || len(st.History) > 0
}

// watch sets or cancels the progress timer.
func (t *turn[S, O, R]) watch() {
	waits := t.waits()
	switch commands := t.out.Commands(); {
	case waits && (t.restart || !t.waited):
		timeout := t.progress() << t.st.Doublings
		commands.SetTimer(Progress{}, timeout, timeout)
	case !waits && t.waited:
		commands.CancelTimer(Progress{})
	}
}

// repeat sets the timers that always run.
func (t *turn[S, O, R]) repeat() {
	t.setProof()
	t.setResend()
}

func (t *turn[S, O, R]) setProof() {
	if t.Proof > 0 {
		t.out.Commands().SetTimer(Proof{}, t.Proof, t.Proof+t.Proof/2)
	}
}

func (t *turn[S, O, R]) setResend() {
	if t.Resend > 0 {
		t.out.Commands().SetTimer(Resend{}, t.Resend, t.Resend)
	}
}

func (t *turn[S, O, R]) setUpdate(id rsm.ID) {
	if t.Update > 0 {
		t.out.Commands().SetTimer(PendingUpdate{id}, t.Update, t.Update)
	}
}

func (t *turn[S, O, R]) setForward() {
	if t.Update > 0 {
		after := t.Update << t.st.Forwarded.Doublings
		t.out.Commands().SetTimer(Forward{}, after, after)
	}
}

func (t *turn[S, O, R]) cancelUpdate(id rsm.ID) {
	if t.Update > 0 {
		t.out.Commands().CancelTimer(PendingUpdate{id})
	}
}

func (t *turn[S, O, R]) proof() Message { return VCProof{t.st.Installed, t.st.Aru} }

// prove sends the others the view that this server has installed.
func (t *turn[S, O, R]) prove() {
	if t.st.Phase == LeaderElection {
		return
	}
	for _, id := range t.Peers {
		t.out.Send(id, t.proof())
	}
}

// again sends unanswered messages again.
func (t *turn[S, O, R]) again() {
	st := t.st
	switch {
	case t.recovering():
		if t.drawn() { // Otherwise the next digit is being drawn.
			t.ask()
		}
	case st.Prepared != nil:
		for _, id := range t.Peers {
			if st.Prepared[id] {
				t.reconcile(id, st.Through)
			} else if t.hears(id) {
				t.out.Send(id, t.preparation())
			}
		}
	case st.Phase == LeaderElection:
		t.broadcast(t.change)
	case st.Phase == RegLeader:
		t.proposeAgain(t.Peers...)
	case st.Phase == RegNonLeader:
	}
}

// proposeAgain sends unordered proposals to the servers that have not accepted them.
func (t *turn[S, O, R]) proposeAgain(to ...actor.ID) {
	st := t.st
	for _, seq := range ascending(st.History) {
		e := st.History[seq]
		if e.Ordered || e.View != st.Installed {
			continue
		}
		for _, id := range to {
			if !e.Accepts[id] && t.hears(id) {
				t.out.Send(id, st.proposal(seq))
			}
		}
	}
}
