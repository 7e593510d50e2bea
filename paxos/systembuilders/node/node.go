// Package node is package systembuilders as a library: a Node orders updates, which are bytes to it, and leaves
// storage, transport and time to its user, who calls Tick at regular intervals and handles what Ready gives:
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
// Receiving a Ready says that the one before has been handled. Messages must not leave before the state of their
// Ready, and of all earlier ones, is saved. What send drops is sent again.
//
// A user that calls Compact, so that the past is forgotten, restores rd.Snapshot, if there is one, before it applies
// updates.
//
// A Node is the actor that package checker explores, with the timers of its states counted in ticks; a Node adds a
// goroutine, and nothing to the protocol.
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
	// ErrStopped is returned by the methods of a Node that was stopped.
	ErrStopped = errors.New("node: stopped")
	// ErrProposalDropped is returned by Propose for an update that will not be ordered because of this call: one with
	// its client and timestamp was ordered before.
	ErrProposalDropped = errors.New("node: proposal dropped, as the update was ordered before")
)

// Config is what a Node is made of. Ticks are meant to be 10 ms.
type Config struct {
	ID        actor.ID // of this node: 0 to NodeCount-1
	NodeCount int      // how many nodes there are; at least 1
	// Logger gets every message and timeout at level Debug, and dropped ticks at Warn; nil for nothing.
	Logger *slog.Logger
	// RandSeed seeds the jitter of timers, and what RejoinNode asks with. Nodes should have different ones.
	RandSeed uint64
	// Applied is the last slot of which the user has applied the updates: they are not given again after a restart.
	// A snapshot that the state has of more is given first.
	Applied rsm.Slot

	ProgressTicks int // without progress until the next view is attempted, at first; 0 for 500
	UpdateTicks   int // until a pending update is sent to the leader again; 0 for 300
	ProofTicks    int // between two messages about the installed view, or half as many more; 0 for 100
	ResendTicks   int // until messages that were not answered are sent again; 0 for 100

	Window  int // slots that a leader proposes for at once; 0 for 16
	Batch   int // updates in a slot, at most; 0 for 1
	Pending int // updates that wait to be ordered, at most, beyond which Propose blocks; 0 for 4096
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
		{"Pending", c.Pending, math.MaxInt32},
	} {
		if n.n < 0 || n.n > n.most {
			return fmt.Errorf("node: %s is %d: must be 0 to %d", n.name, n.n, n.most)
		}
	}
	return nil
}

// Update is an update of a client: bytes that only the user reads. Client and timestamp name it, and two with the
// same name are the same update. If both are 0, Propose numbers the update.
type Update struct {
	ClientID  uint64   // below OwnClients
	NodeID    actor.ID // where it was proposed; Propose fills it in
	Timestamp uint64
	Data      []byte
}

// OwnClients is the first of the clients that nodes use for updates that they number: this one and the node's id. There
// are few of them, so that a client that draws its number at random will not have one.
const OwnClients = 1<<64 - 1<<32

// OrderedUpdate is an update with its place in the order. Updates of one slot come in their order.
type OrderedUpdate struct {
	Seq    rsm.Slot
	Update Update
}

// Message is a message between two nodes. Updates in it are strings of their bytes.
type Message struct {
	From, To actor.ID
	Message  systembuilders.Message
}

// PersistentState is all that a node has to keep across a crash. Its Log is a value that shares what it can with
// earlier ones: its method Changes tells the slots that a store has to add, and those to remove as the Snapshot has
// them, without looking at the others. The other parts are small, but for the snapshot.
type PersistentState struct {
	NodeID    actor.ID
	NodeCount int
	systembuilders.Durable[string]
}

// Ready is what a Node wants done: save, send and apply, in this order. All of it is read-only, and belongs to the
// receiver until it receives the next one.
type Ready struct {
	PersistentState *PersistentState // nil if it is what the last one was
	MustSync        bool             // PersistentState must be on disk, and not only written, before Messages are sent
	Messages        []Message
	// Snapshot is not nil if OrderedUpdates leave out what was ordered since the last ones, as nobody has it any more: the
	// user goes on from this state of the machine. It is one that some node was given by Compact.
	Snapshot       *Snapshot
	OrderedUpdates []OrderedUpdate // each update once, in the order that all nodes have; to be applied after Snapshot
}

