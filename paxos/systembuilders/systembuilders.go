// Package systembuilders orders the updates of a replicated machine, after J. Kirsch and Y. Amir, "Paxos for System
// Builders" (technical report CNDS-2008-2, Johns Hopkins University, 2008). Names are the paper's: figures and sections
// in comments are of it.
//
// All servers are alike. In each view one of them leads, the server view mod n; a server that sees no progress attempts
// the next view, and a majority that attempts it preinstalls it. Its leader then asks a majority what it has accepted,
// so that the view is prepared, and from then on proposes updates, which are ordered once a majority has accepted them.
//
// # Where this differs from the paper, and why
//
// Attempting a view promises nothing: a server is bound by Last_Installed, which it raises before it answers a Prepare,
// and by what it accepted. Both are saved before anything is sent that rests on them. So a server may take a VC_Proof
// for a lower view than it attempts, and the paper's safety argument (section 4) needs no more.
//
// A Prepare for the installed view is answered from what the server knows now, not by a stored Prepare_OK. So one that
// jumped there by a VC_Proof, and has no Prepare_OK to repeat, has an answer. It is as good as a stored one: since the
// server installed the view it accepted nothing of a lower one, and while the leader still asks there are no proposals
// of this one.
//
// A leader never leads the same view twice. One that crashed attempts the next view, and a VC_Proof for a view that a
// server should lead but has not installed is discarded: only the leader's own Prepare makes others install it.
//
// An Accept that arrives before its Proposal is discarded, as the conflict rules have it. With three servers it is
// not missed, since the proposal and the own vote are a majority. With more, the server learns that it is behind from
// the next VC_Proof, which has the sender's Local_Aru, and asks for what it lacks with a Learn. Prepare has the
// leader's Local_Aru for the same reason. A Proposal for a slot that is known to be ordered is answered by what is
// ordered there.
//
// Slots below one that is bound get an empty proposal if nothing is known of them, whether or not there are updates to
// propose: otherwise nothing above them is executed while the system is idle.
//
// The progress timer runs only while there is something to wait for, so that an idle system keeps its view. A server
// that is idle would then never join an election, and one that attempts a view alone would wait for ever. So a
// ViewChange, VC_Proof or Prepare for a higher view that is discarded because the server is not in election is
// remembered: it keeps the progress timer running, and counts once the server is in election. Executing an update
// still sets the timer anew, so that a server cut off from the others cannot take the view from those that make
// progress.
//
// What is executed may be collected: a server then keeps a snapshot of its machine instead of the updates, and gives it
// to those that lack some of them. Its data list says up to where everything is ordered, and a leader that is behind
// learns it before it proposes. What a majority accepted is so never lost, wherever each server has collected.
//
// One server is a majority of itself: it preinstalls, prepares and orders within the step that begins each.
package systembuilders

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"synod/actor"
	"synod/paxos/rsm"
)

// View numbers the attempts to lead. The server view mod n leads it. Views are attempted from 1 on; 0 is the one in
// which servers start that are elected already, and otherwise none.
type View uint64

// String is the view in decimal, in later epochs with the epoch before it.
func (v View) String() string {
	n := strconv.FormatUint(uint64(v.number()), 10)
	if v.Epoch() > 0 {
		return strconv.FormatUint(v.Epoch(), 10) + ":" + n
	}
	return n
}

// Update is what a client asks of a server: the paper's Client_Update.
type Update[O any] struct {
	Node    actor.ID // the server that the client asked, which answers it
	Command rsm.Command[O]
}

// Batch is the updates of one slot, in their order; without any, the slot does nothing.
type Batch[O any] struct{ actor.List[Update[O]] }

// BatchOf returns the batch of some updates, which it copies.
func BatchOf[O any](updates ...Update[O]) Batch[O] { return Batch[O]{actor.ListOf(updates...)} }

// Same reports whether two batches are the same updates in the same order, whichever servers were asked for them.
func (b Batch[O]) Same(other Batch[O]) bool {
	if b.Len() != other.Len() {
		return false
	}
	for i, u := range b.All() {
		if u.Command.ID != other.At(i).Command.ID {
			return false
		}
	}
	return true
}

// Holds reports whether an update is in the batch.
func (b Batch[O]) Holds(id rsm.ID) bool {
	for _, u := range b.All() {
		if u.Command.ID == id {
			return true
		}
	}
	return false
}

// Message is what servers say to one another.
//
//sumtype:decl
type Message interface{ message() }

