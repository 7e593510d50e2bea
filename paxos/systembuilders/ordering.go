package systembuilders

import (
	"iter"
	"slices"

	"synod/actor"
	"synod/paxos/rsm"
)

// Ordering updates, section 3.3, and handling those of clients, section 3.4.

// request takes a command of a client of this server, or answers it at once if it was executed.
func (t *turn[S, O, R]) request(from actor.ID, c rsm.Command[O]) {
	st := t.st
	status, answer, ok := st.Machine.Status(c.ID)
	if status != rsm.New {
		if ok {
			t.out.Reply(from, answer)
		}
		return
	}
	_, again := st.Pending.Get(c.ID)
	if !again && t.full(st.Pending.Len()) {
		return
	}
	st.Pending = st.Pending.With(c.ID, Pending[O]{from, c})
	if !again {
		t.began(c.ID)
	}
}

// submit passes a pending update to the leader of the installed view. In election too: those who still are in that view
// may order it.
func (t *turn[S, O, R]) submit(id rsm.ID) {
	st := t.st
	p, _ := st.Pending.Get(id)
	u := Update[O]{t.self, p.Command}
	switch {
	case t.mayEnqueue():
		t.enqueue(u)
	case t.leads(st.Installed) || st.Installed == 0 && !t.Elected:
	default:
		t.out.Send(t.leader(st.Installed), ClientUpdate[O]{u})
	}
}

// clientUpdate takes an update that another server forwards. If it was executed, that server is behind.
func (t *turn[S, O, R]) clientUpdate(from actor.ID, m ClientUpdate[O]) {
	st := t.st
	switch status, _, _ := st.Machine.Status(m.Update.Command.ID); {
	case status != rsm.New:
		t.out.Send(from, t.proof())
	case t.mayEnqueue():
		t.enqueue(m.Update)
	}
}

// mayEnqueue reports whether this server leads, or is about to: who has installed its view forwards updates to it.
func (t *turn[S, O, R]) mayEnqueue() bool { return t.st.Phase == RegLeader || t.st.Prepared != nil }

// enqueue queues an update to be proposed, unless it is known already.
func (t *turn[S, O, R]) enqueue(u Update[O]) {
	st := t.st
	id := u.Command.ID
	status, _, _ := st.Machine.Status(id)
	queued := slices.ContainsFunc(st.Queue, func(u Update[O]) bool { return u.Command.ID == id })
	if status != rsm.New || st.bound(id) || queued || t.full(len(st.Queue)) {
		return
	}
	st.Queue = append(st.Queue, u)
}

// bound reports whether an update is proposed for a slot that is not executed.
func (st *State[S, O, R]) bound(id rsm.ID) bool {
	for _, e := range st.History {
		if e.Batch.Holds(id) {
			return true
		}
	}
	return false
}

// propose proposes for all slots within the window that have something to propose: what is known of the slot from an
// earlier view, nothing if a later slot is bound, otherwise what is queued. It is the paper's Send_Proposal. Where it
// knows what is ordered beyond a gap, it says so.
func (t *turn[S, O, R]) propose() {
	st := t.st
	last := st.last()
	for st.Phase == RegLeader { // It may execute the last slot of its epoch.
		st.Proposed = max(st.Proposed, st.Aru)
		seq := st.Proposed + 1
		end, ends := t.end()
		if seq > st.Aru+t.window() || ends && seq >= end {
			return
		}
		e, known := st.History[seq]
		if !known && seq > last {
			if e.Batch = t.next(); e.Batch.Len() == 0 && !ends {
				return
			}
		}
		st.Proposed = seq
		if e.Ordered {
			t.broadcast(func() Message { return GloballyOrderedUpdate[O]{seq, e.Batch} })
			continue
		}
		st.History = put(st.History, seq, Entry[O]{View: st.Installed, Batch: e.Batch})
		t.broadcast(func() Message { return st.proposal(seq) })
		t.counted(seq)
	}
}

// last returns the last slot of which something is known, or 0.
func (st *State[S, O, R]) last() (last rsm.Slot) {
	for seq := range st.History {
		last = max(last, seq)
	}
	return last
}

// next takes updates from the queue; none if there are none.
func (t *turn[S, O, R]) next() Batch[O] {
	st := t.st
	var updates []Update[O]
	taken, bytes := 0, 0
	for taken < len(st.Queue) && len(updates) < t.batch() {
		u := st.Queue[taken]
		if status, _, _ := st.Machine.Status(u.Command.ID); status == rsm.New {
			if bytes += t.bytes(BatchOf(u)); t.Bytes > 0 && bytes > t.Bytes && len(updates) > 0 {
				break
			}
			updates = append(updates, u)
		}
		taken++
	}
	clear(st.Queue[:taken])
	if st.Queue = st.Queue[taken:]; len(st.Queue) == 0 {
		st.Queue = nil
	}
	return BatchOf(updates...)
}

// bytes returns how many bytes the updates of a slot take in a message, 0 if that does not matter.
func (t *turn[S, O, R]) bytes(b Batch[O]) (n int) {
	if t.Size == nil {
		return 0
	}
	for _, u := range b.All() {
		n += t.Size(u.Command)
	}
	return n
}

