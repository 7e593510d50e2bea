package multipaxos

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"synod/actor"
	"synod/paxos/rsm"
)

// Garbage collection, section 4.2. Acceptors report to the leader which slots the replicas of their servers have
// executed, and the leader sends them the slot below which a majority of the replicas has executed everything: the
// watermark. Votes for slots below the watermark are forgotten. They are no longer needed: whichever minority of the
// servers fails, one remains that can send the decisions. A promise carries the watermark, so that a new leader does
// not assume that nobody voted for those slots.
//
// Independently, each replica makes a snapshot of its machine from time to time, and forgets the decisions that it
// covers. A replica that lacks any of them is sent the snapshot, in chunks.

// Snapshot is the machine, and the answers to its clients, after the commands of all slots below Slot.
type Snapshot struct {
	Slot rsm.Slot // 0 for none
	Data string   // encoded by rsm.Save
}

// next returns the first slot to execute after the snapshot.
func (s Snapshot) next() rsm.Slot { return max(s.Slot, 1) }

// Incoming is the part of another replica's snapshot received so far.
type Incoming struct {
	Slot    rsm.Slot // 0 for none
	From    actor.ID // the sender of the last chunk
	Chunks  []string // nil for none
	Length  int      // total length of Chunks, in bytes
	Stalled int      // requests repeated since the last chunk
}

// retries is how often a server repeats its request for a chunk before it accepts a snapshot from any other server.
const retries = 4

// collect raises the watermark of an acceptor and forgets the votes below it.
func (a *Acceptor[O]) collect(watermark rsm.Slot) {
	a.Watermark = max(a.Watermark, watermark)
	a.Accepted.Map = a.Accepted.From(a.Watermark)
}

// level records how far another server's replica has executed.
func (l *Leader[O]) level(from actor.ID, m P2b, c *leading[O]) {
	if c.Collect == 0 || !l.Active || from == c.self || m.SlotOut <= max(l.Level[from], 1) {
		return
	}
	if l.Level == nil {
		l.Level = map[actor.ID]rsm.Slot{}
	}
	l.Level[from] = m.SlotOut
}

// watermark returns the slot below which a majority of the replicas, or a majority of each configuration, has
// executed everything; 0 if there is none.
func (l *Leader[O]) watermark(c *leading[O]) (least rsm.Slot) {
	if c.Collect == 0 {
		return 0
	}
	if !c.configured() {
		var all []actor.ID
		c.each(func(id actor.ID) { all = append(all, id) })
		least = l.executed(all, c)
	}
	for i, configuration := range c.configurations.All() {
		if w := l.executed(configuration.Members.Slice(), c); i == 0 || w < least {
			least = w
		}
	}
	if least <= 1 {
		return 0
	}
	return least
}

// executed returns the slot below which a majority of some replicas has executed everything, according to their
// reports; at most 1 if there is none.
func (l *Leader[O]) executed(replicas []actor.ID, c *leading[O]) rsm.Slot {
	var all []rsm.Slot
	for _, id := range replicas {
		if id == c.self {
			all = append(all, c.first)
		} else {
			all = append(all, l.Level[id])
		}
	}
	slices.Sort(all)
	return all[len(all)-actor.Majority(len(all))]
}

// restored returns the machine and the configurations of one of the server's own snapshots.
func restored[S, O, R any](x *execution[S, O, R], from Snapshot) (rsm.Replica[S, R], Configurations) {
	if from.Slot == 0 {
		return rsm.Start(x.machine), initial(x.members)
	}
	r, all, err := loadState(x.machine, []byte(from.Data), x.members != nil)
	if err != nil {
		panic(fmt.Sprintf("multipaxos: the machine does not restore its own snapshot: %v", err))
	}
	return r, all
}

// grow counts the bytes of an executed command.
func (r *Replica[S, O, R]) grow(c rsm.Command[O], x *execution[S, O, R]) {
	if x.Collect > 0 {
		r.Grown += x.bytes(c)
	}
}

// collect replaces executed decisions by a snapshot once there are enough of them. If the machine cannot be saved,
// nothing is collected.
func (r *Replica[S, O, R]) collect(x *execution[S, O, R]) {
	if x.Collect == 0 || !r.enough(x) || r.SlotOut < r.Kept {
		return
	}
	data, err := saveState(x.machine, r.Machine, r.Configurations)
	if err != nil {
		return
	}
	r.Snapshot, r.Grown, r.Kept = Snapshot{r.SlotOut, string(data)}, 0, 0
	r.Decisions = r.Decisions.From(r.retained(x))
}

// enough reports whether enough is executed for a new snapshot.
func (r *Replica[S, O, R]) enough(x *execution[S, O, R]) bool {
	if x.size != nil && r.Grown < len(r.Snapshot.Data) {
		return false
	}
	return r.SlotOut >= r.Snapshot.next()+x.Collect || x.CollectBytes > 0 && r.Grown >= x.CollectBytes
}

// retained returns the first slot whose decision is kept.
func (r *Replica[S, O, R]) retained(x *execution[S, O, R]) rsm.Slot {
	first, bytes := r.SlotOut, 0
	for first > 1 && r.SlotOut-first < x.Retain {
		b, known := r.Decisions.Get(first - 1)
		for _, c := range b.All() {
			bytes += x.bytes(c)
		}
		if !known || x.CollectBytes > 0 && bytes > x.CollectBytes {
			break
		}
		first--
	}
	return first
}

