// Package multipaxos orders the commands of a replicated machine, after van Renesse and Altinbuken, "Paxos Made
// Moderately Complex" (ACM Computing Surveys 47(3), 2015). Names, figures and sections in comments refer to the
// paper.
//
// There are three roles. A [Replica] holds the machine: it proposes the commands of its clients for slots and
// executes decisions slot by slot. A [Leader] gets commands decided: its [Scout] asks a majority of the acceptors for
// promises, and then a [Commander] per slot asks them for votes. An [Acceptor] promises and votes. The roles can be
// composed in two ways: as separate actors, as in the paper's figures ([Roles]), or as servers that combine all
// three, as in section 4.4 ([Server]).
//
// The package does no networking or disk I/O: package spawn/replica has Config and Run, which run a replicated
// machine in one call, and a client.
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

// Ballot orders attempts to lead, by round and then by leader. The zero ballot is the paper's ⊥ and precedes all
// ballots in use; rounds count from 1.
type Ballot struct {
	Round  uint64
	Leader actor.ID
}

// Compare returns −1, 0 or +1 if b is less than, equal to or greater than c.
func (b Ballot) Compare(c Ballot) int {
	return cmp.Or(cmp.Compare(b.Round, c.Round), cmp.Compare(b.Leader, c.Leader))
}

// Less reports whether b is less than c.
func (b Ballot) Less(c Ballot) bool { return b.Compare(c) < 0 }

// String returns round.leader in decimal, or "none" for the zero ballot.
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

// Vote is an accepted pvalue without its slot.
type Vote[O any] struct {
	Ballot Ballot
	Batch  rsm.Batch[O]
}

// PValues is a set of pvalues: the votes for each slot, at least one, in ascending order of ballots.
type PValues[O any] struct {
	actor.Map[rsm.Slot, actor.List[Vote[O]]]
}

// with returns the set with one pvalue added. If newest is set, each slot keeps only the pvalue of its highest ballot
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

// Slots maps slots to batches.
type Slots[O any] = actor.Map[rsm.Slot, rsm.Batch[O]]

// Messages of the protocol. Each role accepts its own set of types: only an AcceptorMessage, for example, can be sent
// to an acceptor.
type (
	// Message is a message between roles.
	Message interface{ message() }
	// ReplicaMessage is a message to a replica.
	//
	//sumtype:decl
	ReplicaMessage interface {
		Message
		toReplica()
	}
	// LeaderMessage is a message to a leader.
	//
	//sumtype:decl
	LeaderMessage interface {
		Message
		toLeader()
	}
	// AcceptorMessage is a message to an acceptor.
	//
	//sumtype:decl
	AcceptorMessage interface {
		Message
		toAcceptor()
	}
)

type (
	// P1a asks an acceptor to promise a ballot, which means not to vote at a lower one.
	P1a struct {
		Ballot Ballot
		Slot   rsm.Slot // the answer may omit votes for slots below it; 0 for all slots (section 4.1)
	}
	// P1b is the acceptor's answer to the scout of a ballot: the ballot that it has promised, which is the scout's
	// unless it has promised a higher one, and its votes for the slots from First up to but not including Next, or for
	// all slots from First on if Next is 0. It has no votes if the acceptor has promised a higher ballot.
	P1b[O any] struct {
		Scout       Ballot
		Ballot      Ballot
		Accepted    PValues[O]
		First, Next rsm.Slot
		// Watermark is the acceptor's watermark, below which it has forgotten its votes (section 4.2).
		Watermark rsm.Slot
	}
	// P2a asks an acceptor to vote for a pvalue. A majority of the replicas has executed all slots below Watermark; 0 if
	// no such slot is known.
	P2a[O any] struct {
		Ballot    Ballot
		Slot      rsm.Slot
		Batch     rsm.Batch[O]
		Watermark rsm.Slot
	}
	// P2b is the acceptor's answer to the commander of a ballot and a slot: the ballot that it has promised, which is
	// the commander's if it has voted. SlotOut is the first slot not executed by the replica of the same server, which
	// has saved all lower ones; 0 without garbage collection.
	P2b struct {
		Commander Ballot
		Slot      rsm.Slot
		Ballot    Ballot
		SlotOut   rsm.Slot
	}
	// Propose asks a leader to get a batch decided in a slot.
	Propose[O any] struct {
		Slot  rsm.Slot
		Batch rsm.Batch[O]
	}
	// Decision informs a replica of the batch decided in a slot.
	Decision[O any] struct {
		Slot  rsm.Slot
		Batch rsm.Batch[O]
	}
	// Ping reports that the leader of a ballot is alive, and the first slot that its replica has not executed. These are
	// the pings of section 3, except that the leader sends them unasked.
	Ping struct {
		Ballot  Ballot
		SlotOut rsm.Slot
	}
	// Learn asks a server for the decisions of the slots from SlotOut on, so that a replica that was down or missed
	// decisions can catch up.
	Learn struct{ SlotOut rsm.Slot }
	// Chunk is a part of the snapshot of a replica. It answers a Learn if the requested decisions have been collected.
	Chunk struct {
		Slot   rsm.Slot // the snapshot covers all slots below it
		Offset int      // of Data in the snapshot, in bytes
		Size   int      // of the whole snapshot, in bytes
		Data   string
	}
	// Fetch asks for the next chunk of the snapshot that covers the slots below Slot.
	Fetch struct {
		Slot   rsm.Slot
		Offset int
	}
	// ReadIndex asks the leader for the index of reads: all slots below it must be executed before the reads are
	// answered.
	ReadIndex struct{ Reads actor.List[rsm.ID] }
	// ReadAt is the leader's answer to a ReadIndex.
	ReadAt struct {
		Index rsm.Slot
		Reads actor.List[rsm.ID]
	}
	// Confirm asks an acceptor which ballot it has promised, in a numbered round of a ballot.
	Confirm struct {
		Ballot Ballot
		Number uint64
	}
	// Confirmed is the acceptor's answer to a Confirm.
	Confirmed struct {
		Round  Ballot
		Number uint64
		Ballot Ballot
	}
	// Forward passes commands of clients to the replica of the active leader's server, which proposes them (section
	// 4.4). The replica that received them from the clients answers them.
	Forward[O any] struct{ Batch rsm.Batch[O] }
)

