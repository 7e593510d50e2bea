package systembuilders

import (
	"hash/fnv"

	"synod/actor"
	"synod/paxos/rsm"
)

// Snapshots of the machine, which replace the updates that they include, and are sent to servers that are behind. The
// paper does not cover them.

// restored returns the members and the replica of a snapshot, or the initial ones if there is none.
func (t *turn[S, O, R]) restored(from Snapshot) (Membership, rsm.Replica[S, R]) {
	if from.Seq > 0 {
		if m, r, err := t.Load(from.Data); err == nil {
			return m, r
		}
	}
	return t.first(t.all), rsm.Start(t.Machine)
}

// collectAll takes a snapshot of everything executed.
func (t *turn[S, O, R]) collectAll() {
	if data, err := t.data(t.st.Membership, t.st.Machine); err == nil {
		t.forgetLog(Snapshot{t.st.Aru, data})
	}
}

// collect takes a snapshot of the slots up to seq, given the state of the machine after them. It executes their
// updates again, from the last snapshot on, to find which commands were executed and how they were answered.
func (t *turn[S, O, R]) collect(seq rsm.Slot, state string) {
	st := t.st
	if seq <= st.Snapshot.Seq || seq > st.Aru {
		return
	}
	members, r := t.restored(st.Snapshot)
	for slot, b := range st.Log.All() {
		if slot > seq {
			break
		}
		var first []rsm.Command[O]
		for _, u := range b.All() {
			first = t.noteNew(first, r, u.Command)
			rsm.Execute(t.Machine, slot, &r, u.Command)
		}
		members = t.after(members, slot, first)
	}
	var err error
	if r.State, err = t.Machine.Restore([]byte(state)); err != nil {
		return
	}
	if data, err := t.data(members, r); err == nil {
		t.forgetLog(Snapshot{seq, data})
	}
}

// forgetLog keeps a snapshot instead of the updates that it includes.
func (t *turn[S, O, R]) forgetLog(s Snapshot) {
	t.st.Snapshot, t.st.Log = s, t.st.Log.From(s.Seq+1)
}

// tellSnapshot sends a server the snapshot from an offset on, as much of it as one message may have, and reports
// whether that is the rest of it.
func (t *turn[S, O, R]) tellSnapshot(to actor.ID, from int) (all bool) {
	s := t.st.Snapshot
	if t.Part == 0 || len(s.Data) <= t.Part {
		t.out.Send(to, s)
		return true
	}
	end := from + rsm.Cut(s.Data[from:], t.Part)
	all = end == len(s.Data)
	t.out.Send(to, SnapshotPart{s.Seq, sum(s.Data), from, s.Data[from:end], all})
	return all
}

// sum returns the FNV-1a checksum of a snapshot.
func sum(data string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(data)) // It never fails.
	return h.Sum64()
}

// learnPart sends the next part of the snapshot, and after the last part the updates that follow the snapshot.
func (t *turn[S, O, R]) learnPart(from actor.ID, m LearnPart) {
	s := t.st.Snapshot
	same := m.Seq == s.Seq && m.Sum == sum(s.Data) && m.From > 0 && m.From < len(s.Data)
	switch {
	case m.Aru >= s.Seq || !same:
		t.learn(from, Learn{m.Aru})
	case t.tellSnapshot(from, m.From):
		t.learn(from, Learn{s.Seq})
	}
}

// snapshotPart appends a part to those received, and asks for the next one.
func (t *turn[S, O, R]) snapshotPart(from actor.ID, m SnapshotPart) {
	st := t.st
	in := st.Incoming
	switch {
	case m.Seq <= st.Aru:
		return
	case in.Seq == m.Seq && in.Sum == m.Sum && m.From == len(in.Data):
		in.Data += m.Data
	case m.From == 0 && (in.Seq < m.Seq || in.Seq == m.Seq && in.Sum != m.Sum):
		in = Incoming{m.Seq, m.Sum, m.Data}
	default:
		return
	}
	if !m.Last {
		st.Incoming = in
		t.reconcile(from, m.Seq)
		return
	}
	st.Incoming = Incoming{}
	if sum(in.Data) == m.Sum {
		t.snapshot(from, Snapshot{in.Seq, in.Data})
	}
}

// dropPassed drops the parts of a snapshot whose slot the server has executed.
func (t *turn[S, O, R]) dropPassed() {
	if t.st.Incoming.Seq <= t.st.Aru {
		t.st.Incoming = Incoming{}
	}
}

// snapshot installs the snapshot of a server that has executed more, and asks for what follows it.
func (t *turn[S, O, R]) snapshot(from actor.ID, m Snapshot) {
	st := t.st
	if m.Seq <= st.Aru {
		return
	}
	members, r, err := t.Load(m.Data)
	if err != nil {
		return
	}
	st.Membership, st.Machine, st.Aru = members, r, m.Seq
	t.dropPassed()
	t.forgetLog(m)
	for seq := range st.History {
		if seq <= m.Seq {
			st.History = drop(st.History, seq)
		}
	}
	t.sweep(st.Pending.names())
	if t.Delay > 0 {
		t.enter()
	}
	st.Doublings, t.restart = 0, true
	t.advance()
	t.prepared()
}