// chunk returns the chunk of the snapshot at an offset. It reports false if no chunk starts there.
func (r *Replica[S, O, R]) chunk(offset int, x *execution[S, O, R]) (Chunk, bool) {
	s := r.Snapshot
	if offset < 0 || offset >= len(s.Data) || !utf8.RuneStart(s.Data[offset]) {
		return Chunk{}, false
	}
	data := s.Data[offset:]
	if x.Chunk > 0 {
		data = data[:rsm.Cut(data, x.Chunk)]
	}
	if len(data) < len(s.Data) {
		r.Kept = r.SlotOut + x.Collect
	}
	return Chunk{s.Slot, offset, len(s.Data), data}, true
}

// take adds a chunk of another replica's snapshot, and reports whether it was the next one, and whether it was the
// last.
func (in *Incoming) take(from actor.ID, m Chunk) (next, last bool) {
	switch {
	case m.Data == "":
		return false, false
	case m.Slot == in.Slot && m.Offset == in.Length:
	case m.Offset == 0 && (m.Slot > in.Slot || m.Slot != in.Slot && from == in.From):
		*in = Incoming{Slot: m.Slot}
	default:
		return false, false
	}
	in.From, in.Chunks, in.Length, in.Stalled = from, append(in.Chunks, m.Data), in.Length+len(m.Data), 0
	return true, in.Length >= m.Size
}

// install continues from the snapshot of another replica, which has executed more. An invalid snapshot is ignored.
func (r *Replica[S, O, R]) install(s Snapshot, x *execution[S, O, R]) {
	machine, all, err := loadState(x.machine, []byte(s.Data), x.members != nil)
	if err != nil {
		return
	}
	r.Machine, r.Snapshot, r.SlotOut, r.Grown, r.Kept = machine, s, s.Slot, 0, 0
	r.Configurations = all
	r.Decisions = r.Decisions.From(s.Slot)
	var passed []rsm.Command[O] // proposed for slots that the snapshot skips
	for slot, b := range r.Proposals.All() {
		if slot < s.Slot {
			passed = append(passed, b.Slice()...)
		}
	}
	r.Proposals = r.Proposals.From(s.Slot)
	r.Requests = append(r.Requests, passed...)
	r.drop(x)
	r.settle(x)
	r.handOn(x, slices.DeleteFunc(passed, func(c rsm.Command[O]) bool { return !r.fresh(c) })...)
	r.perform(x)
	r.propose(x)
}

// settle answers the clients that wait for commands covered by the snapshot.
func (r *Replica[S, O, R]) settle(x *execution[S, O, R]) {
	byID := func(a, b rsm.ID) int { return cmp.Or(cmp.Compare(a.Client, b.Client), cmp.Compare(a.Local, b.Local)) }
	for _, id := range slices.SortedFunc(maps.Keys(r.Asked), byID) {
		status, answer, ok := r.Machine.Status(id)
		if status == rsm.New {
			continue
		}
		if ok {
			x.out.reply(r.Asked[id], answer)
		}
		delete(r.Asked, id)
	}
	r.Asked = unmap(r.Asked)
}

// behind reports whether its own leader's floor is above what the replica has executed: the leader treats those slots
// as decided.
func (t *turn[S, O, R]) behind() bool { return t.st.Replica.SlotOut < t.st.Leader.Floor }

// askAll asks all other servers for decisions that this one lacks.
func (t *turn[S, O, R]) askAll() {
	for _, id := range t.Peers {
		t.out.Send(id, Learn{t.st.Replica.SlotOut})
	}
}

// teach answers a Learn with decisions, or with the first chunk of the snapshot.
func (t *turn[S, O, R]) teach(to actor.ID, m Learn) {
	if _, known := t.st.Replica.Decisions.Get(max(m.SlotOut, 1)); !known && m.SlotOut < t.st.Replica.Snapshot.Slot {
		t.tellChunk(to, 0)
		return
	}
	t.st.Replica.teach(m, func(d Decision[O]) { t.tell(to, d) })
}

func (t *turn[S, O, R]) tellChunk(to actor.ID, offset int) {
	if chunk, ok := t.st.Replica.chunk(offset, t.executing()); ok {
		t.tell(to, chunk)
	}
}

// fetch answers a Fetch with the next chunk of the snapshot, or with the first chunk of a later snapshot.
func (t *turn[S, O, R]) fetch(from actor.ID, m Fetch) {
	if m.Slot != t.st.Replica.Snapshot.Slot {
		m.Offset = 0
	}
	t.tellChunk(from, m.Offset)
}

// chunk handles a chunk of a snapshot and asks for the next one or, after the last, for the decisions that follow the
// snapshot.
func (t *turn[S, O, R]) chunk(from actor.ID, m Chunk) {
	r := &t.st.Replica
	t.dropPassed()
	if m.Slot <= r.SlotOut {
		return
	}
	next, last := r.Incoming.take(from, m)
	switch {
	case last:
		s := Snapshot{m.Slot, strings.Join(r.Incoming.Chunks, "")}
		r.Incoming = Incoming{}
		r.install(s, t.executing())
		t.out.Send(from, Learn{r.SlotOut})
	case next:
		t.out.Send(from, Fetch{m.Slot, r.Incoming.Length})
	}
}

// dropPassed drops a partly received snapshot once the replica has executed as much.
func (t *turn[S, O, R]) dropPassed() {
	if r := &t.st.Replica; r.Incoming.Slot <= r.SlotOut {
		r.Incoming = Incoming{}
	}
}

// fetchAgain repeats the request for the next chunk of a snapshot, as a message may have been lost. After too many
// repetitions it gives up on the sender and reports true, so that another server may start.
func (t *turn[S, O, R]) fetchAgain() (givenUp bool) {
	t.dropPassed()
	in := &t.st.Replica.Incoming
	switch {
	case in.Slot == 0:
	case in.Stalled >= retries:
		*in = Incoming{}
		return true
	default:
		in.Stalled++
		t.out.Send(in.From, Fetch{in.Slot, in.Length})
	}
	return false
}
