package systembuilders

import (
	"synod/actor"
	"synod/paxos/rsm"
)

// chunk is the maximum number of slots sent at once: in answer to a Learn, and in a data list both of those executed
// and of those that are not. The answer to a Learn ends at a multiple of chunk, so that a server that receives that
// slot knows that there may be more.
const chunk = 64

// dataList returns what this server knows of the slots that a leader asks for, as much of it as one message may have.
func (t *turn[S, O, R]) dataList(m Prepare) (list DataList[O]) {
	st := t.st
	after := max(m.Aru, m.After)
	if after < st.Snapshot.Seq {
		list.Through, after = st.Aru, st.Aru
	}
	bytes := 0
	fits := func(b Batch[O]) bool { return t.ListBytes == 0 || bytes+t.bytes(b) <= t.ListBytes }
	var known []GloballyOrderedUpdate[O] // ordered, but not executed
	last := after
	for _, seq := range ascending(st.History) {
		e := st.History[seq]
		if seq <= after {
			continue
		}
		if n := len(known) + len(list.Proposals); n == chunk || n > 0 && !fits(e.Batch) {
			list.Cut = last
			break
		}
		if e.Ordered {
			known = append(known, GloballyOrderedUpdate[O]{seq, e.Batch})
		} else {
			list.Proposals = append(list.Proposals, st.proposal(seq))
		}
		bytes += t.bytes(e.Batch)
		last = seq
	}
	for seq, b := range st.Log.From(after + 1).All() {
		if len(list.Ordered) == chunk || !fits(b) {
			list.Through = st.Aru
			break
		}
		list.Ordered = append(list.Ordered, GloballyOrderedUpdate[O]{seq, b})
		bytes += t.bytes(b)
	}
	list.Ordered = append(list.Ordered, known...)
	return list
}

// reconcile asks a server for what it has executed, up to aru, and this server has not.
func (t *turn[S, O, R]) reconcile(with actor.ID, aru rsm.Slot) {
	switch in := t.st.Incoming; {
	case t.st.Aru >= aru:
	case in.Seq > 0:
		t.out.Send(with, LearnPart{t.st.Aru, in.Seq, in.Sum, len(in.Data)})
	default:
		t.out.Send(with, Learn{t.st.Aru})
	}
}

// learn sends the ordered slots above m.Aru.
func (t *turn[S, O, R]) learn(from actor.ID, m Learn) {
	if m.Aru < t.st.Snapshot.Seq {
		if !t.tellSnapshot(from, 0) {
			return
		}
		m.Aru = t.st.Snapshot.Seq
	}
	for seq, b := range t.st.Log.From(m.Aru + 1).All() {
		t.out.Send(from, GloballyOrderedUpdate[O]{seq, b})
		if seq%chunk == 0 {
			return
		}
	}
}

// orderedUpdate handles a slot that another server knows to be ordered.
func (t *turn[S, O, R]) orderedUpdate(from actor.ID, m GloballyOrderedUpdate[O]) {
	t.order(m.Seq, m.Batch)
	t.advance()
	if m.Seq%chunk == 0 && t.st.Aru == m.Seq {
		t.out.Send(from, Learn{m.Seq})
	}
	t.prepared()
}
