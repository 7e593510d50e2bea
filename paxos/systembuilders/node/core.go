package node

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"synod/actor"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
)

// snapshotPart is the maximum number of bytes of a snapshot in a message.
const snapshotPart = 1 << 20

// listBytes is the maximum number of bytes of the updates in the answer to a Prepare, unless it has only one slot.
const listBytes = 5 << 19

// tickLength is the duration of a tick for the actor, whose timers are durations.
const tickLength = 10 * time.Millisecond

// core is a node without its goroutine: a deterministic function of its events. It is not safe for concurrent use.
type core struct {
	self     actor.ID
	count    int
	delay    int
	first    []actor.ID // the first members, if they may change
	logger   *slog.Logger
	applied  rsm.Slot
	pending  int // maximum number of pending updates
	random   uint64
	server   server
	actor    actor.Typed[state, rsm.Message]
	state    state
	out      actor.Out[rsm.Message]
	now      int64 // in ticks
	timers   timers
	numbered uint64                        // the last timestamp assigned
	given    rsm.Slot                      // ordered updates up to this slot were delivered
	once     rsm.Replica[string, struct{}] // the delivered updates, so that none is delivered twice
	saved    systembuilders.Durable[string]
	next     Ready

	// happened is called before each event of the actor, in tests.
	happened func(event)
}

type (
	server = systembuilders.Server[string, string, struct{}]
	state  = systembuilders.State[string, string, struct{}]
)

// event is an event of the actor: a message, or a timeout if timer is not nil.
type event struct {
	from    actor.ID
	message rsm.Message
	timer   actor.Timer
}

// outside is the machine of a node whose real machine belongs to the user: it answers nothing, and its state is the
// data of the user's last snapshot.
type outside struct{}

func (outside) New() string                          { return "" }
func (outside) Snapshot(said string) ([]byte, error) { return []byte(said), nil }
func (outside) Restore(said []byte) (string, error)  { return string(said), nil }
func (outside) Execute(_ rsm.Slot, said, _ string) (next string, none struct{}, ok bool) {
	return said, none, false
}

// snapshot decodes a snapshot that the actor made.
func (k *core) snapshot(s systembuilders.Snapshot) (rsm.Replica[string, struct{}], error) {
	if s.Seq == 0 {
		return rsm.Start(k.server.Machine), nil
	}
	_, of, err := k.server.Load(s.Data)
	return of, err
}

func options(c Config) systembuilders.Options {
	ticks := func(n, otherwise int) time.Duration { return time.Duration(cmp.Or(n, otherwise)) * tickLength }
	d := systembuilders.Defaults
	d.Window = rsm.Slot(cmp.Or(c.Window, int(d.Window)))
	d.Batch, d.Bytes, d.Queue = cmp.Or(c.Batch, d.Batch), c.Bytes, cmp.Or(c.Pending, d.Queue)
	d.Recovery, d.Delay, d.Once, d.Part = c.Delay == 0, rsm.Slot(c.Delay), c.Delay > 0, snapshotPart
	d.ListBytes = listBytes
	d.Progress, d.Update = ticks(c.ProgressTicks, 500), ticks(c.UpdateTicks, 300)
	d.Proof, d.Resend = ticks(c.ProofTicks, 100), ticks(c.ResendTicks, 100)
	return d
}

func newCore(c Config) (*core, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	s := newServer(c)
	if err := s.Validate(); err != nil {
		return nil, fmt.Errorf("node: %w", err)
	}
	k := &core{
		self: c.ID, count: c.NodeCount, delay: c.Delay, first: s.Members,
		logger: cmp.Or(c.Logger, slog.New(slog.DiscardHandler)), applied: c.Applied, pending: s.Queue, random: c.RandSeed,
		server: s, actor: s.New(), once: rsm.Start(s.Machine), happened: func(event) {},
	}
	return k, nil
}

