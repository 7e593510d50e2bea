// Package node provides package systembuilders as a library: a Node orders updates, which it treats as opaque bytes.
// Storage, transport and time are left to its user, who calls Tick at regular intervals and processes each Ready:
//
//	for {
//		select {
//		case <-ticker.C:
//			node.Tick()
//		case rd := <-node.Ready():
//			if rd.PersistentState != nil {
//				saveToStorage(rd.PersistentState)
//			}
//			for _, msg := range rd.Messages {
//				send(msg)
//			}
//			for _, update := range rd.OrderedUpdates {
//				applyUpdate(update)
//			}
//		case <-ctx.Done():
//			return
//		}
//	}
//
// Receiving a Ready acknowledges the previous one. Messages must not be sent before the state of their Ready, and of
// all earlier ones, is saved. Messages that send drops are sent again.
//
// A user that calls Compact, so that old updates are forgotten, restores rd.Snapshot, if it is not nil, before it
// applies updates.
//
// A Node runs the actor that package checker explores, with timers counted in ticks. It adds a goroutine, but nothing
// to the protocol.
package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"

	"synod/actor"
	"synod/paxos/rsm"
	"synod/paxos/systembuilders"
)

var (
	// ErrStopped is returned by the methods of a stopped Node.
	ErrStopped = errors.New("node: stopped")
	// ErrProposalDropped is returned by Propose for an update that it does not propose, since one with the same client
	// and timestamp was ordered before.
	ErrProposalDropped = errors.New("node: proposal dropped, as the update was ordered before")
)

// Config is the configuration of a Node. A tick is intended to be 10 ms.
type Config struct {
	ID        actor.ID // of this node: 0 to NodeCount-1
	NodeCount int      // number of nodes, at least 1
	// Logger receives every message and timeout at level Debug, and dropped ticks at Warn; nil disables logging.
	Logger *slog.Logger
	// RandSeed is the seed for the jitter of timers and for the request of RejoinNode. It should differ between nodes.
	RandSeed uint64
	// Applied is the last slot whose updates the user has applied: they are not delivered again after a restart. If the
	// state has a snapshot of a later slot, it is delivered first.
	Applied rsm.Slot

	ProgressTicks int // without progress until the next view is attempted, initially; 0 means 500
	UpdateTicks   int // until a pending update is sent to the leader again; 0 means 300
	ProofTicks    int // between messages about the installed view, plus up to half as many; 0 means 100
	ResendTicks   int // until unanswered messages are sent again; 0 means 100

	Window  int // maximum number of slots that a leader proposes for at once; 0 means 16
	Batch   int // maximum number of updates in a slot; 0 means 1
	Bytes   int // maximum length of the updates in a slot together, unless it has only one; 0 means no limit
	Pending int // maximum number of pending updates, beyond which Propose blocks; 0 means 4096

	// Delay is how many slots after its own slot an update that changes the members takes effect, at least Window; 0 if
	// the members never change. Delay, Members, Change and NodeCount must be the same on all nodes; NodeCount is then
	// the number of ids that there may ever be. A node that lost its state is replaced by one with another id:
	// RejoinNode returns an error.
	Delay int
	// Members are the first members, by ascending id; nil means all nodes. A node that joins later has the same.
	Members []actor.ID
	// Change returns the members after an update, by ascending id, given those before it, and false if the update does
	// not change them. A node that joins must have an id above those of all members so far; any other change has no
	// effect. It is called for updates of the clients from ChangeClients on, more than once for each, and must depend on
	// its arguments only.
	Change func(data []byte, members []actor.ID) (after []actor.ID, changes bool)
}

// maxTicks bounds timers, so that doubling them does not overflow.
const maxTicks = 1 << 24

func (c Config) validate() error {
	if c.NodeCount < 1 || c.ID >= actor.ID(c.NodeCount) {
		return fmt.Errorf("node: id %v of %d nodes: must be 0 to NodeCount-1", c.ID, c.NodeCount)
	}
	for _, n := range []struct {
		name    string
		n, most int
	}{
		{"ProgressTicks", c.ProgressTicks, maxTicks},
		{"UpdateTicks", c.UpdateTicks, maxTicks},
		{"ProofTicks", c.ProofTicks, maxTicks},
		{"ResendTicks", c.ResendTicks, maxTicks},
		{"Window", c.Window, math.MaxInt32},
		{"Batch", c.Batch, math.MaxInt32},
		{"Bytes", c.Bytes, math.MaxInt32},
		{"Pending", c.Pending, math.MaxInt32},
		{"Delay", c.Delay, math.MaxInt32},
	} {
		if n.n < 0 || n.n > n.most {
			return fmt.Errorf("node: %s is %d: must be 0 to %d", n.name, n.n, n.most)
		}
	}
	return c.validateMembers()
}