type (
	// ViewChange reports that a server attempts a view.
	ViewChange struct{ Attempted View }
	// VCProof describes which view a server has installed, and up to which slot it has executed everything. Only
	// servers that are not in election send it: a leader that still prepares its view has not much to offer in it.
	VCProof struct {
		Installed View
		Aru       rsm.Slot
	}
	// Prepare asks a server to install a view, and for what it knows of the slots above Aru: up to there the leader has
	// executed everything.
	Prepare struct {
		View View
		Aru  rsm.Slot
	}
	// PrepareOK answers a Prepare.
	PrepareOK[O any] struct {
		View View
		Data DataList[O]
	}
	// Proposal binds a batch of updates to a slot in a view.
	Proposal[O any] struct {
		View  View
		Seq   rsm.Slot
		Batch Batch[O]
	}
	// Accept reports that a server has accepted the proposal of a slot in a view.
	Accept struct {
		View View
		Seq  rsm.Slot
	}
	// ClientUpdate forwards an update to the leader.
	ClientUpdate[O any] struct{ Update Update[O] }
	// GloballyOrderedUpdate describes what is ordered in a slot: the paper's Globally_Ordered_Update.
	GloballyOrderedUpdate[O any] struct {
		Seq   rsm.Slot
		Batch Batch[O]
	}
	// Learn asks for what is ordered above Aru. It is not in the paper, which leaves reconciliation open.
	Learn struct{ Aru rsm.Slot }
	// Snapshot is the machine as the updates of all slots up to Seq have made it. A server keeps it instead of these
	// updates, and answers a Learn of one that lacks some of them by it. It is not in the paper either.
	Snapshot struct {
		Seq  rsm.Slot // 0 for none
		Data string   // as rsm.Save makes it
	}
	// SnapshotPart is some bytes of a Snapshot that is too long for a message.
	SnapshotPart struct {
		Seq  rsm.Slot
		Sum  uint64 // of all of its bytes: parts of one Seq and Sum are of the same, whichever servers told them
		From int    // the place of Data in them
		Data string
		Last bool // there is no more behind Data
	}
	// LearnPart asks for what is behind the first bytes of a Snapshot. Who has it no more takes it for a Learn.
	LearnPart struct {
		Aru  rsm.Slot
		Seq  rsm.Slot
		Sum  uint64
		From int
	}
	// Collect asks a server to make a Snapshot of the slots up to Seq, and to forget their updates. It comes from the
	// program that runs the server and has the machine, whose state after Seq is State, as the machine's Snapshot
	// returns it. Another server has no say in it.
	Collect struct {
		Seq   rsm.Slot
		State string
	}
)

// DataList is what a server knows of the slots above one: what is ordered there, and otherwise what it accepted last.
// Both are ascending by slot.
type DataList[O any] struct {
	Ordered   []GloballyOrderedUpdate[O] // nil for none
	Proposals []Proposal[O]              // nil for none
	// Through is not 0 if more is ordered than Ordered has room for, or some of it is collected: everything up to here is
	// ordered. The leader must learn it before it proposes.
	Through rsm.Slot
}

func (ViewChange) message()               {}
func (VCProof) message()                  {}
func (Prepare) message()                  {}
func (PrepareOK[O]) message()             {}
func (Proposal[O]) message()              {}
func (Accept) message()                   {}
func (ClientUpdate[O]) message()          {}
func (GloballyOrderedUpdate[O]) message() {}
func (Learn) message()                    {}
func (Snapshot) message()                 {}
func (SnapshotPart) message()             {}
func (LearnPart) message()                {}
func (Collect) message()                  {}

