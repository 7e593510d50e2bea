package multipaxos

import (
	"errors"
	"fmt"
	"slices"

	"synod/actor"
	"synod/paxos/rsm"
)

// Server is the configuration of a server that combines replica, leader and acceptor (section 4.4), for a machine
// with state S, operations O and results R. Messages between its own roles are handled within the step that sends
// them, except a P2a from its leader to its own acceptor: that is a real message, so that all acceptors save their
// votes in parallel, and its own vote counts only once it is saved, like any other. A passive leader forwards the
// proposals of its replica to the leader of the highest ballot it knows.
type Server[S, O, R any] struct {
	Options
	Machine rsm.Machine[S, O, R]
	Peers   []actor.ID // all other servers, in ascending order
	// Members are the servers that vote initially, in ascending order, if commands can change the set of voters. The
	// machine must then be an rsm.Reconfigurer, and Reduce is required. The other servers execute decisions without
	// voting. Nil if all servers always vote.
	Members []actor.ID
	// Size returns the number of bytes that a command takes in a message; nil if sizes are not limited.
	Size func(c rsm.Command[O]) int
}

// State is the local state of a server.
type State[S, O, R any] struct {
	Acceptor Acceptor[O]
	Leader   Leader[O]
	Replica  Replica[S, O, R]
	Reads    Reads[O]
	Lease    Lease
	Held     map[rsm.Slot]P2a[O] // requests for votes to handle once it is a member; nil for none
}

// Durable is the part of the state that survives a crash: promise, votes and decisions, or a snapshot in place of
// decisions.
type Durable[O any] struct {
	Acceptor  Acceptor[O]
	Snapshot  Snapshot
	Decisions Slots[O]
}

// Validate returns an error if the configuration is invalid.
func (s Server[S, O, R]) Validate() error {
	if !slices.IsSorted(s.Peers) || len(slices.Compact(slices.Clone(s.Peers))) < len(s.Peers) {
		return fmt.Errorf("peers %v: must be in ascending order, each once", s.Peers)
	}
	if s.Machine == nil {
		return errors.New("a server needs a machine")
	}
	if err := s.validateMembers(); err != nil {
		return err
	}
	if max(s.Bytes, s.PartBytes, s.CollectBytes) > 0 && s.Size == nil {
		return errors.New("bounds of bytes require size, which says how many a command takes")
	}
	return s.validate()
}

func (s Server[S, O, R]) validateMembers() error {
	if s.Members == nil {
		return nil
	}
	if _, ok := s.Machine.(rsm.Reconfigurer[O]); !ok {
		return errors.New("members require a machine with commands that change them, an rsm.Reconfigurer")
	}
	switch {
	case len(s.Members) == 0 || !slices.IsSorted(s.Members),
		len(slices.Compact(slices.Clone(s.Members))) < len(s.Members):
		return fmt.Errorf("members %v: must be in ascending order, each once, and at least one", s.Members)
	case !s.Reduce:
		return errors.New("members require reduce: leaders would ask for votes in slots whose members are forgotten")
	}
	return nil
}

// least returns the server that leads first if leaders have Patience: the member with the lowest id.
func (s Server[S, O, R]) least(self actor.ID) actor.ID {
	switch {
	case len(s.Members) > 0:
		return s.Members[0]
	case len(s.Peers) > 0:
		return min(self, s.Peers[0])
	}
	return self
}

func (o Options) validate() error {
	switch {
	case min(o.Batch, o.Bytes, o.Part, o.PartBytes, o.CollectBytes, o.Chunk) < 0 || min(o.Resend, o.Patience) < 0:
		return fmt.Errorf("batch %d, bytes %d, part %d, part bytes %d, collect bytes %d, chunk %d, resend %v, patience %v: "+
			"must not be negative", o.Batch, o.Bytes, o.Part, o.PartBytes, o.CollectBytes, o.Chunk, o.Resend, o.Patience)
	case o.Collect > 0 && !o.Reduce:
		return errors.New("collect requires reduce: leaders would propose again for slots that are collected")
	case o.Patience > 0 && o.Resend == 0:
		return errors.New("patience requires resend, which sends the pings")
	case o.Adaptive && o.Patience == 0:
		return errors.New("adaptive requires patience")
	case o.Lease > 0 && !o.ReadIndex:
		return errors.New("a lease requires read index, whose rounds grant it")
	case o.Lease < 0 || o.Drift < 0 || o.Drift > 0 && o.Drift >= o.Lease:
		return fmt.Errorf("lease %v, drift %v: must not be negative, and the drift less than a lease", o.Lease, o.Drift)
	}
	return nil
}

