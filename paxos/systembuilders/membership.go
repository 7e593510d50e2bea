package systembuilders

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"synod/actor"
	"synod/paxos/rsm"
)

// Changes of the members, by updates that are ordered like any other. In the paper the servers are fixed.
//
// An update that names other members takes effect Options.Delay slots after its own. So the members of a slot are
// known to a server that has executed everything up to Delay slots before it, and, as the delay is at least the
// window, to a leader that proposes for it. An epoch is the slots from one change to the next. Each view belongs to
// one epoch, whose number is in the high bits of the view: views of a later epoch are higher. In an epoch the server
// members[view mod n] leads.
//
//   - A server is in the epoch of the slot after those that it has executed. It takes part only in the views of that
//     epoch, and only if it is a member there. So a leader knows all that is ordered in earlier epochs, and the slots
//     that it may fill have the same members: it needs a majority of these, both to prepare its view and to order.
//   - No server proposes for a slot of a later epoch. So nothing is accepted there when an epoch begins, and its view
//     0 needs no election: it is installed and prepared, like view 0 of the first epoch with Options.Elected.
//   - A server that is to join learns what is ordered like one that is behind, and is in the epoch once it has
//     executed everything before it. Until then it accepts nothing.
//   - A leader that is no longer a member, or not the first one, stops leading when the epoch begins. The slots in
//     between get empty proposals, so that this does not wait for updates.
//
// Snapshots include the members, so that a server that starts from one knows them. A server that lost its disk is
// replaced by a new one, with an id that was never used: while learning the past, a server passes through its epochs,
// and in those of which it was a member it would take part again, having forgotten its votes.

// epochBits is the number of bits of a view below those of its epoch.
const epochBits = 40

// Epoch returns the number of changes of the members before the view.
func (v View) Epoch() uint64 { return uint64(v) >> epochBits }

// number returns the number of a view within its epoch.
func (v View) number() View { return v & (1<<epochBits - 1) }

// Leader returns the leader of the view, given the members of its epoch.
func (v View) Leader(members []actor.ID) actor.ID {
	return members[uint64(v.number())%uint64(len(members))]
}

// firstOf returns the first view of an epoch.
func firstOf(epoch uint64) View { return View(epoch << epochBits) }

// Membership is the members of the next slot, and the ordered changes still to take effect. Without Options.Delay it
// is zero.
type Membership struct {
	Epoch   uint64
	Members actor.List[actor.ID] // in ascending order
	Next    []Change             // in the order of From; nil for none
	Highest actor.ID             // with Options.Once: highest id of all past, present and future members; otherwise 0
}

// Change replaces the members from a slot on.
type Change struct {
	From    rsm.Slot
	Members actor.List[actor.ID]
}

// last returns the members once all ordered changes have taken effect.
func (m Membership) last() []actor.ID {
	if n := len(m.Next); n > 0 {
		return m.Next[n-1].Members.Slice()
	}
	return m.Members.Slice()
}

// first returns the membership before the first slot.
func (s Server[S, O, R]) first(all []actor.ID) Membership {
	switch {
	case s.Delay == 0:
		return Membership{}
	case s.Members != nil:
		all = s.Members
	}
	m := Membership{Members: actor.ListOf(all...)}
	if s.Once {
		m.Highest = slices.Max(all)
	}
	return m
}

// noteNew appends a command to first unless the replica has executed it before. Without Options.Delay it appends
// nothing: only changes of the members need to know.
func (t *turn[S, O, R]) noteNew(first []rsm.Command[O], r rsm.Replica[S, R], c rsm.Command[O]) []rsm.Command[O] {
	if t.Delay == 0 {
		return first
	}
	if status, _, _ := r.Status(c.ID); status != rsm.New {
		return first
	}
	return append(first, c)
}

// after returns the membership after a slot whose newly executed commands are given.
func (t *turn[S, O, R]) after(m Membership, seq rsm.Slot, commands []rsm.Command[O]) Membership {
	for _, c := range commands {
		members, ok := t.Change(c, m.last())
		if !ok || !t.known(members) || !t.mayJoin(m, members) {
			continue
		}
		if t.Once {
			m.Highest = max(m.Highest, slices.Max(members))
		}
		next := Change{seq + t.Delay, actor.ListOf(members...)}
		last := len(m.Next) - 1
		if last >= 0 && m.Next[last].From == next.From {
			m.Next = slices.Clone(m.Next[:last]) // The last one of a slot takes effect.
		}
		m.Next = append(slices.Clone(m.Next), next)
	}
	if len(m.Next) > 0 && m.Next[0].From == seq+1 {
		m.Epoch, m.Members = m.Epoch+1, m.Next[0].Members
		if m.Next = slices.Clone(m.Next[1:]); len(m.Next) == 0 {
			m.Next = nil
		}
	}
	return m
}

// known reports whether these may be the members: a non-empty subset of the servers in ascending order.
func (t *turn[S, O, R]) known(members []actor.ID) bool {
	for i, id := range members {
		if i > 0 && members[i-1] >= id || !slices.Contains(t.all, id) {
			return false
		}
	}
	return len(members) > 0
}