// Update is an update of a client, with opaque data. Client and timestamp identify it: two updates with the same ones
// are the same update. If both are 0, Propose numbers the update.
type Update struct {
	ClientID  uint64   // below OwnClients; from ChangeClients on for a change of the members, if they may change
	NodeID    actor.ID // where it was proposed; set by Propose
	Timestamp uint64
	Data      []byte
}

// OwnClients is the first of the clients that nodes use for updates that they number: a node uses OwnClients plus its
// id. The range is small, so that a client that draws its number at random is unlikely to be in it.
const OwnClients = 1<<64 - 1<<32

// OrderedUpdate is an update with its position in the order. Updates of one slot are delivered in order.
type OrderedUpdate struct {
	Seq    rsm.Slot
	Update Update
}

// Message is a message between two nodes. Updates in it are strings of their bytes.
type Message struct {
	From, To actor.ID
	Message  systembuilders.Message
}

// PersistentState is the state that a node must keep across a crash. Its Log is an immutable value that shares memory
// with earlier ones: its method Changes returns the slots that a store must add, and those to remove because the
// Snapshot includes them, without visiting the others. The other parts are small, except for the snapshot.
type PersistentState struct {
	NodeID    actor.ID
	NodeCount int
	Delay     int        // of the Config
	Members   []actor.ID // of the Config, if Delay is not 0
	systembuilders.Durable[string]
}

// Ready is the pending work of a Node: save, send and apply, in this order. All of it is read-only, and belongs to
// the receiver until it receives the next one.
type Ready struct {
	PersistentState *PersistentState // nil if unchanged since the last Ready
	MustSync        bool             // PersistentState must be synced, not only written, before Messages are sent
	Messages        []Message
	// Snapshot is not nil if OrderedUpdates omits updates because no node has them any more: the user continues from
	// this state of the machine. It is a snapshot that was passed to Compact on some node.
	Snapshot *Snapshot
	// Given is the last slot whose updates were delivered, in this Ready or an earlier one. A slot may have none.
	Given          rsm.Slot
	OrderedUpdates []OrderedUpdate // each update once, in the same order on all nodes; to be applied after Snapshot
}

// Snapshot is a state of the user's machine, in the user's own format.
type Snapshot struct {
	Seq  rsm.Slot // all slots up to this one are included, and no later ones
	Data []byte
}

// Status is the status of a Node.
type Status struct {
	ID            actor.ID
	State         systembuilders.Phase
	LastAttempted systembuilders.View
	LastInstalled systembuilders.View
	Leader        actor.ID // of LastInstalled
	LocalAru      rsm.Slot // all slots up to this one are ordered
	Pending       int      // updates that were proposed here and are not yet ordered
	Recovering    bool     // the node does not take part until it has learned what it may have promised; see RejoinNode
	// Members are the members in the slot after LocalAru. A node that is not one of them takes no part; it only learns.
	Members []actor.ID
	Changes int // number of ordered changes of the members that have yet to take effect
	// Highest is the highest id of all past, present and future members, if they may change.
	Highest actor.ID
}

// Node is one node of a cluster. Its methods are safe for concurrent use. Create it with StartNode, RejoinNode or
// RestartNode, and call Stop at the end.
type Node struct {
	core      *core
	ready     chan Ready
	ticks     chan struct{}
	proposals chan proposal
	messages  chan Message
	compacts  chan compact
	statuses  chan chan Status
	stop      chan struct{}
	stopped   chan struct{}
	once      sync.Once
}

type proposal struct {
	update Update
	done   chan error // buffered
}

type compact struct {
	snapshot Snapshot
	done     chan error // buffered
}

// StartNode starts a node that never ran before. If it did run and lost its state, it would break its promises; use
// RejoinNode then.
func StartNode(c Config) (*Node, error) {
	core, err := newCore(c)
	if err != nil {
		return nil, err
	}
	core.start()
	return run(core), nil
}

// RejoinNode starts a node without state, because it lost its state or is new: it need not know which. It queries the
// others, and takes part once enough of them have answered that it knows more than it may have forgotten: NodeCount −
// majority + 1, which is both others in a cluster of three. The seed must be random and never used before, and the
// next node may lose its state only after this one takes part again. Package systembuilders explains why this is
// correct; nodes of other implementations do not answer.
func RejoinNode(c Config) (*Node, error) {
	if c.Delay > 0 {
		return nil, errors.New("node: a node of members that change cannot rejoin: must be replaced by one with another id")
	}
	core, err := newCore(c)
	if err != nil {
		return nil, err
	}
	core.rejoin()
	return run(core), nil
}