// New returns the actor of the server.
func (s Server[S, O, R]) New() actor.Typed[State[S, O, R], rsm.Message] {
	return rsm.Serve(s, actor.Timers(s.Timeout), actor.Durable(s.Keep, s.Recover))
}

// Out collects the commands of a handler.
type Out[R any] = rsm.Out[Message, R]

// Start returns the initial state of a server that has never run.
func (s Server[S, O, R]) Start(self actor.ID, out *Out[R]) State[S, O, R] {
	return s.begin(self, Durable[O]{}, out)
}

// Keep returns the part of the state that survives a crash.
func (s Server[S, O, R]) Keep(st State[S, O, R]) Durable[O] {
	return Durable[O]{st.Acceptor, st.Replica.Snapshot, st.Replica.Decisions}
}

// Recover returns the state of a server that restarts. Its new ballots are higher than any it led at before, because
// its own acceptor promised those in the step that sent the P1a.
func (s Server[S, O, R]) Recover(self actor.ID, kept Durable[O], out *Out[R]) State[S, O, R] {
	return s.begin(self, kept, out)
}

func (s Server[S, O, R]) begin(self actor.ID, kept Durable[O], out *Out[R]) State[S, O, R] {
	st := State[S, O, R]{Acceptor: kept.Acceptor}
	t := s.turn(self, &st, out)
	st.Replica = newReplica(t.executing(), kept.Snapshot, kept.Decisions)
	st.Leader.Known = kept.Acceptor.Ballot
	t.keepGrant()
	// With Patience, one server leads first and the others wait for it.
	if s.Patience == 0 || st.Leader.Known == (Ballot{}) && self == s.least(self) {
		st.Leader.scout(t.leading())
	}
	setResend(s.Options, out)
	t.setLead()
	return t.finish()
}

// Request handles a command of a client. A command without a client gets the sending actor as its client.
func (s Server[S, O, R]) Request(
	self actor.ID, st State[S, O, R], from actor.ID, c rsm.Command[O], out *Out[R],
) State[S, O, R] {
	t := s.turn(self, &st, out)
	if c.ID.Client == 0 {
		c.ID.Client = rsm.Client(from)
	}
	if s.reads(c) {
		t.read(from, c)
	} else {
		st.Replica.request(from, c, t.executing())
	}
	return t.finish()
}

// Receive handles a message from another server, or a P2a from its own leader.
func (s Server[S, O, R]) Receive(
	self actor.ID, st State[S, O, R], from actor.ID, msg Message, out *Out[R],
) State[S, O, R] {
	t := s.turn(self, &st, out)
	t.receive(from, msg)
	return t.finish()
}

// Timeout resends messages that may have been lost, or starts a scout.
func (s Server[S, O, R]) Timeout(self actor.ID, st State[S, O, R], timer actor.Timer, out *Out[R]) State[S, O, R] {
	t := s.turn(self, &st, out)
	switch timer {
	case resend{}:
		t.again()
		setResend(s.Options, out)
	case Term:
		t.ends()
	case Grant:
		t.free()
	case lead{}:
		if st.Leader.passive() {
			st.Leader.scout(t.leading())
		}
		t.setLead()
	}
	return t.finish()
}

// turn is one step of a server.
type turn[S, O, R any] struct {
	Server[S, O, R]
	self  actor.ID
	st    *State[S, O, R]
	out   *Out[R]
	local []Message // messages between roles of this server, handled within the step
}

func (s Server[S, O, R]) turn(self actor.ID, st *State[S, O, R], out *Out[R]) *turn[S, O, R] {
	return &turn[S, O, R]{s, self, st, out, nil}
}

// servers returns all servers, in ascending order.
func (t *turn[S, O, R]) servers() []actor.ID {
	at, _ := slices.BinarySearch(t.Peers, t.self)
	return slices.Insert(slices.Clone(t.Peers), at, t.self)
}

func (t *turn[S, O, R]) leading() *leading[O] {
	return &leading[O]{t.Options, t.self, t.Peers, true, t.st.Replica.SlotOut, t.st.Replica.Configurations, t}
}

func (t *turn[S, O, R]) executing() *execution[S, O, R] {
	return &execution[S, O, R]{t.Options, t.Machine, t.Size, t.Members, t}
}

