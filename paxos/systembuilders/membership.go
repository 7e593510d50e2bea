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

// Changes of the members, by updates that are ordered like any other. The paper's servers are fixed.
//
// An update that names other members takes effect Options.Delay slots behind its own. So the members of a slot are
// known to a server that has executed everything up to Delay slots before it, and, as the delay is not less than the
// window, to a leader that proposes for it. The slots from one change to the next are an epoch. Each view is of one
// epoch, which its number has above the number in the epoch: views of a later epoch are higher ones. In an epoch the
// server members[view mod n] leads.
//
//   - A server is in the epoch of the slot behind those that it has executed, and takes part in the views of that epoch
//     alone, if it is a member there. So a leader knows all that is ordered in earlier epochs, and the slots that it
//     may fill have the same members: these are who it needs a majority of, both to prepare its view and to order.
//   - Nobody proposes for a slot of a later epoch. So nothing is accepted there when an epoch begins, and its view 0
//     needs no election: it is installed and prepared, as view 0 of the first epoch is with Options.Elected.
//   - Who is to join learns what is ordered like one that is behind, and is in the epoch once it has executed all that
//     is before it. Until then it accepts nothing.
//   - A leader that is no longer a member, or not the first one, leads no more once the epoch begins. The slots in
//     between get empty proposals, so that this does not wait for updates.
//
// Snapshots have the members, so that who begins with one knows them. A server that lost its disk is replaced by a new
// one, with an id that nobody had: as it learns the past it comes through its epochs, and in those of which it was a
// member it would take part again, having forgotten its votes.

// epochBits is where the number of the epoch begins in a view.
const epochBits = 40

// Epoch counts the changes of members before the view.
func (v View) Epoch() uint64 { return uint64(v) >> epochBits }

// number is the number of a view in its epoch.
func (v View) number() View { return v & (1<<epochBits - 1) }

// Leader returns which of the members of its epoch leads the view.
func (v View) Leader(members []actor.ID) actor.ID {
	return members[uint64(v.number())%uint64(len(members))]
}

// firstOf is the view that an epoch begins with.
func firstOf(epoch uint64) View { return View(epoch << epochBits) }

// Membership is the members of the next slot, and changes of them that are ordered. Without Options.Delay it is zero.
type Membership struct {
	Epoch   uint64
	Members actor.List[actor.ID] // in ascending order
	Next    []Change             // in the order of From; nil for none
	Highest actor.ID             // with Options.Once: of all who were, or are to be, members; otherwise 0
}

// Change is other members from a slot on.
type Change struct {
	From    rsm.Slot
	Members actor.List[actor.ID]
}

// last returns who is a member once all changes that are ordered have taken effect.
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

// noteNew appends a command to those of a slot that a replica executes for the first time, unless it has executed it.
// Only changes of the members need to know.
func (t *turn[S, O, R]) noteNew(first []rsm.Command[O], r rsm.Replica[S, R], c rsm.Command[O]) []rsm.Command[O] {
	if t.Delay == 0 {
		return first
	}
	if status, _, _ := r.Status(c.ID); status != rsm.New {
		return first
	}
	return append(first, c)
}

// after returns the membership once a slot is executed whose commands that were new are these.
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
			m.Next = slices.Clone(m.Next[:last]) // The last one of a slot counts.
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

// known reports whether these may be the members: some of the servers that there are, in ascending order.
func (t *turn[S, O, R]) known(members []actor.ID) bool {
	for i, id := range members {
		if i > 0 && members[i-1] >= id || !slices.Contains(t.all, id) {
			return false
		}
	}
	return len(members) > 0
}

// mayJoin reports whether nobody joins who was a member before, as far as that matters.
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

// hears reports whether a server is told what members tell one another: it is one, or is going to be one.
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

// end returns the first slot of the next epoch, if one is to come.
func (t *turn[S, O, R]) end() (from rsm.Slot, comes bool) {
	next := t.st.Membership.Next
	if len(next) == 0 {
		return 0, false
	}
	return next[0].From, true
}

// executed notes which commands of a slot were executed for the first time, and begins the next epoch if it was the
// last slot of this epoch.
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

// enter begins to take part in the epoch, in its first view, unless it was in a later one before a crash.
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
		t.prove() // Who joins may know of nothing, and be the one to lead.
	}
}

// outside reports whether a message is of a view that is not this server's to take part in. If it is behind, it asks
// for what it lacks.
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

// keptMembership is a Membership in the data of a snapshot.
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

// data returns the data of a snapshot: the replica, and before it, in a line, the membership, if that can change.
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

// Load reads the data of a snapshot.
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
