// Package multipaxos orders the commands of a replicated machine, after van Renesse and Altinbuken, "Paxos Made
// Moderately Complex" (ACM Computing Surveys 47(3), 2015). Names are the paper's; figures and sections in comments
// are of it.
//
// There are three roles. A [Replica] has the machine; it proposes the commands of its clients for slots and executes
// what is decided, slot by slot. A [Leader] gets commands decided: its [Scout] asks a majority of the acceptors for
// promises, and then it has a [Commander] for every slot, which asks them for votes. An [Acceptor] promises and
// votes. The roles are composed in two ways: as separate actors, as in the paper's figures ([Roles]), and as servers
// that have all three of them, as in section 4.4 ([Server]).
//
// The package knows of no sockets and no disks: package spawn/replica has Config and Run, which serve a machine for
// real in one call, and a client.
package multipaxos

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"synod/actor"
	"synod/paxos/rsm"
)

// Ballot orders attempts to lead by round, then by the leader that makes them. The zero ballot is the paper's ⊥ and
// comes before any that is used; rounds count from 1.
type Ballot struct {
	Round  uint64
	Leader actor.ID
}

// Compare returns −1, 0 or 1 as b comes before c, is c, or comes after c.
func (b Ballot) Compare(c Ballot) int {
	return cmp.Or(cmp.Compare(b.Round, c.Round), cmp.Compare(b.Leader, c.Leader))
}

// Less reports whether b comes before c.
func (b Ballot) Less(c Ballot) bool { return b.Compare(c) < 0 }

// String is round.leader, in decimal, or "none" for the zero ballot.
func (b Ballot) String() string {
	if b == (Ballot{}) {
		return "none"
	}
	return strconv.FormatUint(b.Round, 10) + "." + b.Leader.String()
}

// PValue is a proposal at a ballot: a batch of commands for a slot.
type PValue[O any] struct {
	Ballot Ballot
	Slot   rsm.Slot
	Batch  rsm.Batch[O]
}

// Vote is a pvalue that was accepted, without its slot.
type Vote[O any] struct {
	Ballot Ballot
	Batch  rsm.Batch[O]
}

// PValues is a set of pvalues: for each slot the votes, of which there are some, by ascending ballot.
type PValues[O any] struct {
	actor.Map[rsm.Slot, actor.List[Vote[O]]]
}

// with returns the set with one more pvalue. If newest is set, only the pvalue of the highest ballot stays in each slot
// (section 4.1).
func (p PValues[O]) with(v PValue[O], newest bool) PValues[O] {
	votes, _ := p.Get(v.Slot)
	at := votes.Len()
	for at > 0 && v.Ballot.Less(votes.At(at-1).Ballot) {
		at--
	}
	vote := Vote[O]{v.Ballot, v.Batch}
	switch {
	case at > 0 && votes.At(at-1).Ballot == v.Ballot:
		return p
	case !newest:
		votes = votes.Insert(at, vote)
	case at == votes.Len(): // higher than what is there, if anything is
		votes = actor.ListOf(vote)
	}
	return PValues[O]{p.With(v.Slot, votes)}
}

// join returns the union of two sets.
func (p PValues[O]) join(other PValues[O], newest bool) PValues[O] {
	for slot, votes := range other.All() {
		for _, v := range votes.All() {
			p = p.with(PValue[O]{v.Ballot, slot, v.Batch}, newest)
		}
	}
	return p
}

// Slots is batches by slot.
type Slots[O any] = actor.Map[rsm.Slot, rsm.Batch[O]]

// Messages of the protocol. Each role takes a set of its own: what is no AcceptorMessage, say, cannot be sent to an
// acceptor.
type (
	// Message is what roles say to one another.
	Message interface{ message() }
	// ReplicaMessage is what a replica takes.
	//
	//sumtype:decl
	ReplicaMessage interface {
		Message
		toReplica()
	}
	// LeaderMessage is what a leader takes.
	//
	//sumtype:decl
	LeaderMessage interface {
		Message
		toLeader()
	}
	// AcceptorMessage is what an acceptor takes.
	//
	//sumtype:decl
	AcceptorMessage interface {
		Message
		toAcceptor()
	}
)

