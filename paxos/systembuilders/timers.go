package systembuilders

import (
	"fmt"

	"synod/actor"
	"synod/paxos/rsm"
)

// Timers of a server.
type (
	// Progress is set while the server waits for progress.
	Progress struct{}
	// PendingUpdate is set for each pending update, without Options.Forward.
	PendingUpdate struct{ ID rsm.ID }
	// Forward is set while there are pending updates that the leader was sent, with Options.Forward.
	Forward struct{}
	// Proof is when to tell which view is installed.
	Proof struct{}
	// Resend is when to send again what was not answered.
	Resend struct{}
)

// String is progress.
func (Progress) String() string { return "progress" }

// String is "update" and the update's name.
func (u PendingUpdate) String() string { return fmt.Sprintf("update %v", u.ID) }

// String is forward.
func (Forward) String() string { return "forward" }

// String is proof.
func (Proof) String() string { return "proof" }

// String is resend.
func (Resend) String() string { return "resend" }

// waits reports whether the progress timer is to be set: in election from the time on that the view is preinstalled,
// and otherwise while there is something to order or somebody in a higher view.
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

// watch sets the progress timer, or cancels it.
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

// repeat sets the timers that a server always has.
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

// prove informs the others which view this server has installed.
func (t *turn[S, O, R]) prove() {
	if t.st.Phase == LeaderElection {
		return
	}
	for _, id := range t.Peers {
		t.out.Send(id, t.proof())
	}
}

// again sends again what was not answered.
func (t *turn[S, O, R]) again() {
	st := t.st
	switch {
	case t.recovering():
		if t.drawn() { // Otherwise a digit is about to come.
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

// proposeAgain sends what is not ordered to those who have not accepted it.
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