// finish handles the messages that roles of the server sent to one another in this step, and returns the new state.
func (t *turn[S, O, R]) finish() State[S, O, R] {
	t.handle()
	for again := t.Members != nil || t.ReadIndex; again; again = t.handle() {
		if t.Members != nil {
			t.reconfigured()
		}
		if t.ReadIndex {
			t.confirms()
		}
	}
	if t.ReadIndex {
		t.answer()
	}
	if t.Forward { // Commands may have come while another leader was active.
		t.st.Replica.propose(t.executing())
	}
	if t.Reduce {
		t.st.Leader.forget(t.st.Replica.SlotOut)
	}
	return *t.st
}

// handle handles the messages that roles of the server sent to one another, and reports whether there were any.
func (t *turn[S, O, R]) handle() (some bool) {
	for len(t.local) > 0 {
		msg := t.local[0]
		t.local, some = t.local[1:], true
		t.receive(t.self, msg)
	}
	return some
}

// receive passes a message to the role that handles it.
func (t *turn[S, O, R]) receive(from actor.ID, msg Message) {
	switch m := msg.(type) {
	case AcceptorMessage:
		t.accept(from, m)
	case LeaderMessage:
		t.lead(from, m)
	case ReplicaMessage:
		t.learn(from, m)
	}
}

func (t *turn[S, O, R]) accept(from actor.ID, msg AcceptorMessage) {
	switch m := msg.(type) {
	case P1a:
		if t.defers(m) {
			return
		}
		t.tell(from, t.st.Acceptor.p1a(m, t.part(from)))
		t.know(m.Ballot)
	case P2a[O]:
		if m.Slot >= t.st.Replica.SlotOut && !t.joined() {
			t.hold(m)
			t.know(m.Ballot)
			return
		}
		answer := t.st.Acceptor.p2a(m, t.Reduce)
		if t.Collect > 0 {
			answer.SlotOut = t.st.Replica.SlotOut
		}
		t.tell(from, answer)
		t.know(m.Ballot)
	case Confirm:
		t.grant(m.Ballot)
		t.tell(from, Confirmed{m.Ballot, m.Number, t.st.Acceptor.Ballot})
	}
}

// part returns the limits on the votes in a P1b to a server. There is none for the server's own leader: that P1b is
// not sent over the network.
func (t *turn[S, O, R]) part(to actor.ID) part[O] {
	if to == t.self {
		return part[O]{}
	}
	return part[O]{t.Part, t.PartBytes, t.Size}
}

func (t *turn[S, O, R]) lead(from actor.ID, msg LeaderMessage) {
	switch m := msg.(type) {
	case P1b[O]:
		t.st.Leader.p1b(from, m, t.leading())
	case P2b:
		t.st.Leader.p2b(from, m, t.leading())
	case Propose[O]:
		if b, decided := t.st.Replica.Decisions.Get(m.Slot); decided && t.Reduce {
			t.tell(from, Decision[O]{m.Slot, b}) // The leader has forgotten that it proposed for this slot.
			return
		}
		if m.Slot < t.st.Replica.Snapshot.Slot { // The decision is collected.
			t.tellChunk(from, 0)
			return
		}
		t.st.Leader.propose(m.Slot, m.Batch, t.leading())
	case ReadIndex:
		t.asked(from, m.Reads.Slice())
	case Confirmed:
		t.confirmed(from, m)
	case Ping:
		t.know(m.Ballot)
		if m.Ballot == t.st.Leader.Known && t.st.Leader.passive() {
			t.setLead()
		}
		if r := &t.st.Replica; r.SlotOut < m.SlotOut && r.Incoming.Slot == 0 {
			t.out.Send(from, Learn{r.SlotOut})
		}
	}
}

func (t *turn[S, O, R]) learn(from actor.ID, msg ReplicaMessage) {
	switch m := msg.(type) {
	case Decision[O]:
		t.alive(from)
		before := t.st.Replica.SlotOut
		t.st.Replica.decision(m, t.executing())
		// A server that is catching up asks for more after each part instead of waiting for the next ping.
		if after := t.st.Replica.SlotOut; t.Resend > 0 && from != t.self && before/learned != after/learned {
			t.out.Send(from, Learn{after})
		}
	case Learn:
		t.teach(from, m)
	case Forward[O]:
		t.st.Replica.forwarded(m.Batch, t.executing())
	case Chunk:
		t.alive(from)
		t.chunk(from, m)
	case Fetch:
		t.fetch(from, m)
	case ReadAt:
		t.readAt(m)
	}
}

