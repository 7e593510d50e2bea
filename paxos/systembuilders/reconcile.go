package systembuilders

import (
	"synod/actor"
	"synod/paxos/rsm"
)

// chunk is the maximum number of slots sent at once, in answer to a Learn and as the ordered part of a data list. The
// answer to a Learn ends at a multiple of chunk, so that a server that receives that slot knows that there may be
// more.
const chunk = 64

// dataList returns what this server knows of the slots above aru.
func (t *turn[S, O, R]) dataList(aru rsm.Slot) (list DataList[O]) {
	st := t.st
	if aru < st.Snapshot.Seq {
		list.Through, aru = st.Aru, st.Aru
	}
	bytes := 0
	for seq, e := range st.History {
		if seq > aru {
			bytes += t.bytes(e.Batch)
		}
	}
	for seq, b := range st.Log.From(aru + 1).All() {
		bytes += t.bytes(b)
		if len(list.Ordered) == chunk || t.ListBytes > 0 && bytes > t.ListBytes {
			list.Through = st.Aru
			break
		}
		list.Ordered = append(list.Ordered, GloballyOrderedUpdate[O]{seq, b})
	}
	for _, seq := range ascending(st.History) {
		switch e := st.History[seq]; {
		case seq <= aru:
		case e.Ordered:
			list.Ordered = append(list.Ordered, GloballyOrderedUpdate[O]{seq, e.Batch})
		default:
			list.Proposals = append(list.Proposals, st.proposal(seq))
		}
	}
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
