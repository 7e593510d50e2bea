package multipaxos

import (
	"synod/actor"
	"synod/paxos/rsm"
)

// Roles is the configuration of a system whose roles are separate actors, as in the paper's figures. Options that
// need a replica in the same server as the leader have no effect: Patience, Forward, Collect, ReadIndex and that part
// of Reduce. Bytes and PartBytes have no effect either.
type Roles struct {
	Options
	Replicas, Leaders, Acceptors []actor.ID // each ascending
}

// NewReplica returns the actor of a replica of a machine: Figure 1. It proposes to all leaders.
func NewReplica[S, O, R any](c Roles, m rsm.Machine[S, O, R]) actor.Typed[Replica[S, O, R], rsm.Message] {
	c.Collect = 0
	s := replicaRole[S, O, R]{c, m}
	return rsm.Serve(s, actor.Timers(s.Timeout), actor.Durable(s.Keep, s.Recover))
}

// replicaRole is a replica as an actor.
type replicaRole[S, O, R any] struct {
	Roles
	machine rsm.Machine[S, O, R]
}

func (s replicaRole[S, O, R]) step(self actor.ID, out *Out[R]) *replicaStep[S, O, R] {
	return &replicaStep[S, O, R]{s, self, out}
}

func (s replicaRole[S, O, R]) Start(self actor.ID, out *Out[R]) Replica[S, O, R] {
	return s.Recover(self, Slots[O]{}, out)
}

func (s replicaRole[S, O, R]) Keep(st Replica[S, O, R]) Slots[O] {
	return st.Decisions
}

func (s replicaRole[S, O, R]) Recover(
	self actor.ID, decisions Slots[O], out *Out[R],
) Replica[S, O, R] {
	setResend(s.Options, out)
	return newReplica(s.step(self, out).executing(), Snapshot{}, decisions)
}

func (s replicaRole[S, O, R]) Request(
	self actor.ID, st Replica[S, O, R], from actor.ID, c rsm.Command[O], out *Out[R],
) Replica[S, O, R] {
	st.request(from, c, s.step(self, out).executing())
	return st
}

func (s replicaRole[S, O, R]) Receive(
	self actor.ID, st Replica[S, O, R], from actor.ID, msg Message, out *Out[R],
) Replica[S, O, R] {
	toReplica, ok := msg.(ReplicaMessage)
	if !ok {
		return st
	}
	switch m := toReplica.(type) {
	case Decision[O]:
		st.decision(m, s.step(self, out).executing())
	case Learn:
		st.teach(m, func(d Decision[O]) { out.Send(from, d) })
	case Forward[O]: // Replicas propose to all leaders and forward nothing.
	case Chunk, Fetch: // Nothing is collected.
	case ReadAt: // All reads are commands.
	}
	return st
}

func (s replicaRole[S, O, R]) Timeout(
	self actor.ID, st Replica[S, O, R], _ actor.Timer, out *Out[R],
) Replica[S, O, R] {
	step := s.step(self, out)
	for slot, b := range st.Proposals.All() {
		step.propose(Propose[O]{slot, b})
	}
	for _, id := range actor.Others(s.Replicas, self) {
		out.Send(id, Learn{st.SlotOut}) // Without pings a replica cannot know whether it lacks decisions.
	}
	for _, slot := range st.holes(s.window()) {
		step.propose(Propose[O]{Slot: slot})
	}
	setResend(s.Options, out)
	return st
}

// replicaStep is one step of a replica.
type replicaStep[S, O, R any] struct {
	replicaRole[S, O, R]
	self actor.ID
	out  *Out[R]
}

func (t *replicaStep[S, O, R]) executing() *execution[S, O, R] {
	return &execution[S, O, R]{Options: t.Options, machine: t.machine, out: t}
}

func (t *replicaStep[S, O, R]) propose(p Propose[O]) {
	for _, id := range t.Leaders {
		t.out.Send(id, Propose[O]{p.Slot, p.Batch})
	}
}

func (t *replicaStep[S, O, R]) elsewhere() bool      { return false }
func (t *replicaStep[S, O, R]) serves(actor.ID) bool { return false }
func (t *replicaStep[S, O, R]) handOn(rsm.Batch[O])  {}

func (t *replicaStep[S, O, R]) reply(to actor.ID, a rsm.Answer[R]) { t.out.Reply(to, a) }

// NewLeader returns the actor of a leader: Figure 7. O and R are those of the replicas' machine.
func NewLeader[O, R any](c Roles) actor.Typed[Leader[O], rsm.Message] {
	s := leaderRole[O, R]{c}
	return rsm.Serve(s, actor.Timers(s.Timeout), actor.Durable(s.Keep, s.Recover))
}