// Snapshot is a state of the user's machine, in a form that is the user's.
type Snapshot struct {
	Seq  rsm.Slot // all slots up to it were applied, and none beyond
	Data []byte
}

// Status is what a Node is about.
type Status struct {
	ID            actor.ID
	State         systembuilders.Phase
	LastAttempted systembuilders.View
	LastInstalled systembuilders.View
	Leader        actor.ID // of LastInstalled
	LocalAru      rsm.Slot // everything up to here is ordered
	Pending       int      // updates that were proposed here and are not ordered
	Recovering    bool     // the node takes no part before it has learned what it may have promised; see RejoinNode
}

// Node is a handle to one node of a cluster. Its methods are safe for concurrent use. Make one with StartNode or
// RestartNode, and call Stop at last.
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

// StartNode starts a node that never ran before. One that did, and lost its state, would break promises that it made;
// see RejoinNode.
func StartNode(c Config) (*Node, error) {
	core, err := newCore(c)
	if err != nil {
		return nil, err
	}
	core.start()
	return run(core), nil
}

// RejoinNode starts a node that has no state, because it lost it or because it is new: it need not know which. It
// asks the others, and takes part once so many of them have answered that it knows more than it may have forgotten:
// NodeCount − majority + 1, which are both others of three. The seed must be random and never used before, and the
// next node may lose its state only once this one takes part again. Package systembuilders says why this is right;
// nodes of other implementations do not answer.
func RejoinNode(c Config) (*Node, error) {
	core, err := newCore(c)
	if err != nil {
		return nil, err
	}
	core.rejoin()
	return run(core), nil
}

// RestartNode starts a node that was down, with the last state that it gave to save.
func RestartNode(c Config, state PersistentState) (*Node, error) {
	core, err := newCore(c)
	if err != nil {
		return nil, err
	}
	if err := core.restart(state); err != nil {
		return nil, err
	}
	return run(core), nil
}

// queuedTicks is how many ticks wait at most for a Node that is busy, or whose user does not receive.
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

// loop is the only goroutine that touches the core.
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
		if !n.core.full() { // Otherwise nothing happens until the user receives.
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

// Tick reports that a tick has passed. It never blocks; while the user receives nothing, ticks are dropped.
func (n *Node) Tick() {
	select {
	case n.ticks <- struct{}{}:
	default:
		n.core.logger.Warn("tick dropped", "node", n.core.self)
	}
}

// Propose has an update ordered. It blocks while too many wait to be, and returns once the Node holds the update,
// which it then sends until it is ordered: it will be among the OrderedUpdates if a majority of the nodes goes on.
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

// Compact informs the Node that everything up to a slot is in a snapshot of the user's machine, which the Node then
// keeps instead of the updates, and gives to nodes that lack some of them: memory and PersistentState do not grow with
// the number of updates for users that call it now and then. Leaving the last few slots out lets nodes that are a
// little behind catch up by updates. The Node takes a copy of the data. A slot that is not above that of the Node's
// last snapshot changes nothing, and one whose updates the user was not given yet is an error.
func (n *Node) Compact(ctx context.Context, s Snapshot) error {
	c := compact{s, make(chan error, 1)}
	if err := send(ctx, n, n.compacts, c); err != nil {
		return err
	}
	return <-c.done
}

// Step handles a message of another node.
func (n *Node) Step(ctx context.Context, m Message) error {
	if err := n.core.checks(m); err != nil {
		return err
	}
	return send(ctx, n, n.messages, m)
}

// send passes something to the Node's goroutine.
func send[T any](ctx context.Context, n *Node, to chan<- T, v T) error {
	select {
	case <-n.stop: // A Node that is stopped takes nothing, though its goroutine may not know it yet.
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

// Ready returns the channel of what is to be done. It is never closed.
func (n *Node) Ready() <-chan Ready { return n.ready }

// Status returns what the node is about; that of a stopped one is its last.
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