// RestartNode starts a node that was down, with the last state that it passed to the user to save.
func RestartNode(c Config, state PersistentState) (*Node, error) {
	c, err := c.continues(state)
	if err != nil {
		return nil, err
	}
	core, err := newCore(c)
	if err != nil {
		return nil, err
	}
	if err := core.restart(state); err != nil {
		return nil, err
	}
	return run(core), nil
}

// queuedTicks is the maximum number of ticks queued for a Node that is busy, or whose user does not receive.
const queuedTicks = 128

func run(c *core) *Node {
	n := &Node{
		core: c, ready: make(chan Ready), ticks: make(chan struct{}, queuedTicks),
		proposals: make(chan proposal), messages: make(chan Message), compacts: make(chan compact),
		statuses: make(chan chan Status), stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	go n.loop()
	return n
}

// loop runs on the only goroutine that accesses the core.
func (n *Node) loop() {
	defer close(n.stopped)
	for {
		var (
			ready     chan Ready
			proposals chan proposal
			messages  chan Message
			compacts  chan compact
			ticks     chan struct{}
			next      Ready
		)
		if n.core.hasReady() {
			ready, next = n.ready, n.core.ready()
		}
		if !n.core.full() { // Otherwise the node waits until the user receives.
			messages, compacts, ticks = n.messages, n.compacts, n.ticks
			if !n.core.busy() {
				proposals = n.proposals
			}
		}
		select {
		case ready <- next:
			n.core.acknowledge()
		case <-ticks:
			n.core.tick()
		case m := <-messages:
			n.core.step(m)
		case p := <-proposals:
			p.done <- n.core.propose(p.update)
		case c := <-compacts:
			c.done <- n.core.collect(c.snapshot)
		case status := <-n.statuses:
			status <- n.core.status()
		case <-n.stop:
			return
		}
	}
}

// Tick reports that a tick has passed. It never blocks; if the queue is full, the tick is dropped.
func (n *Node) Tick() {
	select {
	case n.ticks <- struct{}{}:
	default:
		n.core.logger.Warn("tick dropped", "node", n.core.self)
	}
}

// Propose proposes an update. It blocks while there are too many pending updates, and returns when the Node holds the
// update, which the Node then sends until it is ordered: it will be among the OrderedUpdates if a majority of the
// nodes stays up.
func (n *Node) Propose(ctx context.Context, u Update) error {
	if u.ClientID >= OwnClients {
		return fmt.Errorf("node: client %d: must be below OwnClients", u.ClientID)
	}
	p := proposal{u, make(chan error, 1)}
	if err := send(ctx, n, n.proposals, p); err != nil {
		return err
	}
	return <-p.done
}

// Compact informs the Node that everything up to a slot is in a snapshot of the user's machine. The Node keeps the
// snapshot instead of the updates, and sends it to nodes that lack some of them. If it is called regularly, memory
// and PersistentState do not grow with the number of updates. Leaving out the last few slots allows nodes that are
// slightly behind to catch up by updates. The Node copies the data. A slot that is not above that of the Node's last
// snapshot changes nothing; a slot whose updates were not yet delivered to the user is an error.
func (n *Node) Compact(ctx context.Context, s Snapshot) error {
	c := compact{s, make(chan error, 1)}
	if err := send(ctx, n, n.compacts, c); err != nil {
		return err
	}
	return <-c.done
}

// Step handles a message from another node.
func (n *Node) Step(ctx context.Context, m Message) error {
	if err := n.core.checks(m); err != nil {
		return err
	}
	return send(ctx, n, n.messages, m)
}

// send passes a value to the Node's goroutine.
func send[T any](ctx context.Context, n *Node, to chan<- T, v T) error {
	select {
	case <-n.stop: // A stopped Node accepts nothing, even if its goroutine has not noticed yet.
		return ErrStopped
	default:
	}
	select {
	case to <- v:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-n.stop:
		return ErrStopped
	}
}

// Ready returns the channel of pending work. It is never closed.
func (n *Node) Ready() <-chan Ready { return n.ready }

// Status returns the status of the node, or its last one if the node is stopped.
func (n *Node) Status() Status {
	status := make(chan Status, 1)
	select {
	case n.statuses <- status:
		return <-status
	case <-n.stopped:
		return n.core.status()
	}
}

// Stop stops the node, and returns when it has stopped.
func (n *Node) Stop() {
	n.once.Do(func() { close(n.stop) })
	<-n.stopped
}