// PValue returns the pvalue to vote for.
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

// Options are extensions to the paper's figures. The zero value is the protocol of the figures.
type Options struct {
	// Window is how many slots, from the first that is not executed, a replica proposes for: the paper's WINDOW; 0 for
	// 1.
	Window rsm.Slot
	// Batch is the maximum number of commands that a replica proposes for one slot; 0 for 1.
	Batch int
	// Last is the highest ballot allowed: a leader that would need a higher one stays passive. The zero ballot for no
	// limit.
	Last Ballot
	// Bytes is the maximum size of the commands of one slot, as counted by Server.Size, so that messages fit the
	// network; 0 for no limit. A longer command is ignored.
	Bytes int
	// Part is the maximum number of slots whose votes fit in one P1b; 0 for no limit. A scout asks for further parts,
	// and an acceptor counts as promised only after the last one.
	Part int
	// PartBytes is the maximum size of the commands in one P1b, as counted by Server.Size; 0 for no limit. The commands
	// of a single slot may exceed it.
	PartBytes int
	// Reduce enables state reduction (section 4.1): acceptors and scouts keep only the newest pvalue of each slot, and a
	// scout asks only for slots that its replica has not executed. The latter needs a replica in the same server as the
	// leader.
	Reduce bool
	// Collect enables garbage collection (section 4.2): it is the number of executed slots after which a replica makes a
	// snapshot of its machine and forgets their decisions; 0 for never. Acceptors then forget votes for slots that a
	// majority of the replicas has executed, as reported by the leader. It requires Reduce, and a replica in each server
	// with a leader or an acceptor. With Server.Size, a replica makes no snapshot before the commands executed since the
	// last one have as many bytes as that one, so that the cost of snapshots stays proportional to that of the commands.
	Collect rsm.Slot
	// Retain is the maximum number of slots below its snapshot whose decisions a replica keeps, so that a replica that
	// is slightly behind does not need the snapshot.
	Retain rsm.Slot
	// CollectBytes is the size of executed commands, as counted by Server.Size, after which a replica makes a snapshot
	// even before Collect slots. It also bounds the size of the commands that it retains. 0 for no limit.
	CollectBytes int
	// Chunk is the maximum number of bytes of a snapshot in one message; 0 for no limit.
	Chunk int
	// Forward makes replicas with a passive leader forward commands to the server of the active leader, which proposes
	// them for all (section 4.4). Otherwise each replica proposes on its own, often several for the same slot, and all
	// but one of them must propose again. It needs a leader in the same server as each replica.
	Forward bool
	// ReadIndex answers operations that only read, according to an rsm.Reader, without using a slot: after a round of
	// the leader's ballot, once the server has executed what the leader had executed. It needs all roles in each server,
	// and Reduce with Server.Members.
	ReadIndex bool
	// Lease is how long an acceptor that answers such a round then promises no ballot of another leader, by its own
	// clock. For that time less Drift, from the start of the round and by its own clock, the leader needs no further
	// round. 0 for no leases. It is the same for all servers, and requires ReadIndex.
	Lease time.Duration
	// Drift is the maximum by which the clocks of two servers may disagree about a period of Lease. It must be less than
	// Lease.
	Drift time.Duration
	// Resend is the interval after which messages are sent again until they are answered, and replicas ask for decisions
	// that they lack. A timer fires after Resend to twice Resend. 0 for never: a single lost message may then stop the
	// protocol.
	Resend time.Duration
	// Patience is how long a passive leader waits for a Ping of the active one, from Patience to twice Patience, before
	// it starts a scout (section 3). With 0 a preempted leader starts a scout at once, as in Figure 7. It requires
	// Resend, whose timer sends the pings.
	Patience time.Duration
	// Adaptive makes a leader's patience grow by half when it is preempted, and shrink by a hundredth of Patience with
	// each decision, as section 3 suggests. It stays between Patience and 32 times Patience.
	Adaptive bool
}

func (o Options) window() rsm.Slot { return max(o.Window, 1) }
func (o Options) batch() int       { return max(o.Batch, 1) }

// next returns the lowest ballot of a leader in the round after b, and false if that is higher than Last.
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

// ascending returns the keys of a map in ascending order: handlers must not depend on the iteration order of maps.
func ascending[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// unmap returns m, or nil if m is empty: equal states must be equal values.
func unmap[M ~map[K]V, K comparable, V any](m M) M {
	if len(m) == 0 {
		return nil
	}
	return m
}