// alive restarts the wait for the active leader's pings when it sends decisions: the pings may be queued behind them.
func (t *turn[S, O, R]) alive(from actor.ID) {
	if from == t.st.Leader.Known.Leader && t.follows() {
		t.setLead()
	}
}

// tell sends a message to another server, or queues it for a role of this one.
func (t *turn[S, O, R]) tell(to actor.ID, m Message) {
	if to == t.self {
		t.local = append(t.local, m)
		return
	}
	t.out.Send(to, m)
}

// acceptor sends a message of the leader to an acceptor.
func (t *turn[S, O, R]) acceptor(to actor.ID, msg AcceptorMessage) {
	switch m := msg.(type) {
	case P1a:
		t.tell(to, m)
	case P2a[O]:
		t.out.Send(to, m)
	}
}

// replicas informs all replicas of a decision.
func (t *turn[S, O, R]) replicas(d Decision[O]) {
	for _, id := range t.Peers {
		t.out.Send(id, Decision[O]{d.Slot, d.Batch})
	}
	t.tell(t.self, d)
}

// propose passes a proposal of the replica to the server's own leader and, if that is passive, also to the active
// leader.
func (t *turn[S, O, R]) propose(p Propose[O]) {
	t.st.Leader.propose(p.Slot, p.Batch, t.leading())
	t.forward(p)
}

func (t *turn[S, O, R]) forward(p Propose[O]) {
	if t.follows() {
		t.out.Send(t.leader(), Propose[O]{p.Slot, p.Batch})
	}
}

// follows reports whether the server's leader is passive and another server is known that leads.
func (t *turn[S, O, R]) follows() bool {
	return t.st.Leader.passive() && t.leader() != t.self
}

func (t *turn[S, O, R]) elsewhere() bool { return t.Forward && t.follows() }

func (t *turn[S, O, R]) handOn(b rsm.Batch[O]) { t.out.Send(t.leader(), Forward[O]{b}) }

// know records a ballot. If it is a new highest one and the leader is passive, undecided proposals and unproposed
// commands are forwarded to the leader of the ballot.
func (t *turn[S, O, R]) know(b Ballot) {
	if t.st.Leader.know(b) && t.st.Leader.passive() {
		t.preempted()
		t.setLead()
	}
}

func (t *turn[S, O, R]) preempted() {
	t.askAgain()
	for slot, b := range t.st.Replica.Proposals.All() {
		t.forward(Propose[O]{slot, b})
	}
	t.st.Replica.handOn(t.executing(), t.st.Replica.Requests...)
	t.setLead()
}

// adopted pings the other servers if they wait for a leader (Patience) or do not vote. If decisions are collected
// that its own replica has not executed, it asks the others for them.
func (t *turn[S, O, R]) adopted() {
	if t.behind() {
		t.askAll()
	}
	for _, id := range t.Peers {
		if t.Patience > 0 || t.spare(id) {
			t.pingTo(id)
		}
	}
	t.askAgain()
}

func (t *turn[S, O, R]) ping() {
	for _, id := range t.Peers {
		t.pingTo(id)
	}
}

func (t *turn[S, O, R]) pingTo(id actor.ID) {
	t.out.Send(id, Ping{t.st.Leader.Ballot, t.st.Replica.SlotOut})
}

func (t *turn[S, O, R]) reply(to actor.ID, a rsm.Answer[R]) { t.out.Reply(to, a) }

// again resends what may have been lost.
func (t *turn[S, O, R]) again() {
	t.st.Leader.again(t.leading())
	if t.st.Leader.Active {
		t.ping()
	}
	r := &t.st.Replica
	for slot, b := range r.Proposals.All() {
		t.propose(Propose[O]{slot, b})
	}
	r.handOn(t.executing(), r.Requests...)
	t.askAgain()
	if t.st.Reads.Round != nil {
		t.confirm()
	}
	holes := r.holes(t.window())
	if t.fetchAgain() || r.Incoming.Slot == 0 && (len(holes) > 0 || t.behind()) {
		t.askAll()
	}
	for _, slot := range holes {
		if _, proposed := r.Proposals.Get(slot); !proposed {
			t.propose(Propose[O]{Slot: slot})
		}
	}
}

func (t *turn[S, O, R]) setLead() {
	if t.Patience > 0 {
		patience := t.st.Leader.patience(t.leading())
		t.out.Commands().SetTimer(lead{}, patience, 2*patience)
	}
}