type (
	// P1a asks an acceptor to promise a ballot: to vote at no lower one.
	P1a struct {
		Ballot Ballot
		Slot   rsm.Slot // votes for slots below it need not be told, or were; 0 for all (section 4.1)
	}
	// P1b is the acceptor's answer to the scout of a ballot: the ballot that it has promised, which is the scout's unless
	// it is higher, and what it has voted for in the slots from First to the one before Next; with Next 0 in all from
	// First on. To a scout whose ballot it has not promised it tells of no votes.
	P1b[O any] struct {
		Scout       Ballot
		Ballot      Ballot
		Accepted    PValues[O]
		First, Next rsm.Slot
		// Watermark is that of the acceptor, which tells of no votes below it (section 4.2).
		Watermark rsm.Slot
	}
	// P2a asks an acceptor to vote for a pvalue, and tells that a majority of the replicas has executed all slots below
	// the watermark; 0 if that is not known of any.
	P2a[O any] struct {
		Ballot    Ballot
		Slot      rsm.Slot
		Batch     rsm.Batch[O]
		Watermark rsm.Slot
	}
	// P2b is the acceptor's answer to the commander of a ballot and a slot: the ballot that it has promised, which is the
	// commander's if it has voted. SlotOut is that of the replica beside it, which has saved all below; 0 if nothing is
	// collected.
	P2b struct {
		Commander Ballot
		Slot      rsm.Slot
		Ballot    Ballot
		SlotOut   rsm.Slot
	}
	// Propose asks a leader to have a batch decided in a slot.
	Propose[O any] struct {
		Slot  rsm.Slot
		Batch rsm.Batch[O]
	}
	// Decision informs a replica what is decided in a slot.
	Decision[O any] struct {
		Slot  rsm.Slot
		Batch rsm.Batch[O]
	}
	// Ping reports that the leader of a ballot is alive, and up to which slot its replica has executed everything: the
	// pings of section 3, which here come from the leader instead of being asked for.
	Ping struct {
		Ballot  Ballot
		SlotOut rsm.Slot
	}
	// Learn asks a server for the decisions of the slots from one on: a replica that was down, or to which decisions were
	// lost, catches up.
	Learn struct{ SlotOut rsm.Slot }
	// Chunk is some bytes of the snapshot of a replica, which answers a Learn of one that lacks decisions which it has
	// collected.
	Chunk struct {
		Slot   rsm.Slot // what is below it is in the snapshot
		Offset int      // the place of Data in the snapshot
		Size   int      // of the snapshot, in bytes
		Data   string
	}
	// Fetch asks for the next bytes of the snapshot up to a slot.
	Fetch struct {
		Slot   rsm.Slot
		Offset int
	}
	// ReadIndex asks the leader for the index of reads: of the first slot that need not be executed before they are
	// answered.
	ReadIndex struct{ Reads actor.List[rsm.ID] }
	// ReadAt is the leader's answer.
	ReadAt struct {
		Index rsm.Slot
		Reads actor.List[rsm.ID]
	}
	// Confirm asks an acceptor, in a numbered round of a ballot, which ballot it has promised.
	Confirm struct {
		Ballot Ballot
		Number uint64
	}
	// Confirmed is the acceptor's answer.
	Confirmed struct {
		Round  Ballot
		Number uint64
		Ballot Ballot
	}
	// Forward hands commands of clients to the replica beside the active leader (section 4.4). It is to propose them; the
	// one that they came to answers.
	Forward[O any] struct{ Batch rsm.Batch[O] }
)

// PValue returns what to vote for.
func (m P2a[O]) PValue() PValue[O] { return PValue[O]{m.Ballot, m.Slot, m.Batch} }

func (P1a) message()         {}
func (P1b[O]) message()      {}
func (P2a[O]) message()      {}
func (P2b) message()         {}
func (Propose[O]) message()  {}
func (Decision[O]) message() {}
func (Ping) message()        {}
func (Learn) message()       {}
func (Forward[O]) message()  {}
func (Chunk) message()       {}
func (Fetch) message()       {}
func (ReadIndex) message()   {}
func (ReadAt) message()      {}
func (Confirm) message()     {}
func (Confirmed) message()   {}

func (P1a) toAcceptor()        {}
func (P2a[O]) toAcceptor()     {}
func (Confirm) toAcceptor()    {}
func (P1b[O]) toLeader()       {}
func (P2b) toLeader()          {}
func (Propose[O]) toLeader()   {}
func (Ping) toLeader()         {}
func (ReadIndex) toLeader()    {}
func (Confirmed) toLeader()    {}
func (Decision[O]) toReplica() {}
func (Learn) toReplica()       {}
func (Forward[O]) toReplica()  {}
func (Chunk) toReplica()       {}
func (Fetch) toReplica()       {}
func (ReadAt) toReplica()      {}

