package systembuilders

import (
	"synod/actor"
	"synod/paxos/rsm"
)

// chunk is the most slots that are told at once: in answer to a Learn, and as what is ordered in a data list. A Learn
// is answered up to a multiple of it, so that who receives that slot knows that there may be more.
const chunk = 64

// dataList returns what this server knows of the slots above one.
func (t *turn[S, O, R]) dataList(aru rsm.Slot) (list DataList[O]) {
	st := t.st
	for seq := aru + 1; seq <= st.aru(); seq++ {
		if len(list.Ordered) == chunk {
			list.Through = st.aru()
			break
		}
		list.Ordered = append(list.Ordered, GloballyOrderedUpdate[O]{seq, st.Log[seq-1].Clone()})
	}
	for _, seq := range ascending(st.History) {
		switch e := st.History[seq]; {
		case seq <= aru:
		case e.Ordered:
			list.Ordered = append(list.Ordered, GloballyOrderedUpdate[O]{seq, e.Batch.Clone()})
		default:
			list.Proposals = append(list.Proposals, st.proposal(seq))
		}
	}
	return list
}

// reconcile asks a server for what it has executed and this one has not.
func (t *turn[S, O, R]) reconcile(with actor.ID, aru rsm.Slot) {
	if t.st.aru() < aru {
		t.out.Send(with, Learn{t.st.aru()})
	}
}

// learn tells what is ordered above a slot.
func (t *turn[S, O, R]) learn(from actor.ID, m Learn) {
	for seq := m.Aru + 1; seq <= t.st.aru(); seq++ {
		t.out.Send(from, GloballyOrderedUpdate[O]{seq, t.st.Log[seq-1].Clone()})
		if seq%chunk == 0 {
			return
		}
	}
}

// orderedUpdate takes what another server knows to be ordered.
func (t *turn[S, O, R]) orderedUpdate(from actor.ID, m GloballyOrderedUpdate[O]) {
	t.order(m.Seq, m.Batch)
	t.advance()
	if m.Seq%chunk == 0 && t.st.aru() == m.Seq {
		t.out.Send(from, Learn{m.Seq})
	}
	t.prepared()
}