// mayJoin reports whether the members include no former member that returns, which matters only with Options.Once.
func (t *turn[S, O, R]) mayJoin(m Membership, members []actor.ID) bool {
	now := m.last()
	return !t.Once || !slices.ContainsFunc(members, func(id actor.ID) bool {
		return id <= m.Highest && !slices.Contains(now, id)
	})
}

// members returns the members of the epoch.
func (t *turn[S, O, R]) members() []actor.ID {
	if t.Delay == 0 {
		return t.all
	}
	return t.st.Membership.Members.Slice()
}

// member reports whether this server is a member of the epoch.
func (t *turn[S, O, R]) member() bool { return slices.Contains(t.members(), t.self) }

// hears reports whether a server receives messages between members: whether it is a current or future member.
func (t *turn[S, O, R]) hears(id actor.ID) bool {
	if slices.Contains(t.members(), id) {
		return true
	}
	for _, next := range t.st.Membership.Next {
		for _, member := range next.Members.All() {
			if member == id {
				return true
			}
		}
	}
	return false
}

// end returns the first slot of the next epoch, if there is one.
func (t *turn[S, O, R]) end() (from rsm.Slot, comes bool) {
	next := t.st.Membership.Next
	if len(next) == 0 {
		return 0, false
	}
	return next[0].From, true
}

// executed records the commands of a slot that were executed for the first time, and begins the next epoch if it was
// the last slot of this one.
func (t *turn[S, O, R]) executed(seq rsm.Slot, commands []rsm.Command[O]) {
	if t.Delay == 0 {
		return
	}
	was := t.st.Membership.Epoch
	t.st.Membership = t.after(t.st.Membership, seq, commands)
	if t.st.Membership.Epoch > was {
		t.enter()
	}
}

// enter begins to take part in the epoch, in its first view, unless the server was in a later view before a crash.
func (t *turn[S, O, R]) enter() {
	st := t.st
	first := firstOf(st.Membership.Epoch)
	if st.Installed >= first {
		return
	}
	led := st.Phase == RegLeader
	st.Attempted = first
	t.shiftToRegNonLeader()
	if t.leads(first) {
		st.Phase, st.Proposed = RegLeader, st.Aru
		t.submitAll()
	}
	if led || st.Phase == RegLeader {
		t.prove() // A joining server may not know of the epoch, and be its leader.
	}
}

// outside reports whether a message belongs to a view in which this server does not take part. If the server is
// behind, it asks for what it lacks.
func (t *turn[S, O, R]) outside(from actor.ID, msg Message) bool {
	if t.Delay == 0 {
		return false
	}
	later := func(v View) bool { return v.Epoch() > t.st.Membership.Epoch }
	switch m := msg.(type) {
	case ViewChange:
		return later(m.Attempted) || !t.member()
	case VCProof:
		if later(m.Installed) {
			t.reconcile(from, m.Aru)
			return true
		}
	case Prepare:
		if later(m.View) || !t.member() {
			t.reconcile(from, m.Aru)
			return true
		}
	case PrepareOK[O]:
		return later(m.View) || !t.member()
	case Proposal[O]:
		return later(m.View) || !t.member()
	case Accept:
		return later(m.View)
	case ClientUpdate[O], GloballyOrderedUpdate[O], Learn, Snapshot, SnapshotPart, LearnPart, Collect, Recover, Recovered:
	}
	return false
}

// keptMembership is the form of a Membership in a snapshot.
type keptMembership struct {
	Epoch   uint64       `json:"epoch"`
	Members []actor.ID   `json:"members"`
	Next    []keptChange `json:"next"`
	Highest actor.ID     `json:"highest"`
}

type keptChange struct {
	From    rsm.Slot   `json:"from"`
	Members []actor.ID `json:"members"`
}

// data returns the data of a snapshot: the replica, preceded by a line with the membership if the members can change.
func (s Server[S, O, R]) data(m Membership, r rsm.Replica[S, R]) (string, error) {
	data, err := rsm.Save(s.Machine, r)
	if err != nil || s.Delay == 0 {
		return string(data), err
	}
	k := keptMembership{Epoch: m.Epoch, Members: m.Members.Slice(), Highest: m.Highest}
	for _, next := range m.Next {
		k.Next = append(k.Next, keptChange{next.From, next.Members.Slice()})
	}
	line, err := json.Marshal(k)
	return string(line) + "\n" + string(data), err
}

// Load decodes the data of a snapshot.
func (s Server[S, O, R]) Load(data string) (m Membership, r rsm.Replica[S, R], err error) {
	if s.Delay > 0 {
		var k keptMembership
		line, rest, found := strings.Cut(data, "\n")
		if !found {
			return m, r, errors.New("a snapshot without members")
		}
		if err := json.Unmarshal([]byte(line), &k); err != nil {
			return m, r, fmt.Errorf("the members of a snapshot: %w", err)
		}
		m = Membership{Epoch: k.Epoch, Members: actor.ListOf(k.Members...), Highest: k.Highest}
		for _, next := range k.Next {
			m.Next = append(m.Next, Change{next.From, actor.ListOf(next.Members...)})
		}
		data = rest
	}
	r, err = rsm.Load(s.Machine, []byte(data))
	return m, r, err
}
