// Package systembuilders orders the updates of a replicated machine, after J. Kirsch and Y. Amir, "Paxos for System
// Builders" (technical report CNDS-2008-2, Johns Hopkins University, 2008). Names, and the figures and sections cited
// in comments, are those of the paper.
//
// All servers run the same code. In each view one of them leads: the server view mod n. A server that sees no
// progress attempts the next view, and a view that a majority attempts is preinstalled. Its leader then asks a
// majority what they have accepted, which prepares the view, and from then on proposes updates. An update is ordered
// once a majority has accepted it.
//
// # Differences from the paper
//
// Attempting a view promises nothing: a server is bound by Last_Installed, which it raises before it answers a
// Prepare, and by what it has accepted. Both are saved before any message that depends on them is sent. So a server
// may follow a VC_Proof for a lower view than the one it attempts; the paper's safety argument (section 4) needs no
// more.
//
// A Prepare for the installed view is answered from the server's current knowledge, not with a stored Prepare_OK. So
// a server that entered the view by a VC_Proof, and has no Prepare_OK to repeat, can answer too. The answer is as
// good as a stored one: the server has accepted nothing of a lower view since it installed this one, and there are no
// proposals of this view while the leader is still asking.
//
// A leader never leads the same view twice. After a crash it attempts the next view, and a server discards a VC_Proof
// for a view that it should lead but has not installed: only the leader's own Prepare makes others install a view.
//
// An Accept that arrives before its Proposal is discarded, as the conflict rules require. With three servers it is
// not needed, since the proposal and the server's own vote are a majority. With more servers, the server learns that
// it is behind from the next VC_Proof, which carries the sender's Local_Aru, and asks for the missing slots with a
// Learn. For the same reason Prepare carries the leader's Local_Aru. A Proposal for a slot that is known to be
// ordered is answered with the slot's ordered updates.
//
// Slots of which nothing is known, but which are below a bound slot, get an empty proposal even if there are no
// updates to propose: otherwise nothing above them would be executed while the system is idle.
//
// The progress timer runs only while the server waits for something, so that an idle system keeps its view. An idle
// server would then never join an election, and a server that attempts a view alone would wait forever. So a server
// remembers a ViewChange, VC_Proof or Prepare for a higher view that it discards because it is not in election: this
// keeps the progress timer running, and is counted once the server is in election. Executing an update still resets
// the timer, so that a server that is cut off from the others cannot take the view from those that make progress.
//
// Executed updates may be collected: a server then keeps a snapshot of its machine instead of the updates, and sends
// it to servers that lack some of them. Its data list says up to which slot everything is ordered, and a leader that
// is behind learns these slots before it proposes. So what a majority accepted is never lost, however far each server
// has collected. A server that misses a slot may know of any number of later ones. If they do not fit in one message,
// its data list says where it is cut, and the leader asks for the rest: the server counts as prepared with the last
// part.
//
// A single server is a majority by itself: it preinstalls, prepares and orders within the step that begins each.
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

// View numbers the attempts to lead; the server view mod n leads a view. Attempted views start at 1. View 0 is the
// view in which elected servers start (see Options.Elected); otherwise it stands for no view.
type View uint64

// String returns the view in decimal, prefixed with its epoch and a colon if the epoch is not 0.
func (v View) String() string {
	n := strconv.FormatUint(uint64(v.number()), 10)
	if v.Epoch() > 0 {
		return strconv.FormatUint(v.Epoch(), 10) + ":" + n
	}
	return n
}

// Update is a request of a client to a server: the paper's Client_Update.
type Update[O any] struct {
	Node    actor.ID // the server that the client asked, which answers it
	Command rsm.Command[O]
}

// Batch is the list of updates of one slot, in order. An empty batch does nothing.
type Batch[O any] struct{ actor.List[Update[O]] }

// BatchOf returns a batch of the updates, which it copies.
func BatchOf[O any](updates ...Update[O]) Batch[O] { return Batch[O]{actor.ListOf(updates...)} }

// Same reports whether two batches have the same updates in the same order, whichever servers received them.
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