// newServer returns the actor's configuration, which is the same as in the model.
func newServer(c Config) server {
	s := server{
		Options: options(c), Machine: outside{}, Peers: actor.Others(actor.IDs(c.NodeCount), c.ID),
		Size: func(one rsm.Command[string]) int { return len(one.Op) },
	}
	if c.Delay > 0 {
		s.Change, s.Members = c.change(), c.Members
		if s.Members == nil {
			s.Members = actor.IDs(c.NodeCount)
		}
	}
	return s
}

func (k *core) start() {
	k.state = k.actor.Start(k.self, &k.out)
	k.absorb()
}

// rejoin starts without knowing whether there was a state before. Updates that it numbered before may still be
// unordered, so it uses other numbers.
func (k *core) rejoin() {
	nonce := max(k.randomly(), 1)
	k.numbered = nonce >> 1
	k.state = k.actor.Recover(k.self, systembuilders.Lost[string](nonce), &k.out)
	k.absorb()
}

// restart continues from the saved state. It belongs to the user, so the node copies it.
func (k *core) restart(p PersistentState) error {
	from, err := k.snapshot(p.Snapshot)
	if err != nil {
		return fmt.Errorf("node: the snapshot in the state: %w", err)
	}
	n := p.Snapshot.Seq
	for seq := range p.Log.All() {
		if n++; seq != n {
			return fmt.Errorf("node: the log in the state has slot %v where %v must be", seq, n)
		}
	}
	switch {
	case p.NodeID != k.self || p.NodeCount != k.count:
		return fmt.Errorf("node: the state is of node %v of %d: must be of node %v of %d",
			p.NodeID, p.NodeCount, k.self, k.count)
	case k.applied > n:
		return fmt.Errorf("node: Applied is %d, but only %d slots are ordered in the state", k.applied, n)
	}
	kept := systembuilders.Durable[string]{
		Installed: p.Installed, Pending: p.Pending, Snapshot: p.Snapshot, Log: p.Log,
		History: maps.Clone(p.History), Lost: p.Lost, Highest: p.Highest,
	}
	k.saved = kept
	k.number(kept, from)
	k.restore(p.Snapshot, from)
	k.state = k.actor.Recover(k.self, kept, &k.out)
	k.absorb()
	return nil
}

// own returns the client whose updates this node numbers.
func (k *core) own() rsm.Client { return OwnClients + rsm.Client(k.self) }

// number finds the last timestamp that this node assigned. The node saved every update that it numbered before others
// could know of it, and those that are no longer pending are in its log or its snapshot.
func (k *core) number(kept systembuilders.Durable[string], from rsm.Replica[string, struct{}]) {
	last := func(id rsm.ID) {
		if id.Client == k.own() {
			k.numbered = max(k.numbered, uint64(id.Local))
		}
	}
	for _, known := range from.Sessions[k.own()].Done {
		last(rsm.ID{Client: k.own(), Local: known.Last})
	}
	for _, b := range kept.Log.All() {
		for _, u := range b.All() {
			last(u.Command.ID)
		}
	}
	for id := range kept.Pending.Of(k.own()) {
		last(id)
	}
}

// full reports whether so much output waits for the user that the node must not process further events.
func (k *core) full() bool {
	const most = 1 << 14
	return len(k.next.Messages)+len(k.next.OrderedUpdates) >= most
}

// busy reports whether too many updates wait to be ordered.
func (k *core) busy() bool { return k.state.Pending.Len() >= k.pending }

func (k *core) tick() {
	k.now++
	for {
		fired, ok := k.timers.fire(k.now)
		if !ok {
			return
		}
		k.logger.Debug("timeout", "node", k.self, "timer", fired)
		k.happened(event{timer: fired})
		k.state = k.actor.Timeout(k.self, k.state, fired, &k.out)
		k.absorb()
	}
}