// proposal returns the proposal of a slot.
func (st *State[S, O, R]) proposal(seq rsm.Slot) Proposal[O] {
	e := st.History[seq]
	return Proposal[O]{e.View, seq, e.Batch}
}

// proposal accepts a proposal of the leader and tells everybody. Who knows the slot to be ordered tells the leader so;
// who has accepted it before repeats it to the leader.
func (t *turn[S, O, R]) proposal(from actor.ID, m Proposal[O]) {
	st := t.st
	if st.Phase != RegNonLeader || m.View != st.Installed || m.Seq == 0 {
		return
	}
	if m.Seq <= st.Snapshot.Seq {
		t.out.Send(from, t.proof()) // which tells the leader to ask for the snapshot
		return
	}
	if b, ordered := st.ordered(m.Seq); ordered {
		t.out.Send(from, GloballyOrderedUpdate[O]{m.Seq, b})
		return
	}
	if t.apply(m) {
		t.broadcast(func() Message { return Accept{m.View, m.Seq} })
	} else {
		t.out.Send(from, Accept{m.View, m.Seq})
	}
	t.voted(t.self, m.Seq)
	t.advance()
}

// ordered returns what is ordered in a slot, if that is known.
func (st *State[S, O, R]) ordered(seq rsm.Slot) (Batch[O], bool) {
	if b, executed := st.Log.Get(seq); executed {
		return b, true
	}
	e := st.History[seq]
	return e.Batch, e.Ordered
}

// apply notes a proposal, unless the slot is ordered or has one of the same view or a later one. It reports whether it
// did.
func (t *turn[S, O, R]) apply(m Proposal[O]) bool {
	st := t.st
	e, known := st.History[m.Seq]
	if m.Seq <= st.Aru || e.Ordered || known && e.View >= m.View {
		return false
	}
	st.History = put(st.History, m.Seq, Entry[O]{View: m.View, Batch: m.Batch})
	return true
}

// accept counts a vote for the proposal of the installed view.
func (t *turn[S, O, R]) accept(from actor.ID, m Accept) {
	e, known := t.st.History[m.Seq]
	if m.View != t.st.Installed || !known || e.Ordered || e.View != m.View {
		return
	}
	t.voted(from, m.Seq)
	t.advance()
	t.prepared()
}

// voted notes who has accepted the proposal of a slot.
func (t *turn[S, O, R]) voted(id actor.ID, seq rsm.Slot) {
	e := t.st.History[seq]
	e.Accepts = put(e.Accepts, id, true)
	t.st.History[seq] = e
	t.counted(seq)
}

// counted orders a proposal once a majority has accepted it, its leader included.
func (t *turn[S, O, R]) counted(seq rsm.Slot) {
	if e := t.st.History[seq]; len(e.Accepts)+1 >= t.quorum() {
		t.order(seq, e.Batch)
	}
	t.advance()
}

// order notes what is ordered in a slot.
func (t *turn[S, O, R]) order(seq rsm.Slot, b Batch[O]) {
	if seq <= t.st.Aru || t.st.History[seq].Ordered {
		return
	}
	t.st.History = put(t.st.History, seq, Entry[O]{Batch: b, Ordered: true})
}

// advance executes what is ordered in the slots that are next: the paper's Advance_Aru.
func (t *turn[S, O, R]) advance() {
	st := t.st
	for st.History[st.Aru+1].Ordered {
		seq := st.Aru + 1
		b := st.History[seq].Batch
		st.History = drop(st.History, seq)
		t.execute(b)
		st.Doublings, t.restart = 0, true
	}
	if t.Collect > 0 && st.Aru >= st.Snapshot.Seq+t.Collect {
		t.collectAll()
	}
}

// execute executes the updates of the next slot, each once, and answers the clients that asked here.
func (t *turn[S, O, R]) execute(b Batch[O]) {
	st := t.st
	st.Aru++
	t.dropPassed()
	st.Log = st.Log.With(st.Aru, b)
	var first []rsm.Command[O]
	for _, u := range b.All() {
		id := u.Command.ID
		first = t.noteNew(first, st.Machine, u.Command)
		answer, ok := rsm.Execute(t.Machine, st.Aru, &st.Machine, u.Command)
		t.settle(id, answer, ok)
		if u.Command.End || u.Command.Floor > 0 {
			t.sweep(st.Pending.Of(u.Command.ID.Client))
		}
	}
	t.executed(st.Aru, first)
}

// settle ends the wait for the answer to an update.
func (t *turn[S, O, R]) settle(id rsm.ID, answer rsm.Answer[R], ok bool) {
	st := t.st
	pending, asked := st.Pending.Get(id)
	if !asked {
		return
	}
	st.Pending = st.Pending.Without(id)
	t.ended(id)
	if ok {
		t.out.Reply(pending.Client, answer)
	}
}

// sweep ends the wait for answers to those of some pending updates that were executed, or never will be. Such that are
// queued are left out when they come to be proposed.
func (t *turn[S, O, R]) sweep(ids iter.Seq[rsm.ID]) {
	for id := range ids {
		if status, answer, ok := t.st.Machine.Status(id); status != rsm.New {
			t.settle(id, answer, ok)
		}
	}
}