// Holds reports whether the batch contains an update.
func (b Batch[O]) Holds(id rsm.ID) bool {
	for _, u := range b.All() {
		if u.Command.ID == id {
			return true
		}
	}
	return false
}

// Message is a message between servers.
//
//sumtype:decl
type Message interface{ message() }

type (
	// ViewChange reports that a server attempts a view.
	ViewChange struct{ Attempted View }
	// VCProof reports which view a server has installed, and up to which slot it has executed everything. Only servers
	// that are not in election send it: a leader that is still preparing its view cannot offer much in it.
	VCProof struct {
		Installed View
		Aru       rsm.Slot
	}
	// Prepare asks a server to install a view, and for what it knows of the slots above Aru: the leader has executed
	// everything up to there. If the answer was cut, After is the last slot of it, and the leader asks for the rest.
	Prepare struct {
		View  View
		Aru   rsm.Slot
		After rsm.Slot // 0 in the first one
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
	// GloballyOrderedUpdate reports the ordered updates of a slot: the paper's Globally_Ordered_Update.
	GloballyOrderedUpdate[O any] struct {
		Seq   rsm.Slot
		Batch Batch[O]
	}
	// Learn asks for the ordered updates above Aru. It is not in the paper, which leaves reconciliation open.
	Learn struct{ Aru rsm.Slot }
	// Snapshot is the state of the machine after the updates of all slots up to Seq. A server keeps it instead of these
	// updates, and sends it in answer to the Learn of a server that lacks some of them. It is not in the paper either.
	Snapshot struct {
		Seq  rsm.Slot // 0 for none
		Data string   // as written by rsm.Save
	}
	// SnapshotPart is a part of a Snapshot that is too long for one message.
	SnapshotPart struct {
		Seq  rsm.Slot
		Sum  uint64 // checksum of the whole snapshot: parts with equal Seq and Sum belong together, from any server
		From int    // offset of Data in the snapshot
		Data string
		Last bool // nothing follows Data
	}
	// LearnPart asks for the rest of a Snapshot, from an offset on. A server that no longer has that snapshot treats it
	// as a Learn.
	LearnPart struct {
		Aru  rsm.Slot
		Seq  rsm.Slot
		Sum  uint64
		From int
	}
	// Collect asks a server to make a Snapshot of the slots up to Seq, and to forget their updates. It comes from the
	// program that runs the server and owns the machine, whose state after Seq is State, as returned by the machine's
	// Snapshot. Servers ignore a Collect from another server.
	Collect struct {
		Seq   rsm.Slot
		State string
	}
)

// DataList is what a server knows of the slots above a given one: what is ordered in them, or otherwise what it
// accepted last. Both lists are in ascending order of slots.
type DataList[O any] struct {
	Ordered   []GloballyOrderedUpdate[O] // nil for none
	Proposals []Proposal[O]              // nil for none
	// Through is not 0 if Ordered has no room for everything that is ordered, or some of it is collected: everything up
	// to Through is ordered. The leader must learn it before it proposes.
	Through rsm.Slot
	// Cut is not 0 if there is no room for everything above the slots that the sender has executed: the list has nothing
	// of slots above Cut. The leader must ask for the rest; see Prepare.
	Cut rsm.Slot
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

// Options are the parameters of the protocol. With the zero value nothing is sent again, so that one lost message may
// stop the protocol.
type Options struct {
	// Window is for how many slots beyond the last executed one the leader proposes; 0 means 1.
	Window rsm.Slot
	// Batch is the maximum number of updates that the leader proposes for one slot; 0 means 1.
	Batch int
	// Bytes is the maximum size of the updates of one slot, by Server.Size, except that a single update may be larger; 0
	// means no limit.
	Bytes int
	// UpdateBytes is the maximum size of an update, by Server.Size; 0 means no limit. A longer update of a client is
	// ignored: no message with it would arrive, and its slot would never be ordered.
	UpdateBytes int
	// ListBytes is the maximum size of the updates of a data list, by Server.Size, except that a single slot may be
	// larger; 0 means no limit. Slots that are not executed come first, and are sent in parts if there is no room for all
	// of them. Executed ones for which there is no room are learned by the leader separately.
	ListBytes int
	// Forward is the maximum number of pending updates that a server has sent to the leader at a time: the oldest ones
	// first, and the next ones as these are ordered. None are sent in election, and unanswered ones are sent again at
	// growing intervals. 0 is as in the paper: all pending updates are sent, each with its own timer, in election too.
	// Then updates that clients have given up may cause so many messages that no election ends.
	Forward int
	// Queue is the maximum number of client updates that a server holds, and of updates that a leader holds to propose;
	// further ones are dropped. 0 means no limit.
	Queue int
	// Collect is the number of executed slots after which a server makes a snapshot of its machine and forgets their
	// updates; 0 means never, unless it receives a Collect.
	Collect rsm.Slot
	// Part is the maximum number of bytes of a snapshot in one message; 0 means no limit.
	Part int
	// Recovery allows servers that lost their disks to return, see Lost: each server keeps the highest view that it ever
	// attempted.
	Recovery bool
	// Nonce is how many random bytes a server draws when it starts without a disk, at most 7: the server does not know
	// whether it lost its disk or is new, and asks the others, as described at Lost. It requires Recovery. With 0 such a
	// server is new.
	Nonce int
	// Delay is how many slots after its own slot an update that changes the members takes effect, at least the window; 0
	// if the members never change.
	Delay rsm.Slot
	// Once allows only servers to join whose ids are above those of all members so far: a former member that lost its
	// disk would take part in its past epochs again.
	Once bool
	// Last is the last view of an epoch that is attempted; 0 means no limit. Servers do not wait for progress in it.
	Last View
	// Elected makes servers start in view 0 as if it were installed and prepared: nothing has been accepted by then, so
	// that the leader need not ask.
	Elected bool
	// Progress is how long a server waits for progress before it attempts the next view; 0 means 5 s. It doubles with
	// each view that is preinstalled, at most Doublings times, and is reset by progress.
	Progress  time.Duration
	Doublings int
	// Update is the time after which a server sends a pending update to the leader again; 0 means never. With Forward it
	// doubles each time, at most Doublings times, until one of them is ordered.
	Update time.Duration
	// Proof is the interval, increased by up to a half at random, at which a server sends the others the view that it
	// has installed; 0 means never.
	Proof time.Duration
	// Resend is the time after which ViewChange, Prepare and Proposal are sent again to servers that have not answered;
	// 0 means never.
	Resend time.Duration
}

// Defaults suits the networks that the paper considers. With a tick of 10 ms the timers are 500, 300, 100 and 100
// ticks.
var Defaults = Options{
	Window: 16, Batch: 1, Forward: 1 << 8, Queue: 1 << 12, Progress: 5 * time.Second, Doublings: 5,
	Update: 3 * time.Second, Proof: time.Second, Resend: time.Second,
}

func (o Options) validate() error {
	switch {
	case o.Batch < 0 || o.Queue < 0 || o.Doublings < 0 || o.Part < 0 || o.Forward < 0:
		return fmt.Errorf("batch %d, queue %d, doublings %d, part %d, forward %d: must not be negative",
			o.Batch, o.Queue, o.Doublings, o.Part, o.Forward)
	case o.Bytes < 0 || o.UpdateBytes < 0 || o.ListBytes < 0:
		return fmt.Errorf("bytes %d, update bytes %d, list bytes %d: must not be negative",
			o.Bytes, o.UpdateBytes, o.ListBytes)
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

// full reports whether n updates are as many as may be held.
func (o Options) full(n int) bool { return o.Queue > 0 && n >= o.Queue }

// beyond reports whether a view is after the last one.
func (o Options) beyond(v View) bool { return o.Last > 0 && v.number() > o.Last }

// ascending returns the keys of a map in ascending order: handlers must not depend on the order of a map.
func ascending[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// put sets an entry of m and returns m, or a new map if m is nil: states have nil instead of empty maps.
func put[K comparable, V any](m map[K]V, k K, v V) map[K]V {
	if m == nil {
		m = map[K]V{}
	}
	m[k] = v
	return m
}

// drop deletes an entry of m and returns m, or nil if it is empty then.
func drop[K comparable, V any](m map[K]V, k K) map[K]V {
	if delete(m, k); len(m) == 0 {
		return nil
	}
	return m
}