// Options are what goes beyond the paper's figures. The zero value is the figures.
type Options struct {
	// Window is how many slots beyond the last executed one a replica proposes for, the paper's WINDOW; 0 for 1.
	Window rsm.Slot
	// Batch is the most commands that a replica proposes for one slot; 0 for 1.
	Batch int
	// Last is the last ballot: a leader that would need a higher one stays passive. The zero ballot for the last that
	// there is.
	Last Ballot
	// Bytes is the most bytes of the commands of one slot, as Server.Size counts them, so that messages are not larger
	// than a network carries; 0 for any number. A longer command is ignored.
	Bytes int
	// Part is the most slots with votes that a P1b tells of; 0 for any number. A scout asks for the next ones until it
	// knows of all: an acceptor counts only then.
	Part int
	// PartBytes is the most bytes of the commands that a P1b tells of, as Server.Size counts them, but for those of one
	// slot; 0 for any number.
	PartBytes int
	// Reduce is state reduction, section 4.1: acceptors and scouts keep only the newest pvalue of each slot, and a scout
	// asks for the slots only that its replica has not executed. The latter needs a replica beside the leader.
	Reduce bool
	// Collect is garbage collection, section 4.2: after how many executed slots a replica makes a snapshot of its machine
	// and forgets their decisions; 0 for never. Acceptors then forget their votes for what a majority of the replicas has
	// executed, as they learn from the leader. It needs Reduce, and a replica beside each leader and acceptor. Where
	// Server.Size counts bytes, there is no new snapshot before the commands executed since the last one have as many: so
	// it costs no more than they do, however large it is.
	Collect rsm.Slot
	// Retain is for how many slots below its snapshot, at most, a replica remembers the decisions, so that one that is
	// little behind need not be told the snapshot.
	Retain rsm.Slot
	// CollectBytes is after how many bytes of commands, as Server.Size counts them, a replica makes a snapshot although
	// these are fewer slots than Collect, and the most bytes of commands that it retains; 0 for any number.
	CollectBytes int
	// Chunk is the most bytes of a snapshot in a message; 0 for any number.
	Chunk int
	// Forward makes the replica beside a passive leader hand commands to the server of the active one, which then
	// proposes for all (section 4.4). Otherwise each proposes by itself, often several for the same slot, of which all
	// but one have to propose again. It needs a leader beside each replica.
	Forward bool
	// ReadIndex answers what only reads, by an rsm.Reader, without a slot: after a round of the leader's ballot, when the
	// server has executed what the leader had. It needs all roles beside one another, and Reduce with Server.Members.
	ReadIndex bool
	// Resend makes everything that can be lost be sent again, after so long and at most twice so, until it has been
	// answered; and replicas that lack decisions ask for them. 0 for never: then one lost message may stop the protocol.
	Resend time.Duration
	// Patience is how long a passive leader waits, at most twice so, for a Ping of the active one before it starts a
	// scout: section 3. With 0 a leader that is preempted starts a scout at once, as in Figure 7. Needs Resend, which
	// sends pings.
	Patience time.Duration
	// Adaptive makes a leader's patience grow by half when it is preempted, and shrink by a hundredth of Patience with
	// each decision, as section 3 suggests; it stays between Patience and 32 times as much.
	Adaptive bool
}

func (o Options) window() rsm.Slot { return max(o.Window, 1) }
func (o Options) batch() int       { return max(o.Batch, 1) }

// next returns the ballot of a leader that is higher than another one, unless it would be beyond the last.
func (o Options) next(self actor.ID, b Ballot) (Ballot, bool) {
	if b.Round == math.MaxUint64 {
		return Ballot{}, false
	}
	next := Ballot{b.Round + 1, self}
	return next, o.Last == Ballot{} || !o.Last.Less(next)
}

// Timers of a server.
type (
	resend struct{}
	lead   struct{}
)

func (resend) String() string { return "resend" }
func (lead) String() string   { return "lead" }

// ascending returns the keys of a map in ascending order: what depends on the order of a map is no handler.
func ascending[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// unmap returns m, or nil for an empty one: equal states must be equal values.
func unmap[M ~map[K]V, K comparable, V any](m M) M {
	if len(m) == 0 {
		return nil
	}
	return m
}
