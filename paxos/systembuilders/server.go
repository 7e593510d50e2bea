package systembuilders

import (
	"errors"
	"fmt"
	"slices"

	"synod/actor"
	"synod/paxos/rsm"
)

// Server is the configuration of a server of a machine with state S, operations O and results R.
type Server[S, O, R any] struct {
	Options
	Machine rsm.Machine[S, O, R]
	Peers   []actor.ID // all other servers, in ascending order
	// Members are the members in the first slot, in ascending order, if Options.Delay is not 0; nil means all servers.
	Members []actor.ID
	// Change reports whether a command changes the members, and returns the new ones, a subset of all servers in
	// ascending order; other results are ignored. Its argument members includes all changes that are already ordered. It
	// is required only by Options.Delay.
	Change func(c rsm.Command[O], members []actor.ID) (after []actor.ID, changes bool)
	// Size returns how many bytes an update takes in a message, with what its slot takes if it is the only one there;
	// nil if sizes are not limited. A slot without updates counts as one with the zero command.
	Size func(c rsm.Command[O]) int
}

// Phase is the phase of a server: the paper's State.
type Phase uint8

// The phases of a server.
const (
	LeaderElection Phase = iota
	RegLeader
	RegNonLeader
)

var phaseNames = [...]string{"leader election", "leader", "no leader"}

// String returns "leader election", "leader" or "no leader".
func (p Phase) String() string { return phaseNames[p] }

// State is the local state of a server.
type State[S, O, R any] struct {
	Phase        Phase
	Attempted    View              // Last_Attempted
	Installed    View              // Last_Installed: the server accepts nothing of a lower view
	Changes      map[actor.ID]View // attempted views by server: Attempted, until it is preinstalled, and higher ones
	Preinstalled bool              // in election: a majority attempts Attempted
	Doublings    int               // of the progress timer
	Early        Prepare           // the Prepare of the highest view above Attempted, until the server follows it
	Prepared     map[actor.ID]bool // of a leader that prepares its view: the senders of a Prepare_OK; otherwise nil
	Asked        rsm.Slot          // of a leader: the Aru of its first Prepare; otherwise 0
	Through      rsm.Slot          // of a leader that prepares its view: the last slot that it must learn; otherwise 0
	Proposed     rsm.Slot          // Last_Proposed, of a leader; otherwise 0
	Queue        []Update[O]       // Update_Queue, of a leader: the updates to propose
	Pending      Waiting[O]
	Forwarded    Forwarded
	Highest      View // with Options.Recovery: the highest view that the server ever attempted; otherwise 0
	Recovery     Recovery
	Membership   Membership            // in the slot after Aru
	Aru          rsm.Slot              // Local_Aru: everything up to here is ordered and executed
	Snapshot     Snapshot              // its slot is at most Aru
	Incoming     Incoming              // an incomplete snapshot of a slot above Aru
	Log          Log[O]                // the ordered slots after the Snapshot's, up to Aru
	History      map[rsm.Slot]Entry[O] // Global_History, for the slots above Aru
	Machine      rsm.Replica[S, R]
}

// Incoming is the part of a snapshot, from its start, that a server has received.
type Incoming struct {
	Seq  rsm.Slot // 0 for none
	Sum  uint64
	Data string
}

// Log has the ordered updates by slot.
type Log[O any] = actor.Map[rsm.Slot, Batch[O]]

// Pending is an update of a client that asked this server and waits for the answer: an entry of Pending_Updates.
type Pending[O any] struct {
	Client  actor.ID // receives the answer
	Command rsm.Command[O]
}

// Entry is what a server knows of a slot.
type Entry[O any] struct {
	View    View // in which Batch was proposed; meaningless if the slot is ordered
	Batch   Batch[O]
	Ordered bool
	Accepts map[actor.ID]bool // servers that accepted it in View, besides the leader; nil for none, or if ordered
}

// Durable is the state that a server keeps across a crash.
type Durable[O any] struct {
	Lost      uint64 // the nonce of a server that lost its disk and does not take part yet; otherwise 0
	Highest   View   // with Options.Recovery
	Installed View
	Pending   Waiting[O]
	Snapshot  Snapshot
	Log       Log[O]
	History   map[rsm.Slot]Known[O] // nil for none
}

