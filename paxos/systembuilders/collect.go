package systembuilders

import (
	"synod/actor"
	"synod/paxos/rsm"
)

// Snapshots of the machine instead of the updates that made it: what a server collects, and gives to those that are
// behind. The paper says nothing of it.

// restored returns the replica of a snapshot.
func (s Server[S, O, R]) restored(from Snapshot) rsm.Replica[S, R] {
	if from.Seq > 0 {
		if r, err := rsm.Load(s.Machine, []byte(from.Data)); err == nil {
			return r
		}
	}
	return rsm.Start(s.Machine)
}

// collectAll makes a snapshot of all that is executed.
func (t *turn[S, O, R]) collectAll() {
	if data, err := rsm.Save(t.Machine, t.st.Machine); err == nil {
		t.forgetLog(Snapshot{t.st.Aru, string(data)})
	}
}

// collect makes a snapshot of the slots up to one, whose updates are executed once more, from the last snapshot on: the
// state of the machine is given, and they say which commands were executed and how they were answered.
func (t *turn[S, O, R]) collect(seq rsm.Slot, state string) {
	st := t.st
	if seq <= st.Snapshot.Seq || seq > st.Aru {
		return
	}
	r := t.restored(st.Snapshot)
	for slot, b := range st.Log.All() {
		if slot > seq {
			break
		}
		for _, u := range b.All() {
			rsm.Execute(t.Machine, slot, &r, u.Command)
		}
	}
	var err error
	if r.State, err = t.Machine.Restore([]byte(state)); err != nil {
		return
	}
	if data, err := rsm.Save(t.Machine, r); err == nil {
		t.forgetLog(Snapshot{seq, string(data)})
	}
}

// forgetLog keeps a snapshot instead of the updates that it is of.
func (t *turn[S, O, R]) forgetLog(s Snapshot) {
	t.st.Snapshot, t.st.Log = s, t.st.Log.From(s.Seq+1)
}

// snapshot goes on from the snapshot of another server that has executed more, and asks for what follows it.
func (t *turn[S, O, R]) snapshot(from actor.ID, m Snapshot) {
	st := t.st
	if m.Seq <= st.Aru {
		return
	}
	r, err := rsm.Load(t.Machine, []byte(m.Data))
	if err != nil {
		return
	}
	st.Machine, st.Aru = r, m.Seq
	t.forgetLog(m)
	for seq := range st.History {
		if seq <= m.Seq {
			st.History = drop(st.History, seq)
		}
	}
	t.sweep(st.Pending.names())
	st.Doublings, t.restart = 0, true
	t.advance()
	t.prepared()
}
