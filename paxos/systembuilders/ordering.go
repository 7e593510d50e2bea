package systembuilders

import (
	"iter"
	"slices"

	"synod/actor"
	"synod/paxos/rsm"
)

// Ordering of updates, section 3.3, and handling of client updates, section 3.4.

// request handles a command of a client of this server, and answers it at once if it was executed.
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
	if !again && t.full(st.Pending.Len()) || t.UpdateBytes > 0 && t.Size(c) > t.UpdateBytes {
		return
	}
	st.Pending = st.Pending.With(c.ID, Pending[O]{from, c})
	if !again {
		t.began(c.ID)
	}
}

// submit passes a pending update to the leader of the installed view. It does so in election too: servers that are
// still in that view may order the update.
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

// clientUpdate handles an update that another server forwards. If the update was executed, that server is behind.
func (t *turn[S, O, R]) clientUpdate(from actor.ID, m ClientUpdate[O]) {
	st := t.st
	switch status, _, _ := st.Machine.Status(m.Update.Command.ID); {
	case status != rsm.New:
		t.out.Send(from, t.proof())
	case t.mayEnqueue():
		t.enqueue(m.Update)
	}
}

// mayEnqueue reports whether this server leads or is about to: servers that have installed its view forward updates
// to it.
func (t *turn[S, O, R]) mayEnqueue() bool { return t.st.Phase == RegLeader || t.st.Prepared != nil }

// enqueue queues an update to be proposed, unless it is already known.
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

// bound reports whether an update is proposed for a slot that is not yet executed.
func (st *State[S, O, R]) bound(id rsm.ID) bool {
	for _, e := range st.History {
		if e.Batch.Holds(id) {
			return true
		}
	}
	return false
}

// propose proposes for all slots within the window that have something to propose: what is known of the slot from an
// earlier view, an empty batch if a later slot is bound, or otherwise queued updates. It is the paper's
// Send_Proposal. For slots after a gap that are known to be ordered, it sends what is ordered instead.
func (t *turn[S, O, R]) propose() {
	st := t.st
	last := st.last()
	for st.Phase == RegLeader { // The loop may execute the last slot of its epoch.
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

// next removes the updates of the next batch from the queue, and returns them; the batch is empty if there are none.
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

// bytes returns how many bytes the updates of a slot take in a message, or 0 if sizes are not limited.
func (t *turn[S, O, R]) bytes(b Batch[O]) (n int) {
	if t.Size == nil {
		return 0
	}
	if b.Len() == 0 {
		return t.Size(rsm.Command[O]{})
	}
	for _, u := range b.All() {
		n += t.Size(u.Command)
	}
	return n
}

// proposal returns the message that proposes the entry of a slot.
func (st *State[S, O, R]) proposal(seq rsm.Slot) Proposal[O] {
	e := st.History[seq]
	return Proposal[O]{e.View, seq, e.Batch}
}

// proposal accepts a proposal of the leader and informs all servers. If the slot is known to be ordered, it sends the
// leader what is ordered; if the proposal was accepted before, it repeats the Accept to the leader only.
func (t *turn[S, O, R]) proposal(from actor.ID, m Proposal[O]) {
	st := t.st
	if st.Phase != RegNonLeader || m.View != st.Installed || m.Seq == 0 {
		return
	}
	if m.Seq <= st.Snapshot.Seq {
		t.out.Send(from, t.proof()) // which makes the leader ask for the snapshot
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

// ordered returns the ordered updates of a slot, if known.
func (st *State[S, O, R]) ordered(seq rsm.Slot) (Batch[O], bool) {
	if b, executed := st.Log.Get(seq); executed {
		return b, true
	}
	e := st.History[seq]
	return e.Batch, e.Ordered
}

// apply records a proposal and reports whether it did: it does not if the slot is ordered, or has a proposal of the
// same or a later view.
func (t *turn[S, O, R]) apply(m Proposal[O]) bool {
	st := t.st
	e, known := st.History[m.Seq]
	if m.Seq <= st.Aru || e.Ordered || known && e.View >= m.View {
		return false
	}
	st.History = put(st.History, m.Seq, Entry[O]{View: m.View, Batch: m.Batch})
	return true
}

// accept counts a vote for a proposal of the installed view.
func (t *turn[S, O, R]) accept(from actor.ID, m Accept) {
	e, known := t.st.History[m.Seq]
	if m.View != t.st.Installed || !known || e.Ordered || e.View != m.View {
		return
	}
	t.voted(from, m.Seq)
	t.advance()
	t.prepared()
}

// voted records a vote for the proposal of a slot.
func (t *turn[S, O, R]) voted(id actor.ID, seq rsm.Slot) {
	e := t.st.History[seq]
	e.Accepts = put(e.Accepts, id, true)
	t.st.History[seq] = e
	t.counted(seq)
}

// counted orders a proposal once a majority has accepted it, including its leader.
func (t *turn[S, O, R]) counted(seq rsm.Slot) {
	if e := t.st.History[seq]; len(e.Accepts)+1 >= t.quorum() {
		t.order(seq, e.Batch)
	}
	t.advance()
}

// order records the ordered updates of a slot.
func (t *turn[S, O, R]) order(seq rsm.Slot, b Batch[O]) {
	if seq <= t.st.Aru || t.st.History[seq].Ordered {
		return
	}
	t.st.History = put(t.st.History, seq, Entry[O]{Batch: b, Ordered: true})
}

// advance executes the next slots as far as they are ordered: the paper's Advance_Aru.
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

// execute executes the updates of the next slot, each at most once, and answers the clients that asked this server.
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

// settle removes an update from the pending ones, and answers its client.
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

// sweep settles those of some pending updates that were executed or never will be. If they are queued too, they are
// skipped when their turn to be proposed comes.
func (t *turn[S, O, R]) sweep(ids iter.Seq[rsm.ID]) {
	for id := range ids {
		if status, answer, ok := t.st.Machine.Status(id); status != rsm.New {
			t.settle(id, answer, ok)
		}
	}
}