// checks returns an error if a message is invalid.
func (k *core) checks(m Message) error {
	switch {
	case m.To != k.self:
		return fmt.Errorf("node: a message to node %v cannot be given to node %v", m.To, k.self)
	case m.From == k.self || m.From >= actor.ID(k.count):
		return fmt.Errorf("node: a message from node %v: must be from another one of the %d nodes", m.From, k.count)
	case m.Message == nil:
		return fmt.Errorf("node: an envelope from node %v without a message", m.From)
	}
	return nil
}

func (k *core) step(m Message) {
	k.logger.Debug("received", "node", k.self, "from", m.From, "message", m.Message)
	k.receive(m.From, rsm.Internal[systembuilders.Message]{Message: m.Message})
}

func (k *core) receive(from actor.ID, m rsm.Message) {
	k.happened(event{from: from, message: m})
	k.state = k.actor.Receive(k.self, k.state, from, m, &k.out)
	k.absorb()
}

// propose passes an update to the actor, which has no client to answer: it comes from an id that no node has.
func (k *core) propose(u Update) error {
	id := rsm.ID{Client: rsm.Client(u.ClientID), Local: rsm.Local(u.Timestamp)}
	if id == (rsm.ID{}) {
		k.numbered++
		id = rsm.ID{Client: k.own(), Local: rsm.Local(k.numbered)}
	}
	if status, _, _ := k.state.Machine.Status(id); status != rsm.New {
		return ErrProposalDropped
	}
	from := actor.ID(k.count)
	if id.Client == 0 { // which stands for the sender
		from = 0
	}
	k.receive(from, rsm.Request[string]{Command: rsm.Command[string]{ID: id, Op: string(u.Data)}})
	return nil
}

// absorb collects the commands and changes of a step of the actor.
func (k *core) absorb() {
	for _, c := range k.out.Commands() {
		switch c.Kind {
		case actor.Send:
			if m, ok := c.Message.(rsm.Internal[systembuilders.Message]); ok {
				k.logger.Debug("sends", "node", k.self, "to", c.To, "message", m.Message)
				k.next.Messages = append(k.next.Messages, Message{From: k.self, To: c.To, Message: m.Message})
			}
		case actor.SetTimer:
			k.timers.set(c.Timer, k.now+max(k.draw(c.Min, c.Max), 1))
		case actor.CancelTimer:
			k.timers.cancel(c.Timer)
		case actor.Choose: // The actor makes no random choices.
		}
	}
	k.out.Reset()
	k.deliver()
}

// draw returns a number of ticks, uniformly distributed between two durations.
func (k *core) draw(shortest, longest time.Duration) int64 {
	least, most := uint64(shortest/tickLength), uint64(longest/tickLength)
	if most <= least {
		return int64(least)
	}
	return int64(least + k.randomly()%(most-least+1))
}