// Known is the part of an Entry that is kept. Votes are not kept: each was sent to all servers.
type Known[O any] struct {
	View    View
	Batch   Batch[O]
	Ordered bool
}

// Validate returns an error if the configuration is invalid.
func (s Server[S, O, R]) Validate() error {
	if !slices.IsSorted(s.Peers) || len(slices.Compact(slices.Clone(s.Peers))) < len(s.Peers) {
		return fmt.Errorf("peers %v: must be in ascending order, each once", s.Peers)
	}
	if s.Machine == nil {
		return errors.New("a server needs a machine")
	}
	if s.Delay > 0 && s.Change == nil || s.Delay == 0 && s.Members != nil {
		return errors.New("members that change require a delay, and change, which says which updates change them")
	}
	if max(s.Bytes, s.UpdateBytes, s.ListBytes) > 0 && s.Size == nil {
		return errors.New("bounds of bytes require size, which says how many an update takes")
	}
	return s.validate()
}

// New returns the actor of the server.
func (s Server[S, O, R]) New() actor.Typed[State[S, O, R], rsm.Message] {
	timers, durable := actor.Timers(s.Timeout), actor.Durable(s.Keep, s.Recover)
	if s.Nonce > 0 {
		return rsm.Serve(s, timers, durable, actor.Choices(s.Chosen))
	}
	return rsm.Serve(s, timers, durable)
}

// Out collects the commands of handlers.
type Out[R any] = rsm.Out[Message, R]

// Start starts a server that never ran before, or, with Options.Nonce, one that does not know whether it did.
func (s Server[S, O, R]) Start(self actor.ID, out *Out[R]) State[S, O, R] {
	if s.Nonce > 0 {
		return s.Recover(self, Lost[O](noDigits), out)
	}
	st := State[S, O, R]{Machine: rsm.Start(s.Machine)}
	t := s.turn(self, &st, out)
	st.Membership = s.first(t.all)
	t.repeat()
	switch {
	case !t.member():
		st.Phase = RegNonLeader
	case !s.Elected:
		t.shiftToLeaderElection(1)
	case t.leads(0):
		st.Phase = RegLeader
	default:
		st.Phase = RegNonLeader
	}
	return t.finish()
}

// Keep returns the state that survives a crash. It shares no mutable memory with st.
func (s Server[S, O, R]) Keep(st State[S, O, R]) Durable[O] {
	kept := Durable[O]{Installed: st.Installed, Pending: st.Pending, Snapshot: st.Snapshot, Log: st.Log}
	kept.Lost, kept.Highest = st.Recovery.Nonce, st.Highest
	for seq, e := range st.History {
		kept.History = put(kept.History, seq, Known[O]{e.View, e.Batch, e.Ordered})
	}
	return kept
}

// Recover starts a server that was down. It executes its log again, starting from its snapshot, and continues in the
// view that it had installed, unless the server leads that view: then it attempts the next one. A server that lost
// its disk asks the others first. The snapshot must be one that the machine's Snapshot made; a caller can check it
// with rsm.Load.
func (s Server[S, O, R]) Recover(self actor.ID, kept Durable[O], out *Out[R]) State[S, O, R] {
	st := State[S, O, R]{
		Phase: RegNonLeader, Attempted: kept.Installed, Installed: kept.Installed, Pending: kept.Pending,
		Aru: kept.Snapshot.Seq, Snapshot: kept.Snapshot, Highest: kept.Highest, Recovery: Recovery{Nonce: kept.Lost},
	}
	for seq, k := range kept.History {
		st.History = put(st.History, seq, Entry[O]{View: k.View, Batch: k.Batch, Ordered: k.Ordered})
	}
	t := s.turn(self, &st, out)
	t.waited = false
	st.Membership, st.Machine = t.restored(kept.Snapshot)
	for _, b := range kept.Log.All() {
		t.execute(b)
	}
	t.repeat()
	if t.recovering() {
		st.Phase = LeaderElection
		t.ask()
	} else if t.member() && (st.Installed == 0 && !s.Elected || t.leads(st.Installed)) {
		t.shiftToLeaderElection(st.Installed + 1)
	}
	for id := range st.Pending.All() {
		t.began(id)
	}
	return t.finish()
}