// leaderRole is a leader as an actor. Its ballot is durable: a leader that led twice at one ballot could propose
// different batches for a slot.
type leaderRole[O, R any] struct{ Roles }

func (s leaderRole[O, R]) leading(self actor.ID, out *Out[R]) *leading[O] {
	options := s.Options
	options.Patience, options.Adaptive, options.Collect, options.ReadIndex = 0, false, 0, false
	return &leading[O]{
		Options: options, self: self, acceptors: s.Acceptors, first: 1, out: &leaderStep[O, R]{s.Roles, out},
	}
}

func (s leaderRole[O, R]) Start(self actor.ID, out *Out[R]) Leader[O] {
	return s.Recover(self, Ballot{}, out)
}

func (s leaderRole[O, R]) Keep(st Leader[O]) Ballot { return st.Ballot }

func (s leaderRole[O, R]) Recover(self actor.ID, last Ballot, out *Out[R]) Leader[O] {
	st := Leader[O]{Ballot: last}
	st.scout(s.leading(self, out))
	setResend(s.Options, out)
	return st
}

func (s leaderRole[O, R]) Request(
	_ actor.ID, st Leader[O], _ actor.ID, _ rsm.Command[O], _ *Out[R],
) Leader[O] {
	return st // Clients ask replicas.
}

func (s leaderRole[O, R]) Receive(
	self actor.ID, st Leader[O], from actor.ID, msg Message, out *Out[R],
) Leader[O] {
	toLeader, ok := msg.(LeaderMessage)
	if !ok {
		return st
	}
	switch m := toLeader.(type) {
	case P1b[O]:
		st.p1b(from, m, s.leading(self, out))
	case P2b:
		st.p2b(from, m, s.leading(self, out))
	case Propose[O]:
		st.propose(m.Slot, m.Batch, s.leading(self, out))
	case Ping: // There is no replica in this actor to bring up to date.
	case ReadIndex, Confirmed: // All reads are commands.
	}
	return st
}

func (s leaderRole[O, R]) Timeout(self actor.ID, st Leader[O], _ actor.Timer, out *Out[R]) Leader[O] {
	st.again(s.leading(self, out))
	setResend(s.Options, out)
	return st
}

// leaderStep is one step of a leader.
type leaderStep[O, R any] struct {
	Roles
	out *Out[R]
}

func (t *leaderStep[O, R]) acceptor(to actor.ID, m AcceptorMessage) { t.out.Send(to, m) }
func (t *leaderStep[O, R]) preempted()                              {}
func (t *leaderStep[O, R]) adopted()                                {}
func (t *leaderStep[O, R]) postpone() bool                          { return false }

func (t *leaderStep[O, R]) replicas(d Decision[O]) {
	for _, id := range t.Replicas {
		t.out.Send(id, Decision[O]{d.Slot, d.Batch})
	}
}

// NewAcceptor returns the actor of an acceptor: Figure 4. O and R are those of the replicas' machine.
func NewAcceptor[O, R any](c Roles) actor.Typed[Acceptor[O], rsm.Message] {
	s := acceptorRole[O, R]{c}
	return rsm.Serve(s, actor.Durable(s.Keep, s.Recover))
}

// acceptorRole is an acceptor as an actor.
type acceptorRole[O, R any] struct{ Roles }

func (acceptorRole[O, R]) Start(actor.ID, *Out[R]) Acceptor[O]                         { return Acceptor[O]{} }
func (acceptorRole[O, R]) Keep(st Acceptor[O]) Acceptor[O]                             { return st }
func (acceptorRole[O, R]) Recover(_ actor.ID, kept Acceptor[O], _ *Out[R]) Acceptor[O] { return kept }

func (acceptorRole[O, R]) Request(
	_ actor.ID, st Acceptor[O], _ actor.ID, _ rsm.Command[O], _ *Out[R],
) Acceptor[O] {
	return st // Clients ask replicas.
}

func (s acceptorRole[O, R]) Receive(
	_ actor.ID, st Acceptor[O], from actor.ID, msg Message, out *Out[R],
) Acceptor[O] {
	toAcceptor, ok := msg.(AcceptorMessage)
	if !ok {
		return st
	}
	switch m := toAcceptor.(type) {
	case P1a:
		out.Send(from, st.p1a(m, part[O]{slots: s.Part}))
	case P2a[O]:
		out.Send(from, st.p2a(m, s.Reduce))
	case Confirm: // All reads are commands.
	}
	return st
}

func setResend[R any](o Options, out *Out[R]) {
	if o.Resend > 0 {
		out.Commands().SetTimer(resend{}, o.Resend, 2*o.Resend)
	}
}