// Options are what may be tuned. With the zero value nothing is sent again, so that one lost message may stop the
// protocol.
type Options struct {
	// Window is how many slots beyond the last executed one the leader proposes for; 0 for 1.
	Window rsm.Slot
	// Batch is the most updates that the leader proposes for one slot; 0 for 1.
	Batch int
	// Bytes is the most bytes of the updates of one slot, as Server.Size counts them, but for one that alone has more; 0
	// for no bound.
	Bytes int
	// ListBytes is the most bytes of the updates of a data list, as Server.Size counts them: what is ordered and has no
	// room beside what was proposed the leader asks for. 0 for no bound.
	ListBytes int
	// Forward is how many pending updates a server has with the leader at a time: those that came first, and the next ones
	// as these are ordered. None goes there in election, and what has no answer goes again ever less often. 0 is the
	// paper's: all of them, each by a timer of its own, in election too. Updates that clients gave up are then so many
	// messages that no election ends.
	Forward int
	// Queue is the most updates of its clients that a server holds, and the most that a leader holds to propose; what
	// is beyond is dropped. 0 for no bound.
	Queue int
	// Collect is after how many executed slots a server makes a snapshot of its machine and forgets their updates; 0 for
	// never, unless it is sent a Collect.
	Collect rsm.Slot
	// Part is the most bytes of a snapshot that are told at once; 0 for no bound.
	Part int
	// Recovery lets servers that lost their disks come back, see Lost: each keeps the highest view that it ever attempted.
	Recovery bool
	// Nonce is how many random bytes a server draws when it starts without a disk, at most 7: it cannot tell by itself
	// whether it lost its disk or is new, and asks the others, as Lost says. It needs Recovery. With 0 such a server is
	// new.
	Nonce int
	// Delay is how many slots behind its own an update that changes the members takes effect, not less than the window;
	// 0 if the members never change.
	Delay rsm.Slot
	// Once lets nobody join whose id is not above those of all who were members: who was one before, and lost its disk,
	// would take part in the epochs of its past.
	Once bool
	// Last is the last view of an epoch that is attempted; 0 for the last that there is. Nobody waits for progress in it.
	Last View
	// Elected makes servers start in view 0 as if it were installed and prepared: nobody has accepted anything by then,
	// so that there is nothing to ask.
	Elected bool
	// Progress is how long a server waits for progress before it attempts the next view; 0 for 5 s. It doubles with
	// each view that is preinstalled, at most Doublings times, and is as at first again after progress.
	Progress  time.Duration
	Doublings int
	// Update is after how long a server sends a pending update to the leader again; 0 for never. With Forward it doubles
	// each time, at most Doublings times, until one of them is ordered.
	Update time.Duration
	// Proof is how often, and at most half as long again, a server tells the others which view it has installed; 0 for
	// never.
	Proof time.Duration
	// Resend is after how long ViewChange, Prepare and Proposal are sent again to servers that have not answered; 0 for
	// never.
	Resend time.Duration
}

// Defaults are the timers of the paper's kind of network, with a tick of 10 ms: 500, 300, 100 and 100 ticks.
var Defaults = Options{
	Window: 16, Batch: 1, Forward: 1 << 8, Queue: 1 << 12, Progress: 5 * time.Second, Doublings: 5,
	Update: 3 * time.Second, Proof: time.Second, Resend: time.Second,
}

func (o Options) validate() error {
	switch {
	case o.Batch < 0 || o.Queue < 0 || o.Doublings < 0 || o.Part < 0 || o.Forward < 0:
		return fmt.Errorf("batch %d, queue %d, doublings %d, part %d, forward %d: must not be negative",
			o.Batch, o.Queue, o.Doublings, o.Part, o.Forward)
	case o.Bytes < 0 || o.ListBytes < 0:
		return fmt.Errorf("bytes %d, list bytes %d: must not be negative", o.Bytes, o.ListBytes)
	case o.Doublings > 16:
		return fmt.Errorf("%d doublings: must be at most 16", o.Doublings)
	case o.Delay > 0 && o.Delay < o.window():
		return fmt.Errorf("delay %d: must be 0 or at least the window, %d", o.Delay, o.window())
	case o.Once && o.Delay == 0:
		return errors.New("once requires a delay: without one nobody joins")
	case o.Delay > 0 && o.Recovery:
		return errors.New("members that change, and recovery: a server that lost its disk is replaced by a new one")
	case o.Nonce < 0 || o.Nonce > maxNonce || o.Nonce > 0 && !o.Recovery:
		return fmt.Errorf("nonce %d: must be 0 to %d, and requires recovery", o.Nonce, maxNonce)
	case o.Progress < 0 || o.Update < 0 || o.Proof < 0 || o.Resend < 0:
		return errors.New("progress, update, proof and resend must not be negative")
	}
	return nil
}

func (o Options) window() rsm.Slot        { return max(o.Window, 1) }
func (o Options) batch() int              { return max(o.Batch, 1) }
func (o Options) progress() time.Duration { return cmp.Or(o.Progress, 5*time.Second) }

// full reports whether no more than n updates may be held.
func (o Options) full(n int) bool { return o.Queue > 0 && n >= o.Queue }

// beyond reports whether a view is beyond the last one.
func (o Options) beyond(v View) bool { return o.Last > 0 && v.number() > o.Last }

// ascending returns the keys of a map in ascending order: what depends on the order of a map is no handler.
func ascending[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// put returns m with one more entry, and a new map for nil: empty maps of states are nil.
func put[K comparable, V any](m map[K]V, k K, v V) map[K]V {
	if m == nil {
		m = map[K]V{}
	}
	m[k] = v
	return m
}

// drop returns m without an entry, nil for an empty one.
func drop[K comparable, V any](m map[K]V, k K) map[K]V {
	if delete(m, k); len(m) == 0 {
		return nil
	}
	return m
}