// Request handles a command of a client. If its client is 0, it belongs to the actor that sent it.
func (s Server[S, O, R]) Request(
	self actor.ID, st State[S, O, R], from actor.ID, c rsm.Command[O], out *Out[R],
) State[S, O, R] {
	t := s.turn(self, &st, out)
	if c.ID.Client == 0 {
		c.ID.Client = rsm.Client(from)
	}
	t.request(from, c)
	return t.finish()
}

// Receive handles a message of another server. A server sends nothing to itself, and ignores messages that claim to
// be from itself.
func (s Server[S, O, R]) Receive(
	self actor.ID, st State[S, O, R], from actor.ID, msg Message, out *Out[R],
) State[S, O, R] {
	if from == self {
		return st
	}
	t := s.turn(self, &st, out)
	if t.recovering() {
		t.receiveRecovering(from, msg)
		return t.finish()
	}
	if t.outside(from, msg) {
		return t.finish()
	}
	switch m := msg.(type) {
	case ViewChange:
		t.viewChange(from, m)
	case VCProof:
		t.vcProof(from, m)
	case Prepare:
		t.prepare(from, m)
	case PrepareOK[O]:
		t.prepareOK(from, m)
	case Proposal[O]:
		t.proposal(from, m)
	case Accept:
		t.accept(from, m)
	case ClientUpdate[O]:
		t.clientUpdate(from, m)
	case GloballyOrderedUpdate[O]:
		t.orderedUpdate(from, m)
	case Learn:
		t.learn(from, m)
	case Snapshot:
		t.snapshot(from, m)
	case Recover:
		t.recover(from, m)
	case Recovered: // It no longer asks.
	case SnapshotPart:
		t.snapshotPart(from, m)
	case LearnPart:
		t.learnPart(from, m)
	case Collect:
		if !slices.Contains(t.Peers, from) {
			t.collect(m.Seq, m.State)
		}
	}
	return t.finish()
}

// Timeout attempts the next view, or sends again what may have been lost.
func (s Server[S, O, R]) Timeout(self actor.ID, st State[S, O, R], timer actor.Timer, out *Out[R]) State[S, O, R] {
	t := s.turn(self, &st, out)
	switch timer := timer.(type) {
	case Progress:
		t.waited = false
		t.shiftToLeaderElection(st.Attempted + 1)
	case PendingUpdate:
		t.submit(timer.ID)
		t.setUpdate(timer.ID)
	case Forward:
		t.forwardAgain()
	case Proof:
		t.prove()
		t.setProof()
	case Resend:
		t.again()
		t.setResend()
	}
	return t.finish()
}

// turn is one step of a server.
type turn[S, O, R any] struct {
	Server[S, O, R]
	self    actor.ID
	all     []actor.ID // all servers, in ascending order
	st      *State[S, O, R]
	out     *Out[R]
	waited  bool // the progress timer is set
	restart bool // the progress timer must be restarted
	sent    bool // the timer of forwarded updates is set
}

func (s Server[S, O, R]) turn(self actor.ID, st *State[S, O, R], out *Out[R]) *turn[S, O, R] {
	at, _ := slices.BinarySearch(s.Peers, self)
	t := &turn[S, O, R]{Server: s, self: self, all: slices.Insert(slices.Clone(s.Peers), at, self), st: st, out: out}
	t.sent = len(st.Forwarded.Sent) > 0
	t.waited = t.waits()
	return t
}

func (t *turn[S, O, R]) quorum() int { return actor.Majority(len(t.members())) }

// leader returns the leader of a view of this epoch.
func (t *turn[S, O, R]) leader(v View) actor.ID { return v.Leader(t.members()) }

func (t *turn[S, O, R]) leads(v View) bool { return t.leader(v) == t.self }

// broadcast sends a message to the other members, current and future ones.
func (t *turn[S, O, R]) broadcast(m func() Message) {
	for _, id := range t.Peers {
		if t.hears(id) {
			t.out.Send(id, m())
		}
	}
}

// finish proposes and forwards what it can, and updates the timers.
func (t *turn[S, O, R]) finish() State[S, O, R] {
	t.rejoin()
	t.propose()
	for t.forward() {
		t.propose() // A single server orders by proposing, which makes room for more.
	}
	t.watch()
	t.watchForwarded()
	t.attempted()
	return *t.st
}