// randomly returns the next number of SplitMix64 (G. Steele, D. Lea and C. Flood, 2014).
func (k *core) randomly() uint64 {
	k.random += 0x9e3779b97f4a7c15
	z := k.random
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// collect makes the actor forget the updates up to a slot, for which the user has a snapshot of the machine.
func (k *core) collect(s Snapshot) error {
	if s.Seq > k.given {
		return fmt.Errorf("node: a snapshot of slot %v: must be of a slot whose updates were given; the last is %v",
			s.Seq, k.given)
	}
	m := systembuilders.Collect{Seq: s.Seq, State: string(s.Data)}
	k.receive(actor.ID(k.count), rsm.Internal[systembuilders.Message]{Message: m})
	return nil
}

// restore continues from a snapshot, and passes it to the user unless the user is further.
func (k *core) restore(s systembuilders.Snapshot, of rsm.Replica[string, struct{}]) {
	k.given, k.once = s.Seq, of
	if s.Seq <= k.applied {
		return
	}
	k.next.Snapshot = &Snapshot{Seq: s.Seq, Data: []byte(of.State)}
	k.next.OrderedUpdates = nil // The snapshot includes them.
}

// deliver adds the newly ordered updates to the next Ready.
func (k *core) deliver() {
	if s := k.state.Snapshot; s.Seq > k.given {
		of, err := k.snapshot(s)
		if err != nil {
			panic(fmt.Sprintf("node: a snapshot that the actor took cannot be read: %v", err))
		}
		k.restore(s, of)
	}
	for seq, b := range k.state.Log.From(k.given + 1).All() {
		k.given = seq
		for _, u := range b.All() {
			id := u.Command.ID
			status, _, _ := k.once.Status(id)
			rsm.Execute(outside{}, seq, &k.once, u.Command)
			if id.Client == k.own() { // A node that lost its disk may have assigned numbers that it does not know.
				k.numbered = max(k.numbered, uint64(id.Local))
			}
			if status == rsm.New && seq > k.applied {
				k.next.OrderedUpdates = append(k.next.OrderedUpdates, OrderedUpdate{seq, Update{
					ClientID: uint64(id.Client), NodeID: u.Node, Timestamp: uint64(id.Local), Data: []byte(u.Command.Op),
				}})
			}
		}
	}
}

// hasReady reports whether there is work for the user.
func (k *core) hasReady() bool {
	k.persist()
	n := &k.next
	return n.PersistentState != nil || n.Snapshot != nil || len(n.Messages) > 0 || len(n.OrderedUpdates) > 0
}

// ready returns the pending work.
func (k *core) ready() Ready {
	k.next.Given = k.given
	return k.next
}

// acknowledge records that the user has received the pending work.
func (k *core) acknowledge() {
	if p := k.next.PersistentState; p != nil {
		k.saved = p.Durable
	}
	k.next = Ready{}
}

// persist adds the persistent state to the next Ready if it changed since the last one.
func (k *core) persist() {
	kept := k.actor.Keep(k.state).(systembuilders.Durable[string])
	changed, sync := compare(k.saved, kept)
	k.next.PersistentState, k.next.MustSync = nil, false
	if changed {
		k.next.PersistentState = &PersistentState{
			NodeID: k.self, NodeCount: k.count, Delay: k.delay, Members: k.first, Durable: kept,
		}
		k.next.MustSync = sync
	}
}

// compare reports whether the persistent state has changed, and whether it must be synced before messages are sent. A
// sync is not needed if updates are only no longer pending, or were collected, or if the contents of slots that are
// already on disk are now known to be ordered.
func compare(before, after systembuilders.Durable[string]) (changed, sync bool) {
	sync = before.Installed != after.Installed || before.Highest != after.Highest || before.Lost != after.Lost
	changed = sync || before.Snapshot != after.Snapshot
	last, _, _ := before.Log.Last()
	if last = max(last, before.Snapshot.Seq); after.Snapshot.Seq > last {
		sync = true
	}
	for id := range before.Pending.Changes(after.Pending) {
		was, had := before.Pending.Get(id)
		p, waits := after.Pending.Get(id)
		changed = changed || had != waits || was != p
		sync = sync || waits && (!had || was != p)
	}
	for seq, b := range after.Log.From(last + 1).All() {
		changed = true
		if was, had := before.History[seq]; !had || !was.Batch.Same(b) {
			sync = true
		}
	}
	for seq, e := range after.History {
		was, had := before.History[seq]
		if !had || was.Ordered != e.Ordered {
			changed = true
		}
		if !had || !e.Ordered && was.View != e.View || !was.Batch.Same(e.Batch) {
			changed, sync = true, true
		}
	}
	return changed || len(before.History) != len(after.History), sync
}

func (k *core) status() Status {
	st := &k.state
	members, leader := k.members()
	return Status{
		ID: k.self, State: st.Phase, LastAttempted: st.Attempted, LastInstalled: st.Installed,
		Leader: leader, LocalAru: st.Aru, Pending: st.Pending.Len(), Recovering: st.Recovery.Nonce > 0,
		Members: members, Changes: len(st.Membership.Next), Highest: st.Membership.Highest,
	}
}
