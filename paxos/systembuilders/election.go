package systembuilders

import "synod/actor"

// Leader election and the prepare phase: sections 3.1 and 3.2. The conflict rules are in the paper's figure of that
// name; each handler begins with its own rules.

// shiftToLeaderElection attempts a view, or a higher one that it knows to be attempted, unless that is after the last
// view.
func (t *turn[S, O, R]) shiftToLeaderElection(v View) {
	st := t.st
	for _, attempted := range st.Changes {
		v = max(v, attempted)
	}
	early := st.Early
	st.Phase, st.Preinstalled = LeaderElection, false
	st.Prepared, st.Asked, st.Through, st.Proposed, st.Queue = nil, 0, 0, 0, nil
	if t.beyond(v) {
		return
	}
	st.Attempted = v
	t.forget(v)
	t.broadcast(t.change)
	st.Changes = put(st.Changes, t.self, v)
	t.preinstall()
	if early.View == v {
		t.prepare(t.leader(v), early)
	}
}

func (t *turn[S, O, R]) change() Message { return ViewChange{t.st.Attempted} }

// preinstall preinstalls the attempted view once a majority attempts it.
func (t *turn[S, O, R]) preinstall() {
	st := t.st
	n := 0
	for _, attempted := range st.Changes {
		if attempted == st.Attempted {
			n++
		}
	}
	if n < t.quorum() {
		return
	}
	st.Preinstalled, t.restart = true, true
	st.Doublings = min(st.Doublings+1, t.Options.Doublings)
	t.forget(st.Attempted + 1)
	if t.leads(st.Attempted) {
		t.shiftToPreparePhase()
	}
}

// forget discards known attempts of views below v, and an early Prepare that is no longer ahead of the attempted
// view.
func (t *turn[S, O, R]) forget(v View) {
	st := t.st
	for id, attempted := range st.Changes {
		if attempted < v {
			st.Changes = drop(st.Changes, id)
		}
	}
	if st.Early.View <= st.Attempted {
		st.Early = Prepare{}
	}
}

// viewChange follows a server to a higher view, or counts its attempt. A server that is not in election, or whose
// attempted view is preinstalled, only records the attempt.
func (t *turn[S, O, R]) viewChange(from actor.ID, m ViewChange) {
	st := t.st
	switch electing := st.Phase == LeaderElection && !st.Preinstalled; {
	case m.Attempted <= st.Installed || m.Attempted < st.Attempted || m.Attempted <= st.Changes[from]:
	case !electing && m.Attempted == st.Attempted:
	default:
		st.Changes = put(st.Changes, from, m.Attempted)
		switch {
		case !electing:
		case m.Attempted > st.Attempted:
			t.shiftToLeaderElection(m.Attempted)
		default:
			t.preinstall()
		}
	}
}

// vcProof moves a server that is in election to a view that another server has installed.
func (t *turn[S, O, R]) vcProof(from actor.ID, m VCProof) {
	st := t.st
	t.reconcile(from, m.Aru)
	switch {
	case m.Installed <= st.Installed || t.leads(m.Installed):
	case st.Phase != LeaderElection && t.member():
		t.viewChange(from, ViewChange{m.Installed})
	default:
		st.Attempted = m.Installed
		t.shiftToRegNonLeader()
	}
}

// shiftToPreparePhase asks the other servers what they have accepted.
func (t *turn[S, O, R]) shiftToPreparePhase() {
	st := t.st
	st.Installed = st.Attempted
	st.Prepared, st.Asked = map[actor.ID]bool{t.self: true}, st.Aru
	t.broadcast(t.preparation)
	t.prepared()
}

func (t *turn[S, O, R]) preparation() Message { return Prepare{View: t.st.Installed, Aru: t.st.Aru} }

// prepare installs a view, and sends its leader what this server knows. A leader that asks for a higher view attempts
// that view, too; if this server does not follow it yet, it answers once it does.
func (t *turn[S, O, R]) prepare(from actor.ID, m Prepare) {
	st := t.st
	if m.View > st.Attempted {
		st.Early = m
		t.viewChange(from, ViewChange{m.View})
		return
	}
	if m.View != st.Attempted || t.leads(m.View) {
		return
	}
	install := st.Phase == LeaderElection
	if install {
		st.Installed = m.View
	}
	t.out.Send(from, PrepareOK[O]{m.View, t.dataList(m)})
	if install {
		t.shiftToRegNonLeader()
	}
	t.reconcile(from, m.Aru)
}

// shiftToRegNonLeader follows the leader of the attempted view.
func (t *turn[S, O, R]) shiftToRegNonLeader() {
	st := t.st
	st.Phase, st.Installed = RegNonLeader, st.Attempted
	st.Preinstalled, t.restart = false, true
	st.Changes = drop(st.Changes, t.self)
	t.forget(st.Attempted + 1)
	st.Prepared, st.Asked, st.Through, st.Proposed, st.Queue = nil, 0, 0, 0, nil
	t.submitAll()
}

// prepareOK handles what another server knows. An answer that is cut counts only with its last part. Each part is
// requested only after all earlier ones have arrived, and its sender accepts nothing meanwhile: it has installed this
// view, and its leader does not propose yet. If the answer is no longer needed, its sender joins the view late and has
// missed what was proposed and ordered so far.
func (t *turn[S, O, R]) prepareOK(from actor.ID, m PrepareOK[O]) {
	st := t.st
	if st.Phase == RegLeader && m.View == st.Installed {
		if st.Asked < st.Aru {
			t.out.Send(from, t.proof())
		}
		t.proposeAgain(from)
	}
	if st.Phase != LeaderElection || m.View != st.Attempted || st.Prepared == nil {
		return
	}
	for _, o := range m.Data.Ordered {
		t.order(o.Seq, o.Batch)
	}
	for _, p := range m.Data.Proposals {
		t.apply(p)
	}
	if m.Data.Cut == 0 {
		st.Prepared[from] = true
	}
	st.Through = max(st.Through, m.Data.Through)
	t.advance()
	if m.Data.Cut > 0 && st.Prepared != nil { // Not if what it has executed ended the election.
		t.out.Send(from, Prepare{m.View, st.Aru, m.Data.Cut})
	}
	t.reconcile(from, st.Through)
	t.prepared()
}

// prepared makes the server lead once a majority has installed its view and it has learned what they know to be
// ordered.
func (t *turn[S, O, R]) prepared() {
	st := t.st
	if st.Prepared == nil || len(st.Prepared) < t.quorum() || st.Aru < st.Through {
		return
	}
	forwarded, behind := st.Queue, st.Asked < st.Aru
	st.Phase, st.Prepared, st.Through, st.Proposed, st.Queue = RegLeader, nil, 0, st.Aru, nil
	st.Preinstalled, t.restart = false, true
	if behind {
		t.prove() // The other servers may lack what it has learned.
	}
	for _, u := range forwarded {
		t.clientUpdate(u.Node, ClientUpdate[O]{u})
	}
	t.submitAll()
}
